// How a program says how long: to wait, and how long tasks may take.
//
//   ar.get(10s);                                     // Timeout: of a wait
//   any.with({.timeout = 5min, .time_limit = 1.5s})  // Limit: of a task
//
// Any duration will do. Thread rule: plain values.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>

namespace roundhouse {

// How long to wait at most; nothing: for ever. Zero or less: not at all. Takes any duration: 10s.
using Timeout = std::optional<std::chrono::nanoseconds>;

// Microseconds of UTC.
using UtcTime = std::chrono::sys_time<std::chrono::microseconds>;

// Seconds, with their fraction.
using Seconds = std::chrono::duration<double>;

// Takes a limit away that a view has.
struct NoLimit {};

inline constexpr NoLimit no_limit{};

// How long something may take that goes on at the hub or on an engine: counted in microseconds, one
// at least, a year at most.
class Limit {
 public:
  Limit(NoLimit /*none*/) {}

  // Throws Exception (invalid) for zero, less, what is no number, and more than a year.
  template <class Rep, class Period>
  Limit(std::chrono::duration<Rep, Period> time) : microseconds_(checked(Seconds(time))) {}

  // Nothing: no limit.
  [[nodiscard]] Timeout get() const {
    if (microseconds_ == 0) return std::nullopt;
    return std::chrono::microseconds(microseconds_);
  }

  // 0: no limit.
  [[nodiscard]] std::uint64_t microseconds() const { return microseconds_; }

  friend auto operator<=>(const Limit&, const Limit&) = default;

 private:
  [[nodiscard]] static std::uint64_t checked(Seconds time);

  std::uint64_t microseconds_ = 0;
};

}  // namespace roundhouse
