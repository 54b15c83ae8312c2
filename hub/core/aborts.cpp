// Tasks that clients want to end: PROTOCOL 9, `abort`. What waits here ends at once; of what an
// engine has the hub remembers that it is aborted, so that it never goes to another one; and what
// has not come yet is marked.

#include <algorithm>

#include "hub/core/request_body.hpp"
#include "hub/core/router_state.hpp"
#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::size_t kJobsMax = 1024;        // requests that are being carried out
constexpr std::size_t kMarksMax = 1024;       // ranges of a session that has to come
constexpr std::size_t kLooksMax = 1U << 16U;  // sequences looked at in one turn
constexpr std::size_t kStopsMax = 10'000;     // assignments in one message

wire::Reply answer_of(const AbortJob& job) {
  wire::Reply reply;
  reply.id = job.request;
  wire::Packer p{reply.body.bytes};
  p.map(5);
  p.str("aborted"), p.u64(job.counts.aborted);
  p.str("stopping"), p.u64(job.counts.stopping);
  p.str("ended"), p.u64(job.counts.ended);
  p.str("marked"), p.u64(job.counts.marked);
  p.str("unknown"), p.u64(job.counts.unknown);
  return reply;
}

// How many of these, of one session, were counted before all else: that holds for one of the ranges
// that they are in.
std::uint64_t take_counted(AbortJob& job, SessionId session, std::uint64_t first,
                           std::uint64_t last) {
  const auto from = job.counted.lower_bound({session, first});
  const auto to = job.counted.upper_bound({session, last});
  const auto count = static_cast<std::uint64_t>(std::distance(from, to));
  job.counted.erase(from, to);
  return count;
}

}  // namespace

Result<void> Router::State::begin_abort(LinkId link, const wire::Request& request) {
  const auto asked = read_request(request.body);
  if (!asked) return asked.error();
  if (aborts.jobs.size() >= kJobsMax)
    return Error{Errc::over_quota, "the hub is at work on " + std::to_string(kJobsMax) +
                                       " aborts already: ask again later"};
  AbortJob job;
  job.link = link, job.request = request.id, job.force = asked->force;
  job.whole = asked->all || asked->session.has_value();
  job.tasks = asked->ranges;
  for (const TaskId id : asked->ids) job.tasks.push_back({id.session, id.sequence, id.sequence});
  const auto add = [&](const Session& session) {
    if (session.unfinished > 0)
      job.tasks.push_back({session.id, session.first_sequence, session.accepted});
  };
  if (asked->all) {
    sessions.each(add);
  } else if (asked->session) {
    const Session* session = sessions.find(*asked->session);
    if (session == nullptr)
      return Error{Errc::invalid,
                   "the hub knows no such session: the first half of a msg_id is one"};
    add(*session);
  }
  aborts.jobs.push_back(std::move(job));
  more_work = true;
  return {};
}

// In the grace it waits, as everything does that ends tasks: their clients may have the outcomes.
void Router::State::run_aborts(Now now, Outbox& out) {
  std::size_t ends = options.cascade_max;
  std::size_t looks = kLooksMax;
  for (AbortJob& job : aborts.jobs) {
    if (job.looked_through) continue;
    if (!std::exchange(job.began, true)) abort_assigned(job, now, out);
    while (!job.done() && ends > 0 && looks > 0) abort_some(job, ends, looks, now, out);
    if (!job.done()) {
      more_work = true;
      break;
    }
    for (AbortAsked& asked : std::exchange(job.asked, {})) emit(std::move(asked), out);
    job.looked_through = true;
    // What had ended is told as ended: that, too, has to be on record, or the next hub runs it.
    job.fact = counters.facts;
  }
  // Until all that is meant has been come to, nothing of its sessions is given to engines.
  const bool held_some = !aborts.held.empty();
  aborts.held.clear();
  for (const AbortJob& job : aborts.jobs)
    for (std::size_t i = job.at; !job.looked_through && i < job.tasks.size(); ++i)
      if (const Session* session = sessions.find(job.tasks[i].session))
        aborts.held.insert(session->number);
  if (held_some && aborts.held.empty()) engines.each([&](Engine& engine) { touch(engine); });
  std::erase_if(aborts.jobs, [&](const AbortJob& job) {
    if (!job.looked_through || job.fact > facts_stored) return false;
    if (peers.find(job.link) != nullptr) out.sends.push_back({job.link, encode(answer_of(job))});
    return true;
  });
}

// Of a job that takes more than one turn, first what engines have: all of it in one breath, so that
// nothing runs because what was in front of it has ended.
void Router::State::abort_assigned(AbortJob& job, Now now, Outbox& out) {
  std::uint64_t size = 0;
  for (const wire::TaskRange& range : job.tasks) size += range.count();
  if (size <= options.cascade_max) return;
  const std::vector<wire::TaskRange> ranges = sorted(job.tasks);
  engines.each([&](const Engine& engine) {
    for (const TaskIndex index : engine.assigned) {
      if (index == kNoTask || tasks.get(index).settled) continue;
      const TaskId id = id_of(tasks.get(index));
      if (!is_among(ranges, id) || !job.counted.insert(id).second) continue;
      std::size_t unlimited = 1;
      abort_task(job, index, unlimited, now, out);
    }
  });
}

// The next tasks of the range where it is.
void Router::State::abort_some(AbortJob& job, std::size_t& ends, std::size_t& looks, Now now,
                               Outbox& out) {
  const wire::TaskRange range = job.tasks[job.at];
  const auto over = [&] {
    ++job.at;
    job.next = 0;
  };
  --looks;
  if (job.next == 0) job.next = range.first;
  Session* session = sessions.find(range.session);
  if (session == nullptr || job.next == 0 || range.last >= wire::kSequenceEnd) {
    job.counts.unknown += range.last - job.next + 1;
    return over();
  }
  if (job.next < session->first_sequence) {
    const std::uint64_t last = std::min(range.last, session->first_sequence - 1);
    const std::uint64_t counted = take_counted(job, range.session, job.next, last);
    job.counts.ended += job.whole ? 0 : last - job.next + 1 - counted;
    job.next = last + 1;
  } else if (job.next > session->accepted) {
    const std::uint64_t count = range.last - job.next + 1;
    const bool marked = mark_ahead(*session, job, range.last, now, out);
    (marked ? job.counts.marked : job.counts.unknown) += count;
    return over();
  } else {
    const TaskIndex index = session->find(job.next);
    const bool is_counted = job.counted.erase({range.session, job.next}) > 0;
    if (index == kNoTask || tasks.get(index).settled)
      job.counts.ended += job.whole || is_counted ? 0 : 1;
    if (index != kNoTask && !is_counted) abort_task(job, index, ends, now, out);
    ++job.next;
  }
  if (job.next > range.last) over();
}

// One that is settled, whose outcome its client has, has ended; but only this hub knows that.
void Router::State::abort_task(AbortJob& job, TaskIndex index, std::size_t& ends, Now now,
                               Outbox& out) {
  Task& task = tasks.get(index);
  --ends;
  if (task.state != TaskState::assigned) {
    if (!task.settled) ++job.counts.aborted;
    const Begun begun = task.failures > 0 ? Begun::earlier : Begun::no;
    return fail_task(index, wire::Ending::aborted, aborted_error(begun), now, out);
  }
  if (!task.settled) ++job.counts.stopping;
  if (!task.aborting) job.note(task.session, task.sequence, task.sequence);
  task.aborting = true;
  ask_to_stop(index, job.force);
}

// Tasks from job.next on have not been submitted yet. False: the session has too many marks.
bool Router::State::mark_ahead(Session& session, AbortJob& job, std::uint64_t last, Now now,
                               Outbox& out) {
  if (session.marks.run_count() >= kMarksMax) return false;
  open_session(session, now, out);
  session.marks.add_range(job.next, last);
  job.note(session.number, job.next, last);
  return true;
}

// The engine that has it is told in this turn; one that is away, when it is back.
void Router::State::ask_to_stop(TaskIndex index, bool force) {
  const Task& task = tasks.get(index);
  Stops& stops = aborts.stops[task.engine];
  (force ? stops.forced : stops.asked)
      .assignments.push_back({task.number, id_of(task), task.fence});
}

void Router::State::send_stops(Outbox& out) {
  for (auto& [index, stops] : std::exchange(aborts.stops, {})) {
    const Engine& engine = engines.get(index);
    if (engine.presence != Presence::online || !engine.control_link) continue;
    stops.forced.force = true;
    for (const wire::Stop& all : {std::cref(stops.asked), std::cref(stops.forced)}) {
      const auto& those = all.assignments;
      for (std::size_t at = 0; at < those.size(); at += kStopsMax) {
        wire::Stop part;
        part.force = all.force;
        const auto end =
            those.begin() + static_cast<std::ptrdiff_t>(std::min(at + kStopsMax, those.size()));
        part.assignments.assign(those.begin() + static_cast<std::ptrdiff_t>(at), end);
        out.sends.push_back({*engine.control_link, encode(part)});
      }
    }
  }
}

// A run of an aborted task has come to nothing: there is no other one. True: the task has ended.
bool Router::State::ends_aborted(TaskIndex index, const wire::FinishedRecord& run, Begun begun,
                                 Now now, Outbox& out) {
  const bool was_lost = run.ending == wire::Ending::engine_lost;
  if (!tasks.get(index).aborting || !(was_lost || run.ending == wire::Ending::unmet)) return false;
  const wire::ErrorValue error =
      was_lost ? aborted_error(begun, wire::decode_error(run.payload.body()).value)
               : aborted_error();
  fail_task(index, wire::Ending::aborted, error, now, out, run.printed);
  return true;
}

// The task stands in no queue, and must not run: it ends in this turn's schedule() or a later one.
void Router::State::doom(TaskIndex index) {
  Task& task = tasks.get(index);
  task.state = TaskState::in_lane;
  task.engine = kNoEngine, task.number = 0;
  if (cascades.empty() || cascades.back().ending != wire::Ending::aborted) {
    cascades.emplace_back();
    cascades.back().ending = wire::Ending::aborted;
    cascades.back().error = aborted_error();
  }
  cascades.back().tasks.push_back(tasks, index);
  more_work = true;
}

}  // namespace roundhouse::hub
