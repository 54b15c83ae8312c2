#include "tests/chaos/report.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <optional>

namespace roundhouse::chaos {
namespace {

__attribute__((format(printf, 1, 2))) std::string format(const char* text, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, text);
  std::vsnprintf(line, sizeof line, text, arguments);
  va_end(arguments);
  return line;
}

unsigned long long number(std::uint64_t value) {
  return value;
}

// Times to resume of some faults, in milliseconds.
struct Times {
  std::size_t count = 0;
  double median = 0;
  double p99 = 0;
  double max = 0;
};

Times times_of(std::vector<std::int64_t> ns) {
  Times out;
  out.count = ns.size();
  if (ns.empty()) return out;
  std::sort(ns.begin(), ns.end());
  const auto at = [&](std::size_t percent) {
    return static_cast<double>(ns[(ns.size() * percent + 99) / 100 - 1]) / 1e6;
  };
  out.median = at(50);
  out.p99 = at(99);
  out.max = at(100);
  return out;
}

Times times_of(const Report& report, std::optional<FaultKind> kind) {
  std::vector<std::int64_t> ns;
  for (const Fault& fault : report.faults)
    if ((!kind || fault.kind == *kind) && fault.resumed_after_ns >= 0)
      ns.push_back(fault.resumed_after_ns);
  return times_of(std::move(ns));
}

std::string row(std::string_view name, const Times& times) {
  return format("%-18s %6zu %9.1f %9.1f %9.1f\n", std::string(name).c_str(), times.count,
                times.median, times.p99, times.max);
}

}  // namespace

std::string as_table(const Report& report) {
  const Options& o = report.options;
  const Verdict& v = report.verdict;
  std::string out = format(
      "chaos: seed %llu, %zu of %llu faults in %.0f s; %llu engines, %llu clients with %llu "
      "tasks/s "
      "each, durability %s\n\n",
      number(o.seed), report.faults.size(), number(o.kills), report.seconds, number(o.engines),
      number(o.clients), number(o.rate), o.durability.c_str());
  out += "fault               times   resumed after, ms\n";
  out += "                             median       p99       max\n";
  for (const FaultWeight& fault : kFaults) {
    const Times times = times_of(report, fault.kind);
    if (times.count > 0) out += row(fault.name, times);
  }
  out += row("all", times_of(report, std::nullopt));
  out += format("\nsubmitted %llu, accepted %llu, runs %llu; fetched for clients that died %llu\n",
                number(v.submitted), number(v.accepted), number(v.runs), number(v.fetched));
  out += "outcomes";
  for (const auto& [ending, count] : v.endings)
    out += format("  %s %llu", to_string(ending), number(count));
  out += format(
      "\n  (engine lost: %llu of tasks for one engine; lost to the record with the hub: %llu)",
      number(v.lost_with_lane), number(v.not_recorded));
  out += format("\n\nlost %llu\ndoubled %llu\nwrong %llu\nrun twice %llu", number(v.lost),
                number(v.doubled), number(v.wrong), number(v.run_twice));
  out += format(
      "  (excused: hub and nanny died together %llu, engine frozen while its hub died "
      "%llu)\n",
      number(v.excused_dead), number(v.excused_frozen));
  for (const std::string& complaint : v.complaints) out += "  " + complaint + "\n";
  if (!report.problem.empty()) out += "\nnot finished: " + report.problem + "\n";
  return out;
}

std::string as_json(const Report& report) {
  const Options& o = report.options;
  const Verdict& v = report.verdict;
  std::string out = format(
      R"({"seed":%llu,"kills":%llu,"seconds":%.1f,"engines":%llu,"clients":%llu,"rate":%llu,)",
      number(o.seed), number(o.kills), report.seconds, number(o.engines), number(o.clients),
      number(o.rate));
  out += format(R"("durability":"%s","resumed_ms":{)", o.durability.c_str());
  const auto times_json = [](std::string_view name, const Times& times) {
    return format(R"("%s":{"count":%zu,"median":%.1f,"p99":%.1f,"max":%.1f})",
                  std::string(name).c_str(), times.count, times.median, times.p99, times.max);
  };
  for (const FaultWeight& fault : kFaults)
    out += times_json(fault.name, times_of(report, fault.kind)) + ",";
  out += times_json("all", times_of(report, std::nullopt));
  out += format(R"(},"submitted":%llu,"accepted":%llu,"runs":%llu,"fetched":%llu,)",
                number(v.submitted), number(v.accepted), number(v.runs), number(v.fetched));
  out += format(R"("lost":%llu,"doubled":%llu,"wrong":%llu,"run_twice":%llu,)", number(v.lost),
                number(v.doubled), number(v.wrong), number(v.run_twice));
  out += format(R"("not_recorded":%llu,)", number(v.not_recorded));
  return out + format(R"("excused_dead":%llu,"excused_frozen":%llu,"finished":%s})",
                      number(v.excused_dead), number(v.excused_frozen),
                      report.problem.empty() ? "true" : "false");
}

}  // namespace roundhouse::chaos
