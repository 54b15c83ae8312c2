#include <atomic>
#include <coroutine>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/completion.hpp>
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

template <class T>
T value_of(std::future<T> future) {
  REQUIRE(future.wait_for(kPatience) == std::future_status::ready);
  return future.get();
}

TEST_CASE("a callback gets the ready result, on another thread, under no lock") {
  LocalHub hub;
  const Client client = hub.connect();
  hub.holds_outcomes(true);
  const auto result = client[0].apply_async(twice, 4);
  std::promise<int> seen;
  result.on_done([&](const AsyncResult<int>& done) {
    // Calling and waiting here is allowed.
    seen.set_value(done.get() + client[0].apply_sync(twice, 10));
  });
  CHECK(client.outstanding().size() == 1);
  hub.holds_outcomes(false);
  CHECK(value_of(seen.get_future()) == 28);
}

TEST_CASE("a callback on what is ready is called, too; several are called in order") {
  LocalHub hub;
  const Client client = hub.connect();
  const auto result = client[0].apply_async(twice, 1);
  CHECK(result.wait(kPatience));
  std::vector<int> order;
  std::promise<void> last;
  result.on_done([&] { order.push_back(1); });
  result.on_done([&] { order.push_back(2); });
  result.on_done([&] { last.set_value(); });
  value_of(last.get_future());
  CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE("a result gives a std::future, of its value or its error") {
  LocalHub hub(2);
  const Client client = hub.connect();
  CHECK(value_of(client[0].apply_async(twice, 4).future()) == 8);
  CHECK(value_of(client[all].apply_async(twice, 4).future()) == std::vector<int>{8, 8});
  CHECK_THROWS_AS(value_of(client[0].apply_async(fails_on_odd, 3).future()), RemoteError);
  value_of(client[all].apply_async(nothing).future());
  const std::vector<int> in{1, 2, 3};
  CHECK(value_of(client[all].map_async(twice, in).future()) == std::vector<int>{2, 4, 6});
  const auto ready = client[0].apply_async(twice, 5);
  CHECK(ready.wait(kPatience));
  CHECK(ready.future().wait_for(0s) == std::future_status::ready);
}

TEST_CASE("then gives the future of what is made of the result") {
  LocalHub hub;
  const Client client = hub.connect();
  const auto text = [](const AsyncResult<int>& done) { return std::to_string(done.get()); };
  CHECK(value_of(client[0].apply_async(twice, 4).then(text)) == "8");
  CHECK_THROWS_AS(value_of(client[0].apply_async(fails_on_odd, 3).then(text)), RemoteError);
}

TEST_CASE("callbacks that own what cannot be copied are fine, and gone when they were called") {
  LocalHub hub;
  const Client client = hub.connect();
  auto owned = std::make_unique<int>(5);
  const int* const address = owned.get();
  std::promise<const int*> seen;
  client[0].apply_async(twice, 1).on_done(
      [&seen, owned = std::move(owned)] { seen.set_value(owned.get()); });
  CHECK(value_of(seen.get_future()) == address);
}

TEST_CASE("closing a client calls whoever still waits") {
  LocalHub hub;
  Client client = hub.connect();
  hub.holds_outcomes(true);
  const auto open = client[0].apply_async(twice, 1);
  std::future<int> future = open.future();
  client.close();
  CHECK(future.wait_for(0s) == std::future_status::ready);
  CHECK_THROWS_AS(future.get(), ConnectionError);
  CHECK_THROWS_AS(open.on_done([] {}), ConnectionError);
}

TEST_CASE("a callback may end its client") {
  LocalHub hub;
  auto client = std::make_unique<Client>(hub.connect());
  const auto result = (*client)[0].apply_async(twice, 1);
  std::promise<void> ended;
  result.on_done([&] {
    client.reset();
    ended.set_value();
  });
  value_of(ended.get_future());
  CHECK(result.get() == 2);
}

// The least coroutine that can be awaited by a test.
struct Job {
  struct promise_type {
    Job get_return_object() { return {}; }

    std::suspend_never initial_suspend() noexcept { return {}; }

    std::suspend_never final_suspend() noexcept { return {}; }

    void return_void() {}

    void unhandled_exception() { std::terminate(); }
  };
};

Job add_up(const Client& client, std::promise<int>& out) {
  const int first = co_await client[0].apply_async(twice, 1);
  const std::vector<int> more = co_await client[all].apply_async(twice, first);
  int sum = 0;
  for (const int each : more) sum += each;
  try {
    sum += co_await client[0].apply_async(fails_on_odd, 1);
  } catch (const RemoteError&) {
    sum += 100;
  }
  co_await client[0].apply_async(nothing);
  out.set_value(sum);
}

TEST_CASE("a coroutine awaits results, and what they throw") {
  LocalHub hub(2);
  const Client client = hub.connect();
  std::promise<int> sum;
  add_up(client, sum);
  CHECK(value_of(sum.get_future()) == 108);
}

Job owns_its_client(LocalHub& hub, std::promise<int>& out) {
  const Client client = hub.connect();
  const int value = co_await client[0].apply_async(twice, 21);
  out.set_value(value);
}

TEST_CASE("a coroutine may own the client whose results it awaits") {
  LocalHub hub;
  std::promise<int> out;
  owns_its_client(hub, out);
  CHECK(value_of(out.get_future()) == 42);
}

TEST_CASE("nothing is kept of results that had callbacks") {
  LocalHub hub(2);
  const Client client = hub.connect();
  std::atomic<int> called = 0;
  for (int i = 0; i < 2000; ++i)
    client.load_balanced_view().apply_async(twice, i).on_done([&called] { ++called; });
  detail::Shell& shell = detail::ClientAccess::shell(client);
  CHECK(comes_true_within(kPatience, [&] { return called == 2000 && shell.kept() == 0; }));
}

TEST_CASE("engines that join and leave are told, for as long as somebody listens") {
  LocalHub hub(1);
  const Client client = hub.connect();
  std::mutex mutex;
  std::vector<std::string> seen;
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return seen.size();
  };
  {
    const Subscription news = client.on_engine([&](const EngineEvent& event) {
      const std::lock_guard lock(mutex);
      seen.push_back(std::string(to_string(event.kind)) + " " + std::to_string(event.engine));
    });
    hub.has_engines(3);
    CHECK(comes_true_within(kPatience, [&] { return count() == 2; }));
    hub.has_engines(2);
    CHECK(comes_true_within(kPatience, [&] { return count() == 3; }));
    CHECK(seen == std::vector<std::string>{"joined 1", "joined 2", "left 2"});
  }
  std::promise<void> told;
  const Subscription other = client.on_engine([&](const EngineEvent&) { told.set_value(); });
  hub.has_engines(1);
  value_of(told.get_future());
  CHECK(count() == 3);
}

TEST_CASE("events are what changed from one list of engines to the next") {
  using Entries = std::map<EngineId, client::EngineEntry>;
  const auto entry = [](std::uint32_t id, std::uint32_t incarnation) {
    client::EngineEntry out;
    out.id = EngineId{id};
    out.incarnation = incarnation;
    return std::pair{out.id, out};
  };
  const Entries before{entry(0, 1), entry(1, 1), entry(2, 1)};
  const Entries after{entry(1, 2), entry(2, 1), entry(3, 1)};
  const std::vector<EngineEvent> events = detail::engine_events(before, after, before);
  REQUIRE(events.size() == 3);
  CHECK(events[0].kind == EngineEvent::Kind::left);
  CHECK(events[0].engine == 0);
  CHECK(events[1].kind == EngineEvent::Kind::restarted);
  CHECK(events[1].engine == 1);
  CHECK(events[1].incarnation == 2);
  CHECK(events[2].kind == EngineEvent::Kind::joined);
  CHECK(events[2].engine == 3);
  // Those that were away for a while: in the same process, and in another.
  const Entries seen{entry(0, 1), entry(1, 1)};
  const auto back = detail::engine_events({}, {entry(0, 1), entry(1, 2)}, seen);
  REQUIRE(back.size() == 2);
  CHECK(back[0].kind == EngineEvent::Kind::joined);
  CHECK(back[1].kind == EngineEvent::Kind::restarted);
}

}  // namespace
}  // namespace roundhouse::test
