// The only places of the tests where time passes on purpose: the pause between two looks at
// something that will happen, and tests in which the passing of time is the matter itself.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "shared/clock.hpp"

namespace roundhouse::test {

// What a test waits at most for something that should come at once.
inline constexpr std::chrono::seconds kPatience{20 * RH_TEST_SLOWDOWN};

inline void pause_for(std::chrono::nanoseconds duration) {
  std::this_thread::sleep_for(duration);
}

// Looks until it is true, for kPatience at most; returns whether it came true.
inline bool comes_true(const std::function<bool()>& what) {
  const TimePoint until = steady_now() + kPatience;
  while (!what()) {
    if (steady_now() > until) return false;
    pause_for(std::chrono::milliseconds{2});
  }
  return true;
}

}  // namespace roundhouse::test
