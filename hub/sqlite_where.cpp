#include "hub/sqlite_where.hpp"

#include <algorithm>

#include "shared/check.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::string_view kMsgId = "printf('%016x%016x', s.id, t.id & 0xffffffffff)";

std::string_view operator_of(Compare compare) {
  switch (compare) {
    case Compare::eq: return " IS ";
    case Compare::ne: return " IS NOT ";
    case Compare::lt: return " < ";
    case Compare::lte: return " <= ";
    case Compare::gt: return " > ";
    case Compare::gte: return " >= ";
    case Compare::glob: return " GLOB ";
    case Compare::in:
    case Compare::nin: break;
  }
  return " IN ";
}

bool is_set(Compare compare) {
  return compare == Compare::in || compare == Compare::nin;
}

}  // namespace

std::string sqlite_expression(Field field) {
  switch (field) {
    case Field::msg_id: return std::string(kMsgId);
    case Field::session: return "printf('%016x', s.id)";
    case Field::sequence: return "(t.id & 0xffffffffff)";
    case Field::function: return "coalesce(f.function, '')";
    case Field::signature: return "nullif(f.signature, '')";
    case Field::label: return "coalesce(f.label, '')";
    case Field::view: return "coalesce(f.view, '')";
    case Field::status: return "CASE t.status WHEN 0 THEN 'ok' ELSE 'error' END";
    case Field::outcome:
      return "CASE t.status WHEN 0 THEN 'ok' WHEN 1 THEN 'error' WHEN 2 THEN 'aborted' "
             "WHEN 3 THEN 'timed_out' ELSE 'engine_lost' END";
    case Field::attempt: return "t.attempt";
    case Field::submitted: return "t.submitted";
    case Field::started: return "(t.submitted + t.wait)";
    case Field::completed: return "(t.submitted + t.wait + t.duration / 1000)";
    case Field::received:
      return "(SELECT r.received FROM receipts r WHERE r.session = t.id >> 40 "
             "AND r.through >= t.delivery ORDER BY r.through LIMIT 1)";
    case Field::duration_ns: return "t.duration";
    case Field::engine_id: return "t.engine";
    case Field::engine_uuid: return "CASE WHEN e.uuid IS NOT NULL THEN lower(hex(e.uuid)) END";
    case Field::incarnation:
      return "CASE WHEN t.engine IS NOT NULL THEN nullif(t.incarnation, 0) END";
    case Field::error_name: return "x.name";
    case Field::error_value: return "x.value";
    case Field::result_bytes:
      return "coalesce(b.bytes, CASE t.status WHEN 0 THEN length(t.result) END, 0)";
    case Field::targets:
    case Field::error:
    case Field::after:
    case Field::follow:
    case Field::standard_output:
    case Field::standard_error:
    case Field::result: break;
  }
  RH_CHECK(false && "a field that cannot be compared");
  return {};
}

FieldValue sqlite_value(const sql::Statement& row, int column, Field field) {
  if (row.null(column)) return {};
  const FieldKind kind = info_of(field).kind;
  if (kind == FieldKind::number) return FieldValue::of(row.integer(column));
  const std::string_view text = row.text(column);
  if (kind == FieldKind::text) return FieldValue::of(text);
  std::string digits(text);
  if (kind == FieldKind::session) digits.append(16, '0');
  return FieldValue::of(parse_task_id(digits).value_or(TaskId{}));
}

std::string SqliteWhere::parameter(Field field, const QueryValue& value) {
  Parameter out;
  out.at = next_++;
  if (value.kind == FieldValue::Kind::number)
    out.number = value.number;
  else if (value.kind == FieldValue::Kind::text)
    out.text = value.text;
  else
    out.text = to_string(value.id).substr(0, info_of(field).kind == FieldKind::session ? 16 : 32);
  parameters_.push_back(std::move(out));
  return "?" + std::to_string(parameters_.back().at);
}

void SqliteWhere::bind(sql::Statement& statement) const {
  for (const Parameter& one : parameters_)
    one.number ? statement.bind(one.at, *one.number) : statement.bind_text(one.at, one.text);
}

// By key, so that a few tasks are found and not looked for.
std::string SqliteWhere::same_task(const Condition& condition) {
  std::string keys;
  for (const QueryValue& value : condition.values) {
    const auto key =
        value.kind == FieldValue::Kind::id ? find_key_(value.id) : std::optional<std::int64_t>{};
    if (!key) continue;
    Parameter out;
    out.at = next_++;
    out.number = *key;
    parameters_.push_back(std::move(out));
    keys.append(keys.empty() ? "?" : ",?").append(std::to_string(parameters_.back().at));
  }
  const bool negated = condition.compare == Compare::ne || condition.compare == Compare::nin;
  return std::string(negated ? "(t.id NOT IN (" : "(t.id IN (").append(keys).append("))");
}

std::string SqliteWhere::member_of(const Condition& condition) {
  std::string list;
  bool nil = false;
  for (const QueryValue& value : condition.values) {
    if (value.kind == FieldValue::Kind::none) {
      nil = true;
      continue;
    }
    list.append(list.empty() ? "" : ",").append(parameter(condition.field, value));
  }
  const std::string expression = sqlite_expression(condition.field);
  std::string out = "(coalesce(" + expression + " IN (" + list + "), 0)";
  if (nil) out += " OR " + expression + " IS NULL";
  out += ")";
  return condition.compare == Compare::nin ? "(NOT " + out + ")" : out;
}

std::string SqliteWhere::comparison(const Condition& condition) {
  const bool same = condition.compare == Compare::eq || condition.compare == Compare::ne;
  if (condition.field == Field::msg_id && (same || is_set(condition.compare)))
    return same_task(condition);
  if (is_set(condition.compare)) return member_of(condition);
  const std::string expression = sqlite_expression(condition.field);
  const std::string relation(operator_of(condition.compare));
  const QueryValue& value = condition.values.front();
  if (value.kind == FieldValue::Kind::none)
    return same ? "(" + expression + relation + "NULL)" : "(0)";
  const std::string test = expression + relation + parameter(condition.field, value);
  return same ? "(" + test + ")" : "coalesce(" + test + ", 0)";
}

std::string SqliteWhere::condition(const Condition& wanted) {
  if (wanted.kind == Condition::Kind::compare) return comparison(wanted);
  const bool all = wanted.kind == Condition::Kind::all;
  std::string joined;
  for (const Condition& part : wanted.parts)
    joined.append(joined.empty() ? "" : all ? " AND " : " OR ").append(condition(part));
  if (joined.empty()) joined = all ? "1" : "0";
  return wanted.kind == Condition::Kind::none_of ? "(NOT (" + joined + "))" : "(" + joined + ")";
}

// A missing value is below all others.
std::string SqliteWhere::behind(const TaskQuery& query) {
  if (!query.after) return "1";
  const QueryPlace& place = *query.after;
  const std::string expression = sqlite_expression(query.order);
  const std::string id(kMsgId);
  const std::string task = parameter(Field::msg_id, QueryValue::of(FieldValue::of(place.task)));
  const std::string beyond = id + (query.descending ? " < " : " > ") + task;
  if (place.value.kind == FieldValue::Kind::none)
    return query.descending ? "(" + expression + " IS NULL AND " + beyond + ")"
                            : "(" + expression + " IS NOT NULL OR " + beyond + ")";
  const std::string value = parameter(query.order, place.value);
  const std::string tie = "(" + expression + " IS " + value + " AND " + beyond + ")";
  if (!query.descending) return "(coalesce(" + expression + " > " + value + ", 0) OR " + tie + ")";
  return "(coalesce(" + expression + " < " + value + ", 0) OR " + expression + " IS NULL OR " +
         tie + ")";
}

}  // namespace roundhouse::hub
