#include <algorithm>
#include <map>

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

// What a hub before this one assigned is adopted this far back: the table of an engine spans all
// of its numbers.
constexpr std::uint64_t kHoldingReach = 1U << 20U;

constexpr std::size_t kGivenUpTextMax = 1024;
constexpr std::size_t kReplacedTextMax = 200;

// How long tasks wait for an engine that its nanny starts again.
constexpr Duration kRestartMax = std::chrono::seconds{10};

// What an engine wrote last, as part of a sentence: lines without the blanks at their ends, on one.
std::string on_one_line(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (!line.empty()) out.append(out.empty() ? "" : " | ").append(line);
  }
  return out;
}

std::string death_text(const Engine& engine, const wire::Died& died) {
  std::string text = "engine " + std::to_string(engine.index);
  if (died.asked && engine.deaf)
    return text + " did not answer an interrupt, and its process was replaced";
  if (died.asked) return text + " was restarted by a client";
  if (!died.replaced.empty() && died.restarting)
    return text + "'s process was replaced because " +
           on_one_line(std::string_view(died.replaced).substr(0, kReplacedTextMax));
  if (!died.restarting && died.signal == 0 && died.exit_code == 0) return text + " was stopped";
  if (died.signal != 0)
    text += " was killed by signal " + std::to_string(died.signal);
  else
    text += " exited with code " + std::to_string(died.exit_code);
  if (!died.given_up.empty())
    text += ", too often to be started again (`roundhouse engines add 1` starts another)";
  if (const std::string last = on_one_line(died.output); !last.empty())
    text += "; its last output: " + last;
  return text;
}

Slice printed_by(const wire::Died& died, std::size_t run) {
  if (died.printed.empty() || died.printed[run].empty()) return {};
  return Slice{Buffer::copy(died.printed[run])};
}

}  // namespace

void Router::State::hint(const char* event, const Engine& engine, Outbox& out) {
  wire::Hint hint;
  hint.epoch = epoch, hint.number = ++hints, hint.event = event;
  hint.engine = engine.id(), hint.uuid = engine.uuid, hint.incarnation = engine.incarnation;
  out.hints.push_back({"engines", encode(hint)});
}

void Router::State::on_holding(Engine& engine, const wire::Message& message, LinkId link, Now now,
                               Outbox& out) {
  if (const auto decoded = wire::decode_batch(message, held); !decoded)
    return malformed(link, decoded.error(), now, out);
  if (engine.presence != Presence::reconciling) return;
  wire::Revoke unwanted;
  for (const wire::HoldingRecord& record : held.records) {
    if (record.number == 0 || record.number >= engine.next_number)
      return expel(link,
                   "assignment " + std::to_string(record.number) + " cannot be held: " +
                       std::to_string(engine.next_number) + " was said to be the next",
                   now, out);
    const bool may_adopt =
        is_from_before(record.fence) && engine.next_number - record.number <= kHoldingReach;
    Session* session = sessions.find(record.task.session);
    if (session == nullptr || record.task.sequence > session->accepted) {
      if (may_adopt &&
          keep_orphan(record.task, {engine.index, engine.incarnation, record.number, record.fence,
                                    std::nullopt, 0, now.steady + options.orphan}))
        engine.reported.insert(record.number);
      else if (!may_adopt || orphans.contains(record.task))
        unwanted.numbers.push_back(record.number);
      continue;
    }
    const TaskIndex index = session->find(record.task.sequence);
    if (index == kNoTask) {
      unwanted.numbers.push_back(record.number);
      continue;
    }
    Task& task = tasks.get(index);
    if (task.state == TaskState::assigned && task.engine == engine.index &&
        task.number == record.number && task.fence == record.fence) {
      engine.reported.insert(record.number);
      continue;
    }
    const bool may_take = may_adopt && engine.find(record.number) == kNoTask;
    // Two hubs before this one gave it to engines, and both runs are held: the later one counts.
    if (may_take && is_outdone(task, record.fence)) call_off(index, out);
    // Also a direct task of another engine's lane: without a memory a hub may give its engines
    // other ids, and what one of them holds was meant for it. Unless this hub has given the task to
    // another meanwhile: the older fence has lost, then.
    if (task.state != TaskState::assigned && may_take && task.fence <= record.fence)
      adopt(engine, index, record.number, record.fence), engine.reported.insert(record.number);
    else
      unwanted.numbers.push_back(record.number);
  }
  if (!unwanted.numbers.empty()) out.sends.push_back({link, encode(unwanted)});
  if (held.first == 1) reconcile(engine, now, out);
}

// Whether a hub before this one gave it.
bool Router::State::is_from_before(Fence fence) const {
  return fence.epoch != 0 && fence.epoch < epoch;
}

// Whether hubs before this one began it twice, and it is the earlier run that this hub waits for.
bool Router::State::is_outdone(const Task& task, Fence by) const {
  return task.state == TaskState::assigned && !task.aborting && is_from_before(task.fence) &&
         is_from_before(by) && task.fence < by;
}

// Waits for the run that an engine has no longer.
void Router::State::call_off(TaskIndex index, Outbox& out) {
  const Task& task = tasks.get(index);
  if (const Engine& engine = engines.get(task.engine); engine.task_link)
    out.sends.push_back({*engine.task_link, encode(wire::Revoke{{task.number}})});
  leave_engine(tasks.get(index));
  enqueue(index, true);
}

// The engine has the task from an earlier hub: it stays there, under the fence it has. One number
// is one task: a second one is not believed, and runs elsewhere.
void Router::State::adopt(Engine& engine, TaskIndex index, std::uint64_t number, Fence fence) {
  if (engine.find(number) != kNoTask) return;
  unqueue(index);
  tasks.get(index).uncount(fence);
  forget_try(index, fence);
  join_engine(engine, index, number, fence);
  // One that has not said everything yet is told when it has.
  if (engine.presence == Presence::online && tasks.get(index).aborting) ask_to_stop(index, false);
}

// Everything is said: what was sent and is not held never arrived, and is placed anew, the latest
// first, so that each goes in front of those behind it.
void Router::State::reconcile(Engine& engine, Now now, Outbox& out) {
  for (std::uint64_t number = engine.first_number + engine.assigned.size();
       number-- > engine.first_number;) {
    const TaskIndex index = engine.find(number);
    if (index == kNoTask) continue;
    if (engine.reported.contains(number)) {
      if (tasks.get(index).aborting) ask_to_stop(index, false);
      continue;
    }
    leave_engine(tasks.get(index));
    enqueue(index, true);
  }
  // What an engine is not listened to about may yet be among its outcomes.
  if (!engine.overfull)
    drop_orphans(engine, [&](std::uint64_t number) { return !engine.reported.contains(number); });
  engine.reported.clear();
  engine.presence = Presence::online;
  steering.changed = true;
  offer_modules(engine, now, out);
  touch(engine);
}

void Router::State::disconnect(Engine& engine, Now now, Outbox& out) {
  engine.task_link.reset(), engine.control_link.reset();
  engine.nanny_speaks = false;
  engine.will_fact.reset();
  engine.reported.clear();
  engine.revoking = engine.held_up = false;
  if (engine.presence == Presence::lost) return;
  if (engine.gone) return lose(engine, nullptr, "the engine was stopped by a client", now, out);
  engine.presence = Presence::away;
  engine.deadline = now.steady + options.dead;
  touch(engine);
}

void Router::State::on_died(Engine& engine, const wire::Died& died, Now now, Outbox& out) {
  engine.silent = false;
  engine.given_up = died.given_up.substr(0, kGivenUpTextMax);
  if (engine.presence != Presence::lost) {
    engine.gone = engine.gone || !died.restarting;
    if (died.restarting) engine.back_by = now.steady + kRestartMax;
    lose(engine, &died, death_text(engine, died), now, out);
  } else if (!died.restarting && !engine.gone) {  // its nanny was stopped while it told of the end
    engine.gone = true;
    give_up_restart(engine, out);
    emit(EngineLeft{engine.id(), engine.incarnation, death_text(engine, died), true, now.wall_us,
                    engine.given_up},
         out);
  }
  for (std::size_t i = 0; i < died.running.size(); ++i) begun_and_lost(engine, i, died, now, out);
  // Not of one that was told to stop.
  if (!died.loading.empty() && (died.restarting || !died.given_up.empty()))
    note_deadly(died.loading, death_text(engine, died), out);
  engine.will_fact = counters.facts;
  touch(engine);
}

// What was submitted for the next incarnation has nobody to wait for.
void Router::State::give_up_restart(Engine& engine, Outbox& out) {
  if (!engine.back_by) return;
  engine.back_by.reset();
  hint("engine_left", engine, out);
  awaited.places_changed = true;
  touch(engine);
  end_lanes(engine, "engine " + std::to_string(engine.index) + " died and did not start again");
}

// What the dead process ran for an earlier hub: this one did not assign it, and must not run it as
// if nothing had happened.
void Router::State::begun_and_lost(Engine& engine, std::size_t at, const wire::Died& died, Now now,
                                   Outbox& out) {
  const wire::RunRef& run = died.running[at];
  if (!is_from_before(run.fence)) return;
  wire::FinishedRecord record;
  record.task = run.task, record.fence = run.fence, record.ending = wire::Ending::engine_lost;
  record.payload = Payload::of(wire::encode_error({"EngineError", death_text(engine, died), ""}));
  record.printed = printed_by(died, at);
  const Session* session = sessions.find(run.task.session);
  if (session == nullptr || run.task.sequence > session->accepted) {
    keep_orphan(run.task, {engine.index, engine.incarnation, 0, run.fence, std::move(record), 0,
                           now.steady + options.orphan});
    return;
  }
  const TaskIndex index = session->find(run.task.sequence);
  if (index != kNoTask) finish_left_behind(index, record, engine, 0, now, out);
}

void Router::State::lose(Engine& engine, const wire::Died* died, const std::string& why, Now now,
                         Outbox& out) {
  if (engine.presence == Presence::lost) return;
  std::map<TaskId, Slice> began;  // and what each printed
  for (std::size_t i = 0; died != nullptr && i < died->running.size(); ++i)
    began.emplace(died->running[i].task, printed_by(*died, i));
  engine.presence = Presence::lost;
  engines.set_lent(engine, 0, 0);
  steering.changed = true;
  awaited.places_changed = true;
  engine.modules.clear();
  engine.awaited_modules.clear();
  const wire::ErrorValue error{"EngineError", why, ""};
  for (std::uint64_t number = engine.first_number + engine.assigned.size();
       number-- > engine.first_number;) {
    const TaskIndex index = engine.find(number);
    if (index == kNoTask) continue;
    Task& task = tasks.get(index);
    const TaskId id{sessions.get(task.session).id, task.sequence};
    const auto run = began.find(id);
    const bool has_begun = run != began.end();
    if (task.direct || died == nullptr || has_begun) {
      const Begun begun = has_begun ? Begun::yes : (died == nullptr ? Begun::maybe : Begun::no);
      const wire::FinishedRecord lost{id,
                                      task.fence,
                                      wire::Ending::engine_lost,
                                      0,
                                      0,
                                      Payload::of(wire::encode_error(error)),
                                      has_begun ? run->second : Slice{}};
      if (!ends_aborted(index, lost, begun, now, out) &&
          !try_again(index, lost, engine.index, now, out))
        fail_task(index, wire::Ending::engine_lost, error, now, out, lost.printed);
      continue;
    }
    leave_engine(task);
    enqueue(index, true);
  }
  end_lanes(engine, why);
  engine.assigned.clear();
  for (auto it = orphans.begin(); it != orphans.end();) {
    const bool is_over = it->second.engine == engine.index && !it->second.finished;
    if (is_over) uncount_orphan(it->second);
    it = is_over ? orphans.erase(it) : std::next(it);
  }
  emit(EngineLeft{engine.id(), engine.incarnation, why, engine.gone, now.wall_us, engine.given_up},
       out);
  hint(engine.back_by ? "engine_restarting" : "engine_left", engine, out);
  touch(engine);
}

// What waits in the engine's lanes can be a lot: it ends over the next turns.
void Router::State::end_lanes(Engine& engine, const std::string& why) {
  for (auto& [key, lane] : engine.lanes) {
    if (lane.waiting.empty()) continue;
    Cascade doomed;
    doomed.error = {"EngineError", why + "; what was queued for it cannot run any more", ""};
    doomed.tasks = lane.waiting;
    for (TaskIndex index = lane.waiting.first; index != kNoTask; index = tasks.get(index).next)
      tasks.get(index).engine = kNoEngine;
    lane.waiting = {};
    cascades.push_back(std::move(doomed));
    more_work = true;
  }
  engine.busy_lanes.clear(), engine.lanes.clear();
}

}  // namespace roundhouse::hub
