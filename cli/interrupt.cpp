#include "cli/interrupt.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>

#include "shared/clock.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::cli {

namespace {

// What a signal handler may touch: lock-free, and there is one handler per process anyway.
std::atomic<int> caught{0};
std::atomic<const WakeFd*> waker{nullptr};
static_assert(std::atomic<int>::is_always_lock_free);
static_assert(std::atomic<const WakeFd*>::is_always_lock_free);

void catch_signal(int signal) {
  const int error = errno;
  caught.store(signal);
  if (const WakeFd* const wake = waker.load()) wake->wake();
  errno = error;
}

}  // namespace

Interrupt::Interrupt() {
  caught.store(0);
  waker.store(&wake_);

  struct sigaction action {};

  action.sa_handler = &catch_signal;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &before_[i]);
}

Interrupt::~Interrupt() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  waker.store(nullptr);
}

int Interrupt::signal() const {
  return caught.load();
}

int Interrupt::take() {
  (void)wake_.clear();
  return caught.exchange(0);
}

bool Interrupt::wait(Duration most) const {
  using std::chrono::milliseconds;
  constexpr milliseconds kStepMax{1000};
  const TimePoint end = steady_now() + most;
  while (signal() == 0 && steady_now() < end) {
    const auto left = std::chrono::ceil<milliseconds>(end - steady_now());
    (void)wake_.wait(std::min(left, kStepMax));
  }
  return signal() != 0;
}

void Interrupt::check() const {
  if (signal() != 0) raise({Errc::aborted, "interrupted; everything was stopped"});
}

}  // namespace roundhouse::cli
