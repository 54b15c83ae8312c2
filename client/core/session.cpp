#include "client/core/session.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared/check.hpp"
#include "shared/protocol_version.hpp"

namespace roundhouse::client {
namespace {

// A tick that comes so much late says that this process was stopped, not that the hub is silent.
constexpr Duration kStoppedMin = std::chrono::milliseconds{500};
constexpr std::size_t kEndedRangesMax = wire::kListMax / 2;

std::string hex16(std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4U) out[i] = kDigits[value & 15U];
  return out;
}

}  // namespace

Session::Session(const SessionOptions& options, TimePoint now)
    : options_(options),
      random_state_(options.seed),
      retry_at_(now),
      heard_at_(now),
      ticked_at_(now),
      backoff_(options.backoff_min),
      patience_(options.welcome_min) {}

// splitmix64: the connection's number only has to differ from all others that the hub knows.
std::uint64_t Session::draw() {
  random_state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t z = random_state_;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  z ^= z >> 31U;
  return z == 0 ? 1 : z;
}

std::string Session::peer_topic() const {
  return "peer/" + hex16(connection_);
}

wire::Hello Session::hello() const {
  wire::Hello out;
  out.major = kProtocol.major;
  out.minor = kProtocol.minor;
  out.role = wire::Role::client;
  out.connection = connection_;
  out.epoch = epoch_;
  out.session = options_.session;
  out.secret = options_.secret;
  out.settled = outcomes_.settled();
  out.ended = outcomes_.ended(kEndedRangesMax);
  out.failed = outcomes_.failed(kEndedRangesMax + 1 - out.ended.size());
  out.submitted = log_.ever_sent();
  out.pid = options_.pid;
  out.host = options_.host;
  out.label = options_.label;
  return out;
}

void Session::on_link_up(wire::Plane plane, TimePoint now, Outbox& out) {
  if (state_ != State::connecting || plane == wire::Plane::notify) return;
  // Both hellos say the same, though outcomes cannot come in between: nothing is welcome yet.
  out.sends.push_back({plane, wire::encode(hello())});
  heard_at_ = now;
}

void Session::on_link_down(wire::Plane /*plane*/, std::string_view reason, TimePoint now,
                           Outbox& out) {
  if (state_ != State::connecting && state_ != State::up) return;
  drop_link(reason, now, out);
}

void Session::drop_link(std::string_view reason, TimePoint now, Outbox& out) {
  if (hub_stops_)
    return fail(
        {Errc::closed, "this client has shut its hub down: a new rh::Client finds the next"}, out);
  const bool was_usable = usable();
  if (link_open_) out.close = true;
  link_open_ = false;
  task_welcome_ = control_welcome_ = false;
  engines_request_ = 0;
  log_.stop();
  pause_.reset();
  link_reason_ = reason;
  state_ = State::waiting;
  retry_at_ = now + backoff_;
  backoff_ = std::min(2 * backoff_, options_.backoff_max);
  for (auto request = requests_.begin(); request != requests_.end();) {
    Pending& pending = request->second;
    const bool give_up = pending.own || (pending.sent && pending.repeat == Repeat::no);
    pending.sent = false;
    if (give_up && !pending.own)
      out.replies.push_back({request->first,
                             std::string(to_string(Errc::not_connected)),
                             "the connection to the hub was lost before it answered",
                             {}});
    request = give_up ? requests_.erase(request) : std::next(request);
  }
  if (was_usable) out.usable_changed = true;
}

void Session::fail(Error error, Outbox& out) {
  if (link_open_) out.close = true;
  link_open_ = false;
  task_welcome_ = control_welcome_ = false;
  log_.stop();
  pause_.reset();
  state_ = State::over;
  failure_ = error;
  out.failed = std::move(error);
  out.usable_changed = true;
}

void Session::leave(std::string reason, Outbox& out) {
  if (state_ == State::over) return;
  // On the task plane, behind the last word about what has been received: else the hub would keep
  // outcomes for a session that never returns.
  if (task_usable()) {
    if (const auto received = outcomes_.take_received(TimePoint::max()))
      out.sends.push_back({wire::Plane::task, wire::encode(*received)});
    out.sends.push_back({wire::Plane::task, wire::encode(wire::Goodbye{std::move(reason)})});
  }
  fail({Errc::closed, "this client was closed"}, out);
}

void Session::on_tick(TimePoint now, Outbox& out) {
  // A process that was stopped finds out here, before it blames the hub.
  if (now - ticked_at_ > std::max(kStoppedMin, heartbeat_)) heard_at_ = std::max(heard_at_, now);
  ticked_at_ = now;
  switch (state_) {
    case State::waiting:
      if (now < retry_at_) return;
      state_ = State::connecting;
      connection_ = draw();
      give_up_at_ = now + patience_;
      patience_ = std::min(2 * patience_, options_.welcome_max);
      link_open_ = true;
      out.connect = true;
      ++counters_.connections;
      return;
    case State::connecting:
      if (now >= give_up_at_) drop_link("the hub did not answer", now, out);
      return;
    case State::up:
      if (!usable() && now >= give_up_at_) {  // one plane is welcome, the other is not heard of
        drop_link("the hub did not answer on both planes", now, out);
      } else if (now - heard_at_ >= dead_) {
        ++counters_.silences;
        drop_link("the hub was silent for too long", now, out);
      } else if (now >= beat_at_) {
        beat(now, out);
      }
      return;
    case State::over: return;
  }
}

void Session::beat(TimePoint now, Outbox& out) {
  out.sends.push_back({wire::Plane::control, wire::encode(wire::Beat{++beat_number_})});
  beat_at_ = now + heartbeat_;
}

std::uint32_t Session::define(wire::Define define) {
  return templates_.intern(std::move(define));
}

std::uint64_t Session::submit(wire::SubmitRecord record) {
  RH_CHECK(!failure_);
  return log_.append(std::move(record));
}

std::uint64_t Session::request(std::string verb, wire::Raw body, Repeat repeat, Outbox& out) {
  const std::uint64_t id = next_request_++;
  Pending& pending = requests_[id];
  pending.verb = std::move(verb);
  pending.body = std::move(body);
  pending.repeat = repeat;
  if (control_welcome_) send_request(id, pending, out);
  return id;
}

void Session::forget_request(std::uint64_t id) {
  requests_.erase(id);
}

void Session::send_request(std::uint64_t id, Pending& pending, Outbox& out) {
  pending.sent = true;
  out.sends.push_back(
      {wire::Plane::control, wire::encode(wire::Request{id, pending.verb, pending.body})});
}

void Session::ask_engines(Outbox& out) {
  if (!control_welcome_ || engines_request_ != 0) return;
  engines_request_ = request("engines", {}, Repeat::no, out);
  requests_.at(engines_request_).own = true;
}

void Session::flush(TimePoint now, Outbox& out) {
  if (!task_usable()) return;
  const auto send_batch = [&] {
    if (!writer_.empty()) out.sends.push_back({wire::Plane::task, writer_.take(0)});
  };
  for (std::size_t messages = 0; messages < kFlushMessagesMax && log_.ready(); ++messages) {
    while (!writer_.full()) {
      std::optional<wire::SubmitRecord> record = log_.take_next();
      if (!record) break;
      if (!writer_.fits(record->payload)) send_batch();
      if (record->template_number != 0 && templates_.take_untold(record->template_number)) {
        wire::Define define = templates_.get(record->template_number);
        define.session = options_.session;
        // Before the message that this record will be in; those under way do not use it.
        out.sends.push_back({wire::Plane::task, wire::encode(define)});
      }
      writer_.add(*record);
    }
    send_batch();
  }
  if (const auto received = outcomes_.take_received(now))
    out.sends.push_back({wire::Plane::task, wire::encode(*received)});
}

std::optional<TimePoint> Session::next_deadline() const {
  switch (state_) {
    case State::waiting: return retry_at_;
    case State::connecting: return give_up_at_;
    case State::up: {
      const TimePoint next = std::min(beat_at_, heard_at_ + dead_);
      return usable() ? next : std::min(next, give_up_at_);
    }
    case State::over: break;
  }
  return std::nullopt;
}

std::optional<TimePoint> Session::flush_deadline() const {
  return task_usable() ? outcomes_.deadline() : std::nullopt;
}

void Session::check_invariants() const {
  log_.check_invariants();
  outcomes_.check_invariants();
  RH_CHECK(outcomes_.count() <= log_.last());
  RH_CHECK((state_ == State::over) == failure_.has_value());
  RH_CHECK(!task_welcome_ || state_ == State::up);
  RH_CHECK(!control_welcome_ || state_ == State::up);
  RH_CHECK(engines_request_ == 0 || requests_.contains(engines_request_));
  RH_CHECK(backoff_ <= options_.backoff_max);
}

}  // namespace roundhouse::client
