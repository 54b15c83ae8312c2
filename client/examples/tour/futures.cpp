// Going on when a result is there, without a thread that waits for it.
//
// Callbacks (on_done, then), std::future, co_await, and an executor for code that knows nothing of
// Roundhouse.
#include <coroutine>
#include <exception>
#include <future>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

// The least coroutine: it begins at once, and nobody waits for its end but by what it promises.
struct Job {
  struct promise_type {
    Job get_return_object() { return {}; }

    std::suspend_never initial_suspend() noexcept { return {}; }

    std::suspend_never final_suspend() noexcept { return {}; }

    void return_void() {}

    void unhandled_exception() { std::terminate(); }
  };
};

// The fourth root, by two calls one after the other.
Job fourth_root(rh::LoadBalancedView any, double x, std::promise<double>& out) {
  try {
    const double once = co_await any.apply_async(tour::root, x);
    out.set_value(co_await any.apply_async(tour::root, once));
  } catch (...) {
    out.set_exception(std::current_exception());
  }
}

void show(const rh::Cluster& cluster) {
  // Set by a thread of the client's: they must be there until that is gone.
  std::promise<double> called;
  std::promise<double> awaited;
  const rh::Client client = cluster.connect();
  const rh::LoadBalancedView any = client.load_balanced_view();

  any.apply_async(tour::root, 4).on_done([&called](const rh::AsyncResult<double>& done) {
    called.set_value(done.get());
  });
  tour::check(called.get_future().get() == 2, "on_done calls back when the result is there");

  std::future<bool> failed =
      any.apply_async(tour::root, -1).then([](const auto& done) { return !done.successful(); });
  tour::check(failed.get(), "then gives the future of what its function makes of the result");

  std::future<double> future = any.apply_async(tour::root, 9).future();
  tour::check(future.get() == 3, "every result can be a std::future");

  fourth_root(any, 16, awaited);
  tour::check(awaited.get_future().get() == 2, "a coroutine awaits one result after the other");

  const rh::Executor pool = any.executor();
  std::vector<std::future<double>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(pool.submit(tour::root, i * i));
  pool.shutdown();
  double sum = 0;
  for (std::future<double>& each : futures) sum += each.get();
  tour::check(sum == 45, "an executor gives futures, and waits for them");
}

}  // namespace

int main() {
  return tour::on_cluster(2, show);
}
