// What engines have of tasks whose session has not submitted them to this hub yet.

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {

// One more, or one that is kept already.
bool Router::State::has_room_for(const Engine& engine, TaskId orphan) const {
  const bool is_full =
      engine.orphans >= options.orphans_max || engine.orphan_bytes >= options.orphan_bytes_max;
  return !is_full || orphans.contains(orphan);
}

void Router::State::count_orphan(const Orphan& orphan) {
  Engine& engine = engines.get(orphan.engine);
  ++engine.orphans;
  if (orphan.finished) engine.orphan_bytes += orphan.finished->bytes();
}

void Router::State::uncount_orphan(const Orphan& orphan) {
  Engine& engine = engines.get(orphan.engine);
  --engine.orphans;
  if (orphan.finished) engine.orphan_bytes -= orphan.finished->bytes();
}

// Keeps what an engine has of an unknown task, unless a later run of it is known or there is no
// room; false then.
bool Router::State::keep_orphan(TaskId task, Orphan orphan) {
  if (!has_room_for(engines.get(orphan.engine), task)) return false;
  const auto [place, fresh] = orphans.try_emplace(task, orphan);
  if (fresh) {
    count_orphan(orphan);
    return true;
  }
  Orphan& known = place->second;
  if (orphan.fence < known.fence) return false;
  // Sent again on another connection, it is still waited for.
  const bool same = known.engine == orphan.engine && known.incarnation == orphan.incarnation &&
                    known.outcome_number == orphan.outcome_number;
  if (!same) release_orphan(known);
  uncount_orphan(known);
  known = std::move(orphan);
  count_orphan(known);
  return true;
}

// What the engine held of unknown tasks under such numbers it holds no longer.
void Router::State::drop_orphans(Engine& engine,
                                 const std::function<bool(std::uint64_t)>& is_over) {
  if (engine.orphans == 0) return;
  std::erase_if(orphans, [&](const auto& entry) {
    const Orphan& orphan = entry.second;
    if (orphan.engine != engine.index || orphan.incarnation != engine.incarnation ||
        orphan.finished || !is_over(orphan.number))
      return false;
    uncount_orphan(orphan);
    return true;
  });
}

// Nothing waits for this outcome any longer: its engine need not keep it.
void Router::State::release_orphan(const Orphan& orphan) {
  if (!orphan.finished || orphan.outcome_number == 0) return;
  Engine& engine = engines.get(orphan.engine);
  if (engine.incarnation != orphan.incarnation) return;
  engine.held_back.erase(orphan.outcome_number);
  if (options.durability == Durability::none) engine.received.add(orphan.outcome_number);
  mark(true, engine.index, engine.incarnation, engine.seen);
  touch(engine);
}

// What became of this outcome is said: its engine keeps it until that has committed.
void Router::State::release_held(const Orphan& orphan) {
  Engine& engine = engines.get(orphan.engine);
  if (orphan.outcome_number == 0 || engine.incarnation != orphan.incarnation) return;
  if (options.durability == Durability::none)
    engine.held_back.erase(orphan.outcome_number);  // its client decides
  else
    marks.push_back({counters.facts, true, engine.index, engine.incarnation, orphan.outcome_number,
                     turn, true});
  touch(engine);
}

bool Router::State::match_orphan(TaskIndex index, Now now, Outbox& out) {
  const Task& task = tasks.get(index);
  const auto found = orphans.find(TaskId{sessions.get(task.session).id, task.sequence});
  if (found == orphans.end()) return false;
  const Orphan orphan = std::move(found->second);
  orphans.erase(found);
  uncount_orphan(orphan);
  Engine& engine = engines.get(orphan.engine);
  const bool is_over =
      engine.incarnation != orphan.incarnation || engine.presence == Presence::lost;
  if (is_over && !orphan.finished) return false;
  if (is_over) {  // what a process left behind that is no more
    const bool may_return = engine.incarnation == orphan.incarnation;  // and have it still
    finish_left_behind(index, *orphan.finished, engine, may_return ? orphan.outcome_number : 0, now,
                       out);
    release_held(orphan);
    return true;
  }
  if (!orphan.finished) {
    adopt(engine, index, orphan.number, orphan.fence);
    return true;
  }
  finish(engine, *orphan.finished, orphan.outcome_number, now, out);
  release_held(orphan);
  return true;
}

void Router::State::expire_orphans(Now now, Outbox& out) {
  for (auto it = orphans.begin(); it != orphans.end();) {
    if (now.steady < it->second.deadline) {
      ++it;
      continue;
    }
    release_orphan(it->second);
    uncount_orphan(it->second);
    it = orphans.erase(it);
  }
  // Who was not listened to any more comes again, when there is room, with all that is not stored.
  engines.each([&](Engine& engine) {
    const bool has_room = engine.orphans <= options.orphans_max / 2 &&
                          engine.orphan_bytes <= options.orphan_bytes_max / 2;
    if (!engine.overfull || !has_room || !engine.task_link) return;
    if (const PeerTable::Link* link = peers.find_link(*engine.task_link))
      drop_peer(link->peer, now, out);
  });
}

}  // namespace roundhouse::hub
