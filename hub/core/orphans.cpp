// What engines have of tasks whose session has not submitted them to this hub yet.

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {

// Keeps what an engine has of an unknown task, unless a later run of it is known; false then.
bool Router::State::keep_orphan(TaskId task, Orphan orphan) {
  const auto [place, fresh] = orphans.try_emplace(task, orphan);
  if (fresh) return true;
  if (orphan.fence < place->second.fence) return false;
  release_orphan(place->second);
  place->second = std::move(orphan);
  return true;
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

bool Router::State::match_orphan(TaskIndex index, Now now, Outbox& out) {
  const Task& task = tasks.get(index);
  const auto found = orphans.find(TaskId{sessions.get(task.session).id, task.sequence});
  if (found == orphans.end()) return false;
  const Orphan orphan = std::move(found->second);
  orphans.erase(found);
  Engine& engine = engines.get(orphan.engine);
  const bool is_over =
      engine.incarnation != orphan.incarnation || engine.presence == Presence::lost;
  if (is_over && !orphan.finished) return false;
  if (is_over) {  // what a process left behind that is no more
    finish_left_behind(index, *orphan.finished, orphan.engine, now, out);
    return true;
  }
  if (!orphan.finished) {
    adopt(engine, index, orphan.number, orphan.fence);
    return true;
  }
  engine.held_back.erase(orphan.outcome_number);
  finish(engine, *orphan.finished, orphan.outcome_number, now, out);
  mark(true, engine.index, engine.incarnation, engine.seen);
  return true;
}

void Router::State::expire_orphans(Now now) {
  for (auto it = orphans.begin(); it != orphans.end();) {
    if (now.steady < it->second.deadline) {
      ++it;
      continue;
    }
    release_orphan(it->second);
    it = orphans.erase(it);
  }
}

}  // namespace roundhouse::hub
