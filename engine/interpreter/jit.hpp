#pragma once

// SHELL. Jit: turns modules into machine code of this process, and knows what has been defined.
// Thread rule: one thread at a time; the code itself may run on any.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <llvm/ADT/StringSet.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>

#include "engine/interpreter/optimize.hpp"

namespace roundhouse::engine::interpreter {

class Jit {
 public:
  // Code is made quickly, or, if optimized, well. Throws std::runtime_error when this machine has
  // no code generator.
  explicit Jit(Optimization how);
  Jit(const Jit&) = delete;
  Jit& operator=(const Jit&) = delete;
  ~Jit();

  // Destroys what the code made to last for ever, the last first. Nobody uses its variables now.
  void finish();

  [[nodiscard]] llvm::LLVMContext& context() { return *context_.getContext(); }

  // Code may use this symbol.
  void define(std::string_view symbol, void* address);

  // The symbols that the module needs and nobody has.
  [[nodiscard]] std::vector<std::string> missing(const llvm::Module& module) const;
  // What it has that an earlier one has, too, and that only one may have. Empty: nothing.
  [[nodiscard]] std::string doubled(const llvm::Module& module) const;

  // What is to be run of a module, in this order, so that its variables begin to live and its
  // statements take place.
  using Step = void (*)();

  // Optimizes the code, too. Throws std::runtime_error when it cannot be linked: then none of it is
  // there.
  [[nodiscard]] std::vector<Step> add(std::unique_ptr<llvm::Module> module);

  // Where the code of a symbol is; null when there is none.
  [[nodiscard]] void* find(std::string_view symbol);

 private:
  struct Exit {
    void (*function)(void*);
    void* argument;
  };

  static int at_exit(void (*function)(void*), void* argument, void* handle);

  const Optimization how_;
  llvm::orc::ThreadSafeContext context_;
  std::unique_ptr<llvm::TargetMachine> machine_;
  std::unique_ptr<llvm::orc::LLJIT> jit_;
  llvm::StringSet<> defined_;
  std::vector<Exit> exits_;
  unsigned modules_ = 0;
};

}  // namespace roundhouse::engine::interpreter
