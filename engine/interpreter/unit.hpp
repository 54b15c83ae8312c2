#pragma once

// SHELL. Unit: a compiler and what it compiles for; takes input after input, the bad ones without
// harm. Thread rule: one thread at a time.
//
// Every input is compiled twice: in a forked child first, which finds the errors and which names it
// declares anew, then here, where it has none.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/interpreter/compiler.hpp"
#include "engine/interpreter/jit.hpp"
#include "engine/interpreter/trial.hpp"
#include "engine/interpreter/verdict.hpp"
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine::interpreter {

class Unit {
 public:
  // Throws std::runtime_error when the compiler cannot be set up.
  explicit Unit(Optimization how);

  struct Compiled {
    std::vector<Jit::Step> steps;  // to be run in this order
    std::string warnings;
  };

  // From now on code that declares one of these, and does not define it, means it. They live for
  // ever.
  void offer(const std::vector<const TaskInfo*>& functions) { offered_ = functions; }

  // Nothing, and why, when it cannot be compiled; then all is as it was.
  [[nodiscard]] std::optional<Compiled> compile(const Source& source, TaskError& error);

  // The same of what is not the user's, for which macros of theirs mean nothing.
  [[nodiscard]] std::optional<Compiled> compile_aside(const Source& source, TaskError& error);

  // The function that `text` defines under this linker symbol; null, and why, when there is none.
  [[nodiscard]] void* function(const std::string& text, const std::string& symbol,
                               std::string& problem);

  // What code begins with, once, after what that needs of jit() is defined. Throws
  // std::runtime_error when it cannot be compiled.
  void begin();

  // Compiles and runs what must be right, and is ours. Throws std::runtime_error when it is not.
  void add(const std::string& text);

  [[nodiscard]] Compiler& compiler() { return *compiler_; }

  // Shared with those who hold on to its code.
  [[nodiscard]] const std::shared_ptr<Jit>& jit() const { return jit_; }

  // Its variables live as long as somebody has this.
  [[nodiscard]] const std::shared_ptr<void>& life() const { return life_; }

 private:
  void run_module();

  // The names that the input declares anew; nothing when it cannot be compiled.
  [[nodiscard]] std::optional<Older> try_out(const Source& source, std::string& warnings,
                                             TaskError& error);
  // In a child.
  [[nodiscard]] Verdict judge(const Source& source, const Older& hidden,
                              const Trial::AnswerNow& answer_now);

  // The symbols that are to mean functions of `offered_`; and, in `missing`, those of nobody.
  using Symbols = std::vector<std::pair<std::string, void*>>;
  [[nodiscard]] Symbols resolve(const llvm::Module& module,
                                std::vector<std::string>& missing) const;

  std::shared_ptr<Jit> jit_;
  std::shared_ptr<void> life_;
  std::unique_ptr<Compiler> compiler_;  // its context is the Jit's
  std::vector<const TaskInfo*> offered_;
};

}  // namespace roundhouse::engine::interpreter
