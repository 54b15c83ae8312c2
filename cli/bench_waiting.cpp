#include <deque>
#include <memory>

#include "cli/bench_runs.hpp"
#include "cli/bench_setting.hpp"
#include "cli/commands.hpp"
#include "shared/clock.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::cli {

namespace {

using namespace std::chrono_literals;

constexpr Duration kWaitingSpan = 300ms;
constexpr std::size_t kFew = 4000;     // of a stream: enough that neither client nor engine is idle
constexpr Seconds kForEver = 24h;      // longer than any benchmark
constexpr Duration kEngineGone = 30s;  // at most

// What the tasks that wait are waiting for.
enum class Why {
  ready,    // their turn: one engine comes to them one after the other
  after,    // a task that does not end
  targets,  // an engine that is busy with it
};

std::string_view to_string(Why why) {
  switch (why) {
    case Why::ready: return "ready";
    case Why::after: return "after";
    case Why::targets: return "targets";
  }
  return "";
}

// A hub where a number of tasks wait. An engine runs a stream of tasks, each of which is followed
// by another; the ready ones that wait are that stream itself.
class WaitingLine {
 public:
  WaitingLine(Why why, std::size_t waiting, const Interrupt& interrupt)
      : why_(why),
        interrupt_(interrupt),
        under_way_max_(why == Why::ready ? waiting : kFew),
        cluster_({.engines = why == Why::ready ? 0U : 2U}),
        view_(cluster_.client().load_balanced_view()) {
    if (why == Why::ready) return;
    // One of the two engines gets what does not end, the other one has the stream.
    const int busy = cluster_.client().ids().front();
    const auto gate = cluster_.client()[busy].apply_async<void>(kSleepTask, kForEver.count());
    const LoadBalancedView never = why == Why::after ? view_.with({.after = gate})
                                                     : view_.with({.targets = std::vector{busy}});
    for (std::size_t i = 0; i < waiting; ++i) {
      if (i % kBenchLookEvery == 0) interrupt_.check();
      (void)never.apply_async<void>(kBenchTask);
    }
  }

  // Tasks of the stream a second, for `span`.
  double rate(Duration span) {
    while (!under_way_.empty() && under_way_.front().ready()) under_way_.pop_front();
    while (under_way_.size() < under_way_max_) submit();
    (void)cluster_.client().status();  // answered when all is accepted
    if (why_ == Why::ready) cluster_.add_engines(1);
    (void)run(span / 5);
    const double rate = run(span);
    if (why_ == Why::ready) cluster_.remove_engines(kEngineGone);
    return rate;
  }

 private:
  void submit() {
    if (under_way_.size() % kBenchLookEvery == 0) interrupt_.check();
    under_way_.push_back(view_.apply_async<void>(kBenchTask));
  }

  double run(Duration span) {
    const TimePoint begin = steady_now();
    std::size_t count = 0;
    while (count % kBenchLookEvery != 0 || steady_now() - begin < span) {
      submit();
      under_way_.front().wait();
      under_way_.pop_front();
      ++count;
    }
    return static_cast<double>(count) / seconds(steady_now() - begin);
  }

  const Why why_;
  const Interrupt& interrupt_;
  const std::size_t under_way_max_;
  BenchCluster cluster_;
  LoadBalancedView view_;
  std::deque<AsyncResult<void>> under_way_;
};

std::vector<Figure> measure(Why why, const std::vector<std::size_t>& sizes, std::size_t pairs,
                            Duration span, const Interrupt& interrupt) {
  WaitingLine few(why, why == Why::ready ? kFew : 1, interrupt);
  std::vector<std::unique_ptr<WaitingLine>> lines;
  std::vector<Figure> figures;
  for (const std::size_t size : sizes) {
    lines.push_back(std::make_unique<WaitingLine>(why, size, interrupt));
    figures.push_back(
        {.name = "waiting." + std::string(to_string(why)) + "." + std::to_string(size),
         .unit = "tasks/s",
         .target = 0.9,
         .bound = Bound::at_least});
  }
  for_each_pair(pairs, interrupt, [&](bool few_first) {
    double base = 0;
    if (few_first) base = few.rate(span);
    std::vector<double> rates;
    for (const auto& line : lines) rates.push_back(line->rate(span));
    if (!few_first) base = few.rate(span);
    for (std::size_t i = 0; i < rates.size(); ++i) figures[i].add(base, rates[i]);
  });
  return figures;
}

}  // namespace

void bench_waiting(const WaitingOptions& options, Output& out) {
  const std::size_t pairs = options.pairs == 0 ? 9 : options.pairs;
  const Duration span = options.span == Duration{} ? kWaitingSpan : options.span;
  std::vector<std::size_t> sizes{10'000, 1'000'000};
  if (options.waiting != 0) sizes = {options.waiting};
  const Interrupt interrupt;
  const BenchPlace place;
  std::vector<Figure> figures;
  for (const Why why : {Why::ready, Why::after, Why::targets})
    for (Figure& figure : measure(why, sizes, pairs, span, interrupt))
      figures.push_back(std::move(figure));
  print_figures(figures, out);
}

}  // namespace roundhouse::cli
