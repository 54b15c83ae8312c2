// What is accepted and what is stored: facts, the marks that wait for them, and saying so.

#include <algorithm>

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

// Watermarks only free memory: they are said every so many, or when the lazy time has come.
constexpr std::uint64_t kSayEvery = 2048;

}  // namespace

void Router::State::emit(Fact fact, Outbox& out) {
  ++counters.facts;
  out.facts.push_back(std::move(fact));
}

void Router::State::mark(bool of_engine, std::uint32_t owner, std::uint32_t incarnation,
                         std::uint64_t through) {
  // Under durability `none` clients confirm outcomes; that an engine joined is kept there, too.
  if (options.durability == Durability::none && of_engine && through > 0) return;
  if (!marks.empty()) {
    Mark& last = marks.back();
    if (!last.held && last.turn == turn && last.of_engine == of_engine && last.owner == owner &&
        last.incarnation == incarnation) {
      last.fact = counters.facts, last.through = through;
      return;
    }
  }
  marks.push_back({counters.facts, of_engine, owner, incarnation, through, turn, false});
}

void Router::State::settle_marks() {
  while (!marks.empty() && marks.front().fact <= facts_stored) {
    const Mark mark = marks.front();
    marks.pop_front();
    if (mark.of_engine) {
      Engine& engine = engines.get(mark.owner);
      if (mark.held) {
        if (engine.incarnation == mark.incarnation) engine.held_back.erase(mark.through);
      } else if (engine.incarnation == mark.incarnation) {
        engine.stored = std::max(engine.stored, mark.through);
        engine.joined = true;
      }
      touch(engine);
    } else {
      Session& session = sessions.get(mark.owner);
      session.stored = std::max(session.stored, mark.through);
      touch(session);
    }
  }
}

void Router::State::say_accepted(Session& session, bool due, Outbox& out) {
  if (!session.usable()) return;
  const bool waits_for_disk = options.durability == Durability::commit;
  const std::uint64_t accepted = session.accepted_under(options.durability);
  const std::uint64_t credit = credit_tasks(session);
  if (!session.has_news(options.durability) && credit == session.said_credit) return;
  const bool much = accepted - session.said_accepted >= kSayEvery ||
                    session.stored - session.said_stored >= 4 * kSayEvery ||
                    session.unfinished * 2 > options.session_tasks_max ||
                    session.unfinished_bytes * 8 > options.session_bytes_max || waits_for_disk;
  if (!due && !much) return;
  session.said_accepted = accepted, session.said_stored = session.stored;
  const std::uint64_t bytes = credit_bytes(session);
  session.said_credit = credit, session.said_bytes = std::max(session.said_bytes, bytes);
  out.sends.push_back(
      {*session.task_link, wire::encode(wire::Accepted{accepted, session.stored, credit, bytes})});
}

// Outcomes through this number the engine need not keep.
std::uint64_t Router::State::stored_of(const Engine& engine) const {
  const std::uint64_t stored =
      options.durability == Durability::none ? engine.received.settled() : engine.stored;
  return engine.held_back.empty() ? stored : std::min(stored, *engine.held_back.begin() - 1);
}

void Router::State::say_stored(Engine& engine, bool due, Outbox& out) {
  if (!engine.task_link) return;
  const std::uint64_t stored = stored_of(engine);
  const bool has_will = engine.will_fact && facts_stored >= *engine.will_fact;
  if (has_will) {
    engine.will_fact.reset();
    engine.said_stored = std::max(stored, engine.said_stored);
    out.sends.push_back({*engine.task_link, wire::encode(wire::Stored{engine.said_stored, true})});
    return;
  }
  if (stored <= engine.said_stored) return;
  if (!due && !engine.nanny_speaks && stored - engine.said_stored < kSayEvery) return;
  engine.said_stored = stored;
  out.sends.push_back({*engine.task_link, wire::encode(wire::Stored{stored, false})});
}

// Whether anything lazy is due is decided once per turn, for all who changed.
void Router::State::touch(Session& session) {
  if (session.dirty) return;
  session.dirty = true;
  dirty_sessions.push_back(session.number);
}

void Router::State::touch(Engine& engine) {
  if (engine.dirty) return;
  engine.dirty = true;
  dirty_engines.push_back(engine.index);
}

void Router::on_store_recovered(Now now, Outbox& out) {
  State& s = *state_;
  s.store_failure.clear();
  // Who was refused connects anew and sends again from what was accepted.
  s.sessions.each([&](Session& session) {
    if (!session.blocked || !session.task_link) return;
    if (const PeerTable::Link* link = s.peers.find_link(*session.task_link))
      s.drop_peer(link->peer, now, out);
  });
}

}  // namespace roundhouse::hub
