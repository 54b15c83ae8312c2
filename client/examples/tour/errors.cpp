// When tasks fail: what a function throws on its engine is thrown here, with where it happened.
//
// RemoteError of one task; CompositeError of several, which is a RemoteError, too; EngineError when
// the engine died. What went well is not lost: rh::return_exceptions gives each result or its
// error.
#include <chrono>
#include <future>
#include <iostream>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

// What `call` throws as an E. Throws std::runtime_error when it does not.
template <class E, class F>
E caught(F&& call) {
  try {
    call();
  } catch (const E& error) {
    std::cout << error.what() << '\n';
    return error;
  }
  throw std::runtime_error("nothing was thrown");
}

void show(const rh::Cluster& cluster) {
  std::promise<int> back;  // set by a thread of the client's: it must be there until that is gone
  const rh::Client client = cluster.connect();
  const rh::LoadBalancedView any = client.load_balanced_view();

  const auto one = caught<rh::RemoteError>([&] { client[1].apply_sync(tour::root, -1); });
  tour::check(one.name() == "std::domain_error" && one.engine_id() == 1U,
              "a RemoteError tells the type, the text and the engine");

  const auto both = caught<rh::CompositeError>([&] { client[rh::all].apply_sync(tour::root, -2); });
  tour::check(both.errors().size() == 2, "a CompositeError has the error of each engine");

  const auto map = any.with({.chunk_size = 1}).map_async(tour::root, std::vector{4.0, -4.0, 9.0});
  (void)caught<rh::CompositeError>([&] { map.get(); });
  const std::vector<rh::Outcome<double>> each = map.get(rh::return_exceptions);
  tour::check(*each[0] == 2 && !each[1].ok() && *each[2] == 3,
              "with return_exceptions each result stands in its place, or its error");
  tour::check(each[1].error().value == "no root of -4.000000", "which says what it was");

  const rh::Subscription told = client.on_engine([&back](const rh::EngineEvent& event) {
    if (event.kind == rh::EngineEvent::Kind::restarted) back.set_value(event.engine);
  });
  (void)caught<rh::EngineError>([&] { client[0].apply_sync(tour::crash); });
  tour::check(any.apply_sync(tour::root, 16) == 4, "an engine that dies takes no other along");
  tour::check(back.get_future().get() == 0, "and is started again");

  const auto slow = any.apply_async(tour::nap, 1000);
  (void)caught<rh::TimeoutError>([&] { (void)slow.get(std::chrono::milliseconds{1}); });
  tour::check(slow.get() == 1000, "a TimeoutError ends the waiting, not the task");
}

}  // namespace

int main() {
  return tour::on_cluster(2, show);
}
