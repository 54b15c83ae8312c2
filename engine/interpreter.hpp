#pragma once

// SHELL. Interpreter: C++ source, compiled in the engine process while it runs, whose declarations
// last from one input to the next.
//
//   std::string error;
//   InterpreterLibrary library;
//   std::unique_ptr<Interpreter> interpreter = library.make(error);
//   interpreter->execute({"int n = 5;", "input 1"});
//   interpreter->execute({"n + 1", "input 2"}).value;   // "6"
//
// It is a shared library of its own, built where Clang 19 is at hand and loaded on first use.
// Without it all else works, and `error` says what to install. Implemented in engine/interpreter/.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine {

struct SourceInput {
  std::string_view code;
  std::string_view file;  // what its lines are called in messages; "input N" when empty
};

// What became of an input.
struct Executed {
  bool ok = true;
  // Of the last expression, if no semicolon follows it: as text, else empty. Text of C++ is in
  // quotes; what cannot be shown is named by its type.
  std::string value;
  std::string type;      // as people read it; empty without a value
  std::string warnings;  // the compiler's
  // When not ok: a CompileError, with all that the compiler says as its traceback, and nothing of
  // the input is there; or what the code threw, and what came before that is.
  TaskError error;
};

class Interpreter {
 public:
  Interpreter() = default;
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  virtual ~Interpreter() = default;

  // Any thread; one at a time, the others wait.
  [[nodiscard]] virtual Executed execute(const SourceInput& input) = 0;

  // Forgets all declarations and destroys all variables.
  virtual void clear() = 0;
};

// Raised whenever anything in this header changes.
inline constexpr std::uint32_t kInterpreterAbi = 1;

// The function that the shared library exports. Null, and the reason, when the compiler cannot be
// set up, or is of another version of Roundhouse.
inline constexpr const char* kInterpreterEntry = "roundhouse_interpreter";
using InterpreterEntry = Interpreter* (*)(std::uint32_t abi, std::string& error);

// Makes interpreters. Never unloads the library.
class InterpreterLibrary {
 public:
  // `path` is for tests: by default it is beside the program, or where it was installed.
  explicit InterpreterLibrary(std::string path = {});

  // Null, and the reason, when there is none.
  [[nodiscard]] std::unique_ptr<Interpreter> make(std::string& error);

 private:
  std::string path_;
  InterpreterEntry entry_ = nullptr;
};

}  // namespace roundhouse::engine
