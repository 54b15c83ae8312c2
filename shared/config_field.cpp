#include "shared/config_field.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <optional>

#include <nlohmann/json.hpp>

namespace roundhouse {

namespace {

using Json = nlohmann::json;

std::optional<std::int64_t> parse_size(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::map<std::string_view, int> shifts{{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
  const auto found = shifts.find(unit);
  if (found == shifts.end()) return std::nullopt;
  const std::int64_t factor = std::int64_t{1} << found->second;
  if (number > std::numeric_limits<std::int64_t>::max() / factor ||
      number < std::numeric_limits<std::int64_t>::min() / factor) {
    return std::nullopt;
  }
  return number * factor;
}

std::string number_text(double number) {
  std::string text = Json(number).dump();
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

std::string out_of_range(double value, const KeyRules& rules, const char* unit) {
  if (rules.min && value < *rules.min) return "at least " + number_text(*rules.min) + unit;
  if (rules.max && value > *rules.max) return "at most " + number_text(*rules.max) + unit;
  return {};
}

std::string assign(bool& field, const Json& json, const KeyRules&) {
  if (!json.is_boolean()) return "true or false";
  field = json.get<bool>();
  return {};
}

template <class Integer>
std::string assign_integer(Integer& field, const Json& json, const KeyRules& rules) {
  constexpr const char* kWanted = "a whole number, or a size such as \"64KiB\"";
  Json number = json;
  if (json.is_string()) {
    const auto size = parse_size(json.get_ref<const std::string&>());
    if (!size) return kWanted;
    number = *size;
  }
  if (!number.is_number_integer()) return kWanted;
  const bool fits = number.is_number_unsigned()
                        ? std::in_range<Integer>(number.get<std::uint64_t>())
                        : std::in_range<Integer>(number.get<std::int64_t>());
  if (!fits) {
    return "between " + std::to_string(std::numeric_limits<Integer>::min()) + " and " +
           std::to_string(std::numeric_limits<Integer>::max());
  }
  const auto value = number.get<Integer>();
  if (auto problem = out_of_range(static_cast<double>(value), rules, ""); !problem.empty()) {
    return problem;
  }
  field = value;
  return {};
}

std::string assign(std::int32_t& field, const Json& json, const KeyRules& rules) {
  return assign_integer(field, json, rules);
}

std::string assign(std::uint32_t& field, const Json& json, const KeyRules& rules) {
  return assign_integer(field, json, rules);
}

std::string assign(std::int64_t& field, const Json& json, const KeyRules& rules) {
  return assign_integer(field, json, rules);
}

std::string assign(std::uint64_t& field, const Json& json, const KeyRules& rules) {
  return assign_integer(field, json, rules);
}

std::string assign(double& field, const Json& json, const KeyRules& rules) {
  if (!json.is_number()) return "a number";
  const auto value = json.get<double>();
  if (auto problem = out_of_range(value, rules, ""); !problem.empty()) return problem;
  field = value;
  return {};
}

std::string assign(std::string& field, const Json& json, const KeyRules& rules) {
  if (!json.is_string()) return "text in quotes";
  const auto& value = json.get_ref<const std::string&>();
  if (!rules.choices.empty() && std::ranges::count(rules.choices, value) == 0) {
    std::string choices = "one of";
    for (const std::string& choice : rules.choices) choices += " \"" + choice + "\"";
    return choices;
  }
  field = value;
  return {};
}

std::string assign(std::vector<std::string>& field, const Json& json, const KeyRules& rules) {
  if (!json.is_array()) return "a list of texts";
  std::vector<std::string> values;
  for (const Json& element : json) {
    if (auto problem = assign(values.emplace_back(), element, rules); !problem.empty()) {
      return "a list of which each is " + problem;
    }
  }
  field = std::move(values);
  return {};
}

std::string assign(Duration& field, const Json& json, const KeyRules& rules) {
  constexpr const char* kWanted = "a duration with its unit, such as \"500ms\" or \"3s\"";
  if (!json.is_string()) return kWanted;
  const auto value = parse_duration(json.get_ref<const std::string&>());
  if (!value) return kWanted;
  if (auto problem = out_of_range(seconds(*value), rules, " s"); !problem.empty()) return problem;
  field = *value;
  return {};
}

}  // namespace

std::string assign_field(const JsonConfig::Field& field, const Json& json, const KeyRules& rules) {
  return std::visit([&](auto* target) { return assign(*target, json, rules); }, field);
}

Json json_from_text(const JsonConfig::Field& field, std::string_view text) {
  const std::string whole(text);
  if (std::holds_alternative<std::string*>(field) || std::holds_alternative<Duration*>(field)) {
    return whole;
  }
  if (std::holds_alternative<std::vector<std::string>*>(field)) {
    Json list = Json::array();
    for (std::size_t at = 0; at < whole.size();) {
      const std::size_t end = std::min(whole.find(',', at), whole.size());
      list.push_back(whole.substr(at, end - at));
      at = end + 1;
    }
    return list;
  }
  Json json = Json::parse(whole, nullptr, false);
  return json.is_discarded() || json.is_structured() ? Json(whole) : json;
}

}  // namespace roundhouse
