// From how long somebody waits to when the waiting ends.
#pragma once

#include <algorithm>
#include <optional>

#include "shared/clock.hpp"
#include <roundhouse/timeout.hpp>

namespace roundhouse::detail {

// Far enough away for anybody, and no overflow.
inline constexpr std::chrono::nanoseconds kTimeoutMax = std::chrono::hours{24 * 365 * 10};

[[nodiscard]] inline TimePoint deadline_of(std::chrono::nanoseconds timeout) {
  return steady_now() + std::min(timeout, kTimeoutMax);
}

// Nothing: never.
[[nodiscard]] inline std::optional<TimePoint> deadline_of(Timeout timeout) {
  if (!timeout) return std::nullopt;
  return deadline_of(*timeout);
}

}  // namespace roundhouse::detail
