#include <atomic>
#include <thread>
#include <vector>

#include "cli/bench_runs.hpp"
#include "cli/bench_setting.hpp"
#include "cli/commands.hpp"
#include "shared/clock.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::cli {

namespace {

using namespace std::chrono_literals;

constexpr double kTargetUs = 10'000;
constexpr std::size_t kQueued = 100'000;
constexpr std::size_t kRounds = 5;
constexpr std::size_t kQuestions = 200;  // of a round, while the tasks wait
constexpr Duration kPause = 1ms;         // between two of them: nobody asks without a breath
constexpr Duration kStarted = 30s;       // until all engines are busy, at most

// Engines that take all the time they get, as many as there are cores, and a client that asks a
// hub where many tasks wait for them. It asks by a connection of its own: the answers are late for
// what the hub does, not for what another client has to receive.
class Rush {
 public:
  Rush(std::size_t queued, const Interrupt& interrupt)
      : queued_(queued),
        interrupt_(interrupt),
        engines_(std::max(1U, std::thread::hardware_concurrency())),
        cluster_({.engines = engines_}),
        asking_({.cluster = cluster_.name()}) {}

  // One round: how long each answer took while the tasks waited, and while all were aborted.
  void measure(std::vector<Duration>& waiting, std::vector<Duration>& aborting) {
    keep_busy();
    const LoadBalancedView view = cluster_.client().load_balanced_view();
    std::vector<AsyncResult<void>> tasks;
    for (std::size_t i = 0; i < queued_; ++i) {
      if (i % kBenchLookEvery == 0) interrupt_.check();
      tasks.push_back(view.apply_async<void>(kBenchTask));
    }
    cluster_.wait_until_taken_over(interrupt_);
    for (std::size_t i = 0; i < kQuestions; ++i) waiting.push_back(ask());
    std::atomic<bool> over = false;
    std::jthread abort([&] {
      (void)cluster_.client().abort(all);
      for (const AsyncResult<void>& task : tasks) task.wait();
      over = true;
    });
    while (!over) aborting.push_back(ask());
    if (aborting.empty()) aborting.push_back(ask());
  }

 private:
  void keep_busy() {
    const AsyncListResult<CommandResult> loops =
        cluster_.client()[all].command_async({"/bin/sh", "-c", "while :; do :; done"});
    const TimePoint end = steady_now() + kStarted;
    while (cluster_.client().result_status(Jobs(loops)).running.size() < engines_) {
      if (steady_now() > end) throw TimeoutError("an engine did not begin its work");
      interrupt_.check();
      std::this_thread::sleep_for(kPause);
    }
  }

  Duration ask() {
    interrupt_.check();
    std::this_thread::sleep_for(kPause);
    const TimePoint begin = steady_now();
    (void)asking_.queue_status();
    return steady_now() - begin;
  }

  const std::size_t queued_;
  const Interrupt& interrupt_;
  const std::size_t engines_;
  BenchCluster cluster_;
  Client asking_;
};

Figure figure(const std::string& name, const std::vector<Duration>& times, double fraction) {
  Figure out{.name = "control." + name, .unit = "us", .target = kTargetUs};
  out.ours.push_back(percentile_us(times, fraction));
  return out;
}

}  // namespace

void bench_control(const ControlBench& options, Output& out) {
  const std::size_t rounds = options.rounds == 0 ? kRounds : options.rounds;
  const std::size_t queued = options.queued == 0 ? kQueued : options.queued;
  const Interrupt interrupt;
  const BenchPlace place;
  std::vector<Duration> waiting;
  std::vector<Duration> aborting;
  Rush rush(queued, interrupt);
  for (std::size_t i = 0; i < rounds; ++i) rush.measure(waiting, aborting);
  std::vector<Figure> figures{
      figure("queued.p50", waiting, 0.5), figure("queued.p99", waiting, 0.99),
      figure("aborting.p50", aborting, 0.5), figure("aborting.p99", aborting, 0.99)};
  figures[0].target.reset(), figures[2].target.reset();
  print_figures(figures, out);
}

}  // namespace roundhouse::cli
