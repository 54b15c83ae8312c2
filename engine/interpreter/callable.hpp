#pragma once

// SHELL. Callable: a function of interpreted code that is called with packed arguments. Those of
// which all parameters and the result are usual types are called by a few instructions; others by
// the code that modules have for their tasks, which takes long to compile. Thread rule: any thread
// once it is made.

#include <memory>
#include <string>
#include <vector>

#include "engine/interpreter/unit.hpp"
#include "engine/interpreter/usual_types.hpp"
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine::interpreter {

class Callable {
 public:
  // Of the function that code calls `spelled`. Null, and why, when it cannot be called.
  [[nodiscard]] static std::shared_ptr<const Callable> make(Unit& unit, const Function& function,
                                                            const std::string& spelled,
                                                            TaskError& error);

  void invoke(const Invocation& call, Reply& reply) const;

  // Which function it was made of.
  [[nodiscard]] const void* identity() const { return identity_; }

 private:
  using Thunk = void (*)(void** arguments, void* result);

  void invoke_usual(const Invocation& call, Reply& reply) const;

  std::shared_ptr<Jit> code_;
  const void* identity_ = nullptr;
  InvokeFunction invoke_ = nullptr;  // or:
  Thunk thunk_ = nullptr;
  std::vector<const UsualType*> parameters_;
  const UsualType* result_ = nullptr;  // null: there is none
};

}  // namespace roundhouse::engine::interpreter
