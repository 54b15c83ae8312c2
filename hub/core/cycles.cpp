// Cycles of dependencies. Within a session there are none, because its tasks depend on earlier ones
// alone. Two sessions can make one, since a task may name what another client is about to submit.

#include <algorithm>
#include <unordered_set>

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::size_t kLookedAtMax = 1U << 16U;  // tasks; in a larger cycle all wait for a timeout

}  // namespace

// Whether what it waits for waits for it.
bool Router::State::leads_back(DependenceIndex start) {
  std::vector<DependenceIndex> open{start};
  std::unordered_set<DependenceIndex> seen;
  std::size_t left = kLookedAtMax;
  while (!open.empty()) {
    const Dependence& dependence = dependencies.get(open.back());
    open.pop_back();
    if (dependence.decided()) continue;
    for (const wire::TaskRange& range : dependence.on.ranges()) {
      const Session* session = sessions.find(range.session);
      if (session == nullptr) continue;
      const std::uint64_t last = std::min(range.last, session->accepted);
      for (std::uint64_t at = std::max(range.first, session->first_sequence); at <= last; ++at) {
        if (left-- == 0) return false;
        const TaskIndex task = session->find(at);
        if (task == kNoTask || tasks.get(task).state != TaskState::waiting) continue;
        const DependenceIndex next = tasks.get(task).dependence;
        if (next == start) return true;
        if (seen.insert(next).second) open.push_back(next);
      }
    }
  }
  return false;
}

// Whether it names an unfinished task of another session that was not submitted before it.
bool Router::State::names_later(const Dependence& dependence) {
  if (dependence.tasks.empty()) return false;
  const std::int64_t own_us = tasks.get(dependence.tasks.first).submitted_us;
  for (const wire::TaskRange& range : dependence.on.ranges()) {
    const Session* session = sessions.find(range.session);
    if (session == nullptr || session->number == dependence.session) continue;
    for (std::uint64_t at = range.last; at >= std::max(range.first, session->first_sequence); --at)
      if (const TaskIndex task = session->find(at); task != kNoTask) {
        if (tasks.get(task).submitted_us >= own_us) return true;
        break;  // those in front of it are older
      }
  }
  return false;
}

// All that a hub before this one left is in the tables.
void Router::State::consider_restored(Now now) {
  const std::vector<DependenceIndex> restored = std::exchange(awaited.fresh, {});
  for (const DependenceIndex index : restored) consider(index, now);
  for (const DependenceIndex index : restored) {
    const Dependence& dependence = dependencies.get(index);
    if (dependence.stage == Dependence::Stage::waiting && names_later(dependence) &&
        leads_back(index))
      refuse_dependence(index, circular(dependence));
  }
}

}  // namespace roundhouse::hub
