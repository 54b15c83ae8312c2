#include <csignal>
#include <fstream>
#include <map>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;
using namespace process_tasks;
using namespace std::chrono_literals;
using rh::test::comes_true;
using rh::test::RealCluster;

namespace {

// How often each value was traced.
std::map<int, int> runs_in(const std::string& path) {
  std::map<int, int> runs;
  std::ifstream file(path);
  for (int value = 0; file >> value;) ++runs[value];
  return runs;
}

pid_t hub_pid(const rh::Client& client) {
  return static_cast<pid_t>(client.status().pid);
}

// How many load-balanced tasks the hub knows of, finished ones included.
std::uint64_t taken_over(const rh::Client& client) {
  const rh::QueueStatus queues = client.queue_status();
  std::uint64_t count = queues.unassigned;
  for (const auto& engine : queues.engines)
    count += engine.queue + engine.running + engine.completed;
  return count;
}

}  // namespace

TEST_CASE("a hub that is killed comes back, and its clients notice a pause at most") {
  // The grace is long enough for a sanitizer build: within it no work is given out twice.
  RealCluster cluster(4, {.hub_flags = {"--grace", "30000"}});
  rh::Client client = cluster.connect();
  client.wait_for_engines(4);
  rh::LoadBalancedView any = client.load_balanced_view();
  const std::string trace = cluster.file("trace");
  std::vector<rh::AsyncResult<int>> results;
  for (int i = 0; i < 1000; ++i) results.push_back(any.apply_async(traced, trace, 10, i));
  REQUIRE(comes_true([&] { return results[200].ready(); }));
  const auto before = hub_pid(client);
  REQUIRE(before > 0);
  REQUIRE(::kill(before, SIGKILL) == 0);
  for (int i = 0; i < 1000; ++i) CHECK(results[static_cast<std::size_t>(i)].get() == i);
  CHECK(hub_pid(client) != before);
  const auto runs = runs_in(trace);
  CHECK(runs.size() == 1000);
  for (const auto& [value, count] : runs) CHECK_MESSAGE(count == 1, "task ", value, " ran again");
}

TEST_CASE("engines keep their ids, and what is on them, whatever the store of a killed hub") {
  for (const char* store : {"memory", "none"}) {
    CAPTURE(store);
    RealCluster cluster(3, {.store = store});
    rh::Client client = cluster.connect();
    client.wait_for_engines(3);
    for (int id = 0; id < 3; ++id) client[id]["who"] = id;
    for (int kill = 0; kill < 2; ++kill) {
      const auto before = hub_pid(client);
      REQUIRE(::kill(before, SIGKILL) == 0);
      for (int id = 0; id < 3; ++id) CHECK(client[id].pull<int>("who").get() == id);
      CHECK(hub_pid(client) != before);
    }
  }
}

TEST_CASE("a hub that dies as often as the options allow is given up, and its logs stay") {
  constexpr int kDeaths = 3;
  RealCluster cluster(0, {.hub_starts_max = kDeaths});
  rh::Client client = cluster.connect();
  pid_t last = 0;
  const auto lives_again = [&] {
    try {
      return hub_pid(client) != last;
    } catch (const rh::Exception&) {
      return false;
    }
  };
  for (int i = 0; i < kDeaths; ++i) {
    REQUIRE(comes_true(lives_again));
    last = hub_pid(client);
    REQUIRE(::kill(last, SIGKILL) == 0);
  }
  const std::string logs = cluster.file("run") + "/" + cluster.cluster().name();
  REQUIRE(comes_true([&] {
    std::ifstream log(logs + "/supervisor.log");
    return std::string(std::istreambuf_iterator<char>(log), {}).find("supervisor_failed") !=
           std::string::npos;
  }));
  CHECK(std::ifstream(logs + "/hub.log").good());
}

TEST_CASE("a task that crashes its engine gets EngineError, and nobody else suffers") {
  RealCluster cluster(2);
  rh::Client client = cluster.connect();
  client.wait_for_engines(2);
  auto before = client[0].apply_async(add, 1, 2);
  CHECK(before.get() == 3);
  const int pid = client[0].apply_sync(process_id);
  auto crash = client[0].apply_async(crashes, SIGABRT);
  auto neighbour = client[1].apply_async(slowly, 50, 9);
  try {
    crash.get();
    FAIL("nothing was thrown");
  } catch (const rh::EngineError& e) {
    CHECK(std::string(e.what()).find("signal 6") != std::string::npos);
  }
  CHECK(neighbour.get() == 9);
  // The nanny starts a fresh process under the same id.
  REQUIRE(comes_true([&] {
    try {
      return client[0].apply_sync(process_id) != pid;
    } catch (const rh::Exception&) {
      return false;  // not back yet
    }
  }));
  CHECK(client[0].apply_sync(add, 4, 5) == 9);
}

TEST_CASE("an engine whose process has just died is there for calls, which wait for the next one") {
  RealCluster cluster(1);
  rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  for (int i = 0; i < 2; ++i) {  // fewer deaths than the nanny takes
    CHECK_THROWS_AS((void)client[0].apply_sync(crashes, SIGKILL), rh::EngineError);
    CHECK(client[0].apply_async(add, i, 1).get(rh::test::kPatience) == i + 1);
  }
  CHECK_THROWS_AS((void)client[0].apply_sync(crashes, SIGKILL), rh::EngineError);
  CHECK(client[std::vector{0}].apply_async(add, 1, 1).get(rh::test::kPatience) == std::vector{2});
  CHECK_THROWS_AS((void)client[0].apply_sync(crashes, SIGKILL), rh::EngineError);
  CHECK(client.load_balanced_view(0).apply_async(add, 1, 1).get(rh::test::kPatience) == 2);
  CHECK_THROWS_AS((void)client[7], rh::Exception);
}

TEST_CASE("tasks that others depend on count as they ended, though the hub that knew it is gone") {
  for (const char* store : {"memory", "none", "sqlite"}) {
    CAPTURE(store);
    RealCluster cluster(2, {.store = store});
    rh::Client client = cluster.connect();
    client.wait_for_engines(2);
    const rh::LoadBalancedView any = client.load_balanced_view();
    const auto good = any.apply_async(add, 1, 1);
    const auto bad = any.apply_async(crashes, SIGKILL);
    CHECK(good.get(rh::test::kPatience) == 2);
    CHECK_THROWS_AS((void)bad.get(rh::test::kPatience), rh::EngineError);
    REQUIRE(::kill(hub_pid(client), SIGKILL) == 0);
    CHECK(any.with({.after = good}).apply_async(add, 1, 2).get(rh::test::kPatience) == 3);
    const rh::Dependency failed(bad, {.success = false, .failure = true});
    CHECK(any.with({.after = failed}).apply_async(add, 1, 3).get(rh::test::kPatience) == 4);
    CHECK_THROWS_AS((void)any.with({.after = bad}).apply_async(add, 1, 4).get(rh::test::kPatience),
                    rh::ImpossibleDependency);
  }
}

TEST_CASE("load-balanced work that a killed engine had not begun runs elsewhere") {
  RealCluster cluster(2);
  rh::Client client = cluster.connect();
  client.wait_for_engines(2);
  const int pid = client[0].apply_sync(process_id);
  std::vector<rh::AsyncResult<int>> results;
  for (int i = 0; i < 200; ++i)
    results.push_back(client.load_balanced_view().apply_async(slowly, 5, i));
  REQUIRE(comes_true([&] { return results[20].ready(); }));
  REQUIRE(::kill(pid, SIGKILL) == 0);
  std::string lost;
  int count = 0;
  for (int i = 0; i < 200; ++i) {
    try {
      const int value = results[static_cast<std::size_t>(i)].get();
      CHECK(value == i);
    } catch (const rh::EngineError& e) {
      ++count;
      lost += "\n  task " + std::to_string(i) + ": " + e.what();
    }
  }
  CHECK_MESSAGE(count <= 1, "more than the one that ran at that moment:", lost);
}

TEST_CASE("work of a client that is killed goes on") {
  RealCluster cluster(1);
  const std::string trace = cluster.file("trace");
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    rh::Client client = cluster.connect();
    client.wait_for_engines(1);
    std::vector<rh::AsyncResult<int>> results;
    for (int i = 0; i < 50; ++i)
      results.push_back(client.load_balanced_view().apply_async(traced, trace, 5, i));
    // Killed only when the hub has all of them: what it never got dies with the client.
    comes_true([&] { return taken_over(client) == 50; });
    ::raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(comes_true([&] { return runs_in(trace).size() == 50; }));
  rh::Client client = cluster.connect();
  CHECK(comes_true([&] { return client.hub_history(1000).size() == 50; }));
}
