#pragma once

// SHELL. LambdaFunction: one compiled lambda. Thread rule: any thread.

#include <memory>
#include <string>

#include "engine/interpreter/callable.hpp"
#include "engine/interpreter/scope.hpp"
#include "engine/interpreter/unit.hpp"
#include "engine/lambda_compiler.hpp"
#include "shared/lambda_source.hpp"

namespace roundhouse::engine::interpreter {

class LambdaFunction final : public LambdaCode {
 public:
  // `place` is what errors call it: "survey.cpp:42".
  LambdaFunction(std::shared_ptr<const Callable> code, Scope scope, std::string place);

  // Its code. Null, and why, when it cannot be compiled. `includes` goes before it.
  [[nodiscard]] static std::shared_ptr<const Callable> compile(Unit& unit,
                                                               const wire::LambdaSource& source,
                                                               const std::string& includes,
                                                               TaskError& error);

  void invoke(CallKind kind, const Invocation& call, Reply& reply) const noexcept override;

 private:
  std::shared_ptr<const Callable> code_;
  Scope scope_;
  std::string place_;
};

}  // namespace roundhouse::engine::interpreter
