#include "cli/named_types.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "cli/call_words.hpp"
#include "cli/commands.hpp"
#include "cli/json_value.hpp"
#include <roundhouse/arguments.hpp>

namespace roundhouse::cli {

namespace {

using Pack = PackedValue (*)(const Json&);

template <class T>
PackedValue pack_as(const Json& value) {
  Encoded plain;
  detail::Encoder encoder(plain);
  detail::Codec<JsonValue>::encode(encoder, {value});
  return pack_value(decode_result<T>(plain.body, plain.frames, "the value"));
}

using Types = std::map<std::string, Pack, std::less<>>;

template <class T>
void add(Types& types, const std::string& name) {
  types[name] = &pack_as<T>;
  types["vector<" + name + ">"] = &pack_as<std::vector<T>>;
  types["vector<vector<" + name + ">>"] = &pack_as<std::vector<std::vector<T>>>;
  types["map<" + name + ">"] = &pack_as<std::map<std::string, T>>;
  types["map<vector<" + name + ">>"] = &pack_as<std::map<std::string, std::vector<T>>>;
}

const Types& known_types() {
  static const Types types = [] {
    Types out;
    add<bool>(out, "bool");
    add<int>(out, "int");
    add<unsigned>(out, "unsigned");
    add<long>(out, "long");
    add<unsigned long>(out, "unsigned long");
    add<float>(out, "float");
    add<double>(out, "double");
    add<std::string>(out, "string");
    return out;
  }();
  return types;
}

// The name of a type as the table has it: without std::, blanks where none are needed, and aliases.
std::string canonical(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kAliases{
      {{"int32_t", "int"},
       {"uint32_t", "unsigned"},
       {"unsigned int", "unsigned"},
       {"int64_t", "long"},
       {"uint64_t", "unsigned long"},
       {"size_t", "unsigned long"},
       {"string,", ""},
       {"std::", ""}}};
  std::string out;
  for (const char c : text)
    if (c != ' ' || (out.ends_with("unsigned"))) out.push_back(c);
  for (const auto& [alias, meant] : kAliases) {
    for (std::size_t at = out.find(alias); at != std::string::npos; at = out.find(alias, at)) {
      const bool whole =
          alias.ends_with(',') || alias.ends_with(':') || at == 0 ||
          (std::isalnum(static_cast<unsigned char>(out[at - 1])) == 0 && out[at - 1] != '_');
      if (whole) out.replace(at, alias.size(), meant);
      at += whole ? meant.size() : alias.size();
    }
  }
  return out;
}

// Numbers of two kinds make the wider one; empty: nothing suits both.
std::string common_type(const std::string& a, const std::string& b) {
  constexpr std::array<std::string_view, 4> kNumbers{"int", "long", "unsigned long", "double"};
  if (a == b || a.empty()) return b;
  for (const std::string_view list : {"vector<", "map<"}) {
    if (!a.starts_with(list) || !b.starts_with(list)) continue;
    const auto inside = [&](const std::string& type) {
      return type.substr(list.size(), type.size() - list.size() - 1);
    };
    const std::string common = common_type(inside(a), inside(b));
    return common.empty() ? common : std::string(list) + common + ">";
  }
  const auto rank = [&](const std::string& type) {
    return std::ranges::find(kNumbers, type) - kNumbers.begin();
  };
  const auto wider = static_cast<std::size_t>(std::max(rank(a), rank(b)));
  return wider < kNumbers.size() ? std::string(kNumbers[wider]) : std::string();
}

std::string integer_type(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > std::numeric_limits<long>::max()) return "unsigned long";
    return number > std::numeric_limits<int>::max() ? "long" : "int";
  }
  return value.get<std::int64_t>() < std::numeric_limits<int>::min() ? "long" : "int";
}

}  // namespace

std::string natural_type(const Json& value) {
  if (value.is_boolean()) return "bool";
  if (value.is_string()) return "string";
  if (value.is_number_integer()) return integer_type(value);
  if (value.is_number()) return "double";
  if (value.is_null()) throw UsageError("null is no value of a C++ type");
  std::string common;
  for (const Json& element : value) {
    common = common_type(common, natural_type(element));
    if (common.empty())
      throw UsageError("the elements of " + value.dump().substr(0, 40) +
                       " are of several types: a C++ vector or map has one");
  }
  if (common.empty())
    throw UsageError("an empty list has no type of its own: say it, as in a:vector<double>=[]");
  return (value.is_array() ? "vector<" : "map<") + common + ">";
}

bool is_name(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::ranges::all_of(text, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
         });
}

NamedValue parse_named(std::string_view word) {
  const std::size_t equals = word.find('=');
  const std::string_view head = word.substr(0, equals);
  const std::size_t colon = head.find(':');
  const std::string name(head.substr(0, colon));
  if (equals == std::string_view::npos || !is_name(name))
    throw UsageError("'" + std::string(word.substr(0, 60)) +
                     "' is not NAME=VALUE or NAME:TYPE=VALUE, with a NAME as in C++");
  const Json value = parse_word(word.substr(equals + 1));
  std::string type;
  if (colon != std::string_view::npos)
    type = canonical(head.substr(colon + 1));
  else
    type = natural_type(value);
  const auto known = known_types().find(type);
  if (known == known_types().end())
    throw UsageError("'" + name + "' cannot be a " + type +
                     ": the types are bool, int, unsigned, long, unsigned long, float, double, "
                     "string, and vector<...> and map<...> of them or of a vector");
  try {
    return {name, known->second(value)};
  } catch (const SerializationError& error) {
    throw UsageError("'" + name + "': " + error.what());
  }
}

}  // namespace roundhouse::cli
