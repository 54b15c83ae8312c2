#include <algorithm>

#include "hub/core/detach.hpp"
#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

// Watermarks only free memory: they are said every so many, or when the lazy time has come.
constexpr std::uint64_t kSayEvery = 2048;
constexpr std::size_t kDeliverMax = 4096;  // outcomes sent to one client in one turn

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
  engine.last_outcome = now.steady;
  learn(engine, total_ns, finished.records.size());
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
  uncount(task, record.fence);
  const Template& made = templates[task.template_number];
  if (record.ending == wire::Ending::error && task.failures < made.define.retries) {
    count(task, record.fence);
    if (task.state == TaskState::assigned) {
      leave_engine(task);
      enqueue(index, false);
    }
    if (options.durability == Durability::none) engine.received.add(number);
    return true;
  }
  task.fence = record.fence;
  end_task(index,
           {record.task.sequence, record.ending, task.failures + 1U, engine.id(), record.started_us,
            record.duration_ns, record.payload},
           &engine, number, now, out);
  return true;
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

// An attempt that counts against the retries of its task.
void Router::State::count(Task& task, Fence fence) {
  ++task.failures;
  task.fence = fence;
  task.counted = true;
}

// An attempt that was counted, as lost with its engine, is heard of after all: it counts once, as
// what it was.
void Router::State::uncount(Task& task, Fence fence) {
  if (!task.counted || task.fence != fence) return;
  --task.failures;
  task.counted = false;
}

// A task that waits here was finished, or begun and lost, by a process that is gone.
void Router::State::finish_left_behind(TaskIndex index, const wire::FinishedRecord& record,
                                       EngineIndex engine, Now now, Outbox& out) {
  Task& task = tasks.get(index);
  if (task.state == TaskState::assigned || task.fence > record.fence) return;
  uncount(task, record.fence);
  const bool may_retry = record.ending == wire::Ending::error ||
                         (record.ending == wire::Ending::engine_lost && !task.direct);
  if (may_retry && task.failures < templates[task.template_number].define.retries) {
    return count(task, record.fence);
  }
  task.fence = record.fence;
  end_task(index,
           {record.task.sequence, record.ending, task.failures + 1U, EngineId{engine},
            record.started_us, record.duration_ns, record.payload},
           nullptr, 0, now, out);
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
  task.direct ? ++engine.lanes[task.session].in_flight : ++engine.free_in_flight;
}

// The task leaves the engine that it was assigned to; nothing else changes.
void Router::State::leave_engine(Task& task) {
  Engine& engine = engines.get(task.engine);
  engine.leave(task.number);
  --engine.in_flight;
  if (task.direct) {
    const auto lane = engine.lanes.find(task.session);
    RH_CHECK(lane != engine.lanes.end() && lane->second.in_flight > 0);
    if (--lane->second.in_flight == 0 && lane->second.waiting.empty() &&
        std::find(engine.busy_lanes.begin(), engine.busy_lanes.end(), task.session) ==
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
  emit(std::move(fact), out);
  Undelivered outcome{std::move(record), delivery, engine == nullptr ? kNoEngine : engine->index,
                      engine == nullptr ? 0U : engine->incarnation, outcome_number};
  if (task.settled) {  // its client has had it from an earlier hub
    confirm(outcome);
    if (session.undelivered.empty()) emit(Delivered{session.number, delivery, now.wall_us}, out);
  } else {
    session.undelivered_bytes += outcome.record.payload.size();
    session.undelivered.push_back(std::move(outcome));
    ++undelivered;
  }
  --session.unfinished;
  if (!watches.empty()) watches.on_ended({session.id, task.sequence});
  session.forget(task.sequence);
  ++counters.finished;
  tasks.release(index);
  touch(session);
}

void Router::State::fail_task(TaskIndex index, wire::Ending ending, const wire::ErrorValue& error,
                              Now now, Outbox& out) {
  const Task& task = tasks.get(index);
  wire::OutcomeRecord record;
  record.sequence = task.sequence, record.ending = ending;
  record.attempt = task.failures + (task.state == TaskState::assigned ? 1U : 0U);
  if (task.state == TaskState::assigned) record.engine = EngineId{task.engine};
  record.payload = Payload::of(encode_error(error));
  if (task.settled) {
    record.ending = wire::Ending::error;
    record.payload = Payload::of(wire::encode_error(
        {"OutcomeNotRecorded",
         "the client has the outcome; it was lost to the record with an earlier hub", ""}));
  }
  end_task(index, std::move(record), nullptr, 0, now, out);
}

// With durability `none` an engine keeps its outcomes until the clients have them.
void Router::State::confirm(const Undelivered& outcome) {
  if (options.durability != Durability::none || outcome.engine == kNoEngine) return;
  Engine& engine = engines.get(outcome.engine);
  if (engine.incarnation != outcome.incarnation) return;
  engine.received.add(outcome.outcome_number);
  touch(engine);
}

void Router::State::on_received(Session& session, std::uint64_t through, Now now, Outbox& out) {
  bool any = false;
  const bool was_full = is_full(session);
  while (session.sent > 0 && session.number_of_front <= through) {
    Undelivered& outcome = session.undelivered.front();
    session.undelivered_bytes -= outcome.record.payload.size();
    confirm(outcome);
    session.undelivered.pop_front();
    --session.sent, --undelivered;
    ++session.number_of_front;
    any = true;
  }
  if (!any) return;
  const std::uint64_t delivered =
      session.undelivered.empty() ? session.deliveries : session.undelivered.front().delivery - 1;
  emit(Delivered{session.number, delivered, now.wall_us}, out);
  if (was_full) engines.each([&](Engine& engine) { touch(engine); });
}

void Router::State::deliver(Session& session, Outbox& out) {
  if (!session.usable()) return;
  wire::BatchWriter<wire::OutcomeRecord> writer;
  std::uint64_t number = session.number_of_front + session.sent;
  std::uint64_t first = number;
  const std::size_t limit =
      std::min(session.undelivered.size(), static_cast<std::size_t>(session.sent) + kDeliverMax);
  while (session.sent < limit) {
    const Undelivered& outcome = session.undelivered[session.sent];
    if (writer.full() || !writer.fits(outcome.record.payload)) {
      out.sends.push_back({*session.task_link, writer.take(first)});
      first = number;
    }
    writer.add(outcome.record);
    ++session.sent, ++number;
  }
  if (!writer.empty()) out.sends.push_back({*session.task_link, writer.take(first)});
  if (session.sent < session.undelivered.size()) {
    touch(session);
    more_work = true;
  }
}

void Router::State::say_accepted(Session& session, bool due, Outbox& out) {
  if (!session.usable()) return;
  const bool waits_for_disk = options.durability == Durability::commit;
  const std::uint64_t accepted =
      waits_for_disk ? std::min(session.stored, session.accepted) : session.accepted;
  const std::uint64_t credit = credit_tasks(session);
  if (accepted == session.said_accepted && session.stored == session.said_stored &&
      credit == session.said_credit)
    return;
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
