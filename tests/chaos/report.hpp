#pragma once

// What a run came to, for people and for programs. Plain functions.

#include <string>

#include "tests/chaos/judge.hpp"
#include "tests/chaos/options.hpp"

namespace roundhouse::chaos {

struct Report {
  Options options;
  double seconds = 0;
  std::vector<Fault> faults;
  Verdict verdict;
  std::string problem;  // why it did not come to its end; empty: it did
};

[[nodiscard]] std::string as_table(const Report& report);
// One line.
[[nodiscard]] std::string as_json(const Report& report);

}  // namespace roundhouse::chaos
