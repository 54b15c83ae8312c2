#include "cli/console_words.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "cli/open_input.hpp"

namespace roundhouse::cli {

namespace {

// Keywords that are worth a key; shorter ones are typed.
constexpr std::array<std::string_view, 50> kKeywords{
    "auto",      "bool",     "break",        "case",       "catch",    "char",        "class",
    "concept",   "const",    "constexpr",    "const_cast", "continue", "decltype",    "default",
    "delete",    "double",   "dynamic_cast", "else",       "enum",     "explicit",    "extern",
    "false",     "float",    "for",          "inline",     "int",      "long",        "mutable",
    "namespace", "noexcept", "nullptr",      "operator",   "override", "private",     "public",
    "requires",  "return",   "short",        "sizeof",     "static",   "static_cast", "struct",
    "switch",    "template", "throw",        "true",       "typename", "unsigned",    "using",
    "while"};

// Of the headers that every input has: engine/interpreter/interpreted.hpp.
constexpr std::array<std::string_view, 117> kStandard{"abs",
                                                      "accumulate",
                                                      "adjacent_find",
                                                      "all_of",
                                                      "any_of",
                                                      "array",
                                                      "atan2",
                                                      "back_inserter",
                                                      "begin",
                                                      "binary_search",
                                                      "bit_cast",
                                                      "cbrt",
                                                      "ceil",
                                                      "cerr",
                                                      "chrono::",
                                                      "clamp",
                                                      "copy",
                                                      "copy_if",
                                                      "cos",
                                                      "count",
                                                      "count_if",
                                                      "cout",
                                                      "deque",
                                                      "distance",
                                                      "endl",
                                                      "equal",
                                                      "exception",
                                                      "exp",
                                                      "exchange",
                                                      "fill",
                                                      "find",
                                                      "find_if",
                                                      "floor",
                                                      "fmod",
                                                      "for_each",
                                                      "forward",
                                                      "from_chars",
                                                      "function",
                                                      "gcd",
                                                      "generate",
                                                      "get",
                                                      "greater",
                                                      "hypot",
                                                      "inner_product",
                                                      "int32_t",
                                                      "int64_t",
                                                      "invalid_argument",
                                                      "iota",
                                                      "is_same_v",
                                                      "is_sorted",
                                                      "isfinite",
                                                      "isnan",
                                                      "iter_swap",
                                                      "lcm",
                                                      "less",
                                                      "list",
                                                      "log",
                                                      "log10",
                                                      "log2",
                                                      "lower_bound",
                                                      "make_pair",
                                                      "make_shared",
                                                      "make_tuple",
                                                      "make_unique",
                                                      "map",
                                                      "max",
                                                      "max_element",
                                                      "min",
                                                      "min_element",
                                                      "minmax_element",
                                                      "move",
                                                      "multimap",
                                                      "next",
                                                      "none_of",
                                                      "nth_element",
                                                      "optional",
                                                      "ostringstream",
                                                      "out_of_range",
                                                      "pair",
                                                      "partial_sum",
                                                      "partition",
                                                      "plus",
                                                      "pow",
                                                      "prev",
                                                      "printf",
                                                      "puts",
                                                      "ranges::",
                                                      "reduce",
                                                      "remove_if",
                                                      "reverse",
                                                      "rotate",
                                                      "round",
                                                      "runtime_error",
                                                      "set",
                                                      "shared_ptr",
                                                      "sin",
                                                      "size_t",
                                                      "sort",
                                                      "span",
                                                      "sqrt",
                                                      "stod",
                                                      "stoi",
                                                      "string",
                                                      "string_view",
                                                      "stringstream",
                                                      "swap",
                                                      "tan",
                                                      "to_string",
                                                      "transform",
                                                      "transform_reduce",
                                                      "tuple",
                                                      "uint64_t",
                                                      "unique",
                                                      "unique_ptr",
                                                      "unordered_map",
                                                      "upper_bound",
                                                      "vector"};

void finish(Offer& offer, std::string_view begun) {
  std::erase_if(offer.words, [&](const std::string& word) { return !word.starts_with(begun); });
  std::ranges::sort(offer.words);
  const auto twice = std::ranges::unique(offer.words);
  offer.words.erase(twice.begin(), twice.end());
  offer.replaces = begun.size();
}

Offer files(std::string_view begun) {
  namespace fs = std::filesystem;
  const std::string folder(begun.substr(0, begun.rfind('/') + 1));
  Offer out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') && begun.substr(folder.size()).empty()) continue;
    std::error_code ignored;
    out.words.push_back(folder + name + (entry.is_directory(ignored) ? "/" : ""));
  }
  finish(out, begun);
  return out;
}

Offer engines(std::string_view begun, const ConsoleWords& words) {
  const std::string before(begun.substr(0, begun.rfind(',') + 1));
  Offer out;
  for (const int engine : words.engines) out.words.push_back(before + std::to_string(engine));
  if (before.empty()) out.words.insert(out.words.end(), {"all", "last"});
  finish(out, begun);
  return out;
}

Offer command(std::string_view text, const ConsoleWords& words) {
  Offer out;
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) {
    for (const std::string& each : words.commands) out.words.push_back("%" + each);
    finish(out, text);
    return out;
  }
  const std::size_t argument = std::min(text.find_first_not_of(' ', blank), text.size());
  const std::string_view name = text.substr(0, blank);
  if (name == "%run") return files(text.substr(argument));
  if (name == "%engines") return engines(text.substr(argument), words);
  return out;
}

}  // namespace

std::string_view name_at_end(std::string_view before) {
  std::size_t at = before.size();
  while (at > 0) {
    if (is_word_character(before[at - 1]))
      --at;
    else if (at > 1 && before.substr(at - 2, 2) == "::")
      at -= 2;
    else
      break;
  }
  const std::string_view head = before.substr(0, at);
  if (head.ends_with('.') || head.ends_with("->")) return {};
  return before.substr(at);
}

Offer offer_words(std::string_view before, const ConsoleWords& words) {
  const std::size_t first = std::min(before.find_first_not_of(" \t"), before.size());
  if (before.substr(first).starts_with('%')) return command(before.substr(first), words);
  const std::string_view name = name_at_end(before);
  Offer out;
  if (name.empty()) return out;
  out.words.assign(words.names.begin(), words.names.end());
  out.words.insert(out.words.end(), kKeywords.begin(), kKeywords.end());
  out.words.emplace_back("std::");
  if (name.starts_with("std::"))
    for (const std::string_view each : kStandard) out.words.push_back("std::" + std::string(each));
  finish(out, name);
  return out;
}

}  // namespace roundhouse::cli
