#include "cli/filter.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

#include "cli/commands.hpp"
#include <roundhouse/options.hpp>

namespace roundhouse::cli {

namespace {

constexpr int kEngineMax = 1'000'000'000;
constexpr std::size_t kEnginesMax = 10'000;

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

std::optional<int> number_in(std::string_view text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (text.empty() || read.ec != std::errc{} || read.ptr != end || number < 0 ||
      number > kEngineMax)
    return std::nullopt;
  return number;
}

[[noreturn]] void refuse_engines(std::string_view text) {
  throw UsageError("'" + std::string(text) +
                   "' names no engines: 3, or 0,2-5, or all, or last (see `roundhouse engines`)");
}

bool is_time(std::string_view field) {
  constexpr std::array<std::string_view, 4> kTimes{"submitted", "started", "completed", "received"};
  return std::ranges::find(kTimes, field) != kTimes.end();
}

FieldValue value_of(const std::string& field, const Json& value) {
  if (value.is_null()) return missing;
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_string())
    throw UsageError("--where: '" + field + "' is compared with a whole number, a text or null");
  const auto text = value.get<std::string>();
  if (!is_time(field)) return text;
  if (const auto time = parse_wall_time(text)) return time->microseconds;
  throw UsageError("--where: '" + text +
                   "' is no time: 2026-03-01T12:00:00Z is, or microseconds since 1970");
}

Condition joined(const std::vector<Condition>& parts, bool any) {
  std::optional<Condition> out;
  for (const Condition& part : parts) {
    if (!out)
      out = part;
    else
      out = any ? std::move(*out) || part : std::move(*out) && part;
  }
  if (out) return *std::move(out);
  return any ? !Condition() : Condition();
}

Condition parse_comparisons(const std::string& field, const Json& value) {
  if (!value.is_object()) return {field, "$eq", {value_of(field, value)}};
  std::vector<Condition> parts;
  for (const auto& [comparison, operand] : value.items()) {
    std::vector<FieldValue> values;
    if (comparison == "$in" || comparison == "$nin") {
      if (!operand.is_array()) throw UsageError("--where: " + comparison + " wants a list");
      for (const Json& one : operand) values.push_back(value_of(field, one));
    } else {
      values.push_back(value_of(field, operand));
    }
    parts.emplace_back(field, comparison, std::move(values));
  }
  return joined(parts, false);
}

Condition text_condition(const fields::Text& field, const std::string& text) {
  return text.find_first_of("*?[") == std::string::npos ? field == text : field.glob(text);
}

Condition status_condition(const std::string& text) {
  constexpr std::array<std::string_view, 4> kStates{"pending", "running", "ok", "error"};
  constexpr std::array<std::string_view, 3> kOutcomes{"aborted", "timed_out", "engine_lost"};
  std::vector<Condition> parts;
  for (const std::string& one : split(text)) {
    if (std::ranges::find(kStates, one) != kStates.end())
      parts.push_back(fields::status == one);
    else if (std::ranges::find(kOutcomes, one) != kOutcomes.end())
      parts.push_back(fields::outcome == one);
    else
      throw UsageError("'" + one +
                       "' is no status: pending, running, ok, error, aborted, timed_out and "
                       "engine_lost are");
  }
  return joined(parts, true);
}

}  // namespace

bool TaskFilter::empty() const {
  return engines.empty() && status.empty() && label.empty() && function.empty() &&
         session.empty() && since.empty() && until.empty() && where.empty();
}

std::vector<int> select_engines(std::string_view text, const std::vector<int>& known) {
  if (text == "all") return known;
  if (text == "last") {
    if (known.empty()) throw UsageError("there is no engine, and so no last one");
    return {known.back()};
  }
  std::set<int> out;
  for (const std::string& part : split(text)) {
    const std::size_t dash = part.find('-');
    const auto from = number_in(std::string_view(part).substr(0, dash));
    const auto to =
        dash == std::string::npos ? from : number_in(std::string_view(part).substr(dash + 1));
    if (!from || !to || *from > *to) refuse_engines(text);
    if (static_cast<std::size_t>(*to - *from) + out.size() >= kEnginesMax)
      throw UsageError("'" + std::string(text) + "' names more than 10,000 engines");
    for (int id = *from; id <= *to; ++id) out.insert(id);
  }
  return {out.begin(), out.end()};
}

WallTime parse_moment(std::string_view text, WallTime now) {
  if (const auto time = parse_wall_time(text)) return *time;
  if (const auto age = parse_duration(text)) return now + -*age;
  throw UsageError("'" + std::string(text) +
                   "' is no time: 2026-03-01T12:00:00Z is, or 10min for ten minutes ago");
}

Condition parse_where(const Json& where) {
  if (!where.is_object())
    throw UsageError(
        R"(--where wants a JSON object, such as {"engine_id": 1, "attempt": {"$gt": 1}})");
  std::vector<Condition> parts;
  for (const auto& [key, value] : where.items()) {
    if (key == "$not") {
      parts.push_back(!parse_where(value));
    } else if (key == "$and" || key == "$or") {
      if (!value.is_array()) throw UsageError("--where: " + key + " wants a list of objects");
      std::vector<Condition> members;
      for (const Json& member : value) members.push_back(parse_where(member));
      parts.push_back(joined(members, key == "$or"));
    } else {
      parts.push_back(parse_comparisons(key, value));
    }
  }
  return joined(parts, false);
}

Condition condition_of(const TaskFilter& filter, const std::vector<int>& known, WallTime now) {
  const auto utc = [](WallTime time) {
    return UtcTime(std::chrono::microseconds(time.microseconds));
  };
  std::vector<Condition> parts;
  if (!filter.engines.empty()) {
    const std::vector<int> engines = select_engines(filter.engines, known);
    parts.push_back(
        fields::engine_id.in(std::vector<std::int64_t>(engines.begin(), engines.end())));
  }
  if (!filter.status.empty()) parts.push_back(status_condition(filter.status));
  if (!filter.label.empty()) parts.push_back(text_condition(fields::label, filter.label));
  if (!filter.function.empty()) parts.push_back(text_condition(fields::function, filter.function));
  if (!filter.session.empty()) parts.push_back(fields::session == filter.session);
  if (!filter.since.empty())
    parts.push_back(fields::submitted >= utc(parse_moment(filter.since, now)));
  if (!filter.until.empty())
    parts.push_back(fields::submitted < utc(parse_moment(filter.until, now)));
  if (!filter.where.empty()) {
    const Json where = Json::parse(filter.where, nullptr, false);
    if (where.is_discarded()) throw UsageError("--where: '" + filter.where + "' is no JSON");
    parts.push_back(parse_where(where));
  }
  return joined(parts, false);
}

}  // namespace roundhouse::cli
