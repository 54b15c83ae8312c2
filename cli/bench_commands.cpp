#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/bench_runs.hpp"
#include "cli/bench_setting.hpp"
#include "cli/commands.hpp"
#include "shared/clock.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::cli {

namespace {

using namespace std::chrono_literals;

constexpr const char* kProgram = "true";
constexpr std::size_t kCommandsAhead = 256;  // there is plenty to do

std::size_t cores() {
  return std::max(1U, std::thread::hardware_concurrency());
}

void spawn_and_wait() {
  std::array words{std::string(kProgram)};
  std::array<char*, 2> pointers{words[0].data(), nullptr};
  pid_t pid = 0;
  if (posix_spawnp(&pid, kProgram, nullptr, nullptr, pointers.data(), environ) != 0)
    raise({Errc::io_failed, "cannot run `true`"});
  waitpid(pid, nullptr, 0);
}

// Programs a second by a bare loop on each core.
double bare_rate(Duration span) {
  std::atomic<std::size_t> count{0};
  const TimePoint begin = steady_now();
  {
    std::vector<std::jthread> loops;
    for (std::size_t i = 0; i < cores(); ++i)
      loops.emplace_back([&] {
        for (; steady_now() - begin < span; ++count) spawn_and_wait();
      });
  }
  return static_cast<double>(count) / seconds(steady_now() - begin);
}

// The same as commands, with an engine for each core.
double command_rate(const LoadBalancedView& view, Duration span) {
  std::deque<AsyncResult<CommandResult>> under_way;
  const std::size_t ahead = kCommandsAhead * cores();
  std::size_t count = 0;
  const auto take = [&] {
    if (!under_way.front().get().ok()) raise({Errc::task_failed, "`true` failed"});
    under_way.pop_front();
    ++count;
  };
  const TimePoint begin = steady_now();
  while (steady_now() - begin < span) {
    while (under_way.size() < ahead) under_way.push_back(view.command_async({kProgram}));
    while (under_way.size() > ahead / 2) take();
  }
  while (!under_way.empty()) take();
  return static_cast<double>(count) / seconds(steady_now() - begin);
}

}  // namespace

void bench_commands(const BenchOptions& options, Output& out) {
  const std::size_t pairs = options.pairs == 0 ? 9 : options.pairs;
  const Duration span = options.span == Duration{} ? Duration{1s} : options.span;
  const Interrupt interrupt;
  const BenchPlace place;
  const BenchCluster cluster({.engines = cores()});
  const LoadBalancedView view = cluster.client().load_balanced_view();
  (void)command_rate(view, span / 5);
  Figure figure{.name = "commands", .unit = "commands/s", .target = 0.8, .bound = Bound::at_least};
  for_each_pair(pairs, interrupt, [&](bool bare_first) {
    double bare = 0;
    if (bare_first) bare = bare_rate(span);
    const double ours = command_rate(view, span);
    if (!bare_first) bare = bare_rate(span);
    figure.add(bare, ours);
  });
  print_figures({figure}, out);
}

}  // namespace roundhouse::cli
