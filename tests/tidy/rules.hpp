// The rules of the house that a program can check, one function each: files in, complaints out.
// A rule that is not checked is a wish. CONTRIBUTING.md gives the reasons.
#pragma once

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_tree.hpp"

namespace roundhouse::tidy {

using Complaints = std::vector<std::string>;

inline constexpr std::size_t kColumnsMax = 100;
inline constexpr std::size_t kFileLinesMax = 400;
inline constexpr std::size_t kFunctionLinesMax = 70;

inline std::string at(const File& file, std::size_t line) {
  return file.path + ":" + std::to_string(line + 1) + ": ";
}

inline bool starts_with_any(std::string_view text, const std::vector<std::string>& starts) {
  return std::ranges::any_of(starts, [&](const auto& start) { return text.starts_with(start); });
}

// ---- form

// Tables in Markdown may be as wide as they need.
inline Complaints form(const File& file) {
  Complaints complaints;
  if (!file.text.empty() && file.text.back() != '\n') {
    complaints.push_back(file.path + ": the last line does not end");
  }
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string& line = file.lines[i];
    const auto columns = std::ranges::count_if(
        line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; });
    if (!file.path.ends_with(".md") && columns > static_cast<std::ptrdiff_t>(kColumnsMax)) {
      complaints.push_back(at(file, i) + "more than 100 columns");
    }
    if (line.find('\t') != std::string::npos) complaints.push_back(at(file, i) + "a tab");
    if (line.find('\r') != std::string::npos) complaints.push_back(at(file, i) + "a CR");
    if (line.ends_with(' ')) complaints.push_back(at(file, i) + "blanks at the end");
  }
  return complaints;
}

// Of files, and of functions: from a line at the margin that opens a brace to the one that closes
// it. That is all the parsing that formatted sources need.
inline Complaints size(const File& file) {
  Complaints complaints;
  if (!file.is_code()) return complaints;
  if (file.lines.size() > kFileLinesMax) {
    complaints.push_back(file.path + ": " + std::to_string(file.lines.size()) +
                         " lines, and 400 is the limit: which noun is missing?");
  }
  std::size_t opened = 0;
  bool is_function = false;
  static const std::vector<std::string> not_functions{"namespace", "class", "struct",  "enum",
                                                      "extern",    "union", "template"};
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string& line = file.lines[i];
    if (!line.empty() && line[0] != ' ' && line.ends_with('{')) {
      opened = i;
      is_function = line.find('(') != std::string::npos && !starts_with_any(line, not_functions);
    } else if (line == "}" && is_function) {
      if (i - opened + 1 > kFunctionLinesMax) {
        complaints.push_back(at(file, opened) + "a function of " + std::to_string(i - opened + 1) +
                             " lines, and 70 is the limit");
      }
      is_function = false;
    }
  }
  return complaints;
}

// A header guards itself and begins by saying what it is for.
inline Complaints header(const File& file) {
  Complaints complaints;
  if (!file.is_header()) return complaints;
  if (std::ranges::count(file.lines, "#pragma once") != 1) {
    complaints.push_back(file.path + ": wants one #pragma once");
  }
  for (const std::string& line : file.lines) {
    if (line.starts_with("//")) return complaints;
    if (line.starts_with("#include") || line.starts_with("namespace")) break;
  }
  complaints.push_back(file.path + ": wants a comment first that says what it is for");
  return complaints;
}

// ---- names

struct Banned {
  std::string what;
  std::string instead;
  std::vector<std::string> except;  // beginnings of paths
  std::string only = {};            // beginning of the paths that it is banned in
};

inline const std::vector<Banned>& banned() {
  static const std::vector<Banned> list{
      {"steady_clock::now", "a TimePoint argument; in a shell steady_now()", {"shared/clock.cpp"}},
      {"system_clock::now", "wall_now() of shared/clock.hpp", {"shared/clock.cpp"}},
      {"high_resolution_clock", "steady_now() of shared/clock.hpp", {}},
      {"std::cerr",
       "log:: of shared/log.hpp",
       {"cli/", "hub/main", "engine/main", "client/examples/", "client/progress.cpp",
        "client/output.cpp", "tests/modules/printing_tasks.cpp"}},
      {".detach()", "std::jthread", {"client/dispatcher.cpp"}},
      {"FIXME", "do it now", {}},
      {"TODO", "do it now", {}},
      {"sleep_for", "wait for what should happen", {"tests/support/", "tests/modules/"}, "tests/"},
      {"sleep_until", "wait for what should happen", {"tests/support/"}, "tests/"},
      {"usleep", "tests/support/patience.hpp, or a condition to wait for", {}},
      {"std::endl", "'\\n', and std::flush where it is meant", {}},
      {"using namespace std;", "the names that are used", {}},
      {"std::rand", "a Prng argument", {}},
      {"random_device", "shared/random.hpp", {}},
      {"uniform_int_distribution", "a Prng: it differs between libraries", {}},
      {"mt19937", "a Prng argument", {"tests/"}},
      {" assert(", "RH_CHECK, which stays on", {}},
      {"<cassert>", "shared/check.hpp", {}},
      {"/work/", "a path that exists elsewhere too", {}},
  };
  return list;
}

inline Complaints banned_names(const File& file) {
  Complaints complaints;
  if (!file.is_code() || file.in("tests/tidy/")) return complaints;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    for (const Banned& ban : banned()) {
      if (file.lines[i].find(ban.what) == std::string::npos) continue;
      if (!file.in(ban.only) || starts_with_any(file.path, ban.except)) continue;
      complaints.push_back(at(file, i) + ban.what + " is banned; instead: " + ban.instead);
    }
  }
  return complaints;
}

// ---- includes

// shared <- hub, engine, client <- cli; the three never include one another. Tests see all, and
// examples are users' programs.
inline Complaints direction(const File& file) {
  Complaints complaints;
  const std::string module = file.module();
  if (!file.is_code() || module == "tests" || file.in("client/examples/")) return complaints;
  std::set<std::string> seen{"shared", module};
  if (module == "cli") seen.insert("client");
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const Include include = include_of(file.lines[i]);
    if (include.name.find("../") != std::string::npos) {
      complaints.push_back(at(file, i) + "includes are written from the root");
    }
    if (!include.quoted) continue;
    const std::string target = include.name.substr(0, include.name.find('/'));
    if (!seen.contains(target)) {
      complaints.push_back(at(file, i) + module + " may not include " + include.name);
    }
  }
  return complaints;
}

// What a file says it is: the word before the first full stop of its first comment, if in capitals.
inline std::string kind_of(const File& file) {
  for (const std::string& line : file.lines) {
    if (!line.starts_with("// ")) continue;
    const std::string word = line.substr(3, std::min(line.find('.'), line.size()) - 3);
    const bool capitals = std::ranges::all_of(word, [](char c) { return c >= 'A' && c <= 'Z'; });
    return capitals ? word : std::string{};
  }
  return {};
}

inline bool is_core(const File& file, const Files& tree) {
  if (file.path.find("/core/") != std::string::npos) return true;
  if (!file.in("shared/")) return false;
  if (file.is_header()) return kind_of(file) == "CORE";
  const File* own_header = find(tree, file.path.substr(0, file.path.size() - 3) + "hpp");
  return own_header != nullptr && kind_of(*own_header) == "CORE";
}

// A core decides and does not act: it includes other cores and the standard library, without what
// reads clocks, starts threads, waits, or draws random numbers.
inline Complaints cores(const File& file, const Files& tree) {
  static const std::set<std::string> impure{
      "thread",       "mutex",     "shared_mutex",  "condition_variable",
      "future",       "semaphore", "latch",         "barrier",
      "stop_token",   "random",    "iostream",      "poll.h",
      "sys/socket.h", "zmq.hpp",   "zmq_addon.hpp", "zmq.h",
      "sqlite3.h"};
  Complaints complaints;
  if (!file.is_code() || file.in("tests/") || !is_core(file, tree)) return complaints;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const Include include = include_of(file.lines[i]);
    if (impure.contains(include.name)) {
      complaints.push_back(at(file, i) + "a core may not include <" + include.name + ">");
    }
    const File* target = include.quoted ? find(tree, include.name) : nullptr;
    if (target != nullptr && !is_core(*target, tree)) {
      complaints.push_back(at(file, i) + "a core may not include " + include.name +
                           ", which is not marked CORE");
    }
  }
  return complaints;
}

// Third-party headers have a door each: they are slow to compile, and what they do is said once.
struct Door {
  std::string header;  // or the beginning of several
  std::vector<std::string> files;
};

inline const std::vector<Door>& doors() {
  static const std::vector<Door> list{
      {"zmq", {"shared/net/", "cli/bench_relay.cpp"}},
      {"msgpack",
       {"client/include/roundhouse/serialize.hpp", "client/include/roundhouse/arity.hpp"}},
      {"nlohmann/",
       {"shared/json_config.cpp", "shared/config_field.", "shared/connection_file.cpp",
        "cli/output."}},
      {"CLI/", {"cli/", "shared/manual/", "hub/main.cpp", "engine/main.cpp"}},
      {"sqlite3.h", {"hub/sqlite.cpp"}},
      {"histedit.h", {"cli/line_editor.cpp"}},
      {"sodium", {"shared/random.cpp", "shared/content_hash.cpp", "hub/curve.cpp"}},
      {"spdlog/", {"shared/log.cpp"}},
      {"clang/", {"engine/interpreter/"}},
      {"llvm/", {"engine/interpreter/"}},
  };
  return list;
}

inline Complaints doors_kept(const File& file) {
  Complaints complaints;
  if (!file.is_code() || file.in("tests/") || file.in("client/examples/")) return complaints;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const Include include = include_of(file.lines[i]);
    if (include.quoted) continue;
    for (const Door& door : doors()) {
      if (include.name.starts_with(door.header) && !starts_with_any(file.path, door.files)) {
        complaints.push_back(at(file, i) + "<" + include.name + "> is included in " +
                             door.files[0] + " only");
      }
    }
  }
  return complaints;
}

// ---- tests

struct Unmirrored {
  std::string path;  // or the beginning of several
  std::string reason;
};

// hub/x.cpp and hub/core/x.cpp are tested by tests/hub/x_test.cpp, in any folder below tests/hub,
// or by any test that includes their header. x_part.cpp may share x_test.cpp, and x.cpp be tested
// by x_part_test.cpp and others of the kind.
inline bool is_mirror(const File& test, const File& source) {
  std::string tested = test.stem();
  if (!test.in("tests/") || !tested.ends_with("_test")) return false;
  const std::string header = source.path.substr(0, source.path.size() - 3) + "hpp\"";
  if (test.text.find("#include \"" + header) != std::string::npos) return true;
  if (!test.in("tests/" + source.module() + "/")) return false;
  tested.resize(tested.size() - 4);  // keeps the '_', so that names match by whole words
  const std::string name = source.stem() + "_";
  return tested.starts_with(name) || name.starts_with(tested);
}

// Complaints for sources without, and for reasons that are not needed.
inline Complaints mirrors(const Files& tree, const std::vector<Unmirrored>& exceptions) {
  Complaints complaints;
  std::set<std::string> used;
  for (const File& file : tree) {
    if (!file.path.ends_with(".cpp") || file.in("tests/") || file.in("client/examples/")) continue;
    const bool mirrored =
        std::ranges::any_of(tree, [&](const File& test) { return is_mirror(test, file); });
    const auto excused = std::ranges::find_if(
        exceptions, [&](const Unmirrored& exception) { return file.in(exception.path); });
    if (excused != exceptions.end()) used.insert(excused->path);
    if (!mirrored && excused == exceptions.end()) {
      complaints.push_back(file.path + ": no test in tests/" + file.module() + "/" + file.stem() +
                           "_test.cpp");
    }
  }
  for (const Unmirrored& exception : exceptions) {
    if (!used.contains(exception.path)) {
      complaints.push_back(exception.path + ": excused from having a test, and not there");
    }
  }
  return complaints;
}

// A test file that no executable compiles, or that has no test in it, passes silently.
inline Complaints registered(const File& file, std::string_view tests_cmake) {
  Complaints complaints;
  if (!file.in("tests/") || !file.path.ends_with("_test.cpp")) return complaints;
  const std::string rest = file.path.substr(6);
  const std::string module = rest.substr(0, rest.find('/'));
  if (tests_cmake.find("rh_test(" + module + " ") == std::string_view::npos) {
    complaints.push_back(file.path + ": tests/CMakeLists.txt has no rh_test(" + module + " ...)");
  }
  if (file.text.find("TEST_CASE") == std::string::npos) {
    complaints.push_back(file.path + ": has no TEST_CASE");
  }
  return complaints;
}

}  // namespace roundhouse::tidy
