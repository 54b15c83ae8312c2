#include "engine/core/hub_contact.hpp"

#include <algorithm>
#include <utility>

#include "shared/check.hpp"
#include "shared/protocol_version.hpp"

namespace roundhouse::engine {

using wire::Kind;
using wire::Plane;

HubContact::HubContact(const Terms& terms, TimePoint now)
    : terms_(terms), epoch_(terms.epoch), away_since_(now), retry_at_(now), last_tick_(now) {}

void HubContact::start(TimePoint now, Outbox& out) {
  RH_CHECK(state_ == State::away);
  away_since_ = now;
  state_ = State::connecting;
  out.connect = true;
}

void HubContact::on_link(std::uint64_t connection, wire::Hello hello, TimePoint now, Outbox& out) {
  RH_CHECK(state_ == State::connecting);
  state_ = State::greeting;
  task_welcome_ = control_welcome_ = false;
  malformed_in_a_row_ = 0;
  greeting_until_ = now + greeting_;
  greeting_ = std::min(2 * greeting_, kGreetingMax);
  hello.major = kProtocol.major;
  hello.minor = kProtocol.minor;
  hello.connection = connection;
  hello.epoch = epoch_;
  out.send(Plane::task, hello);
  out.send(Plane::control, hello);
}

void HubContact::on_link_lost(TimePoint now, Outbox& out) {
  if (state_ != State::connecting && !has_link()) return;
  if (has_link()) out.close = true;
  lost("the connection was lost", now);
}

HubContact::News HubContact::on_message(Plane plane, Kind kind, const wire::Message& message,
                                        TimePoint now, Outbox& out) {
  RH_CHECK(has_link());
  silence_ = Duration{0};
  switch (kind) {
    case Kind::welcome: return on_welcome(plane, message, now, out);
    case Kind::refused: return on_refused(plane, message, now, out);
    case Kind::who: reconnect("the hub does not know this connection", now, out); return News::none;
    case Kind::beat: on_sound(); return News::none;
    case Kind::goodbye: {
      const auto goodbye = wire::decode_as<wire::Goodbye>(message);
      text_ = goodbye ? goodbye->reason : std::string{};
      return News::goodbye;
    }
    default: return News::other;
  }
}

HubContact::News HubContact::on_welcome(Plane plane, const wire::Message& message, TimePoint now,
                                        Outbox& out) {
  auto welcome = wire::decode_as<wire::Welcome>(message);
  if (!welcome) {
    on_malformed(plane, welcome.error(), now, out);
    return News::none;
  }
  on_sound();
  if (usable(plane)) return News::none;
  const bool other_plane = task_welcome_ || control_welcome_;
  if (welcome->epoch < epoch_ || (other_plane && welcome->epoch != epoch_)) {
    reconnect("a hub of another epoch answered", now, out);
    return News::none;
  }
  epoch_ = welcome->epoch;
  welcome_ = std::move(*welcome);
  (plane == Plane::task ? task_welcome_ : control_welcome_) = true;
  if (task_welcome_ && control_welcome_) {
    state_ = State::welcome;
    ++connections_;
    back_off_ = kBackOffMin;
    greeting_ = kGreetingMin;
    next_beat_ = now + heartbeat();
    last_tick_ = now;
  }
  return plane == Plane::task ? News::welcome_task : News::welcome_control;
}

HubContact::News HubContact::on_refused(Plane plane, const wire::Message& message, TimePoint now,
                                        Outbox& out) {
  const auto refused = wire::decode_as<wire::Refused>(message);
  if (!refused) {
    on_malformed(plane, refused.error(), now, out);
    return News::none;
  }
  on_sound();
  text_ = refused->code + ": " + refused->text;
  if (!refused->fatal) return News::none;
  // An old hub that is about to be replaced, or one that forgot us: a later try may do better.
  if (refused->code == to_string(Errc::old_epoch) || refused->code == to_string(Errc::say_hello)) {
    reconnect(text_, now, out);
    return News::none;
  }
  return News::refused;
}

void HubContact::on_malformed(Plane plane, const Error& error, TimePoint now, Outbox& out) {
  ++malformed_;
  ++malformed_in_a_row_;
  if (!has_link()) return;
  out.send(plane, wire::Refused{std::string(to_string(error.code)), error.text, false});
  if (malformed_in_a_row_ >= kMalformedMax) reconnect("the hub sends nonsense", now, out);
}

void HubContact::on_tick(TimePoint now, Outbox& out) {
  switch (state_) {
    case State::away:
      if (now < retry_at_ || given_up_) return;
      state_ = State::connecting;
      out.connect = true;
      return;
    case State::greeting:
      if (now >= greeting_until_) reconnect("the hub did not answer hello", now, out);
      return;
    case State::welcome: beat_and_listen(now, out); return;
    case State::connecting:
    case State::over: return;
  }
}

void HubContact::beat_and_listen(TimePoint now, Outbox& out) {
  // Time in which nobody ticked, because the process was stopped or busy, is not the hub's silence:
  // a gap counts for one beat at most.
  silence_ += std::min(now - last_tick_, heartbeat());
  last_tick_ = now;
  if (silence_ >= dead()) {
    reconnect("the hub was silent for too long", now, out);
    return;
  }
  if (now < next_beat_) return;
  next_beat_ = now + heartbeat();
  out.send(Plane::control, wire::Beat{++beats_});
}

void HubContact::reconnect(std::string why, TimePoint now, Outbox& out) {
  if (!has_link()) return;
  out.close = true;
  lost(std::move(why), now);
}

void HubContact::leave(Outbox& out) {
  if (has_link()) out.close = true;
  state_ = State::over;
  task_welcome_ = control_welcome_ = false;
}

void HubContact::lost(std::string why, TimePoint now) {
  if (state_ == State::welcome) away_since_ = now;
  state_ = State::away;
  task_welcome_ = control_welcome_ = false;
  silence_ = Duration{0};
  text_ = std::move(why);
  retry_at_ = now + back_off_;
  back_off_ = std::min(2 * back_off_, kBackOffMax);
  const auto limit = connections_ == 0 ? terms_.first_wait : terms_.hub_timeout;
  if (limit && now - away_since_ >= *limit) given_up_ = true;
}

Duration HubContact::heartbeat() const {
  return std::chrono::milliseconds{std::max(welcome_.heartbeat_ms, 1U)};
}

Duration HubContact::dead() const {
  return std::max<Duration>(std::chrono::milliseconds{welcome_.dead_ms}, 2 * heartbeat());
}

std::optional<TimePoint> HubContact::next_deadline() const {
  switch (state_) {
    case State::away: return given_up_ ? std::optional<TimePoint>{} : retry_at_;
    case State::greeting: return greeting_until_;
    case State::welcome: return next_beat_;
    case State::connecting:
    case State::over: break;
  }
  return std::nullopt;
}

void HubContact::check_invariants() const {
  RH_CHECK((state_ == State::welcome) == (task_welcome_ && control_welcome_));
  RH_CHECK(has_link() || (!task_welcome_ && !control_welcome_));
  RH_CHECK(back_off_ >= kBackOffMin && back_off_ <= kBackOffMax);
  RH_CHECK(malformed_in_a_row_ <= malformed_);
  RH_CHECK(!given_up_ || state_ == State::away || state_ == State::over);
}

}  // namespace roundhouse::engine
