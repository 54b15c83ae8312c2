#pragma once

// CORE. TimeLimits: what the slots run with a limit of time, and when it is up.
//
// A run past its limit is asked to stop; one that goes on for the grace after that is overdue, and
// can only be stopped with its process. The same holds for one that somebody wants to stop by
// force; without, it is asked alone. Thread rule: plain value of its core.

#include <cstdint>
#include <optional>
#include <vector>

#include "shared/time.hpp"

namespace roundhouse::engine {

class TimeLimits {
 public:
  TimeLimits(std::uint32_t slots, Duration grace) : runs_(slots), grace_(grace) {}

  // The slot begins a run; a limit of 0 is none.
  void begin(std::uint32_t slot, Duration limit, TimePoint now);
  // The run of the slot has ended.
  void end(std::uint32_t slot);

  // Somebody wants the run of the slot to stop; with `force` it is overdue after the grace.
  void stop(std::uint32_t slot, bool force, TimePoint now);

  [[nodiscard]] bool stopped(std::uint32_t slot) const { return runs_[slot].stopped; }

  // Whether the run of the slot is past its limit, or was to stop by force.
  [[nodiscard]] bool late(std::uint32_t slot, TimePoint now) const;

  // The limit of the run of the slot; 0: none.
  [[nodiscard]] Duration limit(std::uint32_t slot) const { return runs_[slot].limit; }

  // Slots whose runs are past their limit and were not named before.
  [[nodiscard]] std::vector<std::uint32_t> take_late(TimePoint now);
  // Slots whose runs are past the grace as well.
  [[nodiscard]] std::vector<std::uint32_t> overdue(TimePoint now) const;
  // When one of them has something new to say.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

 private:
  struct Limited {
    Duration limit{0};
    TimePoint until;
    bool watched = false;  // it has a limit, or is to stop by force
    bool told = false;
    bool stopped = false;
  };

  std::vector<Limited> runs_;  // by slot
  std::uint32_t active_ = 0;   // runs that are watched
  Duration grace_;
};

}  // namespace roundhouse::engine
