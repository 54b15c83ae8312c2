// Whether this build has the interpreter. Tests that need it say so and are over where it has none:
// under sanitizers, and without libclang-19-dev and llvm-19-dev.
#pragma once

#include <string>

#include <doctest/doctest.h>

namespace roundhouse::test {

inline const std::string kInterpreter = RH_INTERPRETER_FILE;

inline bool has_interpreter() {
  if (!kInterpreter.empty()) return true;
  MESSAGE("skipped: built without the interpreter (libclang-19-dev llvm-19-dev)");
  return false;
}

}  // namespace roundhouse::test
