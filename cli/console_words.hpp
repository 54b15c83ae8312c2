// What may stand where somebody types at a console: names of code, commands and their arguments.
// Pure, but for names of files.
//
//   offer_words("std::cout << me", {.names = {"mean"}})     // replaces 2: "mean"
//   offer_words("%run pr", words)                            // "%run " stays: "prog.cpp"
//
// Thread rule: plain functions.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/line_editor.hpp"

namespace roundhouse::cli {

struct ConsoleWords {
  std::set<std::string> names{};        // of the engines
  std::vector<std::string> commands{};  // without their %, with a blank before arguments
  std::vector<int> engines{};           // that are there
};

// `before` is the line up to the cursor.
[[nodiscard]] Offer offer_words(std::string_view before, const ConsoleWords& words);

// The part of a line that a name being typed is: "std::ve" of "x = std::ve". Empty behind a dot or
// an arrow, where only members can stand.
[[nodiscard]] std::string_view name_at_end(std::string_view before);

}  // namespace roundhouse::cli
