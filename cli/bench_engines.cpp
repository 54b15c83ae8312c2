#include <memory>
#include <vector>

#include "cli/bench_child.hpp"
#include "cli/bench_runs.hpp"
#include "cli/bench_setting.hpp"
#include "cli/commands.hpp"
#include "client/process.hpp"
#include "shared/clock.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::cli {

namespace {

using namespace std::chrono_literals;

constexpr Duration kEnginesSpan = 2s;
constexpr Duration kEnginesWarmUp = 500ms;
constexpr std::size_t kRunTasksMax = 2'000'000;  // of a run
constexpr Duration kJoinPatience = 60s;          // until all have registered
constexpr std::size_t kEngines = 1000;
constexpr std::size_t kFewEngines = 4;
constexpr std::size_t kProcesses = 2;  // that the engines are in, few or many

struct Run {
  Duration registered{};  // from the start of their processes
  StreamRun stream;
};

// A hub of its own, so that nothing is left of earlier ones.
Run run_engines(std::size_t count, Duration span, const Interrupt& interrupt) {
  const BenchCluster cluster({.engines = 0});
  const std::string program = detail::find_program("roundhouse-engine");
  std::vector<std::unique_ptr<BenchChild>> crowds;
  Run out;
  const TimePoint begin = steady_now();
  for (std::size_t i = 0; i < kProcesses; ++i) {
    const std::size_t part = count / kProcesses + (i < count % kProcesses ? 1 : 0);
    crowds.push_back(std::make_unique<BenchChild>(std::vector<std::string>{
        program, "--cluster", cluster.name(), "--crowd", std::to_string(part)}));
  }
  cluster.client().wait_for_engines(count, kJoinPatience);
  out.registered = steady_now() - begin;
  interrupt.check();
  (void)run_stream(cluster, std::min(kEnginesWarmUp, span));
  interrupt.check();
  out.stream = run_stream(cluster, span, kRunTasksMax);
  return out;
}

}  // namespace

void bench_engines(const EnginesOptions& options, Output& out) {
  const std::size_t pairs = options.pairs == 0 ? 5 : options.pairs;
  const std::size_t many = options.engines == 0 ? kEngines : options.engines;
  const Duration span = options.span == Duration{} ? kEnginesSpan : options.span;
  const Interrupt interrupt;
  const BenchPlace place;
  const std::string name = "engines." + std::to_string(many) + ".";
  Figure rate{.name = name + "rate", .unit = "tasks/s", .target = 0.9, .bound = Bound::at_least};
  Figure registered{.name = name + "registered", .unit = "s", .target = 5.0};
  Figure cpu{.name = name + "hub_cpu_per_task", .unit = "us", .target = 1.5};
  for_each_pair(pairs, interrupt, [&](bool few_first) {
    Run few;
    if (few_first) few = run_engines(kFewEngines, span, interrupt);
    const Run run = run_engines(many, span, interrupt);
    if (!few_first) few = run_engines(kFewEngines, span, interrupt);
    rate.add(few.stream.per_second, run.stream.per_second);
    cpu.add(few.stream.hub_cpu_us, run.stream.hub_cpu_us);
    registered.ours.push_back(seconds(run.registered));
  });
  print_figures({rate, cpu, registered}, out);
}

}  // namespace roundhouse::cli
