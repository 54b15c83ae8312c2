#include "engine/lambda_host.hpp"

#include <utility>

#include "shared/lambda_source.hpp"
#include <roundhouse/execute_result.hpp>
#include <roundhouse/failure.hpp>

namespace roundhouse::engine {

namespace {

// Lambdas that are known at a time: then all are forgotten, and compiled again when they are used.
constexpr std::size_t kKnownMax = 4096;

}  // namespace

LambdaHost::LambdaHost(EngineApi& engine, std::string library)
    : engine_(engine), library_(std::move(library)) {}

void LambdaHost::invoke(std::string_view source, CallKind kind, const Functions& functions,
                        const Invocation& call, Reply& reply) noexcept {
  try {
    const std::string text(source);
    auto code = find(text);
    TaskError error;
    if (code == nullptr) code = compile(text, functions, error);
    if (code == nullptr) return detail::fail(reply, std::move(error));
    code->invoke(kind, call, reply);
  } catch (...) {
    detail::fail_with_current_exception(reply);
  }
}

std::shared_ptr<const LambdaCode> LambdaHost::find(const std::string& source) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(source);
  return found == known_.end() ? nullptr : found->second;
}

std::shared_ptr<const LambdaCode> LambdaHost::compile(const std::string& source,
                                                      const Functions& functions,
                                                      TaskError& error) {
  error.name = kNoInterpreter;
  if (refused_) {
    error.value = kSourceRefused;
    return nullptr;
  }
  const auto decoded = wire::decode_lambda_source(source);
  if (!decoded) {
    error = {"SerializationError", decoded.error().text, {}};
    return nullptr;
  }
  const std::lock_guard one_at_a_time(compiling_);
  if (auto known = find(source)) return known;  // meanwhile
  if (compiler_ == nullptr) compiler_ = library_.make_lambdas(engine_, error.value);
  if (compiler_ == nullptr) return nullptr;
  auto code = compiler_->compile(*decoded, functions(), error);
  if (code == nullptr) return nullptr;
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kKnownMax) known_.clear();
  known_.emplace(source, code);
  return code;
}

void LambdaHost::clear() noexcept {
  Known old;  // destroyed after the lock is gone
  const std::lock_guard one_at_a_time(compiling_);
  compiler_ = nullptr;
  const std::lock_guard lock(mutex_);
  old.swap(known_);
}

}  // namespace roundhouse::engine
