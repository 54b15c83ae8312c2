#pragma once

// SHELL. The tasks that every engine has: roundhouse.push, .pull, .names, .clear, .noop, .sleep,
// .command, .execute and .declared.
//
// Their names, and the form of their arguments and results, are in <roundhouse/named_values.hpp>,
// <roundhouse/command_result.hpp>, <roundhouse/declared_names.hpp> and
// <roundhouse/execute_result.hpp>. They are invoked like any other task, need Invocation::engine
// (all but noop and sleep; for command, execute and declared it is a TaskHost), and answer
// malformed arguments with an error reply. Thread rule: any thread.

#include <span>
#include <string_view>

#include <roundhouse/module_abi.hpp>
#include <roundhouse/named_values.hpp>

namespace roundhouse::engine {

[[nodiscard]] std::span<const TaskInfo> builtin_tasks();

// Null when there is none of this name.
[[nodiscard]] const TaskInfo* find_builtin_task(std::string_view name);

}  // namespace roundhouse::engine
