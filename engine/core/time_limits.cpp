#include "engine/core/time_limits.hpp"

#include <algorithm>
#include <utility>

#include "shared/check.hpp"

namespace roundhouse::engine {

void TimeLimits::begin(std::uint32_t slot, Duration limit, TimePoint now) {
  if (limit <= Duration{0}) return;
  RH_CHECK(!runs_[slot].watched);
  runs_[slot] = {limit, now + limit, true, false, false};
  ++active_;
}

void TimeLimits::end(std::uint32_t slot) {
  Limited& run = runs_[slot];
  if (run.watched) --active_;
  if (run.watched || run.stopped) run = {};
}

void TimeLimits::stop(std::uint32_t slot, bool force, TimePoint now) {
  Limited& run = runs_[slot];
  run.stopped = true;
  if (!force) return;
  run.until = run.watched ? std::min(run.until, now) : now;
  run.told = true;
  if (!std::exchange(run.watched, true)) ++active_;
}

bool TimeLimits::late(std::uint32_t slot, TimePoint now) const {
  return runs_[slot].watched && now > runs_[slot].until;
}

std::vector<std::uint32_t> TimeLimits::take_late(TimePoint now) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t slot = 0; active_ > 0 && slot < runs_.size(); ++slot) {
    Limited& run = runs_[slot];
    if (run.told || !late(slot, now)) continue;
    run.told = true;
    out.push_back(slot);
  }
  return out;
}

std::vector<std::uint32_t> TimeLimits::overdue(TimePoint now) const {
  std::vector<std::uint32_t> out;
  for (std::uint32_t slot = 0; active_ > 0 && slot < runs_.size(); ++slot)
    if (late(slot, now) && now > runs_[slot].until + grace_) out.push_back(slot);
  return out;
}

std::optional<TimePoint> TimeLimits::next_deadline() const {
  constexpr Duration kPast{1};  // a run is late when its limit has passed
  std::optional<TimePoint> out;
  if (active_ == 0) return out;
  for (const Limited& run : runs_) {
    if (!run.watched) continue;
    const TimePoint at = run.until + (run.told ? grace_ : Duration{0}) + kPast;
    out = out ? std::min(*out, at) : at;
  }
  return out;
}

}  // namespace roundhouse::engine
