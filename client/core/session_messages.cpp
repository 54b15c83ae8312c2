// What a Session does with what the hub says.
#include <algorithm>
#include <utility>

#include "client/core/session.hpp"
#include "shared/check.hpp"
#include <roundhouse/version.hpp>

namespace roundhouse::client {
namespace {

constexpr Duration kHeartbeatMin = std::chrono::milliseconds{1};

Errc code_of(std::string_view name) {
  return errc_from_string(name).value_or(Errc::refused);
}

}  // namespace

void Session::on_message(wire::Plane plane, const wire::Message& message, TimePoint now,
                         Outbox& out) {
  if (state_ != State::connecting && state_ != State::up) return;
  const Result<wire::Kind> kind = wire::kind_of(message);
  if (!kind) return on_malformed(kind.error(), now, out);
  heard_at_ = now;
  if (plane == wire::Plane::notify) {
    if (*kind == wire::Kind::hint) on_hint(message, out);
    return;
  }
  switch (*kind) {
    case wire::Kind::welcome: return on_welcome(plane, message, now, out);
    case wire::Kind::refused: return on_refused(message, now, out);
    // The hub does not know this connection: it is another one than we said hello to.
    case wire::Kind::who: return drop_link("the hub does not know this connection", now, out);
    default: break;
  }
  if (plane == wire::Plane::task) return on_task(message, *kind, now, out);
  on_control(message, *kind, now, out);
}

void Session::on_task(const wire::Message& message, wire::Kind kind, TimePoint now, Outbox& out) {
  if (!task_welcome_) return;
  if (kind == wire::Kind::outcome) return on_outcomes(message, now, out);
  if (kind == wire::Kind::output) {
    auto part = wire::decode_as<wire::Output>(message);
    if (!part) return on_malformed(part.error(), now, out);
    outcomes_.on_output(cost_of(*part), now);
    if (part->session == options_.session) out.outputs.push_back(*std::move(part));
    return;
  }
  if (kind == wire::Kind::want || kind == wire::Kind::have)
    return on_module_message(message, kind, now, out);
  if (kind != wire::Kind::accepted) {
    ++counters_.malformed;
    return;
  }
  const auto accepted = wire::decode_as<wire::Accepted>(message);
  if (!accepted) return on_malformed(accepted.error(), now, out);
  if (accepted->accepted > log_.accepted()) refusals_ = 0;
  log_.on_accepted(*accepted);
}

void Session::on_control(const wire::Message& message, wire::Kind kind, TimePoint now,
                         Outbox& out) {
  if (!control_welcome_ || kind == wire::Kind::beat) return;
  if (kind == wire::Kind::reply) return on_reply(message, now, out);
  if (kind == wire::Kind::goodbye) return drop_link("the hub is stopping", now, out);
  ++counters_.malformed;
}

void Session::on_welcome(wire::Plane plane, const wire::Message& message, TimePoint now,
                         Outbox& out) {
  const auto welcome = wire::decode_as<wire::Welcome>(message);
  if (!welcome) return on_malformed(welcome.error(), now, out);
  bool& mine = plane == wire::Plane::task ? task_welcome_ : control_welcome_;
  if (mine) return;
  if (welcome->accepted > log_.last())
    return fail({Errc::bad_secret, "the hub has tasks of this session that it never submitted"},
                out);
  state_ = State::up;
  mine = true;
  epoch_ = std::max(epoch_, welcome->epoch);
  heartbeat_ = std::max<Duration>(std::chrono::milliseconds{welcome->heartbeat_ms}, kHeartbeatMin);
  dead_ = std::max<Duration>(std::chrono::milliseconds{welcome->dead_ms}, 2 * heartbeat_);
  beat_at_ = now + heartbeat_;
  if (plane == wire::Plane::task) {
    log_.restart(*welcome);
    outcomes_.restart();
    templates_.restart();
    shelf_.on_welcome(out);
    conclude_lost(now, out);
    if (state_ != State::up) return;
  } else {
    for (auto& [id, pending] : requests_)
      if (!pending.sent) send_request(id, pending, out);
    ask_engines(out);
  }
  if (!usable()) return;
  ++counters_.welcomes;
  backoff_ = options_.backoff_min;
  patience_ = options_.welcome_min;
  out.usable_changed = true;
}

// What the hub has forgotten and we cannot say again ends here, so that nobody waits for ever. It
// happens when the hub's database is gone. The hub must know that these tasks have ended before it
// sees their numbers again: hence a new hello.
void Session::conclude_lost(TimePoint now, Outbox& out) {
  const std::vector<wire::Range> lost =
      log_.lost(outcomes_.ended(static_cast<std::size_t>(-1)), outcomes_.settled());
  if (lost.empty()) return;
  const std::string error = wire::encode_error(
      {"PayloadLost", "the hub lost its memory of this task, which may have run", ""});
  for (const wire::Range& range : lost) {
    for (std::uint64_t sequence = range.first; sequence <= range.last; ++sequence) {
      if (!outcomes_.add(sequence, false)) continue;
      wire::OutcomeRecord record;
      record.sequence = sequence;
      record.ending = wire::Ending::error;
      record.payload = Payload::of(error);
      out.outcomes.push_back(std::move(record));
      log_.on_outcome(sequence);
      ++counters_.lost_submissions;
    }
  }
  drop_link("the hub lost its memory of this session", now, out);
}

void Session::on_refused(const wire::Message& message, TimePoint now, Outbox& out) {
  const auto refused = wire::decode_as<wire::Refused>(message);
  if (!refused) return on_malformed(refused.error(), now, out);
  // The hub closes this connection when its database can be written again; until then it takes
  // nothing, and outcomes go on coming.
  if (!refused->fatal && code_of(refused->code) == Errc::store_failed) {
    link_reason_ = refused->text;
    pause_ = Error{Errc::store_failed, refused->text};
    out.usable_changed = true;
    return;
  }
  // Whatever was dropped is sent again on a new connection; if it is dropped again and again, the
  // two sides do not understand each other.
  if (refused->fatal || ++refusals_ >= kRefusalsMax)
    return fail({code_of(refused->code), "the hub refused this client: " + refused->text}, out);
  drop_link("the hub refused a message: " + refused->text, now, out);
}

void Session::on_outcomes(const wire::Message& message, TimePoint now, Outbox& out) {
  const Result<void> decoded = wire::decode_batch(message, batch_);
  if (!decoded) return on_malformed(decoded.error(), now, out);
  if (!outcomes_.on_batch(batch_.first, batch_.records.size(), now))
    return on_malformed({Errc::sequence_gap, "outcomes were skipped"}, now, out);
  for (wire::OutcomeRecord& record : batch_.records) {
    if (record.sequence == 0 || record.sequence > log_.ever_sent()) {
      ++counters_.malformed;
      continue;
    }
    if (!outcomes_.add(record.sequence, record.ending == wire::Ending::ok)) {
      ++counters_.duplicates;
      continue;
    }
    log_.on_outcome(record.sequence);
    out.outcomes.push_back(std::move(record));
  }
  batch_.records.clear();
}

void Session::on_module_message(const wire::Message& message, wire::Kind kind, TimePoint now,
                                Outbox& out) {
  if (kind == wire::Kind::want) {
    const auto want = wire::decode_as<wire::Want>(message);
    if (!want) return on_malformed(want.error(), now, out);
    return shelf_.on_want(*want, out);
  }
  const auto have = wire::decode_as<wire::Have>(message);
  if (!have) return on_malformed(have.error(), now, out);
  shelf_.on_have(*have);
  out.modules_changed = true;
}

void Session::on_reply(const wire::Message& message, TimePoint now, Outbox& out) {
  auto reply = wire::decode_as<wire::Reply>(message);
  if (!reply) return on_malformed(reply.error(), now, out);
  const auto pending = requests_.find(reply->id);
  if (pending == requests_.end()) return;
  const bool own = pending->second.own;
  if (!reply->more) requests_.erase(pending);
  if (!own) {
    out.replies.push_back(*std::move(reply));
    return;
  }
  engines_request_ = 0;
  out.engines_answered = true;
  const Result<bool> changed = engines_.on_answer(reply->body, epoch_);
  if (!changed) return on_malformed(changed.error(), now, out);
  if (*changed) out.engines_changed = true;
}

void Session::on_hint(const wire::Message& message, Outbox& out) {
  const auto hint = wire::decode_as<wire::Hint>(message);
  if (!hint) {
    ++counters_.malformed;
    return;
  }
  // Subscribed for certain: what happened before is in the list that comes now.
  if (hint->event == "subscribed") return ask_engines(out);
  switch (engines_.on_hint(*hint)) {
    case EngineList::Change::changed: out.engines_changed = true; break;
    case EngineList::Change::ask: ask_engines(out); break;
    case EngineList::Change::none: break;
  }
}

// The stream cannot be trusted behind a message that makes no sense: begin anew.
void Session::on_malformed(const Error& error, TimePoint now, Outbox& out) {
  ++counters_.malformed;
  if (error.code == Errc::version) return fail(error, out);
  drop_link("the hub sent nonsense: " + error.text, now, out);
}

}  // namespace roundhouse::client
