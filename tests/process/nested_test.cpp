// Tasks that submit further tasks and wait for them, with real daemons.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <sys/types.h>

#include <doctest/doctest.h>

#include "tests/modules/nested_tasks.hpp"
#include "tests/support/interpreter.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;

ClusterOptions with_nested_tasks(std::uint32_t slots = 1) {
  ClusterOptions options;
  options.modules.push_back(RealCluster::module_path("nested_tasks"));
  options.slots = slots;
  return options;
}

struct Nest {
  explicit Nest(std::size_t engines, ClusterOptions options = with_nested_tasks())
      : cluster(engines, std::move(options)), client(cluster.connect()) {
    client.wait_for_engines(engines, kPatience);
  }

  // A number that the kernel tells of an engine's process.
  [[nodiscard]] std::uint64_t of_process(const std::string& key) const {
    std::ifstream status("/proc/" + std::to_string(client.engines().front().pid) + "/status");
    for (std::string line; std::getline(status, line);) {
      std::istringstream words(line);
      std::string name;
      std::uint64_t value = 0;
      if (words >> name >> value && name == key + ":") return value;
    }
    return 0;
  }

  RealCluster cluster;
  Client client;
  LoadBalancedView any = client.load_balanced_view();
};

TEST_CASE("a recursive Fibonacci of depth 12 ends on one engine with one slot, in bounds") {
  const Nest at(1);
  CHECK(at.any.apply_async(nested_tasks::fib, 2U).get(kPatience) == 1);  // its client is there
  const std::uint64_t threads = at.of_process("Threads");
  const std::uint64_t memory = at.of_process("VmRSS");
  REQUIRE(threads > 0);
  const auto running = at.any.apply_async(nested_tasks::fib, 12U);
  std::uint64_t most = 0;
  const bool ended = comes_true([&] {
    most = std::max(most, at.of_process("Threads"));
    return running.ready();
  });
  REQUIRE(ended);
  CHECK(running.get() == 144);
  // Eight tasks begin to wait as they come; then those that are deeper than all that wait. A
  // machine that is slow may take a hub for one that has nothing deeper.
  CHECK(most - threads < 40);
  CHECK(at.of_process("Threads") == most);
  if (RH_TEST_SLOWDOWN == 1) CHECK(at.of_process("VmHWM") - memory < 64 * 1024);
  CHECK(at.client.queue_status().engines.at(0).running == 0);
}

TEST_CASE("the threads that waiting tasks needed are used again") {
  const Nest at(1);
  CHECK(at.any.apply_async(nested_tasks::descend, 20U).get(kPatience) == 20);
  const std::uint64_t threads = at.of_process("Threads");
  for (int i = 0; i < 3; ++i)
    CHECK(at.any.apply_async(nested_tasks::descend, 20U).get(kPatience) == 20);
  CHECK(at.of_process("Threads") == threads);
}

TEST_CASE("direct tasks of an engine to itself come to their end, however deep") {
  const Nest at(1);
  CHECK(at.client[0].apply_async(nested_tasks::dive, 12U).get(kPatience) == 12);
  const auto several = at.client[all].apply_async(nested_tasks::dive, 3U);
  const auto more = at.client[all].apply_async(nested_tasks::dive, 4U);
  CHECK(several.get(kPatience) == std::vector<std::uint32_t>{3});
  CHECK(more.get(kPatience) == std::vector<std::uint32_t>{4});
}

TEST_CASE("two engines with two slots share what tasks submit") {
  const Nest at(2, with_nested_tasks(2));
  CHECK(at.any.apply_async(nested_tasks::fib, 10U).get(kPatience) == 55);
  CHECK(at.any.apply_async(nested_tasks::squares, 20U).get(kPatience) == 2870);
  const auto queues = at.client.queue_status();
  for (const EngineQueue& engine : queues.engines) CHECK(engine.completed > 0);
}

TEST_CASE("many tasks that each wait for one more come to their end") {
  const Nest at(1);
  std::vector<AsyncResult<std::uint32_t>> waiting;
  for (std::uint32_t i = 0; i < 100; ++i)
    waiting.push_back(at.any.apply_async(nested_tasks::wait_for_sleep, 1U));
  for (const auto& each : waiting) CHECK(each.get(kPatience) == 1);
  CHECK(at.of_process("Threads") < 60);
}

TEST_CASE("a recursion that is deeper than tasks may wait ends with an error, and not never") {
  const Nest at(1);
  const auto outcome = at.any.apply_async(nested_tasks::descend, 300U).get(return_exceptions);
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.error().value.find("256 tasks of this engine wait") != std::string::npos);
  CHECK(at.any.apply_async(nested_tasks::descend, 5U).get(kPatience) == 5);
}

TEST_CASE("when an engine's process dies its waiting tasks are named with the one that ran") {
  const Nest at(1);
  const auto doomed = at.any.apply_async(nested_tasks::wait_for_crash, SIGKILL);
  REQUIRE(doomed.wait(kPatience));
  CHECK_THROWS_AS(doomed.get(), EngineError);
  CHECK(doomed.metadata().outcome == "engine_lost");
  CHECK(at.any.apply_async(nested_tasks::fib, 5U).get(kPatience) == 5);
}

TEST_CASE("a task that waits is aborted at once, whatever it waits for") {
  const Nest at(1);
  const auto process = at.any.apply_async(nested_tasks::process_id).get(kPatience);
  const auto waits = at.any.apply_async(nested_tasks::wait_for_sleep, 600'000U);
  REQUIRE(comes_true([&] { return at.client.queue_status().engines.at(0).running == 2; }));
  CHECK(at.client.abort(waits).stopping == 1);
  REQUIRE(waits.wait(kPatience));
  CHECK(waits.metadata().outcome == "aborted");
  CHECK(at.client.queue_status().engines.at(0).running == 1);
  CHECK(at.client.abort(all).stopping == 1);
  CHECK(at.any.apply_async(nested_tasks::process_id).get(kPatience) == process);
}

TEST_CASE("a time limit ends a task while it waits") {
  const Nest at(1);
  const auto process = at.any.apply_async(nested_tasks::process_id).get(kPatience);
  const auto waits =
      at.any.with({.time_limit = 300ms}).apply_async(nested_tasks::wait_for_sleep, 600'000U);
  REQUIRE(waits.wait(kPatience));
  CHECK_THROWS_AS((void)waits.get(), TimeLimitExceeded);
  CHECK(at.client.abort(all).stopping == 1);
  CHECK(at.any.apply_async(nested_tasks::process_id).get(kPatience) == process);
}

TEST_CASE("a hub that is killed while tasks wait for tasks comes back, and they go on") {
  ClusterOptions options = with_nested_tasks();
  options.hub_flags = {"--grace", "30000"};
  const Nest at(2, std::move(options));
  const auto running = at.any.apply_async(nested_tasks::fib, 11U);
  const auto direct = at.client[all].apply_async(nested_tasks::dive, 10U);
  REQUIRE(comes_true([&] { return at.client.queue_status().engines.at(0).completed > 20; }));
  REQUIRE(::kill(static_cast<pid_t>(at.client.status().pid), SIGKILL) == 0);
  CHECK(running.get(2 * kPatience) == 89);
  CHECK(direct.get(2 * kPatience) == std::vector<std::uint32_t>{10, 10});
}

TEST_CASE("what a task leaves behind without waiting is run all the same") {
  const Nest at(1);
  const auto ids = at.any.apply_async(nested_tasks::leave_behind, 50U).get(kPatience);
  REQUIRE(ids.size() == 50);
  CHECK(comes_true([&] { return at.client.result_status(Jobs(ids)).completed.size() == 50; }));
}

TEST_CASE("source that an engine compiles waits for tasks, and other source runs meanwhile") {
  if (!has_interpreter()) return;
  const Nest at(1);
  const EngineView one = at.client[0];
  one.execute_sync("#include <iostream>\n#include <roundhouse/roundhouse.hpp>");
  one.execute_sync(
      "int inner() {\n"
      "  auto here = roundhouse::this_engine::client()[0];\n"
      "  std::cout << \"before \" << std::flush;\n"
      "  std::string value = here.execute_sync(\"std::cout << \\\"inside\\\"; 6 * 7\").value;\n"
      "  std::cout << \"after\" << std::flush;\n"
      "  return std::stoi(value);\n"
      "}");
  const ExecuteResult result = one.execute_sync("inner()");
  CHECK(result.value == "42");
  CHECK(result.out == "before after");
}

}  // namespace
}  // namespace roundhouse::test
