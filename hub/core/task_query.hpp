#pragma once

// CORE. TaskQuery: a question about many tasks (`db_query` of PROTOCOL 9): which, in what order,
// how many, and which fields of them. The router and the memory store evaluate it, the SQLite store
// makes a statement of it; all give the same answer. Thread rule: plain values.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/core/record.hpp"
#include "shared/message.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::hub {

inline constexpr std::size_t kAnswerIdsMax = 10'000;  // ids in one question, tasks in one answer
inline constexpr std::size_t kQueryLimitDefault = 100;
inline constexpr std::size_t kQueryOffsetMax = 100'000;
inline constexpr std::size_t kConditionsMax = 256;    // of one question
inline constexpr std::size_t kConditionDepthMax = 8;  // $and in $or in $not ...

// A value that a field is compared with; owns its text.
struct QueryValue {
  FieldValue::Kind kind = FieldValue::Kind::none;
  std::int64_t number = 0;
  std::string text;
  TaskId id;

  [[nodiscard]] FieldValue borrow() const { return {kind, number, text, id}; }

  static QueryValue of(const FieldValue& value) {
    return {value.kind, value.number, std::string(value.text), value.id};
  }
};

enum class Compare : std::uint8_t { eq, ne, lt, lte, gt, gte, in, nin, glob };

// A tree. `all` without parts is always true.
struct Condition {
  enum class Kind : std::uint8_t { all, any, none_of, compare };

  Kind kind = Kind::all;
  std::vector<Condition> parts;
  // Of a comparison.
  Field field = Field::msg_id;
  Compare compare = Compare::eq;
  std::vector<QueryValue> values;  // one; any number for in and nin
};

// A place in the order of an answer: behind it a further answer goes on.
struct QueryPlace {
  QueryValue value;  // of the field it is ordered by
  TaskId task;
};

struct TaskQuery {
  Condition where;
  // Tasks with equal values are in the order of their msg_id, turned round with the rest.
  Field order = Field::submitted;
  bool descending = false;
  std::optional<QueryPlace> after;
  std::size_t limit = kQueryLimitDefault;
  std::size_t offset = 0;
  FieldSet fields = FieldSet::without_result();

  // How many tasks a source of this answer has to come up with at most.
  [[nodiscard]] std::size_t wanted() const { return offset + limit + 1; }
};

// The body of a `db_query`. Fails with `malformed`, `invalid` (an unknown field or comparison, a
// value of the wrong kind) or `too_large`; the text says which, and what there is instead.
[[nodiscard]] Result<TaskQuery> parse_task_query(std::string_view body);

// The map of `where` alone, as `purge_results` has it, too; `u` stands at the map.
[[nodiscard]] Result<Condition> parse_condition(std::string_view map);

// A value that is missing equals only nil, differs from everything else, and is neither below nor
// above anything.
[[nodiscard]] bool matches(const Condition& condition, const FieldSource& task);

// '*', '?' and "[a-z]", "[^a-z]", as SQLite's GLOB.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

// Whether `task`, whose order field is `value`, comes before (less), at (equal) or behind (greater)
// the place, in the order of the answer.
[[nodiscard]] std::strong_ordering place_of(const TaskQuery& query, const FieldValue& value,
                                            TaskId task, const QueryPlace& place);

// The same question whether it is among the tasks wanted: matches, and is behind `after`.
[[nodiscard]] bool wants(const TaskQuery& query, const FieldSource& task);

}  // namespace roundhouse::hub
