#pragma once

// SHELL. Interpreter: C++ source, compiled in the engine process while it runs, whose declarations
// last from one input to the next.
//
//   std::string error;
//   InterpreterLibrary library;
//   std::unique_ptr<Interpreter> interpreter = library.make(host.data(), host, error);
//   interpreter->execute({"int n = 5;", {}});
//   interpreter->execute({"n + 1", {}}).value;   // "6"
//
// It and the named data of the engine are one: code uses a name that a client has given to a value
// as a variable of that type, and a variable that code declares can be asked for by its name. Each
// name is of one of the two; what was said last holds. Whoever asks for a name asks the namespace
// first, then the interpreter; whoever gives one to a value tells the interpreter (`assign`).
//
// It is a shared library of its own, built where Clang 19 is at hand and loaded on first use.
// Without it all else works, and `error` says what to install. Implemented in engine/interpreter/.
// Thread rule: any thread. Inputs are compiled and run one at a time, the others wait.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/known_name.hpp"
#include "engine/lambda_compiler.hpp"
#include "engine/named_objects.hpp"
#include <roundhouse/map_call.hpp>
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine {

struct SourceInput {
  std::string_view code;
  std::string_view file;  // what its lines are called in messages; "input N" when empty
  // Tasks of modules that code may declare and call. They live for ever.
  std::vector<const TaskInfo*> functions = {};
  bool is_program = false;  // `main`, if the code defines it, is called then: its value is that
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

  // `call` is the task that runs it, for this_engine.
  [[nodiscard]] virtual Executed execute(const SourceInput& input, const Invocation& call) = 0;

  [[nodiscard]] Executed execute(const SourceInput& input) { return execute(input, {}); }

  // By code that execute() runs, on its thread: others may use the interpreter until take_again().
  virtual void let_go() = 0;
  virtual void take_again() = 0;

  // A value that code computed, under the name of its variable. See EngineApi; `error` says what is
  // wrong when not found. What is got stays alive as long as its pin, whatever is declared anew.
  [[nodiscard]] virtual Lookup get(std::string_view name, const ObjectType& type, Pin& pin,
                                   std::string& error) = 0;
  [[nodiscard]] virtual Lookup pull(std::string_view name, PackedValue& out,
                                    std::string& error) = 0;
  // Variables that code has declared, sorted.
  [[nodiscard]] virtual std::vector<std::string> names() = 0;
  // All that code itself has declared at global scope, sorted by name.
  [[nodiscard]] virtual std::vector<KnownName> declared() = 0;
  // Whether code has declared a variable of this name.
  [[nodiscard]] virtual bool has(std::string_view name) = 0;

  // Before `name` is given to a value. True when code has a variable of this name and type, which
  // has the value now; else no variable has the name any more, and the namespace is to have it.
  [[nodiscard]] virtual bool assign(std::string_view name, const PackedValue& value) = 0;

  // Whether code has declared a function of this name, or several, or a template.
  [[nodiscard]] virtual bool has_function(std::string_view name) = 0;

  // Calls the function of this name that code has declared, or works through lists with it. Fills
  // `reply` in any case; a NameError when there is none.
  virtual void call(CallKind kind, std::string_view function, const Invocation& call,
                    Reply& reply) = 0;

  // Forgets all declarations and destroys all variables but those that are pinned.
  virtual void clear() = 0;
};

// Raised whenever anything in this header changes.
inline constexpr std::uint32_t kInterpreterAbi = 5;

// The functions that the shared library exports. Null, and the reason, when the compiler cannot be
// set up, or is of another version of Roundhouse.
inline constexpr const char* kInterpreterEntry = "roundhouse_interpreter";
using InterpreterEntry = Interpreter* (*)(std::uint32_t abi, NamedObjects& names, EngineApi& engine,
                                          std::string& error);
inline constexpr const char* kLambdasEntry = "roundhouse_lambdas";
using LambdasEntry = LambdaCompiler* (*)(std::uint32_t abi, EngineApi& engine, std::string& error);

// Why an engine compiles nothing that was told so.
inline constexpr std::string_view kSourceRefused =
    "this engine was told to run no source (--no-source, or source: false)";

// Makes interpreters. Never unloads the library.
class InterpreterLibrary {
 public:
  // `path` is for tests: by default it is beside the program, or where it was installed.
  explicit InterpreterLibrary(std::string path = {});

  // Null, and the reason, when there is none. Names and engine, which is what this_engine is to
  // code, outlive it.
  [[nodiscard]] std::unique_ptr<Interpreter> make(NamedObjects& names, EngineApi& engine,
                                                  std::string& error);
  [[nodiscard]] std::unique_ptr<LambdaCompiler> make_lambdas(EngineApi& engine, std::string& error);

 private:
  // Null, and the reason, when the library has no such function.
  [[nodiscard]] void* find(const char* entry, std::string& error);

  std::string path_;
  void* library_ = nullptr;
};

}  // namespace roundhouse::engine
