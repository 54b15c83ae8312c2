#include "tests/sim/checker.hpp"

#include <algorithm>
#include <variant>

#include "engine/core/nanny_core.hpp"

namespace roundhouse::sim {
namespace {

std::string name(const EngineKey& engine) {
  return "engine " + std::to_string(engine.uuid.bytes[0]) + "." +
         std::to_string(engine.incarnation);
}

std::string name(Fence fence) {
  return "fence " + std::to_string(fence.epoch) + "." + std::to_string(fence.attempt);
}

}  // namespace

std::string name(TaskId id) {
  return "task " + std::to_string(id.session.value % 1000) + "/" + std::to_string(id.sequence);
}

Checker::Task& Checker::get(TaskId id, const char* who) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end())
    fail(std::string(who) + " speaks of " + name(id) + ", which nobody asked for");
  return found->second;
}

std::size_t Checker::executions(TaskId id) const {
  const auto found = tasks_.find(id);
  return found == tasks_.end() ? 0 : found->second.executions.size();
}

void Checker::on_submitted(TaskId id, Wish wish, TimePoint now) {
  Task& task = tasks_[id];
  task.submitted = now;
  task.wish = std::move(wish);
  ++unfinished_;
}

void Checker::on_outcome(TaskId id, const wire::OutcomeRecord& record, std::uint64_t epoch,
                         TimePoint now) {
  Task& task = get(id, "an outcome");
  if (task.ended) fail(name(id) + " ended twice for its client");
  task.ended = true;
  task.ending = record.ending;
  task.value = record.payload.body();
  task.told_by = epoch;
  --unfinished_;
  if (record.ending != wire::Ending::ok && check_unmet(id, task, record, now)) return;
  check_value(id, task, record);
}

void Checker::check_value(TaskId id, const Task& task, const wire::OutcomeRecord& record) const {
  const Behaviour behaviour = task.wish.behaviour;
  const auto unexpected = [&] {
    std::string text = record.ending == wire::Ending::ok
                           ? record.payload.body()
                           : wire::decode_error(record.payload.body()).name + ": " +
                                 wire::decode_error(record.payload.body()).value;
    fail(name(id) + " with body '" + task.wish.body + "' ended " +
         std::string(to_string(record.ending)) + " with " + text);
  };
  switch (record.ending) {
    case wire::Ending::ok:
      if (behaviour == Behaviour::fails || behaviour == Behaviour::crashes ||
          record.payload.body() != result_of(task.wish.body))
        unexpected();
      if (task.wish.framed != (record.payload.frame_count() == 1)) unexpected();
      if (task.wish.framed && (*record.payload.frames)[0].view() != task.wish.body) unexpected();
      if (!record.engine || task.executions.empty()) unexpected();
      return;
    case wire::Ending::error: {
      const wire::ErrorValue error = wire::decode_error(record.payload.body());
      if (error.name == "ModuleNotLoaded") return check_not_loaded(id, error.value);
      if (error.name == "UnmetDependency" && behaviour == Behaviour::picky) return;
      const bool may_fail = behaviour == Behaviour::fails || behaviour == Behaviour::flaky;
      if (!may_fail || error.name != "TaskError" || error.value != task.wish.body) unexpected();
      // Each attempt that counted was used; one counts, too, that may have begun on a lost engine.
      if (std::max(task.executions.size(), task.assignments.size()) < task.wish.retries + 1 &&
          !may_be_aborted(id))
        unexpected();
      return;
    }
    case wire::Ending::engine_lost: return check_lost(id, task);
    case wire::Ending::aborted:
      if (!may_be_aborted(id) || wire::decode_error(record.payload.body()).name != "TaskAborted")
        unexpected();
      return;
    case wire::Ending::unmet:  // an engine's alone
    case wire::Ending::timed_out: unexpected();
  }
}

// A module is refused to nobody here: only an engine that died while it loaded one lacks it.
void Checker::check_not_loaded(TaskId id, const std::string& text) const {
  if (options_.modules_percent == 0 || text.find("died while it loaded") == std::string::npos)
    fail(name(id) + " ended without its module: " + text);
}

// A task ends engine_lost when it was bound to an engine that is gone, or may have begun on one
// that is, for the last time that its retries allow. It may have begun when it did, and also when
// nobody told the hub what the engine ran (PROTOCOL 8: engine and nanny).
void Checker::check_lost(TaskId id, const Task& task) const {
  if (task.wish.direct) {
    if (may_be_gone(task.wish.engine)) return;
    fail(name(id) + " ended engine_lost, but its engine was never lost");
  }
  if (std::max(task.executions.size(), task.assignments.size()) < task.wish.retries + 1)
    fail(name(id) + " ended engine_lost, but had retries left");
  for (const Execution& run : task.executions)
    if (run.died) return;
  for (const auto& [fence, assignment] : task.assignments)
    if (buried_.contains(assignment.engine)) return;
  fail(name(id) + " ended engine_lost, but no engine that may have begun it was lost");
}

// A hub counted an engine of this id as lost, or may not have known it: it was none, or had joined
// uncommitted when the hub died.
bool Checker::may_be_gone(EngineId engine) const {
  if (ids_of_left_.contains(engine.value)) return true;
  bool known = false;
  for (const auto& [epoch, hub] : hubs_) {
    known = known || hub.engines.contains(engine.value);
    const bool first = hubs_.begin()->first == epoch;
    if (!first && !hub.restored.contains(engine.value)) return true;
  }
  return !known;
}

void Checker::on_told(SessionId session, const wire::Welcome& welcome) {
  Credit& credit = credits_[session.value];
  credit = {std::max(welcome.accepted, welcome.stored),
            welcome.credit_tasks,
            welcome.credit_bytes,
            welcome.credit_bytes,
            0,
            welcome.accepted,
            welcome.accepted};
  if (welcome.durable && welcome.stored > stored_through(session))
    fail("welcome says stored through " + std::to_string(welcome.stored) +
         ", which is not in the database");
}

void Checker::on_told(SessionId session, const wire::Accepted& accepted) {
  Credit& credit = credits_[session.value];
  credit.tasks = std::max(credit.tasks, accepted.credit_tasks);
  credit.bytes = std::max(credit.bytes, accepted.credit_bytes);
  credit.accepted = std::max(credit.accepted, accepted.accepted);
  if (options_.router.durability == hub::Durability::none) return;
  if (accepted.stored > stored_through(session))
    fail("the client was told stored through " + std::to_string(accepted.stored) +
         ", which is not in the database");
  if (options_.router.durability == hub::Durability::commit &&
      accepted.accepted > stored_through(session))
    fail("with durability commit the client was told accepted through " +
         std::to_string(accepted.accepted) + ", which is not in the database");
}

void Checker::on_sent(SessionId session, const wire::SubmitRecord& record) {
  Credit& credit = credits_[session.value];
  const std::uint64_t before = credit.sent;
  const std::uint64_t last = record.sequence + record.count - 1;
  if (record.sequence != credit.sent + 1)
    fail("the client sent submission " + std::to_string(record.sequence) + " behind " +
         std::to_string(credit.sent));
  if (last > credit.tasks)
    fail("the client sent submission " + std::to_string(last) + " with credit up to " +
         std::to_string(credit.tasks));
  credit.sent = last;
  if (last <= credit.hub_has) return;  // bytes that it counts already
  const std::size_t bytes = record.payload.size() + record.depends.size;
  const bool alone =
      bytes > credit.first_bytes && credit.accepted >= before && credit.sent_bytes < credit.bytes;
  credit.sent_bytes += bytes;
  // A record alone may exceed the credit, and empty ones behind it need none.
  if (credit.sent_bytes > credit.bytes && !alone && bytes > 0)
    fail("the client sent " + std::to_string(credit.sent_bytes) + " bytes with credit for " +
         std::to_string(credit.bytes));
}

void Checker::on_hub_started(std::uint64_t epoch, const hub::Restored& restored, TimePoint now) {
  if (!hubs_.empty() && hubs_.rbegin()->first >= epoch)
    fail("epoch " + std::to_string(epoch) + " is not above the one before");
  Hub& hub = hubs_[epoch];
  hub.started = hub.awake = now;
  for (const auto& session : restored.sessions) hub.sessions[session.number] = session.id;
  for (const auto& engine : restored.engines) {
    hub.engines[engine.id.value] = {engine.uuid, engine.incarnation};
    hub.restored.insert(engine.id.value);
  }
}

// Up to a beat is no stop: of three that must be missed in a row, two were.
void Checker::on_hub_awake(std::uint64_t epoch, TimePoint stopped, TimePoint now) {
  if (now - stopped > options_.router.heartbeat) hubs_.at(epoch).awake = now;
}

void Checker::on_fact(std::uint64_t epoch, const hub::Fact& fact, TimePoint now) {
  if (const auto* joined = std::get_if<hub::EngineJoined>(&fact))
    hubs_.at(epoch).engines[joined->id.value] = {joined->uuid, joined->incarnation};
  if (const auto* ended = std::get_if<hub::Ended>(&fact)) {
    const TaskId id{hubs_.at(epoch).sessions.at(ended->session), ended->sequence};
    said_ended_[id] = {epoch, now};
    note_end(epoch, id, *ended);
  }
  if (const auto* opened = std::get_if<hub::SessionOpened>(&fact))
    hubs_.at(epoch).sessions[opened->number] = opened->id;
  if (const auto* left = std::get_if<hub::EngineLeft>(&fact)) {
    ids_of_left_.insert(left->id.value);
    check_left(epoch, {hubs_.at(epoch).engines.at(left->id.value).uuid, left->incarnation}, now);
  }
}

// An engine is lost when its nanny told of its death; or in silence, for `dead` in which the hub
// was awake; or when its next process comes, and its nanny was not heard for as long as it told.
void Checker::check_left(std::uint64_t epoch, const EngineKey& engine, TimePoint now) {
  const Hub& hub = hubs_.at(epoch);
  if (hub.told_of_death.contains(engine)) return;
  buried_.insert(engine);
  TimePoint since = hub.awake;
  if (const auto heard = hub.heard.find(engine); heard != hub.heard.end())
    since = std::max(since, heard->second);
  if (now - since >= options_.router.dead) return;
  const auto next = hub.incarnations.find(engine.uuid);
  if (next == hub.incarnations.end() || next->second <= engine.incarnation)
    fail(name(engine) + " was counted as lost, though it was heard of " + to_string(now - since) +
         " before");
  const bool told_another = std::any_of(hubs_.begin(), hubs_.end(), [&](const auto& other) {
    return other.second.told_of_death.contains(engine);
  });
  if (!told_another && now - deaths_.at(engine) < engine::NannyOptions{}.stored_max)
    fail(name(engine) + " was replaced before its nanny had told of its end");
}

void Checker::on_assigned(const EngineKey& engine, SessionId session,
                          const wire::AssignRecord& record, TimePoint now) {
  Task& task = get({session, record.sequence}, "the hub");
  if (!task.assignments.try_emplace(record.fence, Assignment{engine, now}).second)
    fail(name(TaskId{session, record.sequence}) + " was assigned twice with " + name(record.fence));
  if (record.payload.body() != task.wish.body)
    fail(name(TaskId{session, record.sequence}) + " was assigned with another body");
  check_met({session, record.sequence}, task, engine);
  if (is_confirmed({session, record.sequence}, record.fence.epoch))
    fail(name(TaskId{session, record.sequence}) +
         " was assigned after the hub had confirmed that it is aborted");
  if (record.direct != task.wish.direct)
    fail(name(TaskId{session, record.sequence}) + " was assigned to the wrong kind of queue");
}

void Checker::on_engine_hello(std::uint64_t epoch, const EngineKey& engine) {
  std::uint32_t& highest = hubs_.at(epoch).incarnations[engine.uuid];
  highest = std::max(highest, engine.incarnation);
}

void Checker::on_engine_heard(std::uint64_t epoch, const EngineKey& engine, TimePoint now) {
  hubs_.at(epoch).heard[engine] = now;
}

void Checker::on_told_of_death(std::uint64_t epoch, const EngineKey& engine, TimePoint now) {
  on_reported(epoch, engine, now);
  hubs_.at(epoch).told_of_death.insert(engine);
}

void Checker::on_reported(std::uint64_t epoch, const EngineKey& engine, TimePoint now) {
  hubs_[epoch].reported.try_emplace(engine, now);
}

void Checker::on_client_welcome(std::uint64_t epoch, const wire::Hello& hello, TimePoint now) {
  auto& [since, has] = hubs_.at(epoch).client_has[hello.session.value].emplace_back();
  since = now;
  if (hello.settled > 0) has.add_range(1, hello.settled);
  for (const wire::Range& range : hello.ended) has.add_range(range.first, range.last);
}

void Checker::on_started(const EngineKey& engine, SessionId session, const wire::HoldingRecord& run,
                         bool direct, TimePoint now) {
  const TaskId id{session, run.task.sequence};
  Task& task = get(id, "an engine");
  check_again(id, task, engine, run.fence);
  if (direct) {
    Lane& lane = lanes_[{session.value, engine, task.wish.depth}];
    if (++lane.running > 1) fail("two tasks of one lane run at once: " + name(id));
    const bool first = std::none_of(task.executions.begin(), task.executions.end(),
                                    [&](const Execution& e) { return e.engine == engine; });
    // An earlier hub had ended it, and its end was lost: it is no longer where it was.
    const auto said = said_ended_.find(id);
    const bool had_ended = said != said_ended_.end() && said->second.epoch < run.fence.epoch;
    // One that depends on others enters its lane when that is met; an aborted one was taken out.
    const bool anywhere = had_ended || task.wish.depends.any() || may_be_aborted(id);
    if (first && !anywhere && id.sequence < lane.last)
      fail(name(id) + " began in its lane behind " + std::to_string(lane.last));
    lane.last = std::max(lane.last, id.sequence);
  }
  task.executions.push_back({engine, run.fence, now});
}

bool Checker::client_has(const Hub& hub, TaskId id, TimePoint by) const {
  const auto told = hub.client_has.find(id.session.value);
  if (told == hub.client_has.end()) return false;
  return std::any_of(told->second.begin(), told->second.end(), [&](const auto& hello) {
    return hello.first <= by && hello.second.contains(id.sequence);
  });
}

// Once, or as often as its retries allow, or because a hub could not know of it.
void Checker::check_again(TaskId id, const Task& task, const EngineKey& engine, Fence fence) const {
  const auto assigned = task.assignments.find(fence);
  if (assigned == task.assignments.end() || assigned->second.engine != engine)
    fail(name(id) + " began on " + name(engine) + " with " + name(fence) +
         ", which it was not assigned with");
  TimePoint at = assigned->second.at;
  const Hub& hub = hubs_.at(fence.epoch);
  if (client_has(hub, id, at))
    fail(name(id) + " was assigned with " + name(fence) +
         " though its client had said that it has the outcome");
  std::size_t same_epoch = 0;
  for (const Execution& before : task.executions) {
    if (before.fence == fence) fail(name(id) + " began twice with " + name(fence));
    if (before.fence.epoch == fence.epoch) ++same_epoch;
  }
  if (same_epoch > task.wish.retries)
    fail(name(id) + " began for the " + std::to_string(same_epoch + 1) +
         ". time under one hub, on " + name(engine) + ", with " +
         std::to_string(task.wish.retries) + " retries");
  if (task.executions.size() <= task.wish.retries) return;
  for (const Execution& before : task.executions) {
    // A hub does not know how many retries were used under the one before it.
    const bool may_retry =
        task.wish.retries > 0 && (before.died || before.failed || buried_.contains(before.engine) ||
                                  buried_.contains(engine));
    if (before.fence.epoch == fence.epoch || may_retry) continue;
    if (before.fence < fence)
      check_twice(id, task, before.engine, before.fence, fence);
    else
      check_twice(id, task, engine, fence, before.fence);
  }
}

TimePoint Checker::first_assigned(const Task& task, std::uint64_t epoch) {
  TimePoint out = TimePoint::max();
  for (const auto& [fence, assignment] : task.assignments)
    if (fence.epoch == epoch) out = std::min(out, assignment.at);
  return out;
}

// Two hubs let it run: `engine` has it from the older one.
void Checker::check_twice(TaskId id, const Task& task, const EngineKey& engine, Fence older,
                          Fence newer) const {
  const Hub& hub = hubs_.at(newer.epoch);
  // What counts is when that hub decided to run it, and what it knew by then.
  const TimePoint at = first_assigned(task, newer.epoch);
  // The older fence had lost to another one already: what counts is whether its engine was there.
  for (const auto& [other, assignment] : task.assignments)
    if (other > older && other.epoch < newer.epoch) return;
  const auto reported = hub.reported.find(engine);
  if (reported != hub.reported.end() && reported->second < at)
    fail(name(id) + " was assigned again with " + name(newer) + " after " + name(engine) +
         " had told the hub that it has it with " + name(older));
  if (at < hub.started + options_.router.grace && !dead_.contains(engine))
    fail(name(id) + " was assigned again with " + name(newer) + " within the grace of " +
         name(engine) + ", which has it with " + name(older));
}

void Checker::on_ended(const EngineKey& engine, const wire::RunRef& ended, bool direct,
                       wire::Ending ending) {
  Task& task = get(ended.task, "an engine");
  for (Execution& run : task.executions)
    if (run.engine == engine && run.fence == ended.fence && run.running) {
      run.running = false;
      run.failed = ending != wire::Ending::ok;
    }
  if (ending == wire::Ending::unmet)  // it ran nothing, and that counts no retry
    std::erase_if(task.executions, [&](const Execution& run) {
      return run.engine == engine && run.fence == ended.fence && !run.died && run.failed;
    });
  if (direct) --lanes_[{ended.task.session.value, engine, task.wish.depth}].running;
}

void Checker::on_died(const EngineKey& engine, bool with_nanny, TimePoint now) {
  if (!with_nanny) dead_.insert(engine);
  deaths_.try_emplace(engine, now);
  for (auto& [id, task] : tasks_)
    for (Execution& run : task.executions)
      if (run.engine == engine && run.running) run.running = false, run.died = true;
}

void Checker::check_all_ended() const {
  for (const auto& [id, task] : tasks_)
    if (!task.ended && !gone_clients_.contains(id.session.value))
      throw Violation(name(id) + " with body '" + task.wish.body + "' has not ended",
                      Violation::Kind::liveness);
  check_aborts();
}

}  // namespace roundhouse::sim
