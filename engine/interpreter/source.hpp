#pragma once

// One input of an interpreter: text, and what its lines are called in diagnostics. A plain value.

#include <string>

namespace roundhouse::engine::interpreter {

struct Source {
  std::string text;
  std::string file;  // "prog.cpp", or "input 3"
};

}  // namespace roundhouse::engine::interpreter
