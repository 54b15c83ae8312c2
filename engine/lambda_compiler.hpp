#pragma once

// SHELL. LambdaCompiler: the lambdas of clients, compiled in the engine process, optimized, each
// kind of program in a world of its own: no lambda sees what another program, or `execute`, has
// declared. Part of the interpreter's library: engine/interpreter.hpp makes it, and
// engine/interpreter/ implements it.
// Thread rule: any thread. One lambda is compiled at a time; they run side by side.

#include <memory>
#include <vector>

#include "shared/lambda_source.hpp"
#include <roundhouse/map_call.hpp>
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine {

// One lambda. May outlive its compiler.
class LambdaCode {
 public:
  LambdaCode() = default;
  LambdaCode(const LambdaCode&) = delete;
  LambdaCode& operator=(const LambdaCode&) = delete;
  virtual ~LambdaCode() = default;

  // Fills `reply` in any case. Any thread, several at a time.
  virtual void invoke(CallKind kind, const Invocation& call, Reply& reply) const noexcept = 0;
};

class LambdaCompiler {
 public:
  LambdaCompiler() = default;
  LambdaCompiler(const LambdaCompiler&) = delete;
  LambdaCompiler& operator=(const LambdaCompiler&) = delete;
  virtual ~LambdaCompiler() = default;

  // `functions` are those of modules: what the source declares, and does not define, is looked for
  // among them. Null, and a CompileError, when it cannot be compiled.
  [[nodiscard]] virtual std::shared_ptr<const LambdaCode> compile(
      const wire::LambdaSource& source, const std::vector<const TaskInfo*>& functions,
      TaskError& error) = 0;
};

}  // namespace roundhouse::engine
