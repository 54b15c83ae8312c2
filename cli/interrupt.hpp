// OS. Ctrl-C, SIGTERM and SIGHUP as a question, for commands that have to clean up behind them.
//
//   Interrupt interrupt;
//   while (!interrupt.wait(std::chrono::seconds{1})) ...
//
// One at a time, made and asked by the main thread. Processes that are started meanwhile do not
// inherit it. When it goes, signals do again what they did before.
#pragma once

#include <array>
#include <csignal>

#include "shared/mailbox.hpp"
#include "shared/time.hpp"

namespace roundhouse::cli {

class Interrupt {
 public:
  Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  // The signal that came, 0 when none did.
  [[nodiscard]] int signal() const;

  // The same; it is forgotten, so that the next one is heard of.
  int take();

  // Readable when one has come that take() has not given out.
  [[nodiscard]] int fd() const { return wake_.fd(); }

  // Waits for one, at most for `most`. Returns whether one came, now or before.
  bool wait(Duration most) const;

  // Throws Exception (aborted) when one came.
  void check() const;

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> before_{};
  WakeFd wake_;
};

}  // namespace roundhouse::cli
