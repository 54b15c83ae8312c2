// OS. Lines of a descriptor, such as standard input, for a thread that must be able to stop waiting
// for the next one.
//
// next() by one thread; cancel() by any.
#pragma once

#include <optional>
#include <string>

#include "shared/mailbox.hpp"

namespace roundhouse::cli {

class LineReader {
 public:
  // Stops as well when there is something to be read from `stop`.
  explicit LineReader(int fd, int stop = -1) : fd_(fd), other_stop_(stop) {}

  // The next line, without its end; the last one need not have any. Nothing at the end, when the
  // descriptor cannot be read, and once it was cancelled.
  [[nodiscard]] std::optional<std::string> next();

  // Whoever waits in next() stops.
  void cancel() const { stop_.wake(); }

 private:
  // More bytes; false at the end.
  bool fill();

  int fd_;
  int other_stop_;
  WakeFd stop_;
  std::string text_;      // read, and not yet given out
  std::size_t seen_ = 0;  // of it, without an end of line
  bool over_ = false;
};

}  // namespace roundhouse::cli
