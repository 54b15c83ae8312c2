// Engines from the command line, and somebody at a console of theirs: for process tests.
//
//   const Engines at("2");
//   Somebody user;
//   REQUIRE(user.sees("[1] 2 engines> "));
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/roundhouse_command.hpp"
#include "tests/support/terminal.hpp"

namespace roundhouse::test {

inline const std::string kProgram = kBin + "/roundhouse";

struct Engines {
  explicit Engines(const std::string& count, std::vector<std::string> more = {},
                   const std::string& programs = kBin) {
    const ScopedEnv folder("ROUNDHOUSE_BINDIR", programs);
    std::vector<std::string> words{"start", "-n", count};
    words.insert(words.end(), more.begin(), more.end());
    const Ended started = roundhouse(words);
    REQUIRE_MESSAGE(started.exit == 0, started.err);
  }

  // What it says of these lines on standard input.
  [[nodiscard]] Ended piped(const std::string& lines, const std::string& options = "") const {
    const std::string file = roundhouse.file("lines");
    write_file(file, lines);
    return run({"sh", "-c", "'" + kProgram + "' console " + options + " < '" + file + "'"});
  }

  Shell roundhouse;
};

// Somebody at a console.
struct Somebody : Terminal {
  explicit Somebody(std::vector<std::string> options = {}) : Terminal(words(std::move(options))) {}

  static std::vector<std::string> words(std::vector<std::string> options) {
    options.insert(options.begin(), {kProgram, "console"});
    return options;
  }
};

}  // namespace roundhouse::test
