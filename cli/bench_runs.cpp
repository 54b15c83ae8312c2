#include "cli/bench_runs.hpp"

#include "shared/clock.hpp"
#include <roundhouse/view.hpp>

namespace roundhouse::cli {

namespace {

// No further pair is begun after this, so that all is over within 50 s on a slow machine, too.
constexpr Duration kPairsTimeMax = std::chrono::seconds{30};
constexpr std::size_t kPairsMin = 3;

}  // namespace

void for_each_pair(std::size_t pairs, const Interrupt& interrupt,
                   const std::function<void(bool relay_first)>& pair) {
  const TimePoint begin = steady_now();
  for (std::size_t i = 0; i < pairs; ++i) {
    if (i >= kPairsMin && steady_now() - begin > kPairsTimeMax) return;
    interrupt.check();
    pair(i % 2 == 0);
  }
}

// The store answers questions behind the facts that came before them.
StreamRun run_stream(const BenchCluster& cluster, Duration span, std::size_t tasks_max) {
  std::vector<AsyncResult<void>> results;
  results.reserve(tasks_max);
  const Duration cpu = cluster.hub_cpu_time();
  const TimePoint begin = steady_now();
  const LoadBalancedView view = cluster.client().load_balanced_view();
  while (results.size() < tasks_max && (results.size() % 256 != 0 || steady_now() - begin < span)) {
    results.push_back(view.apply_async<void>(kBenchTask));
  }
  for (const AsyncResult<void>& result : results) result.get();
  (void)cluster.client().hub_history(1);
  const double took = seconds(steady_now() - begin);
  const auto count = static_cast<double>(results.size());
  return {count / took, seconds(cluster.hub_cpu_time() - cpu) * 1e6 / count};
}

void print_figures(const std::vector<Figure>& figures, Output& out) {
  if (!out.json()) return out.table(to_table(figures));
  for (const Figure& figure : figures) out.document(to_json(figure));
}

}  // namespace roundhouse::cli
