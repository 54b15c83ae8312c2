// What tasks depend on: PROTOCOL 14. following.cpp has where they may run then, unmet.cpp the words
// of those that never will.

#include <algorithm>
#include <tuple>

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

using Stage = Dependence::Stage;
using Block = DependencyTable::Block;
using Census = DependencyTable::Census;

constexpr std::uint64_t kLongUs = std::uint64_t{1} << 52U;  // a century or more: as good as never

// Of a finished task or some.
bool holds_what_counts(const wire::DependencyMode& mode, bool ok, bool failed) {
  return (ok && mode.success) || (failed && mode.failure);
}

bool holds_what_does_not(const wire::DependencyMode& mode, bool ok, bool failed) {
  return (ok && !mode.success) || (failed && !mode.failure);
}

}  // namespace

// --- Beginning.

DependenceIndex Router::State::begin_dependence(Session& session, const wire::SubmitRecord& record,
                                                std::int64_t at_us, Now now) {
  const DependenceIndex index = dependencies.create();
  Dependence& dependence = dependencies.get(index);
  dependence.on = {record.depends, record.after_ranges, record.after_mode, record.follow_mode};
  dependence.after.mode = record.after_mode, dependence.follow.mode = record.follow_mode;
  dependence.session = session.number, dependence.sequence = record.sequence;
  dependence.template_number = session.templates[record.template_number - 1];
  session.unfinished_bytes += dependence.bytes();
  if (const std::uint64_t timeout = templates[dependence.template_number].define.timeout_us;
      timeout > 0) {
    const std::int64_t left =
        at_us - now.wall_us + static_cast<std::int64_t>(std::min(timeout, kLongUs));
    dependence.deadline = now.steady + std::chrono::microseconds{std::max<std::int64_t>(left, 0)};
    awaited.deadlines.emplace(dependence.deadline, index);
  }
  return index;
}

DependsOn Router::State::depends_of(const Task& task) {
  if (task.dependence == kNoDependence) return {};
  return dependencies.get(task.dependence).on.kept();
}

void Router::State::wait_for(DependenceIndex index, TaskIndex task) {
  ++dependencies.get(index).users;
  tasks.get(task).dependence = index;
  tasks.get(task).state = TaskState::waiting;
  dependencies.enter(tasks, index, task);
}

// The task has ended. It may have been the last that needed its dependence.
void Router::State::leave_dependence(const Task& task) {
  if (task.dependence == kNoDependence) return;
  Dependence& dependence = dependencies.get(task.dependence);
  if (--dependence.users == 0) {
    sessions.get(dependence.session).unfinished_bytes -= dependence.bytes();
    if (!dependence.decided()) decide(task.dependence, Stage::unmet);
  }
  release_dependence(task.dependence);
}

void Router::State::unpin(DependenceIndex index) {
  --dependencies.get(index).pins;
  release_dependence(index);
}

void Router::State::release_dependence(DependenceIndex index) {
  const Dependence& dependence = dependencies.get(index);
  const ShapeIndex shape = dependence.shape;
  if (!dependencies.release(index)) return;
  if (shape != kNoShape) ready.let_go(shape);
}

// --- Looking.

// Looks at all that it names, for the first time or because more has been submitted.
void Router::State::consider(DependenceIndex index, Now now) {
  Dependence& dependence = dependencies.get(index);
  if (dependence.stage != Stage::fresh && dependence.stage != Stage::expecting) return;
  const SessionId own = sessions.get(dependence.session).id;
  for (const wire::TaskRange& range : dependence.on.ranges()) {
    if (range.session == own && range.last >= dependence.sequence)
      return refuse_dependence(index, invalid_order(dependence, range));
  }
  if (const auto unknown = find_lacking(dependence)) return expect(index, *unknown, now);
  // Only what was submitted after it can wait for it.
  if (dependence.stage == Stage::expecting && leads_back(index))
    return refuse_dependence(index, circular(dependence));
  dependence.stage = Stage::waiting;
  for (const bool of_follow : {false, true})
    if (dependence.stage == Stage::waiting) look_at(index, of_follow);
  if (dependence.stage == Stage::waiting && dependence.after.met && dependence.follow.met)
    pass_dependence(index);
}

// Where the tasks were accepted just now: what is met already goes on at once, so that it keeps its
// place among those that were submitted with it.
void Router::State::consider_at_once(DependenceIndex index, Now now, Outbox& out) {
  consider(index, now);
  const Dependence& dependence = dependencies.get(index);
  if (dependence.stage != Stage::met || dependence.on.follows()) return;
  std::size_t left = dependence.tasks.size;
  release_tasks(index, left, now, out);
}

// The first range that has tasks which this hub has not heard of.
std::optional<wire::TaskRange> Router::State::find_lacking(const Dependence& dependence) {
  for (const wire::TaskRange& range : dependence.on.ranges()) {
    const Session* session = sessions.find(range.session);
    if (session == nullptr || range.last > session->accepted) return range;
  }
  return std::nullopt;
}

// Another client may be about to submit it; or to submit it again, when a hub before this one died
// before it was stored.
void Router::State::expect(DependenceIndex index, const wire::TaskRange& unknown, Now now) {
  Dependence& dependence = dependencies.get(index);
  ++dependence.pins;
  awaited.expecting[unknown.session].emplace(unknown.last, index);
  if (dependence.stage == Stage::expecting) return;
  dependence.stage = Stage::expecting;
  ++dependence.pins;
  TimePoint until = now.steady + kExpectedMax;
  if (epoch > 1) until = std::max(until, started + options.orphan);
  awaited.expected_until.emplace(until, index);
}

void Router::State::on_accepted(const Session& session, Now now) {
  if (awaited.expecting.empty()) return;
  while (true) {
    const auto those = awaited.expecting.find(session.id);
    if (those == awaited.expecting.end() || those->second.begin()->first > session.accepted) return;
    const DependenceIndex index = those->second.begin()->second;
    those->second.erase(those->second.begin());
    if (those->second.empty()) awaited.expecting.erase(those);
    if (dependencies.get(index).stage == Stage::expecting) consider(index, now);
    unpin(index);
  }
}

Census Router::State::take_census(const Session& session, const Block& block) {
  if (block.level == 0 && session.find(block.first) != kNoTask) return {1, false, false};
  if (block.level > 0)
    if (const auto known = dependencies.census_of(session.number, block)) return *known;
  Census census;
  for (std::uint64_t at = std::max(block.first, session.first_sequence); at <= block.last(); ++at)
    census.unfinished += session.find(at) == kNoTask ? 0U : 1U;
  const std::uint64_t failed = session.endings.count_failed(block.first, block.last());
  census.failed = failed > 0;
  census.ok = block.last() - block.first + 1 > census.unfinished + failed;
  return census;
}

// What has ended already is told at once; of the rest it will hear.
void Router::State::look_at(DependenceIndex index, bool of_follow) {
  Dependence& dependence = dependencies.get(index);
  DependencyPart& part = of_follow ? dependence.follow : dependence.after;
  const wire::TaskRanges all = dependence.on.ranges();
  const std::size_t split = dependence.on.after_ranges;
  const auto ranges = of_follow ? all.part(split, all.size()) : all.part(0, split);
  for (const wire::TaskRange& range : ranges) {
    Session& session = *sessions.find(range.session);
    for (std::uint64_t at = range.first; at <= range.last;) {
      const Block block = DependencyTable::block_at(at, range.last);
      const Census census = take_census(session, block);
      at = block.last() + 1;
      if (part.mode.any && holds_what_counts(part.mode, census.ok, census.failed)) {
        part.met = true;
        return;
      }
      if (!part.mode.any && holds_what_does_not(part.mode, census.ok, census.failed))
        return fail_dependence(index, of_follow, find_culprit(session, block, part.mode), nullptr);
      if (census.unfinished == 0) continue;
      ++part.left;
      if (block.level > 0) {
        dependencies.watch(index, of_follow, session.number, block, census);
      } else {
        const TaskIndex task = session.find(block.first);
        dependencies.watch(index, of_follow, task, tasks.get(task).dependents);
      }
    }
  }
  if (part.left > 0) return;
  part.met = !part.mode.any || ranges.empty();
  if (!part.met) {
    const wire::TaskRange last = ranges[ranges.size() - 1];
    fail_dependence(index, of_follow, {last.session, last.last}, nullptr);
  }
}

// The first task of the block that has ended in a way that does not count.
TaskId Router::State::find_culprit(const Session& session, const Block& block,
                                   const wire::DependencyMode& mode) {
  if (!mode.failure)
    if (const auto failed = session.endings.first_failed(block.first, block.last()))
      return {session.id, *failed};
  std::uint64_t at = block.first;
  while (at < block.last() && (session.find(at) != kNoTask || session.endings.failed(at))) ++at;
  return {session.id, at};
}

// --- Hearing.

// The task has this outcome: those who depend on it are told. They go on, or end, in this turn's
// schedule() or a later one. Where its client has had the outcome from an earlier hub, what that
// client says of it counts.
void Router::State::tell_dependents(Session& session, Task& task,
                                    const wire::OutcomeRecord& record) {
  const bool ok =
      task.settled ? !session.client_saw_fail(task.sequence) : record.ending == wire::Ending::ok;
  if (!ok) session.endings.fail(task.sequence);
  placements.note(session.number, task.sequence, record.engine ? record.engine->value : kNoEngine);
  heard.clear();
  dependencies.on_ended(task, ok, heard);
  task.dependents = 0;
  // In the order in which they were submitted.
  if (heard.size() > 1)
    std::ranges::sort(heard, {}, [this](const Heard& one) {
      const Dependence& dependence = dependencies.get(one.dependence);
      return std::tuple{dependence.session, dependence.sequence, one.of_follow, one.complete};
    });
  for (const Heard& one : heard) hear(one, id_of(task), task.settled ? nullptr : &record);
}

void Router::State::hear(const Heard& news, TaskId of, const wire::OutcomeRecord* record) {
  Dependence& dependence = dependencies.get(news.dependence);
  if (dependence.stage != Stage::waiting) return;
  DependencyPart& part = news.of_follow ? dependence.follow : dependence.after;
  if (news.complete) --part.left;
  if (part.met) return;
  if (part.mode.any) {
    part.met = holds_what_counts(part.mode, news.ok, news.failed);
    if (!part.met && part.left == 0)
      return fail_dependence(news.dependence, news.of_follow, of, record);
  } else {
    if (holds_what_does_not(part.mode, news.ok, news.failed))
      return fail_dependence(news.dependence, news.of_follow, of, record);
    part.met = part.left == 0;
  }
  if (dependence.after.met && dependence.follow.met) pass_dependence(news.dependence);
}

// --- Deciding.

void Router::State::decide(DependenceIndex index, Stage stage) {
  Dependence& dependence = dependencies.get(index);
  dependencies.unwatch(index, tasks);
  if (dependence.deadline != TimePoint::max())
    awaited.deadlines.erase({dependence.deadline, index});
  dependence.deadline = TimePoint::max();
  dependence.stage = stage;
}

void Router::State::pass_dependence(DependenceIndex index) {
  decide(index, Stage::met);
  ++dependencies.get(index).pins;
  awaited.met.push_back(index);
}

void Router::State::refuse_dependence(DependenceIndex index, Unmet unmet) {
  if (dependencies.get(index).stage == Stage::unmet) return;
  decide(index, Stage::unmet);
  Dependence& dependence = dependencies.get(index);
  dependence.unmet = std::make_unique<Unmet>(std::move(unmet));
  ++dependence.pins;
  awaited.unmet.push_back(index);
}

// --- Going on.

void Router::State::expire_dependencies(Now now) {
  while (!awaited.deadlines.empty() && awaited.deadlines.begin()->first <= now.steady) {
    const DependenceIndex index = awaited.deadlines.begin()->second;
    refuse_dependence(index, too_late(dependencies.get(index)));
  }
  auto& until = awaited.expected_until;
  while (!until.empty() && until.begin()->first <= now.steady) {
    const DependenceIndex index = until.begin()->second;
    until.erase(until.begin());
    if (const auto unknown = find_lacking(dependencies.get(index)))
      give_up_expecting(index, *unknown);
    unpin(index);
  }
}

// It stands in the list of this range's session: other sessions have submitted what it names.
void Router::State::give_up_expecting(DependenceIndex index, const wire::TaskRange& unknown) {
  if (dependencies.get(index).stage == Stage::expecting)
    refuse_dependence(index, never_submitted(unknown));
  const auto those = awaited.expecting.find(unknown.session);
  if (those == awaited.expecting.end() || those->second.erase({unknown.last, index}) == 0) return;
  if (those->second.empty()) awaited.expecting.erase(those);
  unpin(index);
}

// Those that wait no more go to the ready queue or into their lanes, a bounded number per turn.
void Router::State::release_met(Now now, Outbox& out) {
  std::size_t left = options.cascade_max;
  while (!awaited.met.empty() && left > 0) {
    const DependenceIndex index = awaited.met.front();
    if (find_place(index, nullptr, out) && !release_tasks(index, left, now, out)) break;
    awaited.met.pop_front();
    unpin(index);
  }
}

// False: some are left for the next turn.
bool Router::State::release_tasks(DependenceIndex index, std::size_t& left, Now now, Outbox& out) {
  Dependence& dependence = dependencies.get(index);  // pinned
  for (; !dependence.tasks.empty(); --left) {
    if (left == 0) return false;
    const TaskIndex first = dependence.tasks.first;
    Task& task = tasks.get(first);
    if (task.direct && dependence.shape != kNoShape && !is_place(dependence, task.engine)) {
      fail_task(first, wire::Ending::error, elsewhere(dependence, task.engine).error, now, out);
      continue;
    }
    dependencies.leave(tasks, index, first);
    rejoin_shape(first);
    if (task.lacks_frames && !task.direct)
      task.state = TaskState::lacking;
    else
      enqueue(first, false);
  }
  return true;
}

// Returns what is left of the budget.
std::size_t Router::State::end_unmet(std::size_t left, Now now, Outbox& out) {
  while (!awaited.unmet.empty() && left > 0) {
    const DependenceIndex index = awaited.unmet.front();
    Dependence& dependence = dependencies.get(index);
    for (; !dependence.tasks.empty() && left > 0; --left)
      fail_task(dependence.tasks.first, dependence.unmet->ending, dependence.unmet->error, now,
                out);
    if (!dependence.tasks.empty()) break;
    awaited.unmet.pop_front();
    unpin(index);
  }
  return left;
}

}  // namespace roundhouse::hub
