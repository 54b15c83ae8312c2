// SHELL. ProgressLine: how many of a number of tasks are done, for people who wait: on a terminal a
// bar that is drawn again and again, elsewhere a line for every tenth.
//
//    12 of 50 tasks  [======>                  ]  24 %  1.3 s
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>

#include <roundhouse/async_tasks.hpp>
#include <roundhouse/timeout.hpp>

namespace roundhouse::detail {

class ProgressLine {
 public:
  ProgressLine(std::ostream& out, bool terminal) : out_(out), terminal_(terminal) {}

  void show(std::size_t done, std::size_t all, Seconds elapsed);
  // The last line: nothing more follows.
  void finish(std::size_t done, std::size_t all, Seconds elapsed);

 private:
  std::ostream& out_;
  bool terminal_;
  std::size_t tenths_ = 0;  // shown last
};

// Something that is waited for.
struct Watched {
  std::size_t all = 0;
  std::function<std::size_t()> done;
  std::function<bool(Timeout)> wait;  // whether all are done
};

// Waits, showing how far it is. Returns whether all are done.
bool watch(const Watched& what, const InteractiveOptions& options);

}  // namespace roundhouse::detail
