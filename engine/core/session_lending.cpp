// Session, the part that lends the slots of runs that wait for other tasks.
#include <utility>

#include "engine/core/session.hpp"

namespace roundhouse::engine {

bool Session::lend(std::uint32_t slot, TimePoint now, Outbox& out) {
  if (!queue_.may_lend()) return false;
  progress_at_ = now;
  if (auto shallow = queue_.lend(slot); !shallow.empty()) promise(std::move(shallow), out);
  say_lent(out);
  return true;
}

bool Session::take_back(std::uint32_t slot, TimePoint now, Outbox& out) {
  const bool ends = limits_.stopped(slot) || limits_.late(slot, now);
  if (!queue_.take_back(slot, ends)) return false;
  progress_at_ = now;
  say_lent(out);
  return true;
}

// Its window at the hub grows by what is lent.
void Session::say_lent(Outbox& out) {
  if (over_ || !contact_.usable(wire::Plane::task)) return;
  const wire::Lent lent{queue_.lent(), queue_.wanted_depth()};
  if (lent == said_lent_) return;
  said_lent_ = lent;
  out.send(wire::Plane::task, lent);
}

std::optional<TimePoint> Session::limit_deadline() const {
  if (!queue_.is_held_up()) return std::nullopt;
  return progress_at_ + kLimitPatience;
}

// What the waiting runs wait for may be elsewhere, or no deeper than they are.
void Session::lift_limit(TimePoint now, Outbox& out) {
  const auto due = limit_deadline();
  if (!due || now < *due) return;
  queue_.lift_limit();
  say_lent(out);
}

}  // namespace roundhouse::engine
