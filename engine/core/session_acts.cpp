// Session, the part that does what clients ask of an engine by way of the hub: PROTOCOL 9. What
// takes a while is answered twice: that it was heard, and that it is done.
#include <algorithm>
#include <utility>

#include "engine/core/session.hpp"
#include "shared/check.hpp"

namespace roundhouse::engine {

void Session::on_act(const wire::Message& message, TimePoint now, Outbox& out) {
  const auto act = wire::decode_as<wire::Act>(message);
  if (!act) return contact_.on_malformed(wire::Plane::control, act.error(), now, out);
  contact_.on_sound();
  if (act->verb == "interrupt") return interrupt(*act, now, out);
  if (act->verb == "clear") {
    out.clears.push_back(act->id);
    return say_acted({act->id, false, 0, "", ""}, out);
  }
  say_acted({act->id, true, 0, std::string(to_string(Errc::refused)),
             "an engine cannot '" + act->verb.substr(0, 40) + "'"},
            out);
}

// What runs is asked to stop, and its process ended when it goes on; what waits is not touched. A
// clear cannot be asked: destructors of users run in it, and may never end.
void Session::interrupt(const wire::Act& act, TimePoint now, Outbox& out) {
  Interrupt asked{act.id, 0, {}, act.all && clearing_ > 0};
  for (const wire::HoldingRecord& held : queue_.holding()) {
    const std::optional<std::uint32_t> slot = queue_.slot_of(held.number);
    if (!slot) continue;
    const bool meant =
        act.all || std::ranges::any_of(act.assignments, [&](const auto& each) {
          return each.number == held.number && each.task == held.task && each.fence == held.fence;
        });
    if (!meant) continue;
    limits_.stop(*slot, true, now);
    out.stops.push_back(*slot);
    asked.left.push_back({held.task, held.fence});
  }
  if (asked.of_clear && !clear_until_) clear_until_ = now + options_.limit_grace;
  asked.count = asked.left.size() + (asked.of_clear ? 1 : 0);
  say_acted({act.id, asked.count == 0, asked.count, "", ""}, out);
  if (asked.count > 0) interrupts_.push_back(std::move(asked));
}

void Session::note_ended(TaskId task, Fence fence) {
  for (Interrupt& each : interrupts_) std::erase(each.left, wire::RunRef{task, fence});
}

void Session::say_interrupted(Outbox& out) {
  std::erase_if(interrupts_, [&](const Interrupt& each) {
    const bool over = each.left.empty() && !(each.of_clear && clearing_ > 0);
    if (over) say_acted({each.act, true, each.count, "", ""}, out);
    return over;
  });
}

void Session::on_cleared(const std::vector<std::uint64_t>& acts, Outbox& out) {
  RH_CHECK(clearing_ > 0);
  if (--clearing_ == 0) clear_until_.reset();
  for (const std::uint64_t act : acts) say_acted({act, true, 0, "", ""}, out);
  say_interrupted(out);
}

std::optional<TimePoint> Session::clear_deadline() const {
  constexpr Duration kPast{1};
  return clear_until_ ? std::optional(*clear_until_ + kPast) : std::nullopt;
}

void Session::say_acted(const wire::Acted& acted, Outbox& out) const {
  if (contact_.usable(wire::Plane::control)) out.send(wire::Plane::control, acted);
}

// When it leaves if nothing comes before: with nothing to run, and nothing that the hub has to
// hear of.
std::optional<TimePoint> Session::idle_deadline() const {
  const bool at_work =
      queue_.waiting() + queue_.running() > 0 || outcomes_.unconfirmed() > 0 || over_;
  if (options_.idle_timeout == Duration{0} || at_work) return std::nullopt;
  return idle_since_ + options_.idle_timeout;
}

}  // namespace roundhouse::engine
