#include "client/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>

#include <unistd.h>

#include "client/deadline.hpp"
#include "shared/clock.hpp"

namespace roundhouse::detail {
namespace {

constexpr std::size_t kBarWidth = 30;

std::string seconds_text(Seconds elapsed) {
  char text[32];
  (void)std::snprintf(text, sizeof(text), "%.1f s", elapsed.count());
  return text;
}

std::string count_text(std::size_t done, std::size_t all) {
  const std::string whole = std::to_string(all);
  std::string part = std::to_string(done);
  if (part.size() < whole.size()) part.insert(0, whole.size() - part.size(), ' ');
  return part + " of " + whole + (all == 1 ? " task" : " tasks");
}

std::string bar(std::size_t done, std::size_t all) {
  const std::size_t full = all == 0 ? kBarWidth : kBarWidth * done / all;
  std::string out(full, '=');
  if (full < kBarWidth) out += '>';
  out.resize(kBarWidth, ' ');
  return "[" + out + "]";
}

bool is_terminal(const std::ostream& out) {
  if (&out == &std::cerr || &out == &std::clog) return ::isatty(STDERR_FILENO) == 1;
  return &out == &std::cout && ::isatty(STDOUT_FILENO) == 1;
}

}  // namespace

void ProgressLine::show(std::size_t done, std::size_t all, Seconds elapsed) {
  if (terminal_) {
    const std::size_t percent = all == 0 ? 100 : 100 * done / all;
    out_ << '\r' << count_text(done, all) << "  " << bar(done, all) << "  " << percent << " %  "
         << seconds_text(elapsed) << std::flush;
    return;
  }
  const std::size_t tenths = all == 0 ? 10 : 10 * done / all;
  if (tenths == tenths_ || done == all) return;
  tenths_ = tenths;
  out_ << count_text(done, all) << ", " << seconds_text(elapsed) << '\n' << std::flush;
}

void ProgressLine::finish(std::size_t done, std::size_t all, Seconds elapsed) {
  if (terminal_) {
    show(done, all, elapsed);
    out_ << '\n' << std::flush;
  } else {
    out_ << count_text(done, all) << ", " << seconds_text(elapsed) << '\n' << std::flush;
  }
}

bool watch(const Watched& what, const InteractiveOptions& options) {
  std::ostream& out = options.out != nullptr ? *options.out : std::cerr;
  ProgressLine line(out, is_terminal(out));
  const TimePoint start = steady_now();
  const std::optional<TimePoint> deadline = deadline_of(options.timeout);
  const auto elapsed = [start] { return Seconds(steady_now() - start); };
  while (true) {
    std::chrono::nanoseconds pause = options.interval;
    if (deadline) pause = std::min<std::chrono::nanoseconds>(pause, *deadline - steady_now());
    const bool done = what.wait(pause);
    if (done || (deadline && steady_now() >= *deadline)) {
      line.finish(what.done(), what.all, elapsed());
      return done;
    }
    line.show(what.done(), what.all, elapsed());
  }
}

}  // namespace roundhouse::detail
