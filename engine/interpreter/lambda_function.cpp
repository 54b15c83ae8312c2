#include "engine/interpreter/lambda_function.hpp"

#include <utility>

#include "engine/interpreter/lambda_text.hpp"
#include <roundhouse/failure.hpp>
#include <roundhouse/type_name.hpp>

namespace roundhouse::engine::interpreter {

LambdaFunction::LambdaFunction(std::shared_ptr<const Callable> code, Scope scope, std::string place)
    : code_(std::move(code)), scope_(scope), place_(std::move(place)) {}

std::shared_ptr<const Callable> LambdaFunction::compile(Unit& unit,
                                                        const wire::LambdaSource& source,
                                                        const std::string& includes,
                                                        TaskError& error) {
  const auto spelled = [&](const std::string& before, const std::string& after) {
    return includes + lambda_text(source, before, after);
  };
  auto code = Callable::make(unit, {source.parameters, source.result}, spelled, error);
  if (code == nullptr) {
    error.value += advice_on(error.value);
    return nullptr;
  }
  if (code->type() == source.type) return code;
  error = {"CompileError",
           source.lambda.file + ":" + std::to_string(source.lambda.line) + ": the lambda " +
               readable_signature(code->type()) + " where the engine compiles it, and " +
               readable_signature(source.type) +
               " in the program: both must see the same declarations",
           {}};
  return nullptr;
}

void LambdaFunction::invoke(CallKind kind, const Invocation& call, Reply& reply) const noexcept {
  scope_.run(call, [&] { code_->invoke(kind, call, reply); });
  if (reply.ok) return;
  reply.error.traceback.insert(
      0, "in the lambda at " + place_ + ", which " + readable_signature(code_->type()) + "\n");
}

}  // namespace roundhouse::engine::interpreter
