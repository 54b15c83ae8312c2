#include "hub/core/router.hpp"

#include <algorithm>

#include "hub/core/router_state.hpp"
#include "hub/core/steer.hpp"
#include "shared/check.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::size_t kWillBytesMax = 64U << 20U;

constexpr unsigned kMalformedMax = 16;  // of a link, before it is told to go

// What a nanny tells is heard in one turn with the end of the process: who hears that a task was
// ended with it may send the next, which is not to end with it, too. False: that is too much.
bool keep_for_death(Peer& peer, const wire::Message& outcomes) {
  if (peer.will_bytes >= kWillBytesMax) return false;
  peer.will_bytes += outcomes.header.size();
  for (const Buffer& frame : outcomes.frames) peer.will_bytes += frame.size();
  peer.will.push_back(outcomes);
  return true;
}

}  // namespace

Router::State::State(const RouterOptions& with, const Restored& restored, Now at)
    : options(with),
      epoch(restored.epoch + 1),
      started(at.steady),
      policy(with.policy, with.seed),
      last_tick(at.steady) {
  liveness_due = at.steady + options.heartbeat / 4;
  restore(restored, at);
}

void Router::State::malformed(LinkId link, const Error& error, Now now, Outbox& out) {
  ++counters.malformed;
  PeerTable::Link& known = peers.link(link);
  const bool enough = ++known.malformed >= kMalformedMax || error.code == Errc::version;
  refuse(link, error.code, error.text, enough, out);
  if (!enough) return;
  if (known.peer != kNoPeer) return drop_peer(known.peer, now, out);
  known.doomed = true;
  out.closes.push_back(link);
}

// Each answer waits in memory for one who may never read it, so that there is an end to them.
void Router::State::ask_who(LinkId link, Outbox& out) {
  PeerTable::Link& known = peers.link(link);
  if (++known.malformed < kMalformedMax) {
    out.sends.push_back({link, encode(wire::Who{})});
    return;
  }
  // Not counted as malformed: what a peer had under way when it lost its other plane comes here.
  refuse(link, Errc::say_hello, "a connection begins with hello", true, out);
  known.doomed = true;
  out.closes.push_back(link);
}

// What no engine that keeps the rules can say: whatever else it says is not heard.
void Router::State::expel(LinkId link, const std::string& text, Now now, Outbox& out) {
  ++counters.malformed;
  refuse(link, Errc::refused, text, true, out);
  drop_peer(peers.link(link).peer, now, out);
}

void Router::State::on_message(LinkId link, const wire::Message& message, Now now, Outbox& out) {
  if (const PeerTable::Link* known = peers.find_link(link); known != nullptr && known->doomed)
    return;
  const Result<wire::Kind> kind = wire::kind_of(message);
  if (!kind) return malformed(link, kind.error(), now, out);
  if (*kind == wire::Kind::hello) {
    const auto hello = wire::decode_as<wire::Hello>(message);
    if (!hello) return malformed(link, hello.error(), now, out);
    return on_hello(link, *hello, now, out);
  }
  Peer* peer = peers.find(link);
  if (peer == nullptr || !peer->usable) {
    if (peer == nullptr) ask_who(link, out);
    return;
  }
  peer->last_heard = now.steady;
  if (*kind == wire::Kind::goodbye) {
    const PeerIndex index = peers.find_link(link)->peer;
    const EngineIndex engine = peer->engine;
    const bool nanny = peer->hello.role == wire::Role::nanny;
    drop_peer(index, now, out);
    if (engine != kNoEngine && !nanny) {
      engines.get(engine).gone = true;
      lose(engines.get(engine), nullptr, "the engine was stopped", now, out);
    }
    return;
  }
  if (link.plane == wire::Plane::task)
    on_task_plane(*peer, link, *kind, message, now, out);
  else
    on_control_plane(*peer, link, *kind, message, now, out);
}

void Router::State::on_task_plane(Peer& peer, LinkId link, wire::Kind kind,
                                  const wire::Message& message, Now now, Outbox& out) {
  const auto wrong = [&] {
    malformed(link,
              {Errc::malformed, "'" + std::string(wire::to_string(kind)) +
                                    "' is not for the hub on this plane, or not from this peer"},
              now, out);
  };
  const auto with = [&]<class M>(const Result<M>& decoded, auto&& act) {
    if (!decoded) return malformed(link, decoded.error(), now, out);
    act(*decoded);
  };
  if (peer.side == Side::client) {
    Session& session = sessions.get(peer.session);
    switch (kind) {
      case wire::Kind::submit: return on_submit(session, link, message, now, out);
      case wire::Kind::received:
        return with(wire::decode_as<wire::Received>(message),
                    [&](const auto& m) { on_received(session, m, now, out); });
      case wire::Kind::offer:
        return with(wire::decode_as<wire::Offer>(message),
                    [&](const auto& m) { on_offer(session, m, now, out); });
      case wire::Kind::part:
        return with(wire::decode_as<wire::Part>(message),
                    [&](const auto& m) { on_part(session, message, m, now, out); });
      case wire::Kind::define:
        return with(wire::decode_as<wire::Define>(message),
                    [&](const auto& m) { on_define(session, m, link, now, out); });
      default: return wrong();
    }
  }
  if (peer.hello.role == wire::Role::keeper) return wrong();
  Engine& engine = engines.get(peer.engine);
  const bool is_nanny = peer.hello.role == wire::Role::nanny;
  // False: what she told was wrong, and she is gone.
  const auto hear_will = [&] {
    for (const wire::Message& outcomes : std::exchange(peer.will, {})) {
      on_finished(engine, outcomes, link, now, out);
      if (peers.find(link) == nullptr) return false;
    }
    return true;
  };
  switch (kind) {
    case wire::Kind::outcome:
      if (is_nanny && (keep_for_death(peer, message) || !hear_will())) return;
      return on_finished(engine, message, link, now, out);
    case wire::Kind::holding:
      return is_nanny ? wrong() : on_holding(engine, message, link, now, out);
    case wire::Kind::revoked:
      if (is_nanny) return wrong();
      return with(wire::decode_as<wire::Revoked>(message),
                  [&](const auto& m) { on_revoked(engine, m, now); });
    case wire::Kind::output:
      if (is_nanny) return wrong();
      return with(wire::decode_as<wire::Output>(message),
                  [&](const auto& m) { on_output(engine, m, link, now, out); });
    case wire::Kind::lent:
      if (is_nanny) return wrong();
      return with(wire::decode_as<wire::Lent>(message), [&](const auto& m) {
        engines.set_lent(engine, std::min(m.slots, wire::kLentMax), m.depth);
        touch(engine);  // its window grows by what is lent
      });
    case wire::Kind::want:
      return with(wire::decode_as<wire::Want>(message),
                  [&](const auto& m) { on_want(engine, m, now, out); });
    case wire::Kind::have:
      return with(wire::decode_as<wire::Have>(message),
                  [&](const auto& m) { on_have(engine, m, out); });
    case wire::Kind::died:
      if (!is_nanny) return wrong();
      return with(wire::decode_as<wire::Died>(message), [&](const auto& m) {
        if (!m.printed.empty() && m.printed.size() != m.running.size())
          return malformed(
              link,
              {Errc::malformed, "a died message says of " + std::to_string(m.printed.size()) +
                                    " runs what they printed, and that " +
                                    std::to_string(m.running.size()) + " ran"},
              now, out);
        if (hear_will()) on_died(engine, m, now, out);
      });
    default: return wrong();
  }
}

void Router::State::on_control_plane(const Peer& peer, LinkId link, wire::Kind kind,
                                     const wire::Message& message, Now now, Outbox& out) {
  if (kind == wire::Kind::beat) {
    const auto beat = wire::decode_as<wire::Beat>(message);
    if (!beat) return malformed(link, beat.error(), now, out);
    out.sends.push_back({link, encode(*beat)});
    return;
  }
  if (kind == wire::Kind::acted && peer.side == Side::engine) {
    const auto acted = wire::decode_as<wire::Acted>(message);
    if (!acted) return malformed(link, acted.error(), now, out);
    return Steer{*this}.on_acted(peer, *acted);
  }
  if (kind == wire::Kind::request) {
    const auto request = wire::decode_as<wire::Request>(message);
    if (!request) return malformed(link, request.error(), now, out);
    return on_request(peer, link, *request, now, out);
  }
  malformed(link,
            {Errc::malformed,
             "'" + std::string(wire::to_string(kind)) + "' is not for the hub on this plane"},
            now, out);
}

Router::Router(const RouterOptions& options, Restored restored, Now now)
    : state_(std::make_unique<State>(options, restored, now)) {}

Router::~Router() = default;

void Router::on_message(LinkId link, const wire::Message& message, Now now, Outbox& out) {
  state_->on_message(link, message, now, out);
}

void Router::on_link_down(LinkId link, Now now, Outbox& out) {
  const PeerTable::Link* known = state_->peers.find_link(link);
  if (known == nullptr) return;
  if (known->peer == kNoPeer) return state_->peers.forget_link(link);
  state_->drop_peer(known->peer, now, out);
}

void Router::on_answer(LinkId link, const wire::Reply& reply, Outbox& out) {
  if (state_->peers.find(link) != nullptr) out.sends.push_back({link, encode(reply)});
}

void Router::on_stored(std::uint64_t facts_through, Now, Outbox&) {
  state_->facts_stored = std::max(state_->facts_stored, facts_through);
}

void Router::on_store_failed(const std::string& reason, Now, Outbox&) {
  state_->store_failure = reason.empty() ? "unknown" : reason;
}

void Router::on_tick(Now now, Outbox& out) {
  State& s = *state_;
  if (now.steady >= s.liveness_due) {
    s.check_liveness(now, out);
    s.expire_orphans(now, out);
    s.expire_doubts(now);
    s.expire_lacking(now, out);
    s.expire_modules(now, out);
  }
  s.last_tick = now.steady;
}

void Router::schedule(Now now, Outbox& out) {
  state_->schedule(now, out);
}

std::optional<TimePoint> Router::next_deadline() const {
  const State& s = *state_;
  TimePoint next = s.liveness_due;
  if (s.more_work) next = s.last_tick;
  if (s.in_grace) next = std::min(next, s.grace.deadline(s.last_tick));
  if (!s.in_grace && !s.awaited.deadlines.empty())
    next = std::min(next, s.awaited.deadlines.begin()->first);
  if (s.steering.changed) next = s.last_tick;
  if (s.steering.due) next = std::min(next, *s.steering.due);
  if (s.lazy_due) next = std::min(next, *s.lazy_due);
  if (s.news_due) next = std::min(next, *s.news_due);
  if (!s.resting.empty() && !s.in_grace) next = std::min(next, s.resting.begin()->first);
  if (s.rebalance_due) next = std::min(next, *s.rebalance_due);
  return next;
}

std::uint64_t Router::epoch() const {
  return state_->epoch;
}

const Counters& Router::counters() const {
  return state_->counters;
}

std::size_t Router::unfinished() const {
  return state_->tasks.size();
}

std::size_t Router::undelivered() const {
  return state_->undelivered;
}

std::size_t Router::engines_online() const {
  std::size_t count = 0;
  state_->engines.each(
      [&](const Engine& engine) { count += engine.presence == Presence::online ? 1U : 0U; });
  return count;
}

std::size_t Router::engines_present() const {
  std::size_t count = 0;
  state_->engines.each([&](const Engine& engine) {
    const bool unknown = engine.presence == Presence::lost || engine.presence == Presence::expected;
    count += unknown ? 0U : 1U;
  });
  return count;
}

void Router::dismiss_engines(Outbox& out) {
  state_->engines.each([&](const Engine& engine) {
    if (engine.control_link)
      out.sends.push_back(
          {*engine.control_link, encode(wire::Goodbye{"the hub is shutting down"})});
  });
  for (const auto& [uuid, keeper] : state_->steering.keepers)
    out.sends.push_back({keeper, encode(wire::Goodbye{"the hub is shutting down"})});
  state_->emit(HubStopped{}, out);
}

void Router::check_invariants() const {
  State& s = *state_;
  std::size_t unfinished = 0;
  std::size_t undelivered = 0;
  std::size_t queued = 0;
  std::size_t waiting = 0;
  std::size_t resting = 0;
  std::size_t troubled = 0;
  std::uint64_t module_bytes = 0;
  s.modules.each([&](ModuleIndex, const Module& module) {
    module_bytes += module.counted ? module.size : 0;
    RH_CHECK(!module.kept() || module.counted);
    RH_CHECK(module.source == 0 || module.offerers.contains(module.source));
    for (const SessionNumber number : module.offerers) RH_CHECK(s.sessions.get(number).usable());
  });
  RH_CHECK(module_bytes == s.modules.bytes);
  s.sessions.each([&](Session& session) {
    std::uint64_t own = 0;
    for (std::size_t i = 0; i < session.tasks.size(); ++i) {
      const TaskIndex index = session.tasks[i];
      if (index == kNoTask) continue;
      const Task& task = s.tasks.get(index);
      RH_CHECK(task.sequence == session.first_sequence + i && task.session == session.number);
      if (task.state == TaskState::assigned)
        RH_CHECK(s.engines.get(task.engine).find(task.number) == index);
      queued += task.state == TaskState::ready ? 1U : 0U;
      waiting += task.state == TaskState::waiting ? 1U : 0U;
      resting += task.state == TaskState::resting ? 1U : 0U;
      troubled += task.troubled ? 1U : 0U;
      RH_CHECK(task.troubled == s.troubles.contains(index));
      ++own;
    }
    RH_CHECK(own == session.unfinished);
    RH_CHECK(session.tasks.empty() ||
             session.first_sequence + session.tasks.size() == session.accepted + 1);
    RH_CHECK(session.sent <= session.undelivered.size());
    unfinished += own;
    undelivered += session.undelivered.size();
  });
  RH_CHECK(unfinished == s.tasks.size() && undelivered == s.undelivered);
  RH_CHECK(queued == s.ready.size() && waiting == s.dependencies.waiting());
  RH_CHECK(resting == s.resting.size() && troubled == s.troubles.size());
  s.dependencies.check_invariants(s.tasks);
  s.ready.check_invariants(s.tasks);
  s.engines.each([&](Engine& engine) {
    std::uint32_t in_flight = 0;
    std::uint32_t direct = 0;
    for (const TaskIndex index : engine.assigned) {
      if (index == kNoTask) continue;
      ++in_flight;
      direct += s.tasks.get(index).direct ? 1U : 0U;
    }
    RH_CHECK(in_flight == engine.in_flight && in_flight - direct == engine.free_in_flight);
    RH_CHECK(!(engine.presence == Presence::lost) || in_flight == 0);
  });
}

}  // namespace roundhouse::hub
