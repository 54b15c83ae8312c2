#pragma once

// SHELL. Callable: a function or lambda of interpreted code that is called with packed arguments,
// once, or for the elements of lists. Those of which all parameters and the result are usual types
// are called by a few instructions; others by the code that modules have for their tasks, which
// takes long to compile. Thread rule: any thread once it is made.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/interpreter/declarations.hpp"
#include "engine/interpreter/interpreted.hpp"
#include "engine/interpreter/unit.hpp"
#include "engine/interpreter/usual_types.hpp"
#include <roundhouse/map_call.hpp>
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine::interpreter {

class Callable {
 public:
  // The text that calls it: `before`, what it is called or written as, and `after`.
  using Spelled = std::function<std::string(const std::string& before, const std::string& after)>;

  // Null, and why, when it cannot be called.
  [[nodiscard]] static std::shared_ptr<const Callable> make(Unit& unit, const Function& function,
                                                            const Spelled& spelled,
                                                            TaskError& error);

  // Whether it needs no header of Roundhouse.
  [[nodiscard]] static bool is_usual(const Function& function);

  // Fills `reply` in any case.
  void invoke(CallKind kind, const Invocation& call, Reply& reply) const noexcept;

  // Which function it was made of.
  [[nodiscard]] const void* identity() const { return identity_; }

  // Its type, as typeid names it.
  [[nodiscard]] const std::string& type() const { return type_; }

 private:
  using Work = interpreted::Work;

  // What a module has for a task.
  struct Entries {
    InvokeFunction call = nullptr;
    InvokeFunction map = nullptr;
    InvokeFunction reduce = nullptr;

    void run(CallKind kind, const Invocation& invocation, Reply& reply) const;
  };

  void do_call(const Invocation& call, Work& work, Reply& reply) const;
  void do_map(const Invocation& call, Work& work, Reply& reply) const;
  void do_reduce(const Invocation& call, Work& work, Reply& reply) const;

  std::shared_ptr<Jit> code_;
  std::shared_ptr<void> life_;  // of the variables that it may use
  const void* identity_ = nullptr;
  std::string type_;
  Entries entries_;  // or:
  void (*work_)(Work&) = nullptr;
  std::vector<const UsualType*> parameters_;
  const UsualType* result_ = nullptr;  // null: there is none
};

}  // namespace roundhouse::engine::interpreter
