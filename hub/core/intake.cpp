#include <algorithm>
#include <utility>

#include "hub/core/detach.hpp"
#include "hub/core/router_state.hpp"

namespace roundhouse::hub {

// A session is on record from its first template on: there are no tasks without.
void Router::State::open_session(Session& session, Now now, Outbox& out) {
  if (!std::exchange(session.opened, true))
    emit(SessionOpened{session.number, session.id, session.secret, session.label, now.wall_us},
         out);
}

void Router::State::on_define(Session& session, const wire::Define& define, LinkId link, Now now,
                              Outbox& out) {
  const std::string name = "template " + std::to_string(define.number);
  if (define.number == 0 || define.number > wire::kTemplatesMax)
    return malformed(link,
                     {Errc::malformed, name + " is out of range: a session has 1 to " +
                                           std::to_string(wire::kTemplatesMax)},
                     now, out);
  // In any order: a hub that lost its memory hears first of those that are in use.
  if (session.templates.size() < define.number) session.templates.resize(define.number);
  if (session.templates[define.number - 1] != 0) return;  // said again on a new connection
  if (define.bytes() > wire::kTemplateBytesMax)
    return malformed(link,
                     {Errc::too_large, name + " has more than " +
                                           std::to_string(wire::kTemplateBytesMax) + " bytes"},
                     now, out);
  if (session.template_bytes + define.bytes() > wire::kTemplatesBytesMax)
    return malformed(link,
                     {Errc::over_quota, "the templates of this session have more than " +
                                            std::to_string(wire::kTemplatesBytesMax) + " bytes"},
                     now, out);
  if (define.builds.size() > wire::kBuildsMax)
    return malformed(link,
                     {Errc::malformed,
                      name + " names more than " + std::to_string(wire::kBuildsMax) + " builds"},
                     now, out);
  open_session(session, now, out);
  const std::vector<ModuleIndex> needs = needs_of(define);
  Template made{session.number, define,
                ready.shape_of(define.priority, define.targets, needs, define.depth), needs};
  made.define.session = session.id;
  const auto number = static_cast<TemplateNumber>(templates.size());
  session.templates[define.number - 1] = number;
  session.template_bytes += define.bytes();
  if (define.depth > 0 && !std::exchange(session.nested, true)) touch(session);
  emit(TemplateDefined{number, session.number, std::make_shared<wire::Define>(define)}, out);
  templates.push_back(std::move(made));
}

std::optional<Error> Router::State::submission_error(const Session& session) const {
  std::uint64_t last = session.accepted;  // with this batch
  std::uint64_t bytes = session.bytes_received;
  for (const wire::SubmitRecord& record : submits.records) {
    if (record.sequence > last + 1)
      return Error{Errc::sequence_gap, "submission " + std::to_string(record.sequence) +
                                           " came where " + std::to_string(last + 1) +
                                           " was expected"};
    // What is sent again costs nothing: a task, and its bytes, count when it is accepted.
    const std::uint64_t end = record.sequence + record.count - 1;
    if (end <= last) continue;
    last = end;
    // The last one may go beyond the credit: one that is larger than all of it would never come.
    const std::size_t size = record.payload.size() + record.depends.size;
    if (size > 0 && bytes >= session.said_bytes)
      return Error{Errc::over_quota, "the session has used its credit of " +
                                         std::to_string(options.session_bytes_max) +
                                         " bytes of arguments"};
    bytes += size;
    if (record.template_number == 0 || record.template_number > session.templates.size() ||
        session.templates[record.template_number - 1] == 0)
      return Error{Errc::refused, "task " + std::to_string(record.sequence) + " uses template " +
                                      std::to_string(record.template_number) +
                                      ", which was not defined"};
  }
  if (session.tasks_used() + (last - session.accepted) > options.session_tasks_max)
    return Error{Errc::over_quota, "the session has used its submit credit of " +
                                       std::to_string(options.session_tasks_max) +
                                       " unfinished tasks"};
  return std::nullopt;
}

void Router::State::on_submit(Session& session, LinkId link, const wire::Message& message, Now now,
                              Outbox& out) {
  if (session.blocked) return;  // it has been told; what was on its way is sent again later
  if (const auto decoded = wire::decode_batch(message, submits); !decoded)
    return malformed(link, decoded.error(), now, out);
  if (!store_failure.empty()) {
    session.blocked = true;
    return refuse(link, Errc::store_failed,
                  "the results database cannot be written, so no task is accepted until it can: " +
                      store_failure,
                  false, out);
  }
  // All of it or nothing: what is refused is sent again on a new connection.
  if (const auto error = submission_error(session)) {
    counters.gaps += error->code == Errc::sequence_gap ? 1U : 0U;
    session.blocked = true;
    return refuse(link, error->code, error->text, false, out);
  }
  detach_bodies(submits.records, message.header);
  const std::uint64_t before = session.accepted;
  for (const wire::SubmitRecord& record : submits.records) {
    const auto known = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(record.count, session.accepted + 1 - record.sequence));
    if (known > 0) take_again(session, record, known);
    if (known < record.count) session.bytes_received += record.payload.size() + record.depends.size;
    DependenceIndex dependence = kNoDependence;
    for (std::uint32_t i = known; i < record.count; ++i)
      accept(session, record, i, now.wall_us, now, dependence);
    if (dependence != kNoDependence) consider_at_once(dependence, now, out);
  }
  touch(session);
  if (session.accepted == before) return;
  emit(Submitted{session.number, before + 1, session.accepted, message, now.wall_us}, out);
  mark(false, session.number, 0, session.accepted);
  on_accepted(session, now);
  if (!session.marks.empty()) session.marks.drop_through(session.accepted);
  // What is known of these tasks already is told only now, behind their Submitted fact.
  if (orphans.empty()) return;
  for (std::uint64_t sequence = before + 1; sequence <= session.accepted; ++sequence)
    if (const TaskIndex index = session.find(sequence); index != kNoTask)
      match_orphan(index, now, out);
}

void Router::State::accept(Session& session, const wire::SubmitRecord& record, std::uint32_t index,
                           std::int64_t at_us, Now now, DependenceIndex& dependence) {
  const TaskIndex made = tasks.create();
  Task& task = tasks.get(made);
  task.payload = record.payload_of(index);
  task.submitted_us = at_us;
  task.sequence = record.sequence + index;
  task.session = session.number;
  task.template_number = session.templates[record.template_number - 1];
  task.direct = record.direct();
  task.settled = record.blank || session.client_has(task.sequence);
  task.aborting = !session.marks.empty() && !task.settled && session.marks.contains(task.sequence);
  if (task.direct) task.engine = record.engine_of(index).value;
  session.accepted = task.sequence;
  session.tasks.push_back(made);
  ++session.unfinished;
  session.unfinished_bytes += task.payload.size();
  ++counters.submitted;
  if (record.depends.size == 0 || task.settled) return enqueue(made, false);
  if (dependence == kNoDependence) dependence = begin_dependence(session, record, at_us, now);
  if (!task.aborting) return wait_for(dependence, made);
  ++dependencies.get(dependence).users;
  task.dependence = dependence;
  doom(made);
}

// The first `count` tasks of the record were accepted before. They may bring what a restarted hub
// lacks: bulk frames that are not kept on disk.
void Router::State::take_again(Session& session, const wire::SubmitRecord& record,
                               std::uint32_t count) {
  counters.duplicates += count;
  if (lacking.empty()) return;
  for (std::uint32_t i = 0; i < count; ++i) supply(session, record, i);
}

void Router::State::supply(Session& session, const wire::SubmitRecord& record,
                           std::uint32_t index) {
  const TaskIndex known = session.find(record.sequence + index);
  if (known == kNoTask || !tasks.get(known).lacks_frames) return;
  Task& task = tasks.get(known);
  task.lacks_frames = false;
  session.unfinished_bytes -= task.payload.size();
  task.payload = record.payload_of(index);
  session.unfinished_bytes += task.payload.size();
  if (task.state == TaskState::lacking) return enqueue(known, false);
  if (Engine* engine = engines.find(EngineId{task.engine})) touch(*engine);
}

// Into its lane or into the ready queue. A direct task to an engine that is not there fails in the
// next turns, as a cascade of its own.
void Router::State::enqueue(TaskIndex index, bool in_front) {
  Task& task = tasks.get(index);
  if (task.aborting) return doom(index);
  task.number = 0;
  if (!task.direct) task.engine = kNoEngine;
  // An engine had it from an earlier hub: this one does not know yet where it may run.
  if (task.dependence != kNoDependence && !dependencies.get(task.dependence).settled()) {
    task.state = TaskState::waiting;
    return dependencies.enter(tasks, task.dependence, index);
  }
  if (!task.direct) {
    task.state = TaskState::ready;
    const ShapeIndex shape = shape_of(index);
    if (ready.get(shape).narrowed) awaited.places_changed = true;  // perhaps
    return ready.push(tasks, shape, index, in_front);
  }
  task.state = TaskState::in_lane;
  Engine* engine = engines.find(EngineId{task.engine});
  const auto same = std::find_if(strangers.begin(), strangers.end(),
                                 [&](const Cascade& other) { return other.engine == task.engine; });
  // Behind those that wait for the engine already, also when it has come: a lane is in order.
  if (in_grace && (engine == nullptr || (same != strangers.end() && !in_front))) {
    Cascade& place = same == strangers.end() ? strangers.emplace_back() : *same;
    place.engine = task.engine;
    place.tasks.push_back(tasks, index);
    task.engine = kNoEngine;
    return;
  }
  if (engine == nullptr || !engine->is_there()) {
    Cascade doomed;
    doomed.ending = wire::Ending::engine_lost;
    doomed.error = {"EngineError",
                    "engine " + std::to_string(task.engine) +
                        (engine == nullptr ? " is not known to this hub" : " is gone") +
                        ": `roundhouse engines` lists those that are there",
                    ""};
    doomed.tasks.push_back(tasks, index);
    cascades.push_back(std::move(doomed));
    task.engine = kNoEngine;
    more_work = true;
    return;
  }
  const LaneKey key = lane_of(task, templates);
  Lane& lane = engine->lanes[key];
  if (lane.waiting.empty()) engine->busy_lanes.push_back(key);
  in_front ? lane.waiting.push_front(tasks, index) : lane.waiting.push_back(tasks, index);
  touch(*engine);
}

// Out of whatever list it waits in.
void Router::State::unqueue(TaskIndex index) {
  Task& task = tasks.get(index);
  if (task.state == TaskState::waiting) return dependencies.leave(tasks, task.dependence, index);
  if (task.state == TaskState::ready) return ready.remove(tasks, shape_of(index), index);
  if (task.state == TaskState::resting) {
    resting.erase({troubles.at(index).due, index});
    return;
  }
  if (task.state != TaskState::in_lane) return;
  if (task.engine != kNoEngine) {
    Engine& engine = engines.get(task.engine);
    engine.lanes[lane_of(task, templates)].waiting.remove(tasks, index);
    return touch(engine);  // those behind it may have waited for it
  }
  // Doomed already, or for a stranger: in a list that is found by walking back to its first task.
  TaskIndex first = index;
  while (tasks.get(first).previous != kNoTask) first = tasks.get(first).previous;
  for (std::deque<Cascade>* lists : {&cascades, &strangers})
    for (Cascade& cascade : *lists)
      if (cascade.tasks.first == first) return cascade.tasks.remove(tasks, index);
}

// Its client has too many outcomes to receive: nothing more of it is assigned.
bool Router::State::is_full(const Session& session) const {
  return session.undelivered.size() >= options.undelivered_max ||
         session.undelivered_bytes >= options.undelivered_bytes_max;
}

std::uint64_t Router::State::credit_tasks(const Session& session) const {
  const std::uint64_t used = std::min(session.tasks_used(), options.session_tasks_max);
  return session.accepted + (options.session_tasks_max - used);
}

std::uint64_t Router::State::credit_bytes(const Session& session) const {
  const std::uint64_t used = std::min(session.bytes_used(), options.session_bytes_max);
  return session.bytes_received + (options.session_bytes_max - used);
}

void Router::State::restore(const Restored& restored, Now now) {
  for (const auto& known : restored.sessions) {
    Session& session = sessions.create(known.id, known.number);
    session.secret = known.secret, session.label = known.label;
    session.restored = session.opened = true;
    for (const wire::Range& failed : known.failed) session.endings.fail(failed);
    session.accepted = session.stored = known.accepted;
    session.deliveries = known.deliveries;
    session.first_sequence = known.accepted + 1;
  }
  restore_modules(restored);
  if (const Result<PolicyName> chosen = parse_policy(restored.policy)) policy.change(*chosen);
  for (const auto& known : restored.templates) {
    if (templates.size() <= known.number) templates.resize(std::size_t{known.number} + 1);
    Template& made = templates[known.number];
    Session& session = sessions.get(known.session);
    const wire::Define& define = *known.define;
    const std::vector<ModuleIndex> needs = needs_of(define);
    made = {known.session, define,
            ready.shape_of(define.priority, define.targets, needs, define.depth), needs};
    made.define.session = session.id;
    if (session.templates.size() < define.number) session.templates.resize(define.number);
    session.templates[define.number - 1] = known.number;
    session.template_bytes += define.bytes();
    session.nested = session.nested || define.depth > 0;
  }
  for (const auto& known : restored.engines) {
    Engine& engine = engines.create(known.uuid, known.id);
    engine.incarnation = known.incarnation, engine.slots = known.slots;
    engine.gone = known.gone;
    engine.host = known.host, engine.given_up = known.given_up;
    engine.window = known.slots;
    engine.presence = known.gone ? Presence::lost : Presence::expected;
    engine.deadline = now.steady + std::max(options.dead, options.grace);
    engine.joined = true;
    if (!known.gone) in_grace = true;
  }
  // Without a memory it does not know which clients it waits for.
  if (options.durability == Durability::none && restored.epoch > 0) in_grace = true;
  for (const AbortAsked& asked : restored.aborts)
    if (Session* session = sessions.find(asked.session))
      for (const wire::Range& range : asked.tasks)
        session->marks.add_range(range.first, range.last);
  for (const auto& pending : restored.pending) restore_pending(pending, now);
  sessions.each([](Session& session) {  // what came behind the last unfinished task has ended
    session.marks.drop_through(session.accepted);
    while (!session.tasks.empty() &&
           session.first_sequence + session.tasks.size() <= session.accepted)
      session.tasks.push_back(kNoTask);
  });
  consider_restored(now);
  for (const auto& ended : restored.undelivered) restore_undelivered(ended);
  in_grace = in_grace || tasks.size() > 0;
  grace = {now.steady + options.grace, now.steady + std::max(options.grace, options.dead)};
}

void Router::State::restore_pending(const Restored::Pending& pending, Now now) {
  Session& session = sessions.get(pending.session);
  // Batches come in order, so the first one that has unfinished tasks begins the window.
  if (session.tasks.empty()) session.first_sequence = pending.first;
  // The bulk frames may be missing: the records are read as if there were as many as they claim.
  wire::Message batch = pending.batch;
  const bool lacks_frames = batch.frames.empty() && !wire::decode_batch(batch, submits);
  while (lacks_frames && batch.frames.size() < wire::kFramesMax) {
    batch.frames.emplace_back();
    if (wire::decode_batch(batch, submits)) break;
  }
  if (!lacks_frames) RH_CHECK(wire::decode_batch(batch, submits).ok());
  const std::uint64_t accepted = session.accepted;
  for (const wire::SubmitRecord& record : submits.records) {
    DependenceIndex dependence = kNoDependence;
    for (std::uint32_t i = 0; i < record.count; ++i) {
      const std::uint64_t sequence = record.sequence + i;
      if (sequence < pending.first || sequence > pending.last) continue;
      while (session.first_sequence + session.tasks.size() < sequence)
        session.tasks.push_back(kNoTask);
      const bool over =
          std::any_of(pending.ended.begin(), pending.ended.end(), [&](const wire::Range& range) {
            return range.first <= sequence && sequence <= range.last;
          });
      if (over) {
        session.tasks.push_back(kNoTask);
        continue;
      }
      accept(session, record, i, pending.at_us, now, dependence);
      --counters.submitted;
      const TaskIndex made = session.tasks.back();
      if (lacks_frames && tasks.get(made).payload.frame_count() > 0) {
        Task& task = tasks.get(made);
        task.lacks_frames = true;
        lacking.emplace_back(session.number, sequence);
        // Those behind it in its lane wait, too; and it for what it depends on.
        if (task.direct || task.aborting || task.state == TaskState::waiting) continue;
        unqueue(made);
        task.state = TaskState::lacking;
      }
    }
    if (dependence != kNoDependence) awaited.fresh.push_back(dependence);
  }
  session.accepted = accepted;
  while (!session.tasks.empty() && session.tasks.front() == kNoTask) {
    session.tasks.pop_front();
    ++session.first_sequence;
  }
  if (session.tasks.empty()) session.first_sequence = session.accepted + 1;
}

void Router::State::restore_undelivered(const Ended& ended) {
  Session& session = sessions.get(ended.session);
  Undelivered outcome;
  outcome.delivery = ended.delivery;
  outcome.record = {ended.sequence,   ended.ending,      ended.attempt, ended.engine,
                    ended.started_us, ended.duration_ns, ended.payload, ended.printed};
  session.undelivered_bytes += outcome.record.bytes();
  session.undelivered.push_back(std::move(outcome));
  session.deliveries = std::max(session.deliveries, ended.delivery);
  ++undelivered;
}

}  // namespace roundhouse::hub
