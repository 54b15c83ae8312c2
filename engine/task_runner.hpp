#pragma once

// SHELL. TaskRunner: one slot's way from an assignment to an outcome: finds the function, runs it,
// packs what it returned. A function that no module has is looked for among those that C++ source
// has declared. No sockets, no locks. Thread rule: one per slot, used by its thread; the
// modules and the host are shared.

#include <atomic>
#include <string>
#include <vector>

#include "engine/core/session.hpp"
#include "engine/module.hpp"
#include "engine/task_host.hpp"
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine {

// What was returned, as it travels: bodies over wire::kInlineBytesMax are spilled into frames of at
// most wire::kFrameBytesMax. Fails with too_large when it needs more than wire::kFramesMax frames.
[[nodiscard]] Result<Payload> make_payload(Encoded encoded);

class TaskRunner {
 public:
  // Both outlive the runner.
  TaskRunner(const ModuleSet& modules, TaskHost& host) : modules_(modules), host_(host) {}

  // Runs the task on this thread. Whatever goes wrong is an `error` ending: UnknownFunction,
  // WrongSignature, ResultTooLarge, or what the task threw; or `unmet` where this engine is not the
  // place for it (rules.hpp). The task sees `stop` as its stop token; may be null. Fills payload
  // and ending only.
  [[nodiscard]] Finish run(const Run& run, const std::atomic<bool>* stop = nullptr);

 private:
  [[nodiscard]] Finish perform(const Run& run, const std::atomic<bool>* stop);
  [[nodiscard]] Result<const TaskInfo*> resolve(const Template& shared) const;
  [[nodiscard]] Finish describe_module(const Template& shared) const;
  // Fills the reply. Fails when there is no such function.
  [[nodiscard]] Result<void> invoke(const Template& shared, const Invocation& call);

  const ModuleSet& modules_;
  TaskHost& host_;
  Reply reply_;       // keeps its capacity
  std::string body_;  // arguments that came in pieces
};

}  // namespace roundhouse::engine
