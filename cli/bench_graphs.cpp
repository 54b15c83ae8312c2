#include <algorithm>

#include "cli/bench_relay.hpp"
#include "cli/bench_runs.hpp"
#include "cli/bench_setting.hpp"
#include "cli/commands.hpp"
#include "shared/clock.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::cli {

namespace {

using namespace std::chrono_literals;

constexpr Duration kGraphsSpan = 1s;  // in which a graph has its full size
constexpr std::size_t kLinks = 10'000;
constexpr std::size_t kLayered = 100'000;
constexpr std::size_t kLayer = 1000;

std::size_t scaled(std::size_t count, Duration span) {
  const double part = std::min(1.0, seconds(span) / seconds(kGraphsSpan));
  return std::max<std::size_t>(10, static_cast<std::size_t>(static_cast<double>(count) * part));
}

// Each task depends on the one before. Links a second.
double run_chain(const LoadBalancedView& view, std::size_t links) {
  const TimePoint begin = steady_now();
  AsyncResult<void> last = view.apply_async<void>(kBenchTask);
  for (std::size_t i = 1; i < links; ++i)
    last = view.with({.after = last}).apply_async<void>(kBenchTask);
  last.get();
  return static_cast<double>(links) / seconds(steady_now() - begin);
}

// Layers of tasks, each of which depends on two of the layer before. Tasks a second.
double run_layers(const LoadBalancedView& view, std::size_t count) {
  const std::size_t width = std::min(kLayer, count / 2);
  std::vector<AsyncResult<void>> before;
  std::vector<AsyncResult<void>> layer;
  const TimePoint begin = steady_now();
  for (std::size_t done = 0; done < count; done += width) {
    layer.clear();
    for (std::size_t i = 0; i < width; ++i) {
      if (before.empty())
        layer.push_back(view.apply_async<void>(kBenchTask));
      else
        layer.push_back(view.with({.after = {before[i], before[(i * 7 + 1) % width]}})
                            .apply_async<void>(kBenchTask));
    }
    before.swap(layer);
  }
  for (const AsyncResult<void>& result : before) result.get();
  return static_cast<double>(count) / seconds(steady_now() - begin);
}

}  // namespace

void bench_graphs(const BenchOptions& options, Output& out) {
  const std::size_t pairs = options.pairs == 0 ? 5 : options.pairs;
  const Duration span = options.span == Duration{} ? kGraphsSpan : options.span;
  const Interrupt interrupt;
  const BenchPlace place;
  Relay relay(place.path(), own_program());
  const BenchCluster cluster({.engines = 1});
  const LoadBalancedView view = cluster.client().load_balanced_view();
  Figure chain{.name = "graphs.chain", .unit = "links/s", .target = 1.0, .bound = Bound::at_least};
  Figure layers{
      .name = "graphs.layers", .unit = "tasks/s", .target = 0.3, .bound = Bound::at_least};
  (void)run_chain(view, scaled(kLinks / 10, span));
  for_each_pair(pairs, interrupt, [&](bool relay_first) {
    const auto measure_relay = [&] {
      return std::pair{1e6 / percentile_us(relay.round_trips(span), 0.5),
                       relay.rate(span, kBenchInFlight)};
    };
    std::pair<double, double> theirs;
    if (relay_first) theirs = measure_relay();
    const double links = run_chain(view, scaled(kLinks, span));
    interrupt.check();
    const double tasks = run_layers(view, scaled(kLayered, span));
    if (!relay_first) theirs = measure_relay();
    chain.add(theirs.first, links);
    layers.add(theirs.second, tasks);
  });
  print_figures({chain, layers}, out);
}

}  // namespace roundhouse::cli
