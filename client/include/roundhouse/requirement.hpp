// What an engine must have, or say, before it runs a task, as values; depend.hpp makes them.
//
//   any.with({.depend = rh::depend(has_disk, "/scratch"), .require = rh::require("survey", fft)})
//
// Thread rule: plain values.
#pragma once

#include <compare>
#include <string>
#include <vector>

namespace roundhouse {

// A question to an engine: a function that returns bool, and its arguments. By default none.
struct Predicate {
  std::string function{};
  std::string signature{};
  std::string body{};  // encode_arguments()

  friend auto operator<=>(const Predicate&, const Predicate&) = default;
};

// A function that engines must know, when this program does not: see task_named().
struct NamedTask {
  std::string name{};
  std::string signature{};  // empty: any
};

// Modules, and functions, each followed by its signature, that an engine must have.
struct Requirements {
  std::vector<std::string> modules{};
  std::vector<std::string> functions{};

  friend auto operator<=>(const Requirements&, const Requirements&) = default;
};

}  // namespace roundhouse
