#include "engine/interpreter/lambda_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace roundhouse::engine::interpreter {

namespace {

// Names that give a header of the standard library away, beyond those that all code begins with.
constexpr std::array<std::pair<std::string_view, std::string_view>, 70> kHeaders{{
    {"__assert_fail", "cassert"},
    {"__errno_location", "cerrno"},
    {"accumulate", "numeric"},
    {"any", "any"},
    {"any_cast", "any"},
    {"async", "future"},
    {"atomic", "atomic"},
    {"barrier", "barrier"},
    {"bit_cast", "bit"},
    {"bitset", "bitset"},
    {"clock", "ctime"},
    {"complex", "complex"},
    {"condition_variable", "condition_variable"},
    {"countl_zero", "bit"},
    {"countr_zero", "bit"},
    {"deque", "deque"},
    {"directory_iterator", "filesystem"},
    {"dlopen", "dlfcn.h"},
    {"dlsym", "dlfcn.h"},
    {"filesystem", "filesystem"},
    {"forward_list", "forward_list"},
    {"fstream", "fstream"},
    {"future", "future"},
    {"getpid", "unistd.h"},
    {"has_single_bit", "bit"},
    {"ifstream", "fstream"},
    {"isalpha", "cctype"},
    {"isdigit", "cctype"},
    {"isspace", "cctype"},
    {"istream_iterator", "iterator"},
    {"jthread", "thread"},
    {"latch", "latch"},
    {"list", "list"},
    {"lock_guard", "mutex"},
    {"multimap", "map"},
    {"mutex", "mutex"},
    {"numbers", "numbers"},
    {"numeric_limits", "limits"},
    {"ofstream", "fstream"},
    {"once_flag", "mutex"},
    {"popcount", "bit"},
    {"priority_queue", "queue"},
    {"put_time", "iomanip"},
    {"queue", "queue"},
    {"raise", "csignal"},
    {"recursive_mutex", "mutex"},
    {"regex", "regex"},
    {"regex_match", "regex"},
    {"regex_search", "regex"},
    {"rotl", "bit"},
    {"rotr", "bit"},
    {"scoped_lock", "mutex"},
    {"semaphore", "semaphore"},
    {"setprecision", "iomanip"},
    {"setw", "iomanip"},
    {"shared_lock", "shared_mutex"},
    {"shared_mutex", "shared_mutex"},
    {"source_location", "source_location"},
    {"span", "span"},
    {"stack", "stack"},
    {"stop_token", "stop_token"},
    {"system_error", "system_error"},
    {"this_thread", "thread"},
    {"thread", "thread"},
    {"time", "ctime"},
    {"tolower", "cctype"},
    {"toupper", "cctype"},
    {"type_index", "typeindex"},
    {"unordered_set", "unordered_set"},
    {"variant", "variant"},
}};

static_assert(std::ranges::is_sorted(kHeaders));

constexpr std::string_view kUnnamed = "_GLOBAL__N_";

// Generators and distributions.
bool is_random(std::string_view word) {
  return word.starts_with("mt199") || word.starts_with("random_") ||
         word.ends_with("_distribution");
}

bool is_part_of_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

template <class Visit>
void for_each_word(std::string_view text, const Visit& visit) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_part_of_word(text[end])) ++end;
    if (end == at) {
      ++at;
      continue;
    }
    visit(text.substr(at, end - at));
    at = end;
  }
}

// The next identifier of a mangled name, which is at its length; empty when there is none.
std::string_view take_identifier(std::string_view& mangled) {
  if (mangled.starts_with('L')) mangled.remove_prefix(1);  // of internal linkage
  std::size_t length = 0;
  std::size_t digits = 0;
  while (digits < mangled.size() && std::isdigit(static_cast<unsigned char>(mangled[digits])) != 0)
    length = length * 10 + static_cast<std::size_t>(mangled[digits++] - '0');
  if (digits == 0 || digits > 4) return {};
  const std::string_view out = mangled.substr(digits, length);
  mangled.remove_prefix(std::min(mangled.size(), digits + length));
  return out;
}

std::string line_mark(const wire::SourceText& text) {
  std::string out = "\n# " + std::to_string(std::max<std::uint32_t>(text.line, 1)) + " \"";
  for (const char c : text.file) {
    if (c == '"' || c == '\\') out += '\\';
    if (c != '\n') out += c;
  }
  return out + "\"\n";
}

std::string opened(const std::vector<std::string>& scopes, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += "namespace " + scopes[i] + " { ";
  return out;
}

std::string closed(std::size_t count) {
  std::string out = "\n";
  for (std::size_t i = 0; i < count; ++i) out += "}";
  return out + "\n";
}

// How many of the scopes are namespaces for sure: a part of the context stands in them.
std::size_t known_namespaces(const std::vector<std::string>& scopes,
                             const std::vector<wire::SourceText>& context) {
  std::size_t out = 0;
  for (const wire::SourceText& text : context) {
    const std::vector<std::string> other = scopes_of(text.place);
    const auto apart = std::ranges::mismatch(scopes, other);
    out = std::max(out, static_cast<std::size_t>(apart.in1 - scopes.begin()));
  }
  return out;
}

}  // namespace

std::vector<std::string> scopes_of(std::string_view place) {
  std::vector<std::string> out;
  while (place.starts_with('P') || place.starts_with('Z')) place.remove_prefix(1);
  if (!place.starts_with('N')) return out;
  place.remove_prefix(1);
  while (place.starts_with('K') || place.starts_with('V')) place.remove_prefix(1);
  std::vector<std::string_view> names;
  for (std::string_view name = take_identifier(place); !name.empty(); name = take_identifier(place))
    names.push_back(name);
  if (!names.empty()) names.pop_back();  // itself
  for (const std::string_view name : names)
    if (!name.starts_with(kUnnamed)) out.emplace_back(name);
  return out;
}

std::string includes_for(const std::vector<std::string_view>& texts,
                         std::set<std::string, std::less<>>& known) {
  std::string out;
  const auto add = [&](std::string_view header) {
    if (known.emplace(header).second) out.append("#include <").append(header).append(">\n");
  };
  for (const std::string_view text : texts) {
    for_each_word(text, [&](std::string_view word) {
      const auto found =
          std::ranges::lower_bound(kHeaders, word, {}, [](auto& e) { return e.first; });
      if (found != kHeaders.end() && found->first == word) add(found->second);
      if (is_random(word)) add("random");
      if (word == "roundhouse" || word == "rh" || word == "msgpack") add("roundhouse/task.hpp");
      if (word == "rh" && known.emplace("rh").second)
        out.append("namespace roundhouse {}\nnamespace rh = roundhouse;\n");
    });
  }
  return out;
}

std::string context_text(const std::vector<wire::SourceText>& context) {
  std::string out;
  for (const wire::SourceText& text : context) {
    const std::vector<std::string> scopes = scopes_of(text.place);
    out += opened(scopes, scopes.size()) + line_mark(text) + text.text + closed(scopes.size());
  }
  return out;
}

std::string lambda_text(const wire::LambdaSource& source, const std::string& before,
                        const std::string& after) {
  const std::vector<std::string> scopes = scopes_of(source.lambda.place);
  const std::size_t count = known_namespaces(scopes, source.context);
  return opened(scopes, count) + before + line_mark(source.lambda) + source.lambda.text +
         "\n# 1 \"lambda\"\n" + after + closed(count);
}

std::string advice_on(std::string_view message) {
  for (const std::string_view sign :
       {"undeclared identifier", "unknown type name", "no member named", "no template named",
        "no type named", "incomplete type", "is not a class, namespace"}) {
    if (message.find(sign) != std::string_view::npos)
      return " (engines know of a program only what RH_SOURCE says in the file of the lambda)";
  }
  return {};
}

}  // namespace roundhouse::engine::interpreter
