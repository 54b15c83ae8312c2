#include <algorithm>
#include <cmath>

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

constexpr double kTaskFloorNs = 1500;  // what the emptiest task costs an engine
constexpr double kLongNs = 100e6;      // beyond this nothing is sent ahead
constexpr double kShortNs = 100e3;     // below this, tasks are handed out in small groups
constexpr std::uint32_t kGroupMax = 32;
constexpr Duration kRebalance = std::chrono::milliseconds{5};

}  // namespace

// The window: the slots, and what hides a round trip while tasks are short. Nothing is known of an
// engine's tasks before its first outcome, and then a slot's worth is sent.
void Router::State::learn(Engine& engine, std::uint64_t duration_ns, std::size_t count) {
  const double mean = static_cast<double>(duration_ns) / static_cast<double>(count);
  const double weight = count >= 8 ? 0.5 : 0.25;
  engine.mean_ns =
      engine.mean_ns == 0 ? std::max(mean, 1.0) : engine.mean_ns + weight * (mean - engine.mean_ns);
  const double per_task = engine.mean_ns + kTaskFloorNs;
  const double ahead = engine.mean_ns > kLongNs
                           ? 0.0
                           : std::ceil(static_cast<double>(options.lookahead.count()) / per_task);
  const auto capped =
      static_cast<std::uint32_t>(std::clamp(ahead, 0.0, static_cast<double>(options.window_max)));
  engine.window = engine.slots * (1 + capped);
}

// Keeps the order of engines with room: by load (in flight per slot), then by id.
void Router::State::list(Engine& engine) {
  const std::uint32_t load = engine.in_flight * 256 / engine.slots;
  const bool open = engine.takes_work() && engine.free_in_flight < engine.window;
  if (engine.listed && (!open || engine.load_key != load))
    open_engines.erase({engine.load_key, engine.index});
  if (open && (!engine.listed || engine.load_key != load))
    open_engines.insert({load, engine.index});
  engine.listed = open;
  engine.load_key = load;
}

void Router::State::schedule(Now now, Outbox& out) {
  more_work = false;
  ++turn;
  if (in_grace) {
    bool all_back = options.durability != Durability::none;  // whose hub knows no clients
    engines.each([&](const Engine& engine) {
      if (engine.presence == Presence::expected || engine.presence == Presence::reconciling ||
          (engine.presence == Presence::away && !engine.gone) ||
          (engine.presence == Presence::lost && engine.silent))
        all_back = false;
    });
    // A client knows of outcomes that were lost to the record, so that these are not run again.
    sessions.each([&](const Session& session) {
      if (session.restored && session.unfinished > 0 && !session.usable()) all_back = false;
    });
    if (all_back || now.steady >= grace_ends) {
      in_grace = false;
      awaited.places_changed = true;
      engines.each([&](Engine& engine) { touch(engine); });
      place_strangers();
    }
  }
  settle_marks();
  settle_modules(out);
  // In the grace nothing ends here, either: a client that is not back yet may have the outcome.
  if (!in_grace) {
    expire_dependencies(now);
    release_met(now, out);
    run_cascades(now, out);
    end_without_place(now, out);
    ready.sweep();
    place(now, out);
    if (!awaited.met.empty() || !awaited.unmet.empty()) more_work = true;
  }

  const bool lazy = lazy_due.has_value() && now.steady >= *lazy_due;
  const auto served_engines = std::exchange(dirty_engines, {});
  for (const EngineIndex index : served_engines) {
    Engine& engine = engines.get(index);
    engine.dirty = false;
    flush(engine, out);
    say_stored(engine, lazy, out);
    if (!lazy || engine.will_fact) touch(engine);
  }
  const auto served_sessions = std::exchange(dirty_sessions, {});
  for (const SessionNumber number : served_sessions) {
    Session& session = sessions.get(number);
    session.dirty = false;
    deliver(session, out);
    say_accepted(session, lazy, out);
    if (!lazy && !session.dirty) dirty_sessions.push_back(number), session.dirty = true;
  }
  run_searches(out);
  watches.take_replies(out.sends);
  if (lazy) lazy_due.reset();
  if (!lazy_due && (!dirty_sessions.empty() || !dirty_engines.empty()))
    lazy_due = now.steady + kRebalance;
}

void Router::State::place(Now now, Outbox& out) {
  for (std::size_t i = 0; i < dirty_engines.size(); ++i) {
    Engine& engine = engines.get(dirty_engines[i]);
    serve_lanes(engine, now, out);
    list(engine);
  }
  if (ready.size() > 0)
    for (const ShapeIndex shape : ready.order())
      if (ready.get(shape).size > 0) place_shape(shape, now, out);
  rebalance(now, out);
}

void Router::State::serve_lanes(Engine& engine, Now now, Outbox& out) {
  if (!engine.takes_work()) return;
  std::size_t full = 0;  // lanes in a row that have all they may have in flight
  while (!engine.busy_lanes.empty() && full < engine.busy_lanes.size()) {
    const SessionNumber session = engine.busy_lanes.front();
    engine.busy_lanes.pop_front();
    const auto found = engine.lanes.find(session);
    if (found == engine.lanes.end()) continue;
    Lane& lane = found->second;
    if (lane.waiting.empty()) {
      if (lane.in_flight == 0) engine.lanes.erase(found);
      continue;
    }
    const std::uint32_t limit = std::max(1U, engine.window / engine.slots);
    if (lane.in_flight >= limit || is_full(sessions.get(session)) ||
        !lane_may_go(engine, lane, now, out)) {
      engine.busy_lanes.push_back(session);
      ++full;
      continue;
    }
    full = 0;
    for (std::uint32_t i = 0;
         i < kGroupMax && lane.in_flight < limit && lane_may_go(engine, lane, now, out); ++i)
      assign(engine, lane.waiting.pop_front(tasks), now, out);
    if (!lane.waiting.empty())
      engine.busy_lanes.push_back(session);
    else if (lane.in_flight == 0)  // all of them had ended for their client
      engine.lanes.erase(found);
  }
}

// The engine with room that has the least to do, among those that may run tasks of this shape and
// have its modules.
Engine* Router::State::find_open(const Shape& shape, Now now, Outbox& out) {
  wire::ErrorValue error;
  const auto may_run = [&](Engine& engine) {
    return shape.needs.empty() || standing(engine, shape.needs, now, out, error) == Standing::ready;
  };
  Engine* best = nullptr;
  if (shape.targets.empty()) {
    for (const auto& [load, index] : open_engines)
      if (Engine& engine = engines.get(index); may_run(engine)) return &engine;
    return nullptr;
  }
  for (const EngineIndex target : shape.targets) {
    Engine* engine = engines.find(EngineId{target});
    if (engine == nullptr || !engine->listed || !may_run(*engine)) continue;
    if (best == nullptr || engine->load_key < best->load_key) best = engine;
  }
  return best;
}

void Router::State::place_shape(ShapeIndex shape, Now now, Outbox& out) {
  const auto may_run = [&](SessionNumber number) { return !is_full(sessions.get(number)); };
  while (ready.get(shape).size > 0) {
    Engine* best = find_open(ready.get(shape), now, out);
    if (best == nullptr) return settle_shape(shape, now, out);
    // Short tasks go out in small groups: the order of engines is kept once per group.
    const bool are_short = best->mean_ns > 0 && best->mean_ns < kShortNs;
    const auto share = static_cast<std::uint32_t>(std::min<std::size_t>(
        ready.get(shape).size / std::max<std::size_t>(1, open_engines.size()), kGroupMax));
    std::uint32_t group = are_short ? std::max(1U, share) : 1;
    while (group > 0 && best->free_in_flight < best->window) {
      const TaskIndex task = ready.take(tasks, shape, may_run);
      if (task == kNoTask) return list(*best);
      assign(*best, task, now, out);
      --group;
    }
    list(*best);
  }
}

void Router::State::assign(Engine& engine, TaskIndex index, Now now, Outbox& out) {
  Task& task = tasks.get(index);
  if (task.settled) {  // its client has the outcome, and no engine brought it back in time
    task.state = TaskState::lacking;  // it stands in no queue any more
    return fail_task(index, wire::Ending::error, {}, now, out);
  }
  if (engine.in_flight == 0) engine.last_outcome = now.steady;
  if (engine.defined.size() < templates.size()) engine.defined.resize(templates.size());
  if (!engine.defined[task.template_number]) {
    engine.defined[task.template_number] = true;
    wire::Define define = templates[task.template_number].define;
    define.number = task.template_number;
    out.sends.push_back({*engine.task_link, encode(define)});
  }
  const std::uint32_t attempt = task.fence.epoch == epoch ? task.fence.attempt + 1 : 1;
  join_engine(engine, index, engine.next_number, {epoch, attempt});
  ++counters.assigned;
  if (engine.writer.full() || !engine.writer.fits(task.payload)) flush(engine, out);
  engine.writer.add(
      {task.number, task.sequence, task.fence, task.template_number, task.direct, task.payload});
  touch(engine);
}

void Router::State::flush(Engine& engine, Outbox& out) {
  if (engine.writer.empty()) return;
  wire::Message batch = engine.writer.take(0);
  if (engine.task_link) out.sends.push_back({*engine.task_link, std::move(batch)});
}

// Takes work back from an engine that cannot come to it, when another one has nothing to do.
void Router::State::rebalance(Now now, Outbox& out) {
  rebalance_due.reset();
  if (ready.size() > 0 || open_engines.empty()) return;
  Engine& idle = engines.get(open_engines.begin()->second);
  if (idle.in_flight != 0) return;
  Engine* busiest = nullptr;
  bool later = false;
  engines.each([&](Engine& engine) {
    if (!engine.takes_work() || engine.revoking || engine.free_in_flight == 0 ||
        engine.in_flight <= engine.slots)
      return;
    const double backlog_ns = engine.mean_ns * (engine.in_flight - engine.slots) / engine.slots;
    const bool slow = backlog_ns > 2.0 * static_cast<double>(options.lookahead.count()) ||
                      now.steady - engine.last_outcome > 2 * kRebalance;
    later = true;
    if (slow && (busiest == nullptr || engine.free_in_flight > busiest->free_in_flight))
      busiest = &engine;
  });
  if (later) rebalance_due = now.steady + kRebalance;
  if (busiest == nullptr) return;
  wire::Revoke revoke;
  const std::uint32_t excess = busiest->in_flight - busiest->slots;
  const std::uint32_t wanted = std::min(std::max(1U, (excess + 1) / 2), idle.window);
  for (std::uint64_t number = busiest->first_number + busiest->assigned.size();
       number-- > busiest->first_number && revoke.numbers.size() < wanted;) {
    const TaskIndex index = busiest->find(number);
    if (index == kNoTask || tasks.get(index).direct) continue;
    const Shape& shape = ready.get(shape_of(tasks.get(index)));
    const bool meant = shape.targets.empty() ||
                       std::binary_search(shape.targets.begin(), shape.targets.end(), idle.index);
    wire::ErrorValue error;
    if (meant && standing(idle, shape.needs, now, out, error) == Standing::ready)
      revoke.numbers.push_back(number);
  }
  if (revoke.numbers.empty()) return;
  busiest->revoking = true;
  flush(*busiest, out);
  out.sends.push_back({*busiest->task_link, encode(revoke)});
}

// Direct tasks to engines that nobody knew before the grace was over.
void Router::State::place_strangers() {
  for (Cascade& waiting : std::exchange(strangers, {}))
    while (!waiting.tasks.empty()) {
      const TaskIndex index = waiting.tasks.pop_front(tasks);
      tasks.get(index).engine = waiting.engine;
      enqueue(index, false);
    }
}

void Router::State::run_cascades(Now now, Outbox& out) {
  std::size_t left = options.cascade_max;
  while (!cascades.empty() && left > 0) {
    Cascade& cascade = cascades.front();
    if (cascade.tasks.empty()) {
      cascades.pop_front();
      continue;
    }
    const wire::ErrorValue error = cascade.error;
    fail_task(cascade.tasks.first, cascade.ending, error, now, out);
    --left;
  }
  end_unmet(left, now, out);
  if (!cascades.empty()) more_work = true;
}

// Bulk frames that are not kept on disk and whose client does not come back are nowhere.
void Router::State::expire_lacking(Now now, Outbox& out) {
  if (lacking.empty() || now.steady < started + options.orphan) return;
  std::erase_if(lacking, [&](const std::pair<SessionNumber, std::uint64_t>& place) {
    const Session& session = sessions.get(place.first);
    const TaskIndex index = session.find(place.second);
    if (index == kNoTask || !tasks.get(index).lacks_frames) return true;
    if (session.usable()) return false;
    fail_task(index, wire::Ending::error,
              {"PayloadLost", "the arguments were lost with an earlier hub and their client", ""},
              now, out);
    return true;
  });
}

}  // namespace roundhouse::hub
