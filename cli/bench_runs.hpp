// OS. What the benchmarks have in common: pairs of runs, and how figures are printed. Plain
// functions.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "cli/bench_figure.hpp"
#include "cli/bench_setting.hpp"
#include "cli/interrupt.hpp"
#include "cli/output.hpp"
#include "shared/time.hpp"

namespace roundhouse::cli {

// The empty task that every engine has.
inline constexpr std::string_view kBenchTask = "roundhouse.noop";
// Tasks that the relay has under way when its rate is measured.
inline constexpr std::size_t kBenchInFlight = 512;
// Tasks between two looks at the clock, or for Ctrl-C.
inline constexpr std::size_t kBenchLookEvery = 256;

// Calls `pair` with whether the relay goes first, as often as there are pairs and there is time:
// three times at least, and no more after half a minute. Throws when interrupted.
void for_each_pair(std::size_t pairs, const Interrupt& interrupt,
                   const std::function<void(bool relay_first)>& pair);

struct StreamRun {
  double per_second = 0;
  double hub_cpu_us = 0;  // per task
};

// Submits empty tasks one by one for `span`, `tasks_max` of them at most, waits for each, and then
// until the hub has committed everything that it knows. Throws what a task ended with.
StreamRun run_stream(const BenchCluster& cluster, Duration span, std::size_t tasks_max = 300'000);

// A table for people, a line of JSON each for programs.
void print_figures(const std::vector<Figure>& figures, Output& out);

}  // namespace roundhouse::cli
