#include "cli/bench_figure.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "shared/check.hpp"

namespace roundhouse::cli {

namespace {

// Four digits tell all that a benchmark knows.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double scale = std::pow(10.0, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

Json rounded_list(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(rounded(value));
  return list;
}

std::string number_text(double value) {
  if (value >= 1000) return with_commas(static_cast<std::uint64_t>(std::llround(value)));
  return fmt::format("{:.{}f}", value, value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

}  // namespace

std::optional<double> Figure::ratio() const {
  if (baselines.empty() || baselines.size() != ours.size()) return std::nullopt;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / baselines[i]);
  return median(std::move(ratios));
}

std::optional<bool> Figure::met() const {
  if (!target || ours.empty()) return std::nullopt;
  const double value = ratio().value_or(median(ours));
  return bound == Bound::at_most ? value <= *target : value >= *target;
}

double median(std::vector<double> values) {
  RH_CHECK(!values.empty());
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double percentile_us(std::vector<Duration> values, double fraction) {
  RH_CHECK(!values.empty());
  const auto last = static_cast<double>(values.size() - 1);
  const auto index = static_cast<std::size_t>(std::llround(std::clamp(fraction, 0.0, 1.0) * last));
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(index));
  return std::chrono::duration<double, std::micro>(values[index]).count();
}

Json to_json(const Figure& figure) {
  const auto optional = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
  const auto middle = [](const std::vector<double>& values) {
    return values.empty() ? Json(nullptr) : Json(rounded(median(values)));
  };
  const auto ratio = figure.ratio();
  Json out{{"name", figure.name},
           {"baseline", middle(figure.baselines)},
           {"ours", middle(figure.ours)},
           {"ratio", ratio ? Json(rounded(*ratio)) : Json(nullptr)},
           {"target", optional(figure.target)},
           {"bound", figure.bound == Bound::at_most ? "at most" : "at least"},
           {"unit", figure.unit},
           {"met", optional(figure.met())}};
  if (figure.baselines.empty()) {
    out["runs"] = rounded_list(figure.ours);
  } else {
    Json pairs = Json::array();
    for (std::size_t i = 0; i < figure.ours.size(); ++i)
      pairs.push_back({rounded(figure.baselines[i]), rounded(figure.ours[i])});
    out["pairs"] = std::move(pairs);
  }
  return out;
}

Table to_table(const std::vector<Figure>& figures) {
  Table table({{"FIGURE"},
               {"BASELINE", Align::right},
               {"OURS", Align::right},
               {"UNIT"},
               {"RATIO", Align::right},
               {"TARGET"},
               {""}});
  for (const Figure& figure : figures) {
    const auto ratio = figure.ratio();
    const std::string_view sign = figure.bound == Bound::at_most ? "<= " : ">= ";
    Cell verdict("");
    if (const auto met = figure.met())
      verdict = *met ? Cell("met", Style::good) : Cell("not met", Style::bad);
    table.row({figure.name, figure.baselines.empty() ? "-" : number_text(median(figure.baselines)),
               figure.ours.empty() ? "-" : number_text(median(figure.ours)), figure.unit,
               ratio ? fmt::format("{:.2f}", *ratio) : "-",
               figure.target ? std::string(sign) + fmt::format("{:g}", *figure.target) : "",
               verdict});
  }
  return table;
}

}  // namespace roundhouse::cli
