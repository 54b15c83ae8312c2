// Whether this build has the interpreter, and what it says of bad code. Tests that need it say so
// and are over where it has none: under sanitizers, and without libclang-19-dev and llvm-19-dev.
#pragma once

#include <string>

#include <doctest/doctest.h>

#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {

inline const std::string kInterpreter = RH_INTERPRETER_FILE;

inline bool has_interpreter() {
  if (!kInterpreter.empty()) return true;
  MESSAGE("skipped: built without the interpreter (libclang-19-dev llvm-19-dev)");
  return false;
}

// What an engine answers to what must fail.
inline RemoteErrorInfo error_of(const EngineView& engine, const std::string& code) {
  CAPTURE(code);
  const auto outcome = engine.execute_async(code).get(return_exceptions);
  CHECK_FALSE(outcome.ok());
  return outcome.error();
}

}  // namespace roundhouse::test
