// Which tasks a command is about: what people say on the command line, as a question to the hub.
//
// Plain functions, called by the main thread. All throw UsageError for what makes no sense.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/output.hpp"
#include "shared/time.hpp"
#include <roundhouse/hub_query.hpp>

namespace roundhouse::cli {

// What was not said is empty.
struct TaskFilter {
  std::string engines{};  // as select_engines() has it
  std::string status{};  // pending, running, ok, error, or what a task ended with; several with ','
  std::string label{};   // labels and functions may be patterns
  std::string function{};
  std::string session{};  // 16 hexadecimal digits
  std::string since{};    // a time, or how long ago
  std::string until{};
  std::string where{};  // JSON, as `where` of PROTOCOL 9

  [[nodiscard]] bool empty() const;
};

// "0,2-5": these; "all": all of `known`; "last": the highest of them. Ascending, each once.
[[nodiscard]] std::vector<int> select_engines(std::string_view text, const std::vector<int>& known);

// The same as a condition; `known` are the engines that "all" and "last" mean.
[[nodiscard]] Condition condition_of(const TaskFilter& filter, const std::vector<int>& known,
                                     WallTime now);

// {"engine_id": 1, "submitted": {"$gte": "2026-03-01T12:00:00Z"}}: times as text, too. Names of
// fields and comparisons are for the hub to check.
[[nodiscard]] Condition parse_where(const Json& where);

// "2026-03-01T12:00:00Z", or "10min": so long before `now`.
[[nodiscard]] WallTime parse_moment(std::string_view text, WallTime now);

}  // namespace roundhouse::cli
