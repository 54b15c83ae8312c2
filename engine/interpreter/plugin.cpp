// What the engine calls when it has loaded this library.
#include <exception>

#include "engine/interpreter.hpp"
#include "engine/interpreter/source_interpreter.hpp"
#include "engine/interpreter/source_lambdas.hpp"

namespace roundhouse::engine::interpreter {

namespace {

bool is_of(std::uint32_t abi, std::string& error) {
  if (abi == kInterpreterAbi) return true;
  error = "the interpreter is of another version of Roundhouse than this engine";
  return false;
}

}  // namespace

extern "C" [[gnu::visibility("default")]] Interpreter* roundhouse_interpreter(std::uint32_t abi,
                                                                              NamedObjects& names,
                                                                              EngineApi& engine,
                                                                              std::string& error) {
  if (!is_of(abi, error)) return nullptr;
  try {
    return new SourceInterpreter(names, engine);
  } catch (const std::exception& problem) {
    error = problem.what();
    return nullptr;
  }
}

extern "C" [[gnu::visibility("default")]] LambdaCompiler* roundhouse_lambdas(std::uint32_t abi,
                                                                             EngineApi& engine,
                                                                             std::string& error) {
  if (!is_of(abi, error)) return nullptr;
  try {
    return new SourceLambdas(engine);
  } catch (const std::exception& problem) {
    error = problem.what();
    return nullptr;
  }
}

}  // namespace roundhouse::engine::interpreter
