// CORE. One figure of a benchmark: several pairs of runs, and the median of their ratios.
//
// A pair is one run of the baseline and one of ours, next to each other in time, so that whatever
// else the machine does slows both. Plain values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.hpp"
#include "shared/time.hpp"

namespace roundhouse::cli {

// Whether the target is a ceiling or a floor.
enum class Bound { at_most, at_least };

struct Figure {
  std::string name;              // "latency.p50"
  std::string unit;              // of baseline and ours: "us", "tasks/s", "bytes"
  std::optional<double> target;  // of the ratio where there is a baseline, else of ours
  Bound bound = Bound::at_most;
  std::vector<double> baselines{};  // one per pair; empty: the figure stands alone
  std::vector<double> ours{};

  void add(double baseline, double own) {
    baselines.push_back(baseline);
    ours.push_back(own);
  }

  // Nothing when there is no baseline, or no run yet.
  [[nodiscard]] std::optional<double> ratio() const;
  // Nothing when there is no target, or no run yet.
  [[nodiscard]] std::optional<bool> met() const;
};

// The middle one; the mean of the two in the middle. Precondition: there is one.
[[nodiscard]] double median(std::vector<double> values);

// The value that `fraction` of the values do not exceed, in microseconds. Precondition: there is
// one.
[[nodiscard]] double percentile_us(std::vector<Duration> values, double fraction);

// {"name", "baseline", "ours", "ratio", "target", "bound", "unit", "met", "pairs": [[baseline,
// ours]...]}, without pairs "runs": [ours...].
[[nodiscard]] Json to_json(const Figure& figure);

// All of them for people.
[[nodiscard]] Table to_table(const std::vector<Figure>& figures);

}  // namespace roundhouse::cli
