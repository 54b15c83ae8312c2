// What is done to engines, with real daemons: busy ones, such as never look up, and frozen ones.
#include <csignal>
#include <string>
#include <vector>

#include <sys/types.h>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/modules/rule_tasks.hpp"
#include "tests/support/frozen.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/roundhouse_command.hpp"
#include "tests/support/rule_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;

constexpr ControlOptions kLong{.timeout = kPatience};

struct Engines {
  explicit Engines(std::size_t count)
      : cluster(count, with_rule_tasks()), client(cluster.connect()) {
    client.wait_for_engines(count, kPatience);
  }

  [[nodiscard]] pid_t pid(int engine) const {
    for (const EngineInfo& info : client.engines())
      if (info.id == engine) return static_cast<pid_t>(info.pid);
    return 0;
  }

  [[nodiscard]] std::uint32_t incarnation(int engine) const {
    for (const EngineInfo& info : client.engines())
      if (info.id == engine) return info.incarnation;
    return 0;
  }

  [[nodiscard]] bool runs(const AsyncTasks& tasks) const {
    return client.result_status(Jobs(tasks)).running.size() == tasks.task_count();
  }

  [[nodiscard]] bool comes_to_run(const AsyncTasks& tasks) const {
    return comes_true([&] { return runs(tasks); });
  }

  RealCluster cluster;
  Client client;
};

// "state state ...", by engine.
std::string states(const ControlReport& report) {
  std::string out;
  for (const EngineReport& each : report.engines) out += (out.empty() ? "" : " ") + each.state;
  return out;
}

}  // namespace

TEST_CASE("an interrupted task that looks at its stop token ends, with its engine alive") {
  const Engines at(2);
  const auto running = at.client[all].apply_async(rule_tasks::spin_until_stopped);
  const auto behind = at.client[0].apply_async(process_tasks::add, 1, 2);
  REQUIRE(at.comes_to_run(running));
  const pid_t before = at.pid(0);
  const ControlReport report = at.client.interrupt(all, kLong);
  CHECK(states(report) == "interrupted interrupted");
  CHECK(report.done());
  CHECK(report.engines.at(0).tasks == 1);
  REQUIRE(running.wait(kPatience));
  CHECK_THROWS_AS((void)running.at(0), TaskAborted);
  CHECK(behind.get(kPatience) == 3);
  CHECK(at.pid(0) == before);
  CHECK(states(at.client[0].interrupt(kLong)) == "idle");
}

TEST_CASE("one that never looks up is stopped with its process, which comes back under its id") {
  const Engines at(2);
  const auto endless = at.client[0].apply_async(rule_tasks::spin_for_ever);
  const auto other = at.client[1].apply_async(rule_tasks::spin_until_stopped);
  REQUIRE(at.comes_to_run(endless));
  REQUIRE(at.comes_to_run(other));
  const ControlReport report = at.client.interrupt(endless, kLong);
  REQUIRE(report.engines.size() == 1);
  CHECK(report.engines[0].engine == 0);
  CHECK(report.done());
  REQUIRE(endless.wait(kPatience));
  CHECK_THROWS_AS((void)endless.get(), TaskAborted);
  CHECK(comes_true([&] { return at.incarnation(0) == 2; }));
  CHECK(at.client[0].apply_async(process_tasks::add, 1, 2).get(kPatience) == 3);
  CHECK_FALSE(other.ready());
  CHECK(at.incarnation(1) == 1);
  at.client.abort();
}

TEST_CASE("interrupting an engine that is frozen replaces its process, and hangs nobody") {
  const Engines at(1);
  const auto running = at.client[0].apply_async(rule_tasks::spin_until_stopped);
  REQUIRE(at.comes_to_run(running));
  const Frozen frozen(at.pid(0));
  const ControlReport report = at.client.interrupt(0, kLong);
  CHECK(states(report) == "replaced");
  REQUIRE(running.wait(kPatience));
  CHECK_THROWS_AS((void)running.get(), TaskAborted);
  CHECK(running.metadata().error->value.starts_with("the task was aborted while it ran; engine 0"));
  CHECK(at.client[0].apply_async(process_tasks::add, 1, 2).get(kPatience) == 3);
}

TEST_CASE("clear empties the namespace between two tasks") {
  const Engines at(2);
  const DirectView engines = at.client[all];
  engines["a"] = 5;
  CHECK(states(engines.clear(kLong)) == "cleared cleared");
  CHECK_THROWS_AS((void)engines.pull<int>("a").get(kPatience), CompositeError);
  engines["a"] = 6;
  const auto running = at.client[0].apply_async(rule_tasks::spin_until_stopped);
  REQUIRE(at.comes_to_run(running));
  const ControlReport busy = at.client.clear(all, {.timeout = 300ms});
  CHECK(states(busy) == "busy cleared");
  CHECK_FALSE(busy.done());
  running.abort();
  CHECK(at.client[0].apply_async(process_tasks::add, 1, 2).get(kPatience) == 3);
  CHECK_THROWS_AS((void)at.client[0].pull<int>("a").get(kPatience), RemoteError);
}

TEST_CASE("a frozen engine answers no clear, which ends in time, and is cleared when it goes on") {
  const Engines at(1);
  at.client[0]["a"] = 5;
  {
    const Frozen frozen(at.pid(0));
    const ControlReport report = at.client.clear(0, {.timeout = 200ms});
    CHECK(states(report) == "no_answer");
    CHECK_FALSE(report.engines.at(0).text.empty());
    CHECK(states(at.client.clear(0, {.wait = false})) == "asked");
  }
  CHECK(comes_true([&] {
    const auto names = at.client[0].pull<int>("a");
    return names.wait(kPatience) && !names.successful();
  }));
}

TEST_CASE("a restart gives busy and frozen engines another process under their ids") {
  const Engines at(3);
  const auto endless = at.client[0].apply_async(rule_tasks::spin_for_ever);
  at.client[2]["a"] = 5;
  REQUIRE(at.comes_to_run(endless));
  const std::vector<pid_t> before{at.pid(0), at.pid(1), at.pid(2)};
  const Frozen frozen(before[1]);
  // More often than crashes would be forgiven.
  for (int i = 0; i < 6; ++i) {
    const ControlReport report = at.client.restart(all, kLong);
    CHECK(states(report) == "restarted restarted restarted");
  }
  REQUIRE(endless.wait(kPatience));
  try {
    (void)endless.get();
    FAIL("a task outlived its process");
  } catch (const EngineError& error) {
    CHECK_MESSAGE(contains(error.what(), "restarted by a client"), error.what());
  }
  CHECK(at.client.ids() == std::vector<int>{0, 1, 2});
  for (int id = 0; id < 3; ++id) {
    CHECK(at.incarnation(id) == 7);
    CHECK(at.pid(id) != before[static_cast<std::size_t>(id)]);
  }
  CHECK_THROWS_AS((void)at.client[2].pull<int>("a").get(kPatience), RemoteError);
}

TEST_CASE("all are all engines, also one whose next process is being started") {
  const Engines at(2);
  // How long it is away is its own affair: until it was seen to be.
  REQUIRE(comes_true([&] {
    const std::uint32_t before = at.incarnation(0);
    (void)at.client.restart(0, {.wait = false});
    while (at.client.ids().size() == 2)
      if (at.incarnation(0) > before) return false;  // it was back too soon
    CHECK(at.client[all].targets().size() == 2);
    return true;
  }));
  at.client[all].push("x", 5).get();
  CHECK(at.client[all].pull<int>("x").get() == std::vector{5, 5});
}

TEST_CASE("an engine that was frozen until it counted as lost can be restarted") {
  const Engines at(1);
  const Frozen frozen(at.pid(0));
  REQUIRE(comes_true([&] { return at.client.ids().empty(); }));
  CHECK(states(at.client.restart(0, kLong)) == "restarted");
  CHECK(at.client[0].apply_async(process_tasks::add, 1, 2).get(kPatience) == 3);
}

TEST_CASE("signals reach the process of a busy engine and of a frozen one") {
  const Engines at(2);
  const auto endless = at.client[0].apply_async(rule_tasks::spin_for_ever);
  REQUIRE(at.comes_to_run(endless));
  CHECK(states(at.client.send_signal(SIGUSR1, 0, kLong)) == "signalled");
  REQUIRE(endless.wait(kPatience));
  try {
    (void)endless.get();
    FAIL("a task outlived its process");
  } catch (const EngineError& error) {
    CHECK_MESSAGE(contains(error.what(), "killed by signal 10"), error.what());
  }
  CHECK(comes_true([&] { return at.incarnation(0) == 2; }));
  CHECK(states(at.client.send_signal(SIGSTOP, 1, kLong)) == "signalled");
  CHECK(states(at.client.clear(1, {.timeout = 200ms})) == "no_answer");
  CHECK(states(at.client[1].send_signal(SIGCONT, kLong)) == "signalled");
  CHECK(at.client[1].apply_async(process_tasks::add, 1, 2).get(kPatience) == 3);
  const auto running = at.client[1].apply_async(rule_tasks::spin_until_stopped);
  REQUIRE(at.comes_to_run(running));
  CHECK(states(at.client.send_signal(SIGINT, 1, kLong)) == "interrupted");
  CHECK_THROWS_AS((void)running.get(kPatience), TaskAborted);
  CHECK(states(at.client.send_signal(SIGTERM, 1, kLong)) == "signalled");
  CHECK(comes_true([&] { return at.client.ids() == std::vector<int>{0}; }));
}

TEST_CASE("a shutdown ends the engines that are named, whatever they do") {
  const Engines at(3);
  const auto endless = at.client[0].apply_async(rule_tasks::spin_for_ever);
  REQUIRE(at.comes_to_run(endless));
  const Frozen frozen(at.pid(1));
  CHECK(states(at.client.shutdown({0, 1}, {.timeout = kPatience})) == "left left");
  CHECK_THROWS_AS((void)endless.get(kPatience), EngineError);
  CHECK(at.client.ids() == std::vector<int>{2});
  CHECK_THROWS_AS((void)at.client.shutdown(7), Exception);
  CHECK(states(at.client[2].shutdown(kLong)) == "left");
  CHECK(at.client.ids().empty());
  CHECK(at.client[all].clear().engines.empty());
}

TEST_CASE("a client that has shut its hub down says so, and waits for nothing") {
  const Engines at(1);
  const auto endless = at.client[0].apply_async(rule_tasks::spin_for_ever);
  const auto behind = at.client[0].apply_async(process_tasks::add, 1, 2);
  const EngineView engine = at.client[0];
  REQUIRE(at.comes_to_run(endless));
  CHECK(states(at.client.shutdown(all, {.hub = true, .timeout = kPatience})) == "left");
  CHECK_THROWS_AS((void)endless.get(kPatience), EngineError);
  CHECK_THROWS_AS((void)behind.get(kPatience), EngineError);
  const LoadBalancedView any = at.client.load_balanced_view();
  CHECK_THROWS_WITH_AS((void)any.apply_async(process_tasks::add, 1, 2).get(kPatience),
                       doctest::Contains("has shut its hub down"), ConnectionError);
  CHECK_THROWS_AS((void)at.client.abort(), ConnectionError);
  CHECK_THROWS_AS((void)at.client.status(), ConnectionError);
  CHECK_THROWS_AS((void)engine.apply_async(process_tasks::add, 1, 2), ConnectionError);
}

TEST_CASE("an engine with an idle timeout leaves when it has had nothing to do for so long") {
  ClusterOptions options = with_rule_tasks();
  options.engine_flags = {"--idle-timeout", "2s"};
  const RealCluster cluster(1, options);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  // Longer than that, and not idle.
  CHECK(client[0].apply_async(rule_tasks::sleep_ms, 2500U).get(kPatience) == 2500);
  CHECK(client.ids() == std::vector<int>{0});
  CHECK(comes_true([&] { return client.ids().empty(); }));
  CHECK(client.status().given_up.empty());
}

TEST_CASE("the commands say of each engine what it did, and fail when one has not") {
  Shell roundhouse;
  const std::string module = std::string(RH_BINARY_DIR) + "/lib/rule_tasks.so";
  const Ended started = roundhouse({"start", "-n", "2", "--module", module});
  REQUIRE_MESSAGE(started.exit == 0, started.err);
  const Client client({.timeout = kPatience});
  client.wait_for_engines(2, kPatience);
  CHECK(roundhouse({"clear", "all"}).out ==
        "engine 0: has forgotten its names\nengine 1: has forgotten its names\n");
  CHECK(roundhouse({"interrupt", "--engine", "1"}).out == "engine 1: nothing ran\n");
  const auto running =
      client.load_balanced_view().apply_async<int>("rule_tasks::spin_until_stopped");
  REQUIRE(comes_true([&] { return client.result_status(Jobs(running)).running.size() == 1; }));
  const Json stopped = roundhouse.json({"interrupt", "last", "--wait", "60s"});
  REQUIRE(stopped.size() == 1);
  CHECK(stopped[0].at("state") == "interrupted");
  CHECK(stopped[0].at("done") == true);
  CHECK(roundhouse({"interrupt", "last"}).out == "none of them runs\n");
  CHECK(roundhouse({"restart", "0", "--wait", "60s"}).out == "engine 0: runs as a new process\n");
  CHECK(roundhouse({"signal", "STOP", "1"}).out == "engine 1: was sent the signal\n");
  const Ended silent = roundhouse({"clear", "0,1", "--wait", "200ms"});
  CHECK(silent.exit == 1);
  CHECK_MESSAGE(contains(silent.out, "engine 1: does not answer"), silent.out);
  CHECK_MESSAGE(contains(silent.err, "1 of 2 engines have not done it"), silent.err);
  CHECK(roundhouse({"clear", "1", "--no-wait"}).exit == 0);
  CHECK(roundhouse({"signal", "SIGCONT", "1"}).exit == 0);
  CHECK(roundhouse({"shutdown", "1", "--wait", "60s"}).out == "engine 1: has left\n");
  check_one_line(roundhouse({"restart", "9"}), "no engine 9");
  check_one_line(roundhouse({"restart"}), "restart which engines?");
  check_one_line(roundhouse({"interrupt"}), "interrupt what?");
  check_one_line(roundhouse({"signal", "NONSENSE", "0"}), "is no signal");
  CHECK(roundhouse({"shutdown", "all", "--hub", "--wait", "60s"}).out == "engine 0: has left\n");
  CHECK(comes_true([&] { return roundhouse({"status"}).exit != 0; }));
}

}  // namespace roundhouse::test
