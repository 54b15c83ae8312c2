// What several engines have to say, told once where they say the same. Pure.
//
//   engine_set({0, 2, 3, 4})                                    // "0,2-4"
//   by_text({{0, "6"}, {1, "7"}, {2, "6"}})                     // {0, 2}: "6", {1}: "7"
//   labelled("Out", {{{0, 2}, "6"}, {{1}, "7"}})                // "Out[0,2]: 6\nOut[1]:   7\n"
//
// Thread rule: plain functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roundhouse::cli {

// Ids as people give them: ascending ones are a range.
[[nodiscard]] std::string engine_set(const std::vector<int>& engines);

// The same in a sentence: "engine 3", "engines 0,2-4".
[[nodiscard]] std::string engines_named(const std::vector<int>& engines);

struct Said {
  std::vector<int> engines;
  std::string text;

  friend bool operator==(const Said&, const Said&) = default;
};

// Those that say the same together, in the order of the first of each.
[[nodiscard]] std::vector<Said> by_text(const std::vector<std::pair<int, std::string>>& texts);

// Each behind a label, "Out[0-3]: ", in one column; a text of several lines below its label. The
// texts are printed as they are.
[[nodiscard]] std::string labelled(std::string_view label, const std::vector<Said>& said);

}  // namespace roundhouse::cli
