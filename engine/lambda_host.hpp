#pragma once

// SHELL. LambdaHost: the lambdas that one engine is sent. Each is compiled when it is first called,
// and then known by its source. The compiler is loaded on first use, as for SourceHost.
//
// Thread rule: any thread. Lambdas are compiled one at a time, and run side by side.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/interpreter.hpp"
#include "engine/lambda_compiler.hpp"
#include <roundhouse/map_call.hpp>
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine {

class LambdaHost {
 public:
  // Outlives it. `library` is for tests.
  explicit LambdaHost(EngineApi& engine, std::string library = {});

  // From now on every lambda is refused. Before the first.
  void refuse() { refused_ = true; }

  // The functions of modules that lambdas may call.
  using Functions = std::function<std::vector<const TaskInfo*>()>;

  // Runs the lambda of this source (wire::LambdaSource). Fills `reply` in any case.
  void invoke(std::string_view source, CallKind kind, const Functions& functions,
              const Invocation& call, Reply& reply) noexcept;

  // Forgets all lambdas, and the variables of their programs. Those that run go on.
  void clear() noexcept;

 private:
  using Known = std::unordered_map<std::string, std::shared_ptr<const LambdaCode>>;

  [[nodiscard]] std::shared_ptr<const LambdaCode> find(const std::string& source) const;
  // Null, and why, when it cannot be compiled.
  [[nodiscard]] std::shared_ptr<const LambdaCode> compile(const std::string& source,
                                                          const Functions& functions,
                                                          TaskError& error);

  EngineApi& engine_;
  bool refused_ = false;
  std::mutex compiling_;  // guards the library and the compiler
  InterpreterLibrary library_;
  std::unique_ptr<LambdaCompiler> compiler_;
  mutable std::mutex mutex_;
  Known known_;
};

}  // namespace roundhouse::engine
