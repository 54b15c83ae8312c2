// What the engine calls when it has loaded this library.
#include <exception>

#include "engine/interpreter.hpp"
#include "engine/interpreter/source_interpreter.hpp"

namespace roundhouse::engine::interpreter {

extern "C" [[gnu::visibility("default")]] Interpreter* roundhouse_interpreter(std::uint32_t abi,
                                                                              NamedObjects& names,
                                                                              EngineApi& engine,
                                                                              std::string& error) {
  if (abi != kInterpreterAbi) {
    error = "the interpreter is of another version of Roundhouse than this engine";
    return nullptr;
  }
  try {
    return new SourceInterpreter(names, engine);
  } catch (const std::exception& problem) {
    error = problem.what();
    return nullptr;
  }
}

}  // namespace roundhouse::engine::interpreter
