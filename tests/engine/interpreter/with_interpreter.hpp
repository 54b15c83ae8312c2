#pragma once

// One interpreter for the tests of a file, since each takes a while to begin.

#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "engine/interpreter.hpp"
#include "engine/task_host.hpp"

namespace roundhouse::engine {

// A test begins with this, and is over where the build has no interpreter.
#define RH_NEEDS_INTERPRETER()                                                       \
  if (std::string(RH_TEST_INTERPRETER).empty()) {                                    \
    MESSAGE("skipped: built without the interpreter (libclang-19-dev llvm-19-dev)"); \
    return;                                                                          \
  }

// The engine whose names the interpreter shares.
inline TaskHost& interpreters_host() {
  static TaskHost host(1);
  return host;
}

inline std::unique_ptr<Interpreter> make_interpreter() {
  std::string error;
  InterpreterLibrary library(RH_TEST_INTERPRETER);
  std::unique_ptr<Interpreter> out =
      library.make(interpreters_host().data(), interpreters_host(), error);
  INFO(error);
  REQUIRE(out != nullptr);
  return out;
}

// An interpreter in which nothing has been declared, on an engine that has no names.
inline Interpreter& fresh_interpreter() {
  interpreters_host();  // outlives it
  static const std::unique_ptr<Interpreter> shared = make_interpreter();
  shared->clear();
  interpreters_host().data().clear();
  return *shared;
}

// The value of an input that must work; inputs in the order of a session read as one.
inline std::string value_of(Interpreter& interpreter, const std::string& code) {
  const Executed out = interpreter.execute({code, {}});
  CAPTURE(code);
  CHECK_MESSAGE(out.ok, out.error.name << ": " << out.error.value << "\n" << out.error.traceback);
  return out.value;
}

// What is wrong with an input that must not.
inline TaskError error_of(Interpreter& interpreter, const std::string& code) {
  const Executed out = interpreter.execute({code, {}});
  CAPTURE(code);
  CHECK_FALSE(out.ok);
  return out.error;
}

}  // namespace roundhouse::engine
