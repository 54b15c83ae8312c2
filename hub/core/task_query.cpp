#include "hub/core/task_query.hpp"

#include <algorithm>

namespace roundhouse::hub {
namespace {

bool holds(Compare compare, const FieldValue& have, const std::vector<QueryValue>& values) {
  const bool missing = have.kind == FieldValue::Kind::none;
  if (compare == Compare::in || compare == Compare::nin) {
    const bool is_in = std::any_of(values.begin(), values.end(),
                                   [&](const QueryValue& one) { return one.borrow() == have; });
    return is_in == (compare == Compare::in);
  }
  const FieldValue want = values.front().borrow();
  switch (compare) {
    case Compare::eq: return have == want;
    case Compare::ne: return have != want;
    case Compare::glob: return !missing && glob_matches(want.text, have.text);
    default: break;
  }
  if (missing || want.kind == FieldValue::Kind::none) return false;
  switch (compare) {
    case Compare::lt: return have < want;
    case Compare::lte: return have <= want;
    case Compare::gt: return have > want;
    case Compare::gte: return have >= want;
    default: return false;
  }
}

// Whether `c` is in the set that begins behind the '['; `pattern` is then behind the ']'. Nothing
// when the set does not end.
std::optional<bool> in_set(std::string_view& pattern, char c) {
  const bool inverted = !pattern.empty() && pattern.front() == '^';
  if (inverted) pattern.remove_prefix(1);
  const auto byte = [](char value) { return static_cast<unsigned char>(value); };
  bool found = false;
  for (bool first = true; !pattern.empty(); first = false) {
    if (pattern.front() == ']' && !first) {
      pattern.remove_prefix(1);
      return found != inverted;
    }
    const char low = pattern.front();
    const bool range = pattern.size() > 2 && pattern[1] == '-' && pattern[2] != ']';
    const char high = range ? pattern[2] : low;
    found = found || (byte(low) <= byte(c) && byte(c) <= byte(high));
    pattern.remove_prefix(range ? 3 : 1);
  }
  return std::nullopt;
}

// One element of the pattern, no '*', against the first character of the text; both lose it.
bool take_one(std::string_view& pattern, std::string_view& text) {
  if (pattern.empty() || text.empty()) return false;
  const char want = pattern.front();
  const char have = text.front();
  pattern.remove_prefix(1);
  text.remove_prefix(1);
  if (want == '?') {  // one character of UTF-8
    while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xc0U) == 0x80)
      text.remove_prefix(1);
    return true;
  }
  if (want == '[') return in_set(pattern, have).value_or(false);
  return want == have;
}

}  // namespace

// Goes back to the last '*' only, which is enough, so that no pattern costs more than its length
// times the text's.
bool glob_matches(std::string_view pattern, std::string_view text) {
  std::optional<std::string_view> star;  // the pattern behind it
  std::string_view star_text;
  while (true) {
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(1);
      star = pattern, star_text = text;
      continue;
    }
    if (pattern.empty() && text.empty()) return true;
    if (take_one(pattern, text)) continue;
    if (!star || star_text.empty()) return false;
    star_text.remove_prefix(1);
    pattern = *star, text = star_text;
  }
}

bool matches(const Condition& condition, const FieldSource& task) {
  const auto part = [&](const Condition& one) { return matches(one, task); };
  switch (condition.kind) {
    case Condition::Kind::all: return std::ranges::all_of(condition.parts, part);
    case Condition::Kind::any: return std::ranges::any_of(condition.parts, part);
    case Condition::Kind::none_of: return std::ranges::none_of(condition.parts, part);
    case Condition::Kind::compare: break;
  }
  return holds(condition.compare, task.value(condition.field), condition.values);
}

std::strong_ordering place_of(const TaskQuery& query, const FieldValue& value, TaskId task,
                              const QueryPlace& place) {
  std::strong_ordering order = value <=> place.value.borrow();
  if (order == 0) order = task <=> place.task;
  return query.descending ? 0 <=> order : order;
}

bool wants(const TaskQuery& query, const FieldSource& task) {
  if (!matches(query.where, task)) return false;
  return !query.after || place_of(query, task.value(query.order), task.id(), *query.after) > 0;
}

}  // namespace roundhouse::hub
