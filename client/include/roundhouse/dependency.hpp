// Dependency: tasks that must have ended before others run.
//
//   rh::AsyncResult<Map> map = any.apply_async(make_map, path);
//   rh::AsyncMapResult<Part> parts = any.map_async(load, paths);
//   any.with({.after = {map, parts}}).apply_async(publish);            // when all have ended well
//   any.with({.follow = map}).apply_async(look_at, "map");             // on the engine that has it
//   any.with({.after = rh::Dependency(parts, {.all = false, .success = false, .failure = true})})
//       .apply_async(alarm);                                           // when one of them failed
//
// `after` says when a task may run, `follow` when and where: on an engine where what it follows ran
// (with `all`, where all of it did). What a task waits for may be of other clients, of programs
// that are gone, and have ended long ago; the hub remembers. What can no longer be met ends the
// task with ImpossibleDependency at once, which decides whatever depends on it in turn; what is not
// met within the view's `timeout`, with DependencyTimeout (error.hpp). An id that its client has
// not submitted yet is waited for for 2 s, or a minute after a hub has died; then the task ends
// with InvalidDependency, as it does at once for an id that cannot be. So pass ids on when their
// tasks have been submitted.
//
// All tasks of a map have the dependencies of its view. A task depends on 65,536 others at most, in
// 16,384 ranges of ids that follow each other: those of a map, or of calls in a row, are one.
// Thread rule: plain values, cheap to copy; results are not held.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <roundhouse/jobs.hpp>

namespace roundhouse {

namespace detail {

class Submitter;

}  // namespace detail

// When a dependency is met: when `all` of its tasks have ended in a way that counts, or one has.
struct DependencyOptions {
  bool all = true;
  bool success = true;   // that a task ended well counts
  bool failure = false;  // that it ended in any other way counts

  friend bool operator==(const DependencyOptions&, const DependencyOptions&) = default;
};

// What can be given as tasks: an id as text or TaskId, a result of apply or map, MsgIds, Jobs, and
// ranges of those.
template <class T>
concept NamesTasks = std::convertible_to<const T&, Jobs>;

class Dependency {
 public:
  // On nothing: met.
  Dependency() = default;

  // Throws Exception (invalid) for ids that no task has, a result that was never given any, and
  // options by which nothing counts; (too_large) for too many tasks; ConnectionError for a result
  // whose client was closed: name its tasks by their ids then.
  Dependency(const Jobs& tasks, DependencyOptions options = {});

  Dependency(std::initializer_list<Jobs> tasks, DependencyOptions options = {})
      : Dependency(Jobs(tasks), options) {}

  template <NamesTasks T>
  Dependency(const T& tasks, DependencyOptions options = {}) : Dependency(Jobs(tasks), options) {}

  [[nodiscard]] const DependencyOptions& options() const { return options_; }

  [[nodiscard]] bool empty() const { return tasks_ == nullptr; }

  // How many tasks there are, each counted once.
  [[nodiscard]] std::size_t size() const;

  // They, in order, in as few ranges as possible: for another Dependency, too.
  [[nodiscard]] const std::vector<Jobs::Ids>& tasks() const;
  [[nodiscard]] std::vector<std::string> msg_ids() const;

  // The same tasks and options.
  friend bool operator==(const Dependency& a, const Dependency& b) {
    return a.options_ == b.options_ && a.tasks() == b.tasks();
  }

 private:
  friend class detail::Submitter;

  // A client that some of the tasks were submitted to.
  struct Origin {
    std::weak_ptr<detail::Shell> client;
    std::uint64_t last = 0;  // of its tasks
  };

  struct Tasks {
    std::vector<Jobs::Ids> ids;
    std::vector<Origin> origins;
  };

  std::shared_ptr<const Tasks> tasks_;  // shared by copies; null: none
  DependencyOptions options_;
};

// Takes a dependency away that a view has.
inline const Dependency no_dependency{};

// The settings `after` and `follow` of a view, which may be left as they are: {.after = {a, b}}.
class DependencyOption {
 public:
  DependencyOption() = default;  // leaves it

  DependencyOption(Dependency dependency) : dependency_(std::move(dependency)) {}

  // The same as Dependency(tasks).
  DependencyOption(std::initializer_list<Jobs> tasks) : dependency_(Dependency(tasks)) {}

  template <NamesTasks T>
  DependencyOption(const T& tasks) : dependency_(Dependency(tasks)) {}

  [[nodiscard]] const std::optional<Dependency>& get() const { return dependency_; }

 private:
  std::optional<Dependency> dependency_;
};

}  // namespace roundhouse
