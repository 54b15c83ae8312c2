#pragma once

// SHELL. SourceInterpreter: the Interpreter whose compiler is clang's.
//
// Every input is compiled twice: in a forked child first, which finds the errors and which names it
// declares anew, then here, where it has none. Thread rule: any thread; one lock.

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/interpreter.hpp"
#include "engine/interpreter/compiler.hpp"
#include "engine/interpreter/jit.hpp"
#include "engine/interpreter/trial.hpp"
#include "engine/interpreter/verdict.hpp"

namespace roundhouse::engine::interpreter {

class SourceInterpreter final : public Interpreter {
 public:
  // Throws std::runtime_error when the compiler cannot be set up.
  SourceInterpreter();
  ~SourceInterpreter() override;

  [[nodiscard]] Executed execute(const SourceInput& input) override;
  void clear() override;

 private:
  void start();
  // The names that the input declares anew; nothing when it cannot be compiled.
  [[nodiscard]] std::optional<Older> try_out(const Source& source, Executed& out);
  // In a child.
  [[nodiscard]] Verdict judge(const Source& source, const Older& hidden,
                              const Trial::AnswerNow& answer_now);
  [[nodiscard]] std::vector<Jit::Step> compile(const Source& source, const Older& hidden);

  std::mutex mutex_;
  std::size_t inputs_ = 0;  // since the last clear()
  // The compiler's context is the Jit's.
  std::unique_ptr<Jit> jit_;
  std::unique_ptr<Compiler> compiler_;
};

}  // namespace roundhouse::engine::interpreter
