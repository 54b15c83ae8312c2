// Tasks that were tried in vain: where they may still go, when, and what is told of it at the end.
// PROTOCOL 7 (Retries) and 14 (On the engine).
#include <algorithm>

#include "hub/core/router_state.hpp"
#include "shared/wire.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::size_t kTriesMax = wire::kAttemptsMax;
constexpr std::size_t kLacksTextMax = 200;
constexpr std::size_t kLacksShown = 50;  // engines that one error names

void enter_sorted(std::vector<EngineIndex>& engines, EngineIndex engine) {
  const auto at = std::lower_bound(engines.begin(), engines.end(), engine);
  if (at == engines.end() || *at != engine) engines.insert(at, engine);
}

std::string lack_of(EngineIndex engine, std::string_view what) {
  return "engine " + std::to_string(engine) + ": " + std::string(what.substr(0, kLacksTextMax));
}

}  // namespace

ShapeIndex Router::State::shape_of(TaskIndex index) {
  const Task& task = tasks.get(index);
  if (task.troubled)
    if (const Trouble& trouble = troubles.at(index); trouble.shape != kNoShape)
      return trouble.shape;
  return base_shape_of(task);
}

bool Router::State::is_meant(const Shape& shape, EngineIndex engine) {
  return (shape.targets.empty() || std::ranges::binary_search(shape.targets, engine)) &&
         !std::ranges::binary_search(shape.barred, engine);
}

// Whether `f` is true of any engine that the shape's tasks may run on.
template <class F>
bool Router::State::any_meant(const Shape& shape, F&& f) {
  const auto fits = [&](Engine& engine) { return is_meant(shape, engine.index) && f(engine); };
  if (shape.targets.empty()) return engines.any(fits);
  return std::ranges::any_of(shape.targets, [&](EngineIndex target) {
    Engine* engine = engines.find(EngineId{target});
    return engine != nullptr && fits(*engine);
  });
}

// Whether an engine that takes work, busy or not, may run what did not fail there before.
bool Router::State::has_other(const Shape& shape, Now now, Outbox& out) {
  wire::ErrorValue error;
  return any_meant(shape, [&](Engine& engine) {
    return engine.takes_work() && !std::ranges::binary_search(shape.avoided, engine.index) &&
           (shape.needs.empty() ||
            standing(engine, shape.needs, now, out, error) != Standing::failed);
  });
}

// Whether an engine that is here, or expected back, has not said that it will not run it.
bool Router::State::has_any_left(const Shape& shape) {
  return any_meant(shape, [](const Engine& engine) { return engine.is_there(); });
}

Trouble& Router::State::trouble_of(TaskIndex index) {
  tasks.get(index).troubled = true;
  return troubles[index];
}

void Router::State::forget_trouble(TaskIndex index) {
  if (!std::exchange(tasks.get(index).troubled, false)) return;
  const auto found = troubles.find(index);
  if (found->second.shape != kNoShape) ready.leave_shape(found->second.shape);
  troubles.erase(found);
}

// One that is heard of twice, as lost with its engine and as what it was after all, is one attempt.
void Router::State::note_try(TaskIndex index, Fence fence, std::optional<EngineIndex> where,
                             wire::Attempt attempt) {
  if (where) {
    attempt.engine = EngineId{*where};
    attempt.incarnation = engines.get(*where).incarnation;
  }
  attempt.shorten();
  std::vector<Trouble::Try>& tries = trouble_of(index).tries;
  std::erase_if(tries, [&](const Trouble::Try& other) { return other.fence == fence; });
  if (tries.size() == kTriesMax) tries.erase(tries.begin());
  tries.push_back({fence, std::move(attempt)});
}

// It has not ended, after all.
void Router::State::forget_try(TaskIndex index, Fence fence) {
  if (!tasks.get(index).troubled) return;
  std::erase_if(troubles.at(index).tries,
                [&](const Trouble::Try& other) { return other.fence == fence; });
}

// An attempt has ended so. True: the task goes on, on another engine perhaps; false: this is its
// outcome. Of direct tasks only errors are tried again, at the end of their lane.
bool Router::State::try_again(TaskIndex index, const wire::FinishedRecord& record,
                              EngineIndex where, Now now, Outbox& out) {
  Task& task = tasks.get(index);
  if (task.aborting) return false;
  const bool is_unmet = record.ending == wire::Ending::unmet && !task.direct;
  const bool may_retry = record.ending == wire::Ending::error ||
                         (record.ending == wire::Ending::engine_lost && !task.direct);
  if (!is_unmet && (!may_retry || task.failures >= templates[task.template_number].define.retries))
    return false;
  const wire::ErrorValue error = wire::decode_error(record.payload.body());
  note_try(
      index, record.fence, where,
      {{}, 0, std::string(to_string(record.ending)), error.name, error.value, record.started_us});
  const bool was_assigned = task.state == TaskState::assigned;
  const bool moves =
      was_assigned || task.state == TaskState::ready || task.state == TaskState::resting;
  if (moves) was_assigned ? leave_engine(task) : unqueue(index);
  if (is_unmet)
    task.fence = record.fence, task.counted = false;
  else
    task.count(record.fence);
  if (task.direct) {
    if (moves) enqueue(index, false);
    return true;
  }
  exclude(index, where, is_unmet, error.value);
  if (!moves) return true;
  is_unmet ? enqueue(index, true) : rest(index, now, out);
  return true;
}

// The engine is avoided from now on, or barred for good. The task stands in no queue.
void Router::State::exclude(TaskIndex index, EngineIndex engine, bool for_good,
                            const std::string& lacks) {
  Trouble& trouble = trouble_of(index);
  if (!for_good) {
    enter_sorted(trouble.avoided, engine);
  } else if (!std::ranges::binary_search(trouble.barred, engine)) {
    enter_sorted(trouble.barred, engine);
    trouble.lacks.push_back(lack_of(engine, lacks));
  }
  join_shape(index, trouble);
}

// Where it may run has changed.
void Router::State::join_shape(TaskIndex index, Trouble& trouble) {
  const ShapeIndex before = trouble.shape;
  trouble.shape =
      ready.join_shape(base_shape_of(tasks.get(index)), trouble.avoided, trouble.barred);
  if (before != kNoShape) ready.leave_shape(before);
}

// Its dependencies are met: it follows others now.
void Router::State::rejoin_shape(TaskIndex index) {
  if (!tasks.get(index).troubled) return;
  if (Trouble& trouble = troubles.at(index); trouble.shape != kNoShape) join_shape(index, trouble);
}

// The first retry waits for nothing but an engine where the task has not failed, if there is one.
void Router::State::rest(TaskIndex index, Now now, Outbox& out) {
  Task& task = tasks.get(index);
  const bool at_once = task.failures <= 1 && has_other(ready.get(shape_of(index)), now, out);
  Duration wait = at_once ? Duration{0} : options.retry_delay;
  for (unsigned i = 1; i < task.failures && wait < options.retry_delay_max; ++i) wait *= 2;
  wait = std::min(wait, options.retry_delay_max);
  if (wait == Duration{0}) return enqueue(index, false);
  task.state = TaskState::resting;
  task.engine = kNoEngine, task.number = 0;
  troubles.at(index).due = now.steady + wait;
  resting.insert({troubles.at(index).due, index});
}

void Router::State::wake_resting(Now now) {
  while (!resting.empty() && resting.begin()->first <= now.steady) {
    const TaskIndex index = resting.begin()->second;
    resting.erase(resting.begin());
    enqueue(index, false);
  }
}

// The error that a task ends with, with all attempts before, and this one.
Payload Router::State::last_error(TaskIndex index, const wire::FinishedRecord& record,
                                  EngineIndex where) {
  const bool is_unmet = record.ending == wire::Ending::unmet;  // of a direct task
  if (record.ending == wire::Ending::ok || (!is_unmet && !tasks.get(index).troubled))
    return record.payload;
  wire::ErrorValue error = wire::decode_error(record.payload.body());
  if (tasks.get(index).troubled)
    note_try(
        index, record.fence, where,
        {{}, 0, std::string(to_string(record.ending)), error.name, error.value, record.started_us});
  if (is_unmet) error = {"UnmetDependency", lack_of(where, error.value), "", {}};
  return payload_of(index, std::move(error));
}

// Packed, with the attempts that are known. Longer than a record may be, it goes in a frame.
Payload Router::State::payload_of(TaskIndex index, wire::ErrorValue error) {
  if (tasks.get(index).troubled)
    for (const Trouble::Try& tried : troubles.at(index).tries)
      error.attempts.push_back(tried.attempt);
  std::string bytes = wire::encode_error(error);
  if (bytes.size() <= wire::kInlineBytesMax) return Payload::of(std::move(bytes));
  Payload out;
  out.spill = 1;
  out.frames = std::make_shared<const Frames>(Frames{Buffer::take(std::move(bytes))});
  return out;
}

// No engine is left for tasks of this shape.
void Router::State::end_barred(ShapeIndex shape, Now now, Outbox& out) {
  end_shape(
      shape,
      [this](TaskIndex index) {
        const std::vector<std::string>& lacks = troubles.at(index).lacks;
        wire::ErrorValue error{"UnmetDependency", "no engine is left that would run it; ", "", {}};
        for (std::size_t i = 0; i < lacks.size() && i < kLacksShown; ++i)
          error.value.append(i == 0 ? "" : "; ").append(lacks[i]);
        if (lacks.size() > kLacksShown)
          error.value += "; and " + std::to_string(lacks.size() - kLacksShown) + " more";
        return error;
      },
      now, out);
}

}  // namespace roundhouse::hub
