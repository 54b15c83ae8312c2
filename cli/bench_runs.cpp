#include "cli/bench_runs.hpp"

#include "shared/clock.hpp"

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

void print_figures(const std::vector<Figure>& figures, Output& out) {
  if (!out.json()) return out.table(to_table(figures));
  for (const Figure& figure : figures) out.document(to_json(figure));
}

}  // namespace roundhouse::cli
