// What is asked of engines that are dead, with their nannies: it is answered, and nobody hangs.
#include <csignal>
#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/modules/rule_tasks.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/process_tree.hpp"
#include "tests/support/rule_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

struct Engines {
  explicit Engines(std::size_t count) : cluster(count, options()), client(cluster.connect()) {
    client.wait_for_engines(count, kPatience);
  }

  // The hub gives engines up sooner than it does by default.
  static ClusterOptions options() {
    ClusterOptions out = with_rule_tasks();
    out.hub_flags = {"--set", "heartbeat=200ms", "--set",
                     "dead=" + std::to_string(RH_TEST_SLOWDOWN) + "s"};
    return out;
  }

  // Both of its processes at once, so that nobody is left who could tell.
  void kill_with_nanny(int id) const {
    pid_t engine = 0;
    for (const EngineInfo& info : client.engines())
      if (info.id == id) engine = static_cast<pid_t>(info.pid);
    const pid_t nanny = parent_of(engine);
    REQUIRE(nanny > 1);
    REQUIRE(::kill(nanny, SIGKILL) == 0);
    ::kill(engine, SIGKILL);
  }

  RealCluster cluster;
  Client client;
};

using Ask = std::function<ControlReport(const Client&, int)>;

// Much longer than it may take.
constexpr std::chrono::milliseconds kLong = 4 * kPatience;

const std::vector<std::pair<std::string, Ask>> kAsks{
    {"clear", [](const Client& client, int id) { return client.clear(id, {.timeout = kLong}); }},
    {"interrupt",
     [](const Client& client, int id) { return client.interrupt(id, {.timeout = kLong}); }},
    {"signal", [](const Client& client,
                  int id) { return client.send_signal(SIGUSR1, id, {.timeout = kLong}); }},
    {"restart",
     [](const Client& client, int id) { return client.restart(id, {.timeout = kLong}); }},
    {"shutdown",
     [](const Client& client, int id) { return client.shutdown(id, {.timeout = kLong}); }}};

// With a report of that engine, or an error that names it, and in time.
void check_answered(const Engines& at, const std::string& verb, const Ask& ask, int id) {
  CAPTURE(verb);
  const TimePoint began = steady_now();
  try {
    const ControlReport report = ask(at.client, id);
    REQUIRE(report.engines.size() == 1);
    CHECK(report.engines[0].engine == id);
  } catch (const TimeoutError&) {
    FAIL("the hub did not answer");
  } catch (const Exception& error) {
    CHECK_MESSAGE(contains(error.what(), "engine " + std::to_string(id)), error.what());
  }
  CHECK(steady_now() - began < kPatience);
}

}  // namespace

TEST_CASE("whatever is asked of an engine that just died with its nanny is answered") {
  const Engines at(kAsks.size());
  std::vector<std::future<ControlReport>> answers;
  for (const auto& [verb, ask] : kAsks) {
    const int id = static_cast<int>(answers.size());
    at.kill_with_nanny(id);
    answers.push_back(std::async(std::launch::async, ask, std::cref(at.client), id));
  }
  for (std::size_t i = 0; i < kAsks.size(); ++i) {
    const auto answer = [&](const Client&, int) { return answers[i].get(); };
    check_answered(at, kAsks[i].first, answer, static_cast<int>(i));
  }
}

TEST_CASE("whatever is asked of an engine that is known to be dead is answered") {
  const Engines at(2);
  const auto lost = at.client[0].apply_async(rule_tasks::spin_for_ever);
  REQUIRE(comes_true([&] { return at.client.result_status(lost).running.size() == 1; }));
  at.kill_with_nanny(0);
  REQUIRE(lost.wait(kPatience));
  CHECK_THROWS_AS(lost.get(), EngineError);
  REQUIRE(comes_true([&] { return at.client.ids() == std::vector{1}; }));
  for (const auto& [verb, ask] : kAsks) check_answered(at, verb, ask, 0);
  CHECK(at.client.abort(lost).ended == 1);
  CHECK(at.client[all].apply_async(process_tasks::add, 1, 2).get(kPatience) == std::vector{3});
}

}  // namespace roundhouse::test
