#pragma once

// SHELL. SourceHost: the C++ source that one engine is sent: compiled and run one input at a time,
// with what it prints, and the functions that it has declared. The interpreter is loaded on first
// use; until then, and where there is none, all else asks for it in vain and costs nothing.
//
// Thread rule: any thread. Inputs wait for each other, but not for one that waits for other tasks;
// nothing else waits for an input that is waiting.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/interpreter.hpp"
#include <roundhouse/map_call.hpp>
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine {

class TaskOutput;

class SourceHost {
 public:
  // Both outlive it. `library` is for tests.
  SourceHost(NamedObjects& names, EngineApi& engine, std::string library = {});

  // From now on every input is refused. Before the first.
  void refuse() { refused_ = true; }

  // Where what code prints is found; without it nobody hears of that. Before the first input.
  void set_output(TaskOutput* output) { output_ = output; }

  // Tasks that code may declare and call. Before the first input.
  void offer(std::function<std::vector<const TaskInfo*>()> tasks) { tasks_ = std::move(tasks); }

  // The task kExecuteTask.
  void execute(const Invocation& call, Reply& reply) noexcept;

  // Calls the function of this name that code has declared, or works through lists with it. False,
  // and nothing done, when there is none.
  [[nodiscard]] bool call(CallKind kind, std::string_view function, const Invocation& call,
                          Reply& reply) noexcept;

  // Null while no code has been sent since the start, or since clear().
  [[nodiscard]] std::shared_ptr<Interpreter> interpreter() const;

  // Forgets what code has declared. Code that runs goes on, with what it has.
  void clear() noexcept;

 private:
  // Null, and why, when there is none.
  [[nodiscard]] std::shared_ptr<Interpreter> need(std::string& error);
  void execute_one(const Invocation& call, Reply& reply);

  NamedObjects& names_;
  EngineApi& engine_;
  TaskOutput* output_ = nullptr;
  std::function<std::vector<const TaskInfo*>()> tasks_;
  bool refused_ = false;
  std::mutex inputs_;  // held by the input that is compiled and run, but while it waits for tasks
  InterpreterLibrary library_;
  mutable std::mutex mutex_;
  std::shared_ptr<Interpreter> interpreter_;  // shared with whoever uses it meanwhile
};

}  // namespace roundhouse::engine
