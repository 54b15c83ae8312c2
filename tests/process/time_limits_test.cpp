// Time limits of tasks, with real engines: tasks that stop when they are asked to, and tasks that
// have to be stopped.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/modules/rule_tasks.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/rule_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;

// How the task ended; it must be with TimeLimitExceeded.
RemoteErrorInfo limit_of(const AsyncTasks& result) {
  REQUIRE(result.wait(kPatience));
  const Metadata metadata = result.metadata(0);
  CHECK(metadata.outcome == "timed_out");
  REQUIRE(metadata.error.has_value());
  CHECK(metadata.error->name == "TimeLimitExceeded");
  return *metadata.error;
}

TEST_CASE("a task that obeys its stop token ends at its limit, and its engine lives on") {
  RealCluster cluster(1, with_rule_tasks());
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const LoadBalancedView any = client.load_balanced_view();
  const auto process = any.apply_async(rule_tasks::process_id).get(kPatience);
  const LoadBalancedView limited = any.with({.retries = 3, .time_limit = 100ms});
  const auto stops = limited.apply_async(rule_tasks::spin_until_stopped);
  CHECK(limit_of(stops).value == "the task ran for longer than its time limit of 100ms");
  CHECK_THROWS_AS((void)stops.get(), TimeLimitExceeded);
  const auto throws = limited.apply_async(rule_tasks::throw_when_stopped);
  (void)limit_of(throws);
  CHECK(throws.metadata().attempt == 1);
  CHECK(any.apply_async(rule_tasks::process_id).get(kPatience) == process);
}

TEST_CASE("a task that ends in time is what it is, and one that ends late is not") {
  RealCluster cluster(1, with_rule_tasks());
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const LoadBalancedView any = client.load_balanced_view();
  CHECK(any.with({.time_limit = 1h}).apply_async(rule_tasks::sleep_ms, 1U).get(kPatience) == 1);
  (void)limit_of(any.with({.time_limit = 1ms}).apply_async(rule_tasks::sleep_ms, 50U));
}

TEST_CASE("a task that ignores its limit ends with its engine's process, and only it") {
  ClusterOptions options = with_rule_tasks();
  RealCluster cluster(1, std::move(options));
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const LoadBalancedView any = client.load_balanced_view();
  const LoadBalancedView limited = any.with({.retries = 3, .time_limit = 50ms});
  auto process = any.apply_async(rule_tasks::process_id).get(kPatience);
  // As often as would be a crash loop.
  for (int i = 0; i < 6; ++i) {
    const auto endless = limited.apply_async(rule_tasks::spin_for_ever);
    const auto behind = any.apply_async(rule_tasks::process_id);
    CHECK(limit_of(endless).value.find("process was ended") != std::string::npos);
    CHECK(endless.metadata().attempt == 1);
    const auto next = behind.get(kPatience);
    CHECK(next != process);
    process = next;
  }
}

TEST_CASE("who hears that a task was ended with the process is answered by the next one") {
  RealCluster cluster(1, with_rule_tasks());
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const EngineView engine = client[0];
  const EngineView limited = engine.with({.time_limit = 50ms});
  for (int i = 0; i < 8; ++i) {
    const auto before = engine.apply_async(rule_tasks::process_id).get(kPatience);
    (void)limit_of(limited.apply_async(rule_tasks::spin_for_ever));
    CHECK(engine.apply_async(rule_tasks::process_id).get(kPatience) != before);
  }
}

}  // namespace
}  // namespace roundhouse::test
