// NannyCore, the part that looks after a process that lives: it does for clients what the process
// itself may be too busy for, or too frozen.
#include <utility>

#include "engine/core/nanny_core.hpp"

namespace roundhouse::engine {

using wire::Kind;
using wire::Plane;

// For as long as the process lives, whether there is a hub or not: that is for the process to say.
void NannyCore::keep(TimePoint now, NannyOutbox& out) {
  keeper_.emplace(HubContact::Terms{std::nullopt, std::nullopt, epoch_}, now);
  keeper_->start(now, out);
}

void NannyCore::stop_keeping(NannyOutbox& out) {
  if (!keeper_) return;
  keeper_->leave(out);
  keeper_.reset();
  out.connect = false;
}

void NannyCore::on_keeper_message(Plane plane, const wire::Message& message, TimePoint now,
                                  NannyOutbox& out) {
  if (!keeper_->has_link()) return;
  const auto kind = wire::kind_of(message);
  if (!kind) {
    // The process hears the same of a hub of another version, and says so.
    if (keeper_->is_foreign(kind.error())) return stop_keeping(out);
    return keeper_->on_malformed(plane, kind.error(), now, out);
  }
  switch (keeper_->on_message(plane, *kind, message, now, out)) {
    case HubContact::News::none:
    case HubContact::News::welcome_control:
    case HubContact::News::welcome_task: return;
    case HubContact::News::refused: return stop_keeping(out);  // a hub that knows no keepers
    case HubContact::News::goodbye:
      stop_keeping(out);
      if (std::exchange(stopping_, true)) return;
      kill_at_ = now + options_.dismissal_max;
      return;
    case HubContact::News::other: break;
  }
  if (*kind != Kind::act || plane != Plane::control) return;
  const auto act = wire::decode_as<wire::Act>(message);
  if (!act) return keeper_->on_malformed(plane, act.error(), now, out);
  keeper_->on_sound();
  on_act(*act, out);
}

void NannyCore::on_act(const wire::Act& act, NannyOutbox& out) {
  constexpr std::uint32_t kSignalMax = 64;
  wire::Acted answer{act.id, true, 0, "", ""};
  if (stopping_) {
    answer.code = to_string(Errc::refused);
    answer.text = "the engine is being stopped";
  } else if (act.verb == "restart") {
    restart_asked_ = out.kill = true;
    answer.done = false;  // it is when the next process says hello
  } else if (act.verb == "signal" && act.signal >= 1 && act.signal <= kSignalMax) {
    signal_asked_ = static_cast<int>(act.signal);
    out.signals.push_back(signal_asked_);
  } else {
    answer.code = to_string(Errc::refused);
    answer.text = "a nanny cannot '" + act.verb.substr(0, 40) + "'";
  }
  out.send(Plane::control, answer);
}

}  // namespace roundhouse::engine
