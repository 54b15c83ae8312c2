// SHELL. The only place that reads a clock. A core never includes this: it is handed `now`.
//
// Thread-safe.
#pragma once

#include "shared/time.hpp"

namespace roundhouse {

// This process's steady clock: never goes back, not comparable between processes.
[[nodiscard]] TimePoint steady_now();

// UTC, from this machine's clock, which an operator may set at any time: for records and people,
// never for a decision.
[[nodiscard]] WallTime wall_now();

}  // namespace roundhouse
