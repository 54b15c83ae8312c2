#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>

#include <time.h>
#include <unistd.h>

#include "cli/bench_figure.hpp"
#include "cli/bench_relay.hpp"
#include "cli/bench_runs.hpp"
#include "cli/bench_setting.hpp"
#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "shared/clock.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::cli {

namespace {

using namespace std::chrono_literals;

constexpr Duration kWarmUp = 300ms;
constexpr std::size_t kQueuedTasks = 200'000;

std::vector<Duration> time_calls(const LoadBalancedView& view, Duration span) {
  std::vector<Duration> out;
  const TimePoint begin = steady_now();
  for (TimePoint last = begin; last - begin < span;) {
    view.apply_sync<void>(kBenchTask);
    const TimePoint now = steady_now();
    out.push_back(now - last);
    last = now;
  }
  return out;
}

// What the hub's memory grows by, per task, when tasks wait for an engine.
double bytes_per_queued_task(const Interrupt& interrupt) {
  const BenchCluster cluster({.engines = 0});
  const LoadBalancedView view = cluster.client().load_balanced_view();
  const auto submit = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) (void)view.apply_async<void>(kBenchTask);
    cluster.wait_until_taken_over(interrupt);
  };
  submit(1000);
  const double before = cluster.hub_resident_bytes();
  submit(kQueuedTasks);
  return (cluster.hub_resident_bytes() - before) / static_cast<double>(kQueuedTasks);
}

}  // namespace

void bench_latency(const BenchOptions& options, Output& out) {
  const std::size_t pairs = options.pairs == 0 ? 9 : options.pairs;
  const Duration span = options.span == Duration{} ? Duration{1200ms} : options.span;
  const Interrupt interrupt;
  const BenchPlace place;
  Relay relay(place.path(), own_program());
  const BenchCluster cluster({.engines = 1});
  const LoadBalancedView view = cluster.client().load_balanced_view();
  (void)relay.round_trips(std::min(kWarmUp, span));
  (void)time_calls(view, std::min(kWarmUp, span));

  Figure p50{.name = "latency.p50", .unit = "us", .target = 2.0};
  Figure p99{.name = "latency.p99", .unit = "us", .target = 2.0};
  for_each_pair(pairs, interrupt, [&](bool relay_first) {
    std::vector<Duration> theirs;
    if (relay_first) theirs = relay.round_trips(span);
    const std::vector<Duration> ours = time_calls(view, span);
    if (!relay_first) theirs = relay.round_trips(span);
    p50.add(percentile_us(theirs, 0.5), percentile_us(ours, 0.5));
    p99.add(percentile_us(theirs, 0.99), percentile_us(ours, 0.99));
  });
  print_figures({p50, p99}, out);
}

void bench_throughput(const BenchOptions& options, Output& out) {
  const std::size_t pairs = options.pairs == 0 ? 5 : options.pairs;
  const Duration span = options.span == Duration{} ? Duration{500ms} : options.span;
  const Interrupt interrupt;
  const BenchPlace place;
  Figure sqlite{
      .name = "throughput.sqlite", .unit = "tasks/s", .target = 0.5, .bound = Bound::at_least};
  Figure memory{
      .name = "throughput.memory", .unit = "tasks/s", .target = 3.0, .bound = Bound::at_least};
  Figure sqlite_cpu{.name = "hub_cpu_per_task.sqlite", .unit = "us", .target = 2.0};
  Figure memory_cpu{.name = "hub_cpu_per_task.memory", .unit = "us", .target = 1.0};
  {
    Relay relay(place.path(), own_program());
    const BenchCluster with_sqlite({.engines = 1, .store = "sqlite"});
    const BenchCluster with_memory({.engines = 1, .store = "memory"});
    (void)relay.rate(std::min(kWarmUp, span), kBenchInFlight);
    (void)run_stream(with_sqlite, std::min(kWarmUp, span));
    (void)run_stream(with_memory, std::min(kWarmUp, span));
    for_each_pair(pairs, interrupt, [&](bool relay_first) {
      double theirs = 0;
      if (relay_first) theirs = relay.rate(2 * span, kBenchInFlight);
      const StreamRun on_disk = run_stream(with_sqlite, span);
      if (!relay_first) theirs = relay.rate(2 * span, kBenchInFlight);
      interrupt.check();
      const StreamRun in_memory = run_stream(with_memory, span);
      sqlite.add(theirs, on_disk.per_second);
      memory.add(theirs, in_memory.per_second);
      sqlite_cpu.ours.push_back(on_disk.hub_cpu_us);
      memory_cpu.ours.push_back(in_memory.hub_cpu_us);
    });
  }
  Figure queued{.name = "hub_memory_per_queued_task", .unit = "bytes", .target = 400};
  queued.ours.push_back(bytes_per_queued_task(interrupt));
  print_figures({sqlite, memory, queued, sqlite_cpu, memory_cpu}, out);
}

}  // namespace roundhouse::cli
