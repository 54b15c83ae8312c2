// CORE. The two kinds of time, as values. Nothing here reads a clock: a shell does that
// (shared/clock.hpp) and hands the value in, so that a core behaves the same in a simulator.
//
// TimePoint and Duration are for deciding (deadlines, heartbeats, durations): nanoseconds of this
// process's steady clock, meaningless in any other process. WallTime is for telling people and
// other processes when something happened: microseconds of UTC since 1970.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roundhouse {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// An absolute time, in microseconds of UTC since 1970-01-01. A default constructed one means
// "not known" and is what a record holds for something that did not happen yet.
struct WallTime {
  std::int64_t microseconds = 0;

  [[nodiscard]] bool known() const { return microseconds != 0; }

  friend auto operator<=>(const WallTime&, const WallTime&) = default;
};

// Differences are rounded towards zero to whole microseconds, which is all that a WallTime holds.
[[nodiscard]] constexpr WallTime operator+(WallTime time, Duration by) {
  return {time.microseconds + std::chrono::duration_cast<std::chrono::microseconds>(by).count()};
}

[[nodiscard]] constexpr Duration operator-(WallTime later, WallTime earlier) {
  return std::chrono::microseconds{later.microseconds - earlier.microseconds};
}

// Seconds as a decimal number, for tables and JSON.
[[nodiscard]] constexpr double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// "2026-03-01T12:00:00.000000Z"; an empty string for a time that is not known.
[[nodiscard]] std::string to_string(WallTime time);

// The time that to_string wrote, with no to six decimals. Nothing when the text is anything else.
[[nodiscard]] std::optional<WallTime> parse_wall_time(std::string_view text);

// "1500ms", "3s", "5min": the largest unit that leaves a whole number.
[[nodiscard]] std::string to_string(Duration duration);

// A number directly followed by ns, us, ms, s, min, h or d: "0.5s". Nothing when the text is
// anything else, is negative, or is longer than a Duration can be (292 years).
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

}  // namespace roundhouse
