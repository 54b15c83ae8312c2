#pragma once

// SHELL. Rules: whether this engine may run the tasks of a template, by what they require of it and
// by what their predicate says (PROTOCOL 14). Thread rule: plain functions; any thread.

#include <atomic>
#include <optional>

#include "engine/core/run_queue.hpp"
#include "engine/module.hpp"
#include "engine/task_host.hpp"
#include "shared/records.hpp"
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine {

// What a task throws, or a predicate, where it finds that this engine is not the place for it.
inline constexpr const char* kUnmetDependency = "UnmetDependency";

// Why a task is not run: `unmet` when another engine might, `error` when its predicate failed.
struct Refusal {
  wire::Ending ending = wire::Ending::unmet;
  TaskError error;
};

// Looks for the modules, then for the functions, then asks the predicate, on this thread. Nothing
// when all is well. `stop` is what the predicate sees as its stop token; may be null.
[[nodiscard]] std::optional<Refusal> find_refusal(const Template& shared, const ModuleSet& modules,
                                                  TaskHost& host, const std::atomic<bool>* stop);

}  // namespace roundhouse::engine
