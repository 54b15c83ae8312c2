// What an engine must have, or say, before it runs a task: what IPython parallel has the decorators
// @require and @depend for.
//
//   bool has_disk(const std::string& folder);       // a task, as any other, that returns bool
//   const auto careful = any.with({.depend = rh::depend(has_disk, "/scratch"),
//                                  .require = rh::require("survey", fft)});
//   careful.apply_async(survey_file, path);         // where there is /scratch, and both modules
//   const auto bound = careful.remote(survey_file); // a function that has its rules with it
//
// An engine that lacks something, or whose predicate says false or throws rh::UnmetDependency,
// does not run the task, and the scheduler tries the others: none is asked twice, and it counts as
// no retry. When no engine is left, the task ends with UnmetDependency, which says what each of
// them lacked. A task may throw rh::UnmetDependency itself, with the same effect. A predicate that
// throws anything else fails the task.
//
// Predicates are asked each time before a task is run, so they should be quick. Everything here is
// sent once per kind of call: keep the arguments few.
// Thread rule: plain values.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <roundhouse/arguments.hpp>
#include <roundhouse/requirement.hpp>
#include <roundhouse/task.hpp>

namespace roundhouse {

// By its name, of whatever types.
[[nodiscard]] inline NamedTask task_named(std::string_view name) {
  return {std::string(name), {}};
}

// By name and type: task_named<double(std::string)>("mean").
template <class F>
[[nodiscard]] NamedTask task_named(std::string_view name) {
  return {std::string(name), std::string(signature_of<F>())};
}

namespace detail {

// Throws Exception: too_large when its arguments need frames of their own, invalid without a name.
[[nodiscard]] Predicate make_predicate(std::string_view name, std::string_view signature,
                                       Encoded arguments);

void add_requirement(Requirements& to, std::string_view module);
void add_requirement(Requirements& to, const NamedTask& task);

template <class R, class... P>
void add_requirement(Requirements& to, R (*function)(P...)) {
  const TaskInfo& task = find_task(function);
  add_requirement(to, NamedTask{std::string(task.name), std::string(task.signature)});
}

}  // namespace detail

// The engine's answer to predicate(args...), which are converted as in a call. Throws
// TaskNotRegistered, SerializationError, and Exception (too_large) for arrays and texts of 16 KiB
// or more among them.
template <class R, class... P, class... Args>
[[nodiscard]] Predicate depend(R (*predicate)(P...), Args&&... args) {
  static_assert(std::is_same_v<R, bool>, "a predicate is a task that returns bool");
  const TaskInfo& task = find_task(predicate);
  return detail::make_predicate(task.name, task.signature,
                                encode_arguments(predicate, std::forward<Args>(args)...));
}

// The same by name: arguments must have exactly the types of the parameters.
template <class... Args>
[[nodiscard]] Predicate depend(std::string_view predicate, Args&&... args) {
  return detail::make_predicate(predicate, signature_of<bool(std::decay_t<Args>...)>(),
                                encode_values(std::forward<Args>(args)...));
}

// What an engine must have: texts are names of modules, functions are tasks of this program, and
// task_named() is for others. Nothing: no requirement. Throws TaskNotRegistered, and Exception
// (invalid) for an empty name.
template <class... What>
[[nodiscard]] Requirements require(const What&... what) {
  Requirements out;
  (detail::add_requirement(out, what), ...);
  return out;
}

}  // namespace roundhouse
