#pragma once

// SHELL. SourceLambdas: the LambdaCompiler whose compiler is clang's. Lambdas that have the same
// context are compiled in one world; a few worlds are kept, for each costs a compiler's memory and
// some tenths of a second to begin. Thread rule: any thread; one lock, which running code does not
// hold.

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "engine/interpreter/scope.hpp"
#include "engine/interpreter/unit.hpp"
#include "engine/lambda_compiler.hpp"

namespace roundhouse::engine::interpreter {

class SourceLambdas final : public LambdaCompiler {
 public:
  // Outlives it. Throws std::runtime_error when the compiler cannot be set up.
  explicit SourceLambdas(EngineApi& engine);
  ~SourceLambdas() override;

  [[nodiscard]] std::shared_ptr<const LambdaCode> compile(
      const wire::LambdaSource& source, const std::vector<const TaskInfo*>& functions,
      TaskError& error) override;

 private:
  struct World {
    World();

    Unit unit{Optimization::full};
    Scope scope;
    std::vector<wire::SourceText> context;
    std::set<std::string, std::less<>> headers;  // that it has
    bool is_begun = false;                       // it has its context
    std::size_t lambdas = 0;
  };

  // The world of this context, which is made when there is none. Null, and why, when the context
  // cannot be compiled.
  [[nodiscard]] World* find_world(const std::vector<wire::SourceText>& context,
                                  const std::vector<const TaskInfo*>& functions, TaskError& error);

  EngineApi& engine_;
  std::mutex mutex_;
  std::list<std::unique_ptr<World>> worlds_;  // the one that was used last in front
};

}  // namespace roundhouse::engine::interpreter
