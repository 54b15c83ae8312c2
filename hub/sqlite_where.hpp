#pragma once

// DISK. SqliteWhere: a TaskQuery's conditions as SQL, with its values as parameters: nothing of
// what somebody asked becomes part of a statement. The text goes into a statement over
// kSqliteFrom. Thread rule: plain values.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/core/task_query.hpp"
#include "hub/sqlite.hpp"

namespace roundhouse::hub {

// The tables that fields are in; SQLite leaves out those that a statement does not use.
inline constexpr std::string_view kSqliteFrom =
    " FROM tasks t JOIN sessions s ON s.number = t.id >> 40 "
    "LEFT JOIN templates f ON f.number = t.template LEFT JOIN engines e ON e.id = t.engine "
    "LEFT JOIN errors x ON x.id = t.id LEFT JOIN blobs b ON b.id = t.id ";

// The field as an expression; its value reads as what Record::value() gives.
[[nodiscard]] std::string sqlite_expression(Field field);

// Reads a column that holds such an expression; borrowed until the next step.
[[nodiscard]] FieldValue sqlite_value(const sql::Statement& row, int column, Field field);

class SqliteWhere {
 public:
  // The key of a task in the table; nothing when its session is not known.
  using FindKey = std::function<std::optional<std::int64_t>(TaskId)>;

  // `first`: the number of the first parameter.
  SqliteWhere(int first, FindKey find_key) : next_(first), find_key_(std::move(find_key)) {}

  // One expression, in parentheses, that is 0 or 1.
  [[nodiscard]] std::string condition(const Condition& condition);
  // The tasks behind query.after; "1" when it has none.
  [[nodiscard]] std::string behind(const TaskQuery& query);

  void bind(sql::Statement& statement) const;

 private:
  std::string comparison(const Condition& condition);
  std::string member_of(const Condition& condition);
  std::string same_task(const Condition& condition);
  std::string parameter(Field field, const QueryValue& value);

  struct Parameter {
    int at = 0;
    std::optional<std::int64_t> number;
    std::string text;
  };

  int next_;
  FindKey find_key_;
  std::vector<Parameter> parameters_;
};

}  // namespace roundhouse::hub
