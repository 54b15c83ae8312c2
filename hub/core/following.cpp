// Where tasks may run that follow others: PROTOCOL 14.

#include <algorithm>

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

using Stage = Dependence::Stage;

// The engine of this task in the database's answer, which is in no particular order.
std::optional<EngineIndex> find_in(const std::vector<RanOn>* answer, SessionNumber session,
                                   std::uint64_t sequence) {
  if (answer == nullptr) return std::nullopt;
  const auto behind =
      std::upper_bound(answer->begin(), answer->end(), std::pair{session, sequence},
                       [](const std::pair<SessionNumber, std::uint64_t>& wanted, const RanOn& run) {
                         return wanted < std::pair{run.session, run.first};
                       });
  if (behind == answer->begin()) return std::nullopt;
  const RanOn& run = *std::prev(behind);
  if (run.session != session || run.last < sequence) return std::nullopt;
  return run.engine ? run.engine->value : kNoEngine;
}

}  // namespace

ShapeIndex Router::State::base_shape_of(const Task& task) {
  if (task.dependence != kNoDependence)
    if (const ShapeIndex shape = dependencies.get(task.dependence).shape; shape != kNoShape)
      return shape;
  return templates[task.template_number].shape;
}

// Whether work may still come to this engine.
bool Router::State::may_return(EngineIndex index) {
  const Engine* engine = engines.find(EngineId{index});
  return engine != nullptr && engine->is_there();
}

bool Router::State::is_place(const Dependence& dependence, EngineIndex engine) {
  const Shape& shape = ready.get(dependence.shape);
  return std::ranges::binary_search(shape.targets, engine);
}

// Where those tasks ran that the dependence follows, as far as they count.
Ran Router::State::where_they_ran(const Dependence& dependence, const std::vector<RanOn>* answer) {
  Ran out;
  const wire::TaskRanges all = dependence.on.ranges();
  const wire::TaskRanges follow = all.part(dependence.on.after_ranges, all.size());
  for (const wire::TaskRange& range : follow) {
    const Session& session = *sessions.find(range.session);
    for (std::uint64_t at = range.first; at <= range.last; ++at) {
      if (session.find(at) != kNoTask) continue;  // one that need not have ended
      const wire::DependencyMode& mode = dependence.follow.mode;
      if (!(session.endings.failed(at) ? mode.failure : mode.success)) continue;
      std::optional<EngineIndex> engine = placements.find(session.number, at);
      if (!engine) engine = find_in(answer, session.number, at);
      const TaskId id{session.id, at};
      if (!engine) {
        if (!out.unknown.empty() && out.unknown.back().session == session.number &&
            out.unknown.back().last + 1 == at)
          out.unknown.back().last = at;
        else
          out.unknown.push_back({session.number, at, at});
      } else if (*engine == kNoEngine) {
        if (!out.nowhere) out.nowhere = id;
      } else {
        out.on.try_emplace(*engine, id);
      }
    }
  }
  return out;
}

// Finds the engines that the tasks of a met dependence may run on; true: they can go on. Else they
// end, or the database is asked: on_places() has the `answer`.
bool Router::State::find_place(DependenceIndex index, const std::vector<RanOn>* answer,
                               Outbox& out) {
  Dependence& dependence = dependencies.get(index);
  if (dependence.stage != Stage::met) return false;
  if (!dependence.on.follows() || dependence.shape != kNoShape) return true;
  Ran ran = where_they_ran(dependence, answer);
  if (!ran.unknown.empty() && answer == nullptr) {
    dependence.stage = Stage::placing;
    ++dependence.pins;
    awaited.questions.emplace(++awaited.last_question, index);
    out.place_questions.push_back({awaited.last_question, std::move(ran.unknown)});
    return false;
  }
  const std::vector<EngineIndex>& targets =
      ready.get(templates[dependence.template_number].shape).targets;
  std::vector<EngineIndex> places;
  for (const auto& [engine, task] : ran.on)
    if (may_return(engine) && (targets.empty() || std::ranges::binary_search(targets, engine)))
      places.push_back(engine);
  const bool all = !dependence.follow.mode.any;
  if (all && (!ran.unknown.empty() || ran.nowhere || ran.on.size() > 1)) places.clear();
  if (places.empty()) {
    refuse_dependence(index, no_place(dependence, ran));
    return false;
  }
  dependence.shape = ready.narrow(templates[dependence.template_number].shape, std::move(places));
  return true;
}

void Router::State::on_places(std::uint64_t question, std::vector<RanOn> answer, Outbox& out) {
  const auto found = awaited.questions.find(question);
  if (found == awaited.questions.end()) return;
  const DependenceIndex index = found->second;
  awaited.questions.erase(found);
  Dependence& dependence = dependencies.get(index);
  if (dependence.stage == Stage::placing) {
    std::ranges::sort(answer, {}, [](const RanOn& run) {
      return std::pair{run.session, run.first};
    });
    dependence.stage = Stage::met;
    if (find_place(index, &answer, out)) {
      ++dependence.pins;
      awaited.met.push_back(index);
    }
  }
  unpin(index);
}

// Engines that are gone take with them what had to run there, and waits for it.
void Router::State::end_without_place(Now now, Outbox& out) {
  if (!std::exchange(awaited.places_changed, false)) return;
  std::size_t left = options.cascade_max;
  for (const ShapeIndex index : ready.order()) {
    const Shape& shape = ready.get(index);
    if (!shape.narrowed || shape.size == 0) continue;
    if (std::ranges::any_of(shape.targets, [&](EngineIndex at) { return may_return(at); }))
      continue;
    const Unmet unmet = place_gone(shape.targets);
    for (; ready.get(index).size > 0; --left) {
      if (left == 0) {
        awaited.places_changed = more_work = true;
        return;
      }
      const TaskIndex task = ready.take_any(tasks, index);
      tasks.get(task).state = TaskState::lacking;  // it stands in no queue any more
      Dependence& dependence = dependencies.get(tasks.get(task).dependence);
      if (dependence.unmet == nullptr) dependence.unmet = std::make_unique<Unmet>(unmet);
      fail_task(task, unmet.ending, unmet.error, now, out);
    }
  }
}

void Router::on_places(std::uint64_t question, std::vector<RanOn> answer, Now, Outbox& out) {
  state_->on_places(question, std::move(answer), out);
}

}  // namespace roundhouse::hub
