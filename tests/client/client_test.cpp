#include <roundhouse/client.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <list>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/local_hub.hpp"
#include <roundhouse/roundhouse.hpp>

namespace client_test {

int twice(int x) {
  return 2 * x;
}

std::string greet(const std::string& name, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += "hello " + name;
  return out;
}

void nothing() {}

int fails_on_odd(int x) {
  if (x % 2 != 0) throw std::runtime_error("odd: " + std::to_string(x));
  return x;
}

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::vector<double> ramp(int size) {
  std::vector<double> out(static_cast<std::size_t>(size));
  std::iota(out.begin(), out.end(), 0.0);
  return out;
}

int not_registered(int x) {
  return x;
}

RH_TASK(twice)
RH_TASK(greet)
RH_TASK(nothing)
RH_TASK(fails_on_odd)
RH_TASK(sum)
RH_TASK(ramp)

}  // namespace client_test

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

constexpr auto kPatience = 20s;

TEST_CASE("one engine gives the value, several a vector in the order of the engines") {
  LocalHub hub(3);
  const Client client = hub.connect();
  CHECK(client.ids() == std::vector<int>{0, 1, 2});
  CHECK(client[0].apply_sync(twice, 21) == 42);
  CHECK(client[-1].engine() == 2);
  CHECK(client[all].apply_sync(twice, 4) == std::vector<int>{8, 8, 8});
  CHECK(client[{2, 0}].apply_sync(greet, "you", 1).size() == 2);
  CHECK(client[slice(0, end, 2)].targets() == std::vector<int>{0, 2});
  CHECK(client.load_balanced_view().apply_async(twice, 5).get(kPatience) == 10);
  client[all].apply_sync(nothing);
}

TEST_CASE("functions may be called by name, with the types of their parameters") {
  LocalHub hub;
  const Client client = hub.connect();
  const EngineView one = client[0];
  CHECK(one.apply_sync<int>("twice", 4) == 8);
  CHECK(one.apply_async<std::string>("greet", "x", 2).get(kPatience) == "hello xhello x");
  CHECK_THROWS_AS(one.apply_sync<int>("twice", 4.0), RemoteError);
  CHECK_THROWS_AS(one.apply_sync<int>("no_such_function"), RemoteError);
}

TEST_CASE("a function that the program does not know as a task is refused at once") {
  LocalHub hub;
  const Client client = hub.connect();
  CHECK_THROWS_WITH_AS(client[0].apply_async(not_registered, 1),
                       doctest::Contains("RH_TASK"), TaskNotRegistered);
  CHECK(hub.runs() == 0);
}

TEST_CASE("an error of the task is a RemoteError, of several engines a CompositeError") {
  LocalHub hub(2);
  const Client client = hub.connect();
  try {
    (void)client[1].apply_sync(fails_on_odd, 7);
    FAIL("no error");
  } catch (const RemoteError& error) {
    CHECK(error.name() == "std::runtime_error");
    CHECK(error.value() == "odd: 7");
    CHECK(error.engine_id() == 1U);
    CHECK(error.msg_id().size() == 32);
  }
  try {
    (void)client[{1}].apply_sync(fails_on_odd, 7);
    FAIL("no error");
  } catch (const CompositeError& error) {
    CHECK(error.errors().size() == 1);
  }
}

TEST_CASE("a lost engine is an EngineError") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const EngineView second = client[1];
  hub.has_engines(1);
  CHECK_THROWS_AS(second.apply_sync(twice, 1), EngineError);
}

TEST_CASE("an AsyncResult tells how it stands") {
  LocalHub hub;
  const Client client = hub.connect();
  hub.holds_outcomes(true);
  const AsyncResult<int> result = client[0].apply_async(fails_on_odd, 3);
  CHECK_FALSE(result.wait(20ms));
  CHECK_FALSE(result.ready());
  CHECK(result.progress() == 0);
  CHECK(client.outstanding() == 1);
  CHECK_THROWS_AS((void)result.successful(), Exception);
  CHECK_THROWS_AS((void)result.get(0s), TimeoutError);
  CHECK(result.metadata().status == "pending");
  CHECK(result.elapsed().count() > 0);
  hub.holds_outcomes(false);
  CHECK(result.wait(kPatience));
  CHECK(result.ready());
  CHECK_FALSE(result.successful());
  CHECK_THROWS_AS((void)result.get(), RemoteError);
  CHECK_THROWS_AS((void)result.get(), RemoteError);
  CHECK(client.outstanding() == 0);
}

TEST_CASE("metadata tells when, where and how") {
  LocalHub hub;
  const Client client = hub.connect();
  const auto view = client[0].with({.label = "mine"});
  const AsyncResult<int> result = view.apply_async(twice, 3);
  CHECK(result.get(kPatience) == 6);
  const Metadata metadata = result.metadata();
  CHECK(metadata.status == "ok");
  CHECK(metadata.label == "mine");
  CHECK(metadata.function == "twice");
  CHECK(metadata.engine_id == 0);
  CHECK(metadata.engine_uuid.size() == 32);
  CHECK(metadata.attempt == 1);
  REQUIRE(metadata.started);
  REQUIRE(metadata.submitted);
  REQUIRE(metadata.received);
  CHECK(*metadata.received >= *metadata.submitted);
  CHECK(metadata.msg_id == result.msg_ids().front());
  CHECK(result.serial_time() == Seconds(1us));
  CHECK_THROWS_AS((void)result.metadata(1), std::out_of_range);
}

TEST_CASE("a map keeps the order of its arguments, whatever view runs it") {
  LocalHub hub(3);
  const Client client = hub.connect();
  std::vector<int> in(1000);
  std::iota(in.begin(), in.end(), 0);
  std::vector<int> expected;
  for (const int x : in) expected.push_back(2 * x);
  CHECK(client.load_balanced_view().map_sync(twice, in) == expected);
  CHECK(client[all].map_sync(twice, in) == expected);
  CHECK(client[0].map_sync(twice, in) == expected);
  CHECK(client.load_balanced_view().with({.chunk_size = 7}).map_sync(twice, in) == expected);
  CHECK(client.load_balanced_view().map_sync<int>("twice", in) == expected);
}

TEST_CASE("a map's chunks: one per engine of a DirectView, of the given size otherwise") {
  LocalHub hub(3);
  const Client client = hub.connect();
  const std::vector<int> in(10, 1);
  CHECK(client[all].map_async(twice, in).task_count() == 3);
  CHECK(client[all].map_async(twice, std::vector<int>{1, 2}).task_count() == 2);
  const auto any = client.load_balanced_view();
  CHECK(any.with({.chunk_size = 4}).map_async(twice, in).task_count() == 3);
  CHECK(any.map_async(twice, in).task_count() == 10);
  CHECK(any.map_async(twice, std::vector<int>(10'000)).task_count() == 48);
}

TEST_CASE("maps of nothing, of several ranges and of other ranges than vectors") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const auto any = client.load_balanced_view();
  const auto empty = any.map_async(twice, std::vector<int>{});
  CHECK(empty.ready());
  CHECK(empty.get().empty());
  CHECK(empty.begin() == empty.end());
  const std::vector<std::string> names{"a", "b", "c"};
  const std::vector<int> times{1, 2};
  CHECK(any.map_sync(greet, names, times) ==
        std::vector<std::string>{"hello a", "hello bhello b"});
  const std::list<short> list{1, 2, 3};
  CHECK(any.map_sync(twice, list) == std::vector<int>{2, 4, 6});
}

TEST_CASE("a map is iterated as results come, in order or not") {
  LocalHub hub(2);
  const Client client = hub.connect();
  std::vector<int> in(200);
  std::iota(in.begin(), in.end(), 0);
  const auto result = client.load_balanced_view().map_async(twice, in);
  std::vector<int> ordered;
  for (const int y : result) ordered.push_back(y);
  std::vector<int> unordered;
  for (const int y : result.unordered()) unordered.push_back(y);
  CHECK(ordered == result.get());
  std::sort(unordered.begin(), unordered.end());
  CHECK(unordered == ordered);
  CHECK(result.size() == 200);
}

TEST_CASE("a failing element fails the whole map, and its chunk when it is iterated") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const auto view = client.load_balanced_view().with({.chunk_size = 1});
  const auto result = view.map_async(fails_on_odd, std::vector<int>{0, 2, 3, 4});
  CHECK_THROWS_AS((void)result.get(kPatience), CompositeError);
  auto at = result.begin();
  CHECK(*at == 0);
  CHECK(*++at == 2);
  CHECK_THROWS_AS(++at, RemoteError);
}

TEST_CASE("named data goes to engines and comes back") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const DirectView both = client[all];
  const EngineView one = client[1];
  both.push("limit", 5).get(kPatience);
  CHECK(both.pull<int>("limit").get(kPatience) == std::vector<int>{5, 5});
  one["limit"] = 6;
  CHECK(one["limit"].as<int>() == 6);
  CHECK(both["limit"].as<int>() == std::vector<int>{5, 6});
  both["name"] = "text";
  CHECK(one.pull<std::string>("name").get(kPatience) == "text");
  CHECK_THROWS_AS((void)one.pull<int>("absent").get(kPatience), RemoteError);
  CHECK_THROWS_AS((void)one.pull<double>("limit").get(kPatience), SerializationError);
}

TEST_CASE("a range is scattered in contiguous pieces and gathered in order") {
  LocalHub hub(3);
  const Client client = hub.connect();
  const DirectView everyone = client[all];
  std::vector<double> samples(10'000);
  std::iota(samples.begin(), samples.end(), 0.0);
  everyone.scatter("samples", samples).get(kPatience);
  CHECK(client[0].pull<std::vector<double>>("samples").get(kPatience).size() == 3334);
  CHECK(everyone.gather<double>("samples").get(kPatience) == samples);
  everyone.scatter("few", std::vector<int>{1}).get(kPatience);
  CHECK(everyone.gather<int>("few").get(kPatience) == std::vector<int>{1});
}

TEST_CASE("large arguments and results travel as frames; borrowed ones tell when they are sent") {
  LocalHub hub;
  const Client client = hub.connect();
  const EngineView one = client[0];
  const std::vector<double> large(100'000, 0.5);
  CHECK(one.apply_sync(sum, large) == 50'000.0);
  CHECK(one.apply_sync(ramp, 50'000).back() == 49'999.0);
  CHECK(one.apply_sync(greet, std::string(100'000, 'x'), 1).size() == 100'006);
  const auto result = one.apply_async(sum, borrow(large));
  CHECK(result.wait_on_send(kPatience));
  CHECK(result.sent());
  CHECK(result.get(kPatience) == 50'000.0);
}

TEST_CASE("a view that blocks has its results ready") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const auto view = client[all].with({.block = true});
  CHECK(view.apply(twice, 1).ready());
  CHECK(view.map(twice, std::vector<int>{1, 2}).ready());
  CHECK(view.push("a", 1).ready());
}

TEST_CASE("without engines, direct calls say so and load-balanced ones wait at the hub") {
  LocalHub hub(0);
  const Client client = hub.connect();
  CHECK(client.size() == 0);
  CHECK_THROWS_AS(client[all].apply_async(twice, 1), NoEnginesRegistered);
  CHECK_THROWS_AS((void)client[0], Exception);
  CHECK_THROWS_AS(client.wait_for_engines(1, 20ms), TimeoutError);
  hub.has_engines(2);
  client.wait_for_engines(2, kPatience);
  CHECK(client.ids() == std::vector<int>{0, 1});
}

TEST_CASE("many asynchronous calls all end, and nothing is kept of them") {
  LocalHub hub(2);
  const Client client = hub.connect();
  {
    const auto any = client.load_balanced_view();
    std::vector<AsyncResult<int>> results;
    for (int i = 0; i < 20'000; ++i) results.push_back(any.apply_async(twice, i));
    for (int i = 0; i < 20'000; ++i)
      REQUIRE(results[static_cast<std::size_t>(i)].get(kPatience) == 2 * i);
    (void)any.apply_async(twice, 1);  // nobody wants it
  }
  detail::Shell& shell = detail::ClientAccess::shell(client);
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (shell.kept() != 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(5ms);
  CHECK(shell.kept() == 0);
}

TEST_CASE("several threads call and wait at the same time") {
  LocalHub hub(2);
  const Client client = hub.connect();
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&client, &wrong, t] {
        const auto any = client.load_balanced_view();
        for (int i = 0; i < 200; ++i) {
          const int x = 1000 * t + i;
          const auto later = any.apply_async(twice, x + 1);
          if (any.apply_sync(twice, x) != 2 * x) ++wrong;
          if (later.get(kPatience) != 2 * (x + 1)) ++wrong;
        }
      });
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a lost connection is a pause, and nothing runs twice") {
  LocalHub hub;
  const Client client = hub.connect();
  const EngineView one = client[0];
  std::vector<AsyncResult<int>> results;
  for (int i = 0; i < 300; ++i) {
    results.push_back(one.apply_async(twice, i));
    if (i % 100 == 50) hub.loses_connections();
    if (i % 10 == 0) std::this_thread::sleep_for(1ms);
  }
  for (int i = 0; i < 300; ++i)
    CHECK(results[static_cast<std::size_t>(i)].get(kPatience) == 2 * i);
  CHECK(hub.runs() == 300);
  CHECK(hub.connections() > 1);
}

TEST_CASE("a hub that goes away and comes back is a pause, too") {
  LocalHub hub;
  const Client client = hub.connect();
  hub.goes_away();
  const auto result = client[0].apply_async(twice, 4);
  CHECK_FALSE(result.wait(100ms));
  hub.comes_back();
  CHECK(result.get(kPatience) == 8);
}

TEST_CASE("without a hub the constructor says so") {
  LocalHub hub;
  hub.goes_away();
  std::this_thread::sleep_for(20ms);
  CHECK_THROWS_AS((void)hub.connect({.timeout = 300ms}), ConnectionError);
  CHECK_THROWS_AS(Client({.connection_file = "/nonexistent/client.json", .timeout = 300ms}),
                  ConnectionError);
  CHECK_THROWS_AS(Client({.cluster = "no/good"}), Exception);
}

TEST_CASE("a closed client refuses calls, and its results can still be read") {
  LocalHub hub;
  Client client = hub.connect();
  const EngineView one = client[0];
  const auto done = one.apply_async(twice, 1);
  CHECK(done.wait(kPatience));
  hub.holds_outcomes(true);
  const auto open = one.apply_async(twice, 2);
  client.close();
  CHECK(done.get() == 2);
  CHECK_THROWS_AS((void)open.get(), ConnectionError);
  CHECK_THROWS_AS((void)one.apply_async(twice, 1), ConnectionError);
  CHECK_THROWS_AS((void)client.ids(), ConnectionError);
  client.close();
}

TEST_CASE("views and results outlive their client without harm") {
  LocalHub hub;
  std::optional<EngineView> view;
  AsyncResult<int> result;
  CHECK_THROWS_AS((void)result.get(), Exception);
  {
    const Client client = hub.connect();
    view = client[0];
    result = view->apply_async(twice, 1);
    CHECK(result.wait(kPatience));
  }
  CHECK(result.get() == 2);
  CHECK_THROWS_AS((void)view->apply_async(twice, 1), ConnectionError);
}

TEST_CASE("questions to the hub: an answer, its error, or none in time") {
  LocalHub hub;
  const Client client = hub.connect({.timeout = 500ms});
  CHECK(client.status().epoch == 1);
  CHECK(client.status().json == R"({"epoch":1,"store":"ok"})");
  CHECK(client.engines().size() == 1);
  CHECK_THROWS_WITH_AS((void)client.request("nonsense"), doctest::Contains("nonsense"), Exception);
  CHECK_THROWS_AS((void)client.request("silence"), TimeoutError);
}

TEST_CASE("in the child of a fork the client refuses to do anything") {
  LocalHub hub;
  const Client client = hub.connect();
  const auto view = client[0];
  const auto before = view.apply_async(twice, 1);
  CHECK(before.wait(kPatience));
  const pid_t child = ::fork();
  if (child == 0) {
    int refused = 0;
    try {
      (void)view.apply_async(twice, 1);
    } catch (const ForkedError&) {
      ++refused;
    }
    try {
      (void)before.get();
    } catch (const ForkedError&) {
      ++refused;
    }
    ::_exit(refused == 2 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(view.apply_sync(twice, 2) == 4);
}

}  // namespace
}  // namespace roundhouse::test
