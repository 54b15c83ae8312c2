// Places of a Shell: handles on any tasks, by their ids. What stands in them comes from the
// client's own slots, or from the hub.
#include <algorithm>
#include <set>
#include <utility>

#include "client/body_json.hpp"
#include "client/shell.hpp"
#include "client/task_record.hpp"
#include "shared/clock.hpp"
#include "shared/pack.hpp"
#include <roundhouse/jobs.hpp>

namespace roundhouse::detail {
namespace {

std::string ids_body(std::span<const TaskId> tasks) {
  std::string out;
  wire::Packer p(out);
  p.map(1), p.str("ids"), p.array(tasks.size());
  for (const TaskId task : tasks) p.str(to_string(task));
  return out;
}

void require_type_of(const std::string& id, std::string_view function, std::string_view signature,
                     const ResultType& wanted) {
  const std::string problem = result_type_problem(function, signature, wanted);
  if (!problem.empty()) throw Exception(Errc::wrong_signature, "task " + id + ": " + problem);
}

}  // namespace

void Shell::require_type(const Slot& head, std::uint64_t sequence, const ResultType& wanted) const {
  const wire::Define& shared = session_.template_of(head.template_number);
  require_type_of(msg_id(sequence), shared.function, shared.signature, wanted);
}

Pending Shell::find_results(const std::shared_ptr<Shell>& self, const std::vector<TaskId>& tasks,
                            const ResultType& wanted) {
  require_same_process();
  if (tasks.empty()) return {self, nullptr, 0, 0};
  // Own tasks stay while the hub is asked for the others.
  std::vector<Pending> held;
  std::set<TaskId> asked;
  {
    const auto guard = lease_.lock();
    for (const TaskId task : tasks) {
      Slot* slot = task.session == session_.id() ? slab_.find(task.sequence) : nullptr;
      Slot* head = slot == nullptr ? nullptr : &slab_.get(task.sequence - slot->offset);
      if (head == nullptr || head->abandoned || slot->purged) {
        asked.insert(task);
        continue;
      }
      require_type(*head, task.sequence, wanted);
      share(*head);
      held.emplace_back(self, head, task.sequence - slot->offset, head->count);
    }
  }
  const std::map<TaskId, std::string> records = look_up({asked.begin(), asked.end()});
  for (const auto& [task, record] : records) {
    const BodyMap map(record);
    require_type_of(to_string(task), map.text("function"), map.text("signature"), wanted);
  }
  auto guard = lease_.lock();
  require_open();
  const std::uint64_t first = next_place_;
  next_place_ += tasks.size();
  Slot& head = hub_slab_.open(first, static_cast<std::uint32_t>(tasks.size()));
  open_places(tasks, records);
  hub_results_.ask(session_, out_);
  absorb(guard, steady_now());
  guard.unlock();
  return {self, &head, first | kPlaceBit, tasks.size()};
}

// The records of all of them. Throws Exception (unknown_task) when there is one without.
std::map<TaskId, std::string> Shell::look_up(const std::vector<TaskId>& tasks) {
  std::map<TaskId, std::string> out;
  std::vector<TaskId> left = tasks;
  while (!left.empty()) {
    const std::size_t count = std::min(left.size(), HubResults::kIdsPerQuestion);
    const HubAnswer answer =
        ask("result", ids_body(std::span(left).first(count)), client::Repeat::yes);
    const BodyMap body(answer.body);
    if (const auto missing = body.texts("missing"); !missing.empty())
      throw Exception(Errc::unknown_task, "the hub has no record of task " + missing.front() +
                                              ": it was purged, or never was");
    const std::size_t before = out.size();
    for (const std::string_view record : body.list("records"))
      if (const auto task = parse_task_id(BodyMap(record).text("msg_id")))
        out.emplace(*task, record);
    std::erase_if(left, [&](TaskId task) { return out.contains(task); });
    if (out.size() == before)
      throw Exception(Errc::malformed, "the hub answers nothing about the tasks asked for");
  }
  return out;
}

// With the mutex held; the slots are there.
void Shell::open_places(const std::vector<TaskId>& tasks,
                        const std::map<TaskId, std::string>& records) {
  const TimePoint now = steady_now();
  const std::uint64_t first = next_place_ - tasks.size();
  Slot& head = hub_slab_.get(first);
  head.finished_at = {};
  head.submitted = wall_now();
  std::vector<std::pair<wire::OutcomeRecord, WallTime>> done;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Place& place = places_[first + i];
    place.task = tasks[i];
    const auto record = records.find(tasks[i]);
    if (record != records.end()) {
      place.from_hub = true;
      place.metadata = read_record(record->second).metadata;
      hub_results_.add(first + i, tasks[i], record->second);
    } else {
      const std::uint64_t sequence = tasks[i].sequence;
      const Slot& own = slab_.get(sequence);
      place.metadata = metadata(slab_.get(sequence - own.offset), own, sequence);
      if (own.done)
        done.push_back({{first + i,
                         own.ending,
                         own.attempt,
                         own.engine,
                         own.started_us,
                         own.task_ns,
                         own.payload,
                         {}},
                        own.received});
      else
        mirrors_.emplace(sequence, first + i);
    }
    if (place.metadata.submitted)
      head.submitted.microseconds = std::min(head.submitted.microseconds,
                                             place.metadata.submitted->time_since_epoch().count());
  }
  head.submitted_at = now - (wall_now() - head.submitted);
  for (auto& [outcome, received] : done) finish_place(std::move(outcome), now, received);
}

void Shell::finish_place(wire::OutcomeRecord outcome, TimePoint now, WallTime received) {
  const std::uint64_t at = outcome.sequence;
  const std::int64_t started_us = outcome.started_us;
  const Duration ran{static_cast<std::int64_t>(outcome.duration_ns)};
  Slot* slot = hub_slab_.find(at);
  if (slot == nullptr) return;
  const TimePoint before = hub_slab_.get(at - slot->offset).finished_at;
  hear_rest(hub_slab_, outcome, kPlaceBit);
  Slot* head = hub_slab_.finish(std::move(outcome), now, received);
  if (head == nullptr) return;
  if (head->unfinished == 0) hearers_.erase((at - slot->offset) | kPlaceBit);
  // When it ended, and not when that was heard of here.
  if (started_us != 0)
    head->finished_at = head->submitted_at + (WallTime{started_us} - head->submitted) + ran;
  head->finished_at = std::max({head->finished_at, before, head->submitted_at});
  if (head->watched && head->unfinished == 0) call_watchers((at - slot->offset) | kPlaceBit);
}

void Shell::mirror(const wire::OutcomeRecord& outcome, TimePoint now) {
  const auto [from, to] = mirrors_.equal_range(outcome.sequence);
  const WallTime wall = wall_now();
  for (auto entry = from; entry != to; ++entry) {
    wire::OutcomeRecord copy = outcome;
    copy.sequence = entry->second;
    finish_place(std::move(copy), now, wall);
  }
  mirrors_.erase(from, to);
}

// What the hub answered to hub_results_. Returns whether outcomes came of it.
bool Shell::take_hub_answers(TimePoint now) {
  bool any = false;
  for (const wire::Reply& reply : out_.replies) any = hub_results_.on_reply(reply) || any;
  std::vector<HubOutcome> outcomes = hub_results_.take_outcomes();
  const WallTime wall = wall_now();
  for (HubOutcome& outcome : outcomes) {
    if (const auto place = places_.find(outcome.record.sequence);
        place != places_.end() && !outcome.engine_uuid.empty())
      place->second.metadata.engine_uuid = outcome.engine_uuid;
    finish_place(std::move(outcome.record), now, wall);
  }
  if (any) hub_results_.ask(session_, out_);
  return !outcomes.empty();
}

void Shell::abandon_places(Slot& head, std::uint64_t first) {
  for (std::uint64_t at = first; at < first + head.count; ++at) {
    hub_results_.drop(at);
    if (const auto place = places_.find(at); place != places_.end()) {
      const auto [from, to] = mirrors_.equal_range(place->second.task.sequence);
      for (auto entry = from; entry != to; ++entry)
        if (entry->second == at) {
          mirrors_.erase(entry);
          break;
        }
      places_.erase(place);
    }
  }
  hub_slab_.discard(head, first);
  hub_results_.ask(session_, out_);
}

bool Shell::from_hub(std::uint64_t first) {
  if (!is_place(first)) return false;
  for (auto at = places_.find(first & ~kPlaceBit); at != places_.end();
       at = places_.find(at->first + 1)) {
    if (at->second.from_hub) return true;
    const Slot* next = hub_slab_.find(at->first + 1);
    if (next == nullptr || next->offset == 0) return false;
  }
  return false;
}

std::size_t Shell::purge(const Jobs& jobs) {
  require_same_process();
  const auto guard = lease_.lock();
  std::vector<Slot*> slots;
  const auto add = [&](Slot& slot, std::uint64_t sequence) {
    if (!slot.done)
      throw Exception(Errc::invalid, "task " + msg_id(sequence) +
                                         " has not ended: what is outstanding is not purged");
    slots.push_back(&slot);
  };
  for (const Jobs::Ids& ids : jobs.ids()) {
    if (ids.session != session_.id()) continue;
    for (std::uint64_t at = ids.range.first; at <= ids.range.last; ++at)
      if (Slot* slot = slab_.find(at)) add(*slot, at);
  }
  for (const Pending& tasks : jobs.results())
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const std::uint64_t at = tasks.first() + i;
      add(slot(at), at);
    }
  std::size_t count = 0;
  for (Slot* slot : slots) {
    // Errors are small, and what a task ended with stays true.
    if (slot->ending != wire::Ending::ok || std::exchange(slot->purged, true)) continue;
    slot->payload = {};
    ++count;
  }
  return count;
}

void Shell::purge_everything() {
  const MsgIds waiting = outstanding();
  if (!waiting.empty())
    throw Exception(Errc::invalid, std::to_string(waiting.size()) +
                                       " tasks are outstanding: wait for them, or purge what has "
                                       "ended with purge_local() and purge_results()");
  (void)purge(Jobs(finished()));
  const auto guard = lease_.lock();
  hub_slab_.for_each_held([this](std::uint64_t sequence, const Slot& held) {
    if (!held.done || held.ending != wire::Ending::ok) return;
    Slot& slot = hub_slab_.get(sequence);
    slot.purged = true;
    slot.payload = {};
  });
  forgotten_ = session_.log().last();
}

}  // namespace roundhouse::detail
