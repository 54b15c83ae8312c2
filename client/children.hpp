// OS. Children: the processes that a supervisor has started, what they said, and how they ended.
//
// A daemon says "ready" on its standard output when it is; its standard error is its log.
// Thread rule: one thread, whose SIGCHLD is blocked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "client/process.hpp"
#include "shared/time.hpp"

namespace roundhouse::detail {

enum class ChildKind : std::uint8_t { hub, engine };

struct Child {
  ChildKind kind = ChildKind::engine;
  pid_t pid = 0;
  Fd out{};            // its standard output; not open once it has ended
  std::string said{};  // the beginning of it
  bool ready = false;
  std::string log{};
  std::uint64_t log_from = 0;  // what was in the log before
};

class Children {
 public:
  // Runs argv in a process group of its own; it gets SIGTERM when the calling thread ends. Throws
  // Exception(io_failed).
  const Child& start(ChildKind kind, std::vector<std::string> argv, std::string log);

  [[nodiscard]] const Child* find(pid_t pid) const;
  [[nodiscard]] bool any(ChildKind kind) const;

  [[nodiscard]] const std::vector<Child>& all() const { return children_; }

  // Reads what this one has said. True when it has become ready by that. False when there is none.
  bool read_output(pid_t pid);

  // Those that have ended are children no longer: they are given to `use`, with the wait status.
  void reap(const std::function<void(const Child&, int status)>& use);

  // To each of the kind; SIGKILL to all of its group.
  void signal(ChildKind kind, int signal) const;

  // "roundhouse-hub ended with exit code 1: " and the last lines of its log.
  [[nodiscard]] static std::string describe_end(const Child& child, int status);

 private:
  [[nodiscard]] static bool take_output(Child& child);

  std::vector<Child> children_;
};

}  // namespace roundhouse::detail
