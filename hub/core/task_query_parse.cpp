// TaskQuery, the part that reads it from the wire.

#include <algorithm>
#include <array>
#include <utility>

#include "hub/core/task_query.hpp"
#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

using wire::Unpacker;

constexpr std::size_t kPatternMax = 1000;  // bytes of a glob

constexpr std::array<std::pair<std::string_view, Compare>, 9> kComparisons{{
    {"$eq", Compare::eq},
    {"$ne", Compare::ne},
    {"$lt", Compare::lt},
    {"$lte", Compare::lte},
    {"$gt", Compare::gt},
    {"$gte", Compare::gte},
    {"$in", Compare::in},
    {"$nin", Compare::nin},
    {"$glob", Compare::glob},
}};

std::string quoted(std::string_view text) {
  return "'" + std::string(text.substr(0, 40)) + "'";
}

Error unreadable() {
  return {Errc::malformed, "the question cannot be read: `where` is a map of fields"};
}

Error unknown_field(std::string_view name) {
  std::string known;
  for (const FieldInfo& info : kFields) known.append(known.empty() ? "" : ", ").append(info.name);
  return {Errc::invalid, "records have no field " + quoted(name) + ": they have " + known};
}

std::optional<std::string_view> text_of(std::string_view bytes) {
  Unpacker u(bytes);
  const std::string_view text = u.str();
  if (u.done()) return text;
  return std::nullopt;
}

std::optional<std::int64_t> number_of(std::string_view bytes) {
  Unpacker u(bytes);
  const std::int64_t number = u.i64();
  if (u.done()) return number;
  return std::nullopt;
}

bool is_nil(std::string_view bytes) {
  return Unpacker(bytes).nil();
}

bool is_map(std::string_view bytes) {
  Unpacker u(bytes);
  u.map();
  return u.ok();
}

const char* wanted(FieldKind kind) {
  switch (kind) {
    case FieldKind::id: return "32 hexadecimal digits";
    case FieldKind::session: return "16 hexadecimal digits";
    case FieldKind::number: return "a whole number";
    case FieldKind::text:
    case FieldKind::bulk: break;
  }
  return "a text";
}

// What a comparison with this field needs, in msgpack.
Result<QueryValue> read_value(Field field, std::string_view bytes) {
  const FieldInfo& info = info_of(field);
  QueryValue out;
  if (is_nil(bytes)) return out;
  const auto text = text_of(bytes);
  switch (info.kind) {
    case FieldKind::number:
      if (const auto number = number_of(bytes)) return QueryValue::of(FieldValue::of(*number));
      break;
    case FieldKind::text:
      if (text) return QueryValue::of(FieldValue::of(*text));
      break;
    case FieldKind::id:
      if (const auto id = parse_task_id(text.value_or("")))
        return QueryValue::of(FieldValue::of(*id));
      break;
    case FieldKind::session:
      if (!text || text->size() != 16) break;
      if (const auto id = parse_task_id(std::string(*text) + std::string(16, '0')))
        return QueryValue::of(FieldValue::of(*id));
      break;
    case FieldKind::bulk: break;
  }
  return Error{Errc::invalid,
               quoted(info.name) + " is compared with " + wanted(info.kind) + ", or with nil"};
}

class Reader {
 public:
  Result<Condition> map(std::string_view bytes, std::size_t depth) {
    Condition out;
    if (depth > kConditionDepthMax)
      return Error{Errc::too_large, "conditions are nested more than " +
                                        std::to_string(kConditionDepthMax) + " deep"};
    if (++conditions_ > kConditionsMax) return too_many();
    Unpacker u(bytes);
    for (std::size_t pairs = u.map(); pairs > 0 && u.ok(); --pairs) {
      const std::string_view key = u.str();
      const std::string_view value = u.one();
      if (!u.ok()) break;
      auto part = key.starts_with('$') ? group(key, value, depth) : field(key, value);
      if (!part) return part.error();
      out.parts.push_back(*std::move(part));
    }
    if (!u.done()) return unreadable();
    return out;
  }

 private:
  Result<Condition> group(std::string_view key, std::string_view value, std::size_t depth) {
    if (key == "$not") {
      auto part = map(value, depth + 1);
      if (!part) return part;
      Condition out;
      out.kind = Condition::Kind::none_of;
      out.parts.push_back(*std::move(part));
      return out;
    }
    Condition out;
    if (key == "$or")
      out.kind = Condition::Kind::any;
    else if (key != "$and")
      return Error{Errc::invalid, quoted(key) + " is no condition: $and, $or and $not are"};
    Unpacker u(value);
    for (std::size_t left = u.array(); left > 0 && u.ok(); --left) {
      const std::string_view bytes = u.one();
      if (!u.ok()) break;
      auto part = map(bytes, depth + 1);
      if (!part) return part;
      out.parts.push_back(*std::move(part));
    }
    if (!u.done()) return unreadable();
    return out;
  }

  // A field with its value, or with a map of comparisons, all of which hold.
  Result<Condition> field(std::string_view name, std::string_view value) {
    const auto known = find_field(name);
    if (!known) return unknown_field(name);
    if (info_of(*known).kind == FieldKind::bulk)
      return Error{Errc::invalid, quoted(name) + " can be fetched, and not compared"};
    if (!is_map(value)) return comparison(*known, Compare::eq, value);
    Condition out;
    Unpacker u(value);
    for (std::size_t pairs = u.map(); pairs > 0 && u.ok(); --pairs) {
      const std::string_view op = u.str();
      const std::string_view operand = u.one();
      if (!u.ok()) break;
      const auto* found =
          std::ranges::find(kComparisons, op, &std::pair<std::string_view, Compare>::first);
      if (found == kComparisons.end())
        return Error{Errc::invalid, quoted(op) +
                                        " is no comparison: $eq, $ne, $lt, $lte, $gt, $gte, $in, "
                                        "$nin and $glob are"};
      auto part = comparison(*known, found->second, operand);
      if (!part) return part;
      out.parts.push_back(*std::move(part));
    }
    if (!u.done()) return unreadable();
    return out;
  }

  Result<Condition> comparison(Field field, Compare compare, std::string_view operand) {
    Condition out{Condition::Kind::compare, {}, field, compare, {}};
    if (++conditions_ > kConditionsMax) return too_many();
    if (compare != Compare::in && compare != Compare::nin) {
      auto value = read_value(field, operand);
      if (!value) return value.error();
      if (compare == Compare::glob &&
          (value->kind != FieldValue::Kind::text || value->text.size() > kPatternMax))
        return Error{Errc::invalid,
                     "$glob wants a field that is a text, and a pattern of at most " +
                         std::to_string(kPatternMax) + " bytes"};
      out.values.push_back(*std::move(value));
      return out;
    }
    Unpacker u(operand);
    for (std::size_t left = u.array(); left > 0 && u.ok(); --left) {
      const std::string_view bytes = u.one();
      if (!u.ok()) break;
      if (++members_ > kAnswerIdsMax)
        return Error{Errc::too_large, "more than " + std::to_string(kAnswerIdsMax) +
                                          " values in the sets of one question"};
      auto value = read_value(field, bytes);
      if (!value) return value.error();
      out.values.push_back(*std::move(value));
    }
    if (!u.done()) return Error{Errc::invalid, "$in and $nin want a list of values"};
    return out;
  }

  static Error too_many() {
    return {Errc::too_large,
            "more than " + std::to_string(kConditionsMax) + " conditions in one question"};
  }

  std::size_t conditions_ = 0;
  std::size_t members_ = 0;
};

Error read_fields(Unpacker& u, FieldSet& fields) {
  FieldSet out;
  const std::size_t count = u.array();
  for (std::size_t i = 0; i < count && u.ok(); ++i) {
    const std::string_view name = u.str();
    if (!u.ok()) break;
    const auto field = find_field(name);
    if (!field) return unknown_field(name);
    out.add(*field);
  }
  if (count > 0) fields = out;
  return {};
}

Error read_order(Unpacker& u, TaskQuery& query) {
  std::string_view name = u.str();
  if (!u.ok()) return {};
  query.descending = name.starts_with('-');
  if (query.descending) name.remove_prefix(1);
  const auto field = find_field(name);
  if (!field) return unknown_field(name);
  if (info_of(*field).kind == FieldKind::bulk)
    return {Errc::invalid, "tasks cannot be ordered by " + quoted(name)};
  query.order = *field;
  return {};
}

// The value of the order field, and a msg_id.
Error read_place(std::string_view bytes, TaskQuery& query) {
  Unpacker u(bytes);
  const bool pair = u.array() == 2;
  const std::string_view value = u.one();
  const auto id = parse_task_id(u.str());
  if (!pair || !u.done() || !id)
    return {Errc::malformed, "`after` is the list `next` of an earlier answer"};
  auto read = read_value(query.order, value);
  if (!read) return read.error();
  query.after = QueryPlace{*std::move(read), *id};
  return {};
}

std::size_t bounded(std::uint64_t value, std::size_t max) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(value, max));
}

}  // namespace

Result<Condition> parse_condition(std::string_view map) {
  if (map.empty() || is_nil(map)) return Condition{};
  return Reader().map(map, 1);
}

Result<TaskQuery> parse_task_query(std::string_view body) {
  TaskQuery out;
  if (body.empty()) return out;
  std::string_view where;
  std::string_view after;
  Unpacker u(body);
  for (std::size_t pairs = u.map(); pairs > 0 && u.ok(); --pairs) {
    const std::string_view key = u.str();
    Error error;
    if (key == "where") {
      where = u.one();
    } else if (key == "after") {
      after = u.one();
    } else if (key == "order") {
      error = read_order(u, out);
    } else if (key == "fields") {
      error = read_fields(u, out.fields);
    } else if (key == "limit") {
      out.limit = bounded(u.u64(), kAnswerIdsMax);
    } else if (key == "offset") {
      const std::uint64_t offset = u.u64();
      out.offset = bounded(offset, kQueryOffsetMax);
      if (offset > kQueryOffsetMax)
        error = {Errc::too_large, "an offset of more than " + std::to_string(kQueryOffsetMax) +
                                      ": go on behind the last task of an answer instead"};
    } else {
      u.skip();
    }
    if (!error.text.empty()) return error;
  }
  if (!u.done()) return Error{Errc::malformed, "the body of the question cannot be read"};
  if (!after.empty() && !is_nil(after))
    if (Error error = read_place(after, out); !error.text.empty()) return error;
  auto condition = parse_condition(where);
  if (!condition) return condition.error();
  out.where = *std::move(condition);
  return out;
}

}  // namespace roundhouse::hub
