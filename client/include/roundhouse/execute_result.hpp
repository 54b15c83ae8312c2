// ExecuteResult: what an engine answers to C++ source that it was sent: source.hpp. And the wire
// form of that task.
#pragma once

#include <string>
#include <string_view>

#include <roundhouse/serialize.hpp>

namespace roundhouse {

struct ExecuteResult {
  // The last expression, if no semicolon follows it, as text: 5, "text" in quotes, {1, 2.5} for
  // lists and (1, "x") for tuples, what operator<< prints, else <Type>. Empty when there is none.
  std::string value;
  std::string type;  // its type: "int", "std::vector<double>"; empty without a value
  // What was printed meanwhile on the standard output and standard error of the engine's process,
  // by C++, C, and children. The first MiB of each; a last line says how much is missing.
  std::string out;
  std::string err;
  std::string warnings;  // the compiler's

  MSGPACK_DEFINE(value, type, out, err, warnings)

  friend bool operator==(const ExecuteResult&, const ExecuteResult&) = default;
};

// Code, and what its lines are called in messages (empty: "input N") -> ExecuteResult.
inline constexpr std::string_view kExecuteTask = "roundhouse.execute";

// Names of its errors, beside what the code throws: it cannot be compiled, or not on this engine.
inline constexpr std::string_view kCompileError = "CompileError";
inline constexpr std::string_view kNoInterpreter = "NoInterpreter";

}  // namespace roundhouse
