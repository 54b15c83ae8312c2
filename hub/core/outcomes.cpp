// The end of a task, as its engine tells it or as the hub decides it.

#include <algorithm>

#include "hub/core/detach.hpp"
#include "hub/core/router_state.hpp"

namespace roundhouse::hub {

void Router::State::on_finished(Engine& engine, const wire::Message& message, LinkId link, Now now,
                                Outbox& out) {
  if (const auto decoded = wire::decode_batch(message, finished); !decoded)
    return malformed(link, decoded.error(), now, out);
  if (engine.overfull) return;
  std::uint64_t number = finished.first;
  if (number - 1 >= engine.outcome_max)  // 0 is as wrong as a gap
    return expel(link,
                 "outcome " + std::to_string(number) + " came where at most " +
                     std::to_string(engine.outcome_max) + " was expected",
                 now, out);
  detach_bodies(finished.records, message.header);
  std::uint64_t total_ns = 0;
  // What an engine does not send (any more) was confirmed by a hub before this one.
  if (engine.seen == 0 && number > 1 && options.durability == Durability::none)
    engine.received.add_range(1, number - 1);
  for (const wire::FinishedRecord& record : finished.records) {
    total_ns += record.duration_ns;
    if (number <= engine.seen && !engine.held_back.contains(number)) {
      ++counters.duplicates;
    } else if (!finish(engine, record, number, now, out)) {
      engine.held_back.insert(number);
    }
    if (engine.overfull) break;
    engine.seen = std::max(engine.seen, number);
    ++number;
  }
  if (finished.records.empty()) return;
  if (engine.seen > 0) engine.outcome_max = engine.seen + 1;
  engine.outcomes_came(total_ns, now.steady);
  engine.held_up = false;
  learn(engine, total_ns, finished.records.size(),
        sessions.find(finished.records.back().task.session));
  mark(true, engine.index, engine.incarnation, engine.seen);
  touch(engine);
}

// False: the task is not known here yet, and the outcome is kept for its session.
bool Router::State::finish(Engine& engine, const wire::FinishedRecord& record, std::uint64_t number,
                           Now now, Outbox& out) {
  Session* session = sessions.find(record.task.session);
  if (session == nullptr || record.task.sequence > session->accepted) {
    ++counters.unknown_tasks;
    const bool may_wait = is_from_before(record.fence);
    if (may_wait && keep_orphan(record.task, {engine.index, engine.incarnation, 0, record.fence,
                                              record, number, now.steady + options.orphan}))
      return false;
    // But a nanny is listened to: its page has an end, and what follows from the death is behind
    // it. What finds no room is dropped.
    engine.overfull = may_wait && !engine.nanny_speaks && !has_room_for(engine, record.task);
    if (engine.overfull) return true;
    if (options.durability == Durability::none) engine.received.add(number);
    return true;
  }
  const TaskIndex index = session->find(record.task.sequence);
  if (index == kNoTask) {
    ++counters.duplicates;
    settle_late(*session, record.task.sequence, engine, number);
    return true;
  }
  Task& task = tasks.get(index);
  if (is_outdone(task, record.fence)) call_off(index, out);
  // Either it is what was assigned, or the last that was, and nobody else has it yet. Of what the
  // hubs before this one assigned it knows the last only when it was told.
  const bool exact = task.fence == record.fence && record.fence.epoch != 0;
  const bool fits = task.state == TaskState::assigned
                        ? exact && task.engine == engine.index
                        : exact || (is_from_before(record.fence) && task.fence < record.fence);
  if (!fits) {
    ++counters.stale_fence;
    if (options.durability == Durability::none) engine.received.add(number);
    return true;
  }
  task.uncount(record.fence);
  if (ends_aborted(index, record, Begun::yes, now, out) ||
      try_again(index, record, engine.index, now, out)) {
    if (options.durability == Durability::none) engine.received.add(number);
    return true;
  }
  task.fence = record.fence;
  end_task(index, outcome_of(index, record, engine), &engine, number, now, out);
  return true;
}

// What its client is told of a run that this engine has finished.
wire::OutcomeRecord Router::State::outcome_of(TaskIndex index, const wire::FinishedRecord& record,
                                              const Engine& by) {
  return {record.task.sequence,
          final_ending(record),
          tasks.get(index).failures + 1U,
          by.id(),
          record.started_us,
          record.duration_ns,
          last_error(index, record, by.index),
          record.printed};
}

// The task has ended already, as lost with this engine perhaps. Under durability `none` the engine
// is all that the next hub could ask: it keeps what it has until the client has the other outcome.
void Router::State::settle_late(Session& session, std::uint64_t sequence, Engine& engine,
                                std::uint64_t number) {
  if (options.durability != Durability::none) return;
  const auto waiting =
      std::find_if(session.undelivered.begin(), session.undelivered.end(),
                   [&](const Undelivered& outcome) { return outcome.record.sequence == sequence; });
  if (waiting == session.undelivered.end() || waiting->engine != kNoEngine) {
    engine.received.add(number);
    return;
  }
  waiting->engine = engine.index, waiting->incarnation = engine.incarnation;
  waiting->outcome_number = number;
}

// A task that waits here was finished, or begun and lost, by a process that is gone.
void Router::State::finish_left_behind(TaskIndex index, const wire::FinishedRecord& record,
                                       Engine& engine, std::uint64_t number, Now now, Outbox& out) {
  const auto let_go = [&] {
    if (options.durability == Durability::none && number > 0) engine.received.add(number);
  };
  Task& task = tasks.get(index);
  if (task.state == TaskState::assigned || task.fence > record.fence) return let_go();
  task.uncount(record.fence);
  if (ends_aborted(index, record, Begun::yes, now, out) ||
      try_again(index, record, engine.index, now, out))
    return let_go();
  task.fence = record.fence;
  end_task(index, outcome_of(index, record, engine), number > 0 ? &engine : nullptr, number, now,
           out);
}

// The task is assigned to the engine from now on; it must stand in no queue.
void Router::State::join_engine(Engine& engine, TaskIndex index, std::uint64_t number,
                                Fence fence) {
  Task& task = tasks.get(index);
  task.state = TaskState::assigned;
  task.engine = engine.index, task.number = number, task.fence = fence;
  task.counted = false;
  engine.enter(number, index);
  ++engine.in_flight;
  task.direct ? ++engine.lanes[lane_of(task, templates)].in_flight : ++engine.free_in_flight;
}

// The task leaves the engine that it was assigned to; nothing else changes.
void Router::State::leave_engine(Task& task) {
  Engine& engine = engines.get(task.engine);
  engine.leave(task.number);
  --engine.in_flight;
  if (task.direct) {
    const auto lane = engine.lanes.find(lane_of(task, templates));
    RH_CHECK(lane != engine.lanes.end() && lane->second.in_flight > 0);
    if (--lane->second.in_flight == 0 && lane->second.waiting.empty() &&
        std::find(engine.busy_lanes.begin(), engine.busy_lanes.end(), lane->first) ==
            engine.busy_lanes.end())
      engine.lanes.erase(lane);
  } else {
    --engine.free_in_flight;
  }
  touch(engine);
}

void Router::State::end_task(TaskIndex index, wire::OutcomeRecord record, const Engine* engine,
                             std::uint64_t outcome_number, Now now, Outbox& out) {
  Task& task = tasks.get(index);
  Session& session = sessions.get(task.session);
  tell_dependents(session, task, record);
  if (task.state == TaskState::assigned) {
    Engine& runner = engines.get(task.engine);
    ++runner.completed;
    leave_engine(task);
  } else {
    unqueue(index);
  }
  const std::uint64_t delivery = ++session.deliveries;
  session.unfinished_bytes -= task.payload.size();
  Ended fact{session.number,       task.sequence,     delivery,
             task.template_number, task.submitted_us, record.started_us,
             record.duration_ns,   record.engine,     engine == nullptr ? 0U : engine->incarnation,
             record.attempt,       record.ending,     record.payload};
  // One that is settled may have come without them.
  if (!task.lacks_frames && !task.settled) fact.arguments = std::move(task.payload);
  fact.depends = depends_of(task);
  fact.printed = record.printed;
  emit(std::move(fact), out);
  Undelivered outcome{std::move(record), delivery, engine == nullptr ? kNoEngine : engine->index,
                      engine == nullptr ? 0U : engine->incarnation, outcome_number};
  if (task.settled) {  // its client has had it from an earlier hub
    confirm(outcome);
    if (session.undelivered.empty()) emit(Delivered{session.number, delivery, now.wall_us}, out);
  } else {
    session.undelivered_bytes += outcome.record.bytes();
    session.undelivered.push_back(std::move(outcome));
    ++undelivered;
  }
  --session.unfinished;
  if (!watches.empty()) watches.on_ended({session.id, task.sequence});
  session.forget(task.sequence);
  ++counters.finished;
  forget_trouble(index);
  leave_dependence(task);
  tasks.release(index);
  touch(session);
}

void Router::State::fail_task(TaskIndex index, wire::Ending ending, const wire::ErrorValue& error,
                              Now now, Outbox& out, Slice printed) {
  const Task& task = tasks.get(index);
  wire::OutcomeRecord record;
  record.printed = std::move(printed);
  record.sequence = task.sequence, record.ending = ending;
  record.attempt = task.failures + (task.state == TaskState::assigned ? 1U : 0U);
  if (task.state == TaskState::assigned) record.engine = EngineId{task.engine};
  if (task.troubled && task.state == TaskState::assigned)
    note_try(index, task.fence, task.engine,
             {{}, 0, std::string(to_string(ending)), error.name, error.value, 0});
  record.payload = payload_of(index, error);
  if (task.settled) {
    record.ending = wire::Ending::error;
    record.payload = Payload::of(wire::encode_error(
        {"OutcomeNotRecorded",
         "the client has the outcome; it was lost to the record with an earlier hub", ""}));
  }
  end_task(index, std::move(record), nullptr, 0, now, out);
}

}  // namespace roundhouse::hub
