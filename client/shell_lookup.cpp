// What a Shell tells of tasks, also by their ids.
#include <algorithm>
#include <type_traits>
#include <utility>

#include "client/shell.hpp"
#include "client/task_record.hpp"
#include "shared/clock.hpp"
#include <roundhouse/jobs.hpp>

namespace roundhouse::detail {
namespace {

// By the names that hub and engines give (PROTOCOL 10); what a task threw has the name of its type.
std::exception_ptr failure_for(wire::Ending ending, RemoteErrorInfo info) {
  const auto as = [&info]<class Failure>(std::type_identity<Failure>) {
    return std::make_exception_ptr(Failure(std::move(info)));
  };
  if (ending == wire::Ending::aborted) return as(std::type_identity<TaskAborted>{});
  if (ending == wire::Ending::engine_lost) return as(std::type_identity<EngineError>{});
  if (info.name == "ImpossibleDependency") return as(std::type_identity<ImpossibleDependency>{});
  if (info.name == "InvalidDependency") return as(std::type_identity<InvalidDependency>{});
  if (info.name == "DependencyTimeout") return as(std::type_identity<DependencyTimeout>{});
  if (info.name == "UnmetDependency") return as(std::type_identity<UnmetDependency>{});
  if (info.name == "TimeLimitExceeded") return as(std::type_identity<TimeLimitExceeded>{});
  const Errc code = ending == wire::Ending::timed_out ? Errc::timeout : Errc::task_failed;
  return std::make_exception_ptr(RemoteError(std::move(info), code));
}

}  // namespace

Metadata Shell::metadata(const Slot& head, const Slot& slot, std::uint64_t sequence) {
  Metadata out;
  if (is_place(sequence)) {
    out = places_.at(sequence & ~kPlaceBit).metadata;
  } else {
    const wire::Define& shared = session_.template_of(head.template_number);
    out.msg_id = msg_id(sequence);
    out.label = shared.label;
    out.function = shared.function;
    out.submitted = UtcTime(std::chrono::microseconds(head.submitted.microseconds));
    out.status = "pending";
    if (const auto found = depends_.find(sequence - slot.offset); found != depends_.end()) {
      out.after = found->second->after.msg_ids();
      out.follow = found->second->follow.msg_ids();
    }
  }
  if (slot.heard) {
    HeardOutput::Texts texts = slot.heard->texts();
    out.stdout = std::move(texts[0].text), out.stderr = std::move(texts[1].text);
  }
  if (slot.done) tell_ending(out, slot, sequence);
  return out;
}

void Shell::tell_ending(Metadata& out, const Slot& slot, std::uint64_t sequence) const {
  const auto utc = [](std::int64_t us) { return UtcTime(std::chrono::microseconds(us)); };
  out.status = slot.ending == wire::Ending::ok ? "ok" : "error";
  out.outcome = to_string(slot.ending);
  if (slot.ending != wire::Ending::ok) out.error = error_of(slot, sequence);
  out.attempt = slot.attempt;
  out.received = utc(slot.received.microseconds);
  out.duration = std::chrono::nanoseconds(slot.task_ns);
  if (slot.started_us != 0) {
    out.started = utc(slot.started_us);
    out.completed =
        *out.started + std::chrono::duration_cast<std::chrono::microseconds>(out.duration);
  }
  if (!slot.engine) return;
  out.engine_id = static_cast<int>(slot.engine->value);
  if (const auto engine = seen_.find(*slot.engine); engine != seen_.end())
    out.engine_uuid = to_string(engine->second.uuid);
}

std::string Shell::msg_id(std::uint64_t sequence) const {
  if (is_place(sequence)) return to_string(places_.at(sequence & ~kPlaceBit).task);
  return to_string(TaskId{session_.id(), sequence});
}

RemoteErrorInfo Shell::error_of(const Slot& slot, std::uint64_t sequence) const {
  wire::ErrorValue value = wire::decode_error(slot.payload.body());
  RemoteErrorInfo out{std::move(value.name), std::move(value.value), std::move(value.traceback),
                      std::nullopt,          msg_id(sequence),       attempts_of(value.attempts)};
  if (slot.engine) out.engine_id = slot.engine->value;
  return out;
}

std::exception_ptr Shell::failure_of(const Slot& slot, std::uint64_t sequence) const {
  if (slot.ending == wire::Ending::ok) return nullptr;
  return failure_for(slot.ending, error_of(slot, sequence));
}

ResultBytes Shell::bytes_of(const Slot& slot) {
  if (slot.purged)
    throw Exception(Errc::payload_lost,
                    "this result was purged from this client: get_result() asks the hub for it");
  const Payload& payload = slot.payload;
  if (payload.spill > 0) {
    Buffer joined = Buffer::take(payload.body());
    const std::string_view body = joined.view();
    return {std::move(joined), body, payload.frames, payload.spill};
  }
  return {payload.block, payload.head(), payload.frames, 0};
}

std::uint64_t Shell::sequence_of(std::string_view id) const {
  const Jobs::Ids task = Jobs(id).ids().front();
  if (task.session != session_.id())
    throw Exception(Errc::unknown_task,
                    "task " + std::string(id) + " is not of this client: the hub may know it");
  return task.range.first;
}

std::uint64_t Shell::find_task(std::string_view id) {
  const std::uint64_t sequence = sequence_of(id);
  if (slab_.find(sequence) == nullptr)
    throw Exception(Errc::unknown_task,
                    "this client has nothing of task " + std::string(id) +
                        " any more: no result of it is held; the hub may know it");
  return sequence;
}

void Shell::require_own(SessionId session, MsgIds::Range range) const {
  if (session != session_.id() || range.last > session_.log().last() || range.first == 0)
    throw Exception(Errc::unknown_task, "task " + to_string(TaskId{session, range.last}) +
                                            " is not of this client, which cannot wait for it");
}

bool Shell::wait_for(SessionId session, MsgIds::Range range, std::optional<TimePoint> deadline) {
  require_same_process();
  auto guard = lease_.lock();
  require_own(session, range);
  const client::OutcomeTable& outcomes = session_.outcomes();
  std::uint64_t at = range.first;
  const auto done = [&] {
    at = std::max(at, std::min(outcomes.settled(), range.last) + 1);
    while (at <= range.last && outcomes.contains(at)) ++at;
    return at > range.last;
  };
  return wait_lending(guard, done, deadline);
}

std::size_t Shell::done_of(SessionId session, MsgIds::Range range) {
  require_same_process();
  const auto guard = lease_.lock();
  require_own(session, range);
  const client::OutcomeTable& outcomes = session_.outcomes();
  std::uint64_t at = std::max(range.first, std::min(outcomes.settled(), range.last) + 1);
  std::size_t out = at - range.first;
  for (; at <= range.last; ++at) out += outcomes.contains(at) ? 1U : 0U;
  return out;
}

void Shell::append_ids(std::uint64_t first, std::size_t count, std::vector<MsgIds::Ids>& out) {
  require_same_process();
  const auto guard = lease_.lock();
  if (const auto& failure = session_.failure())
    throw ConnectionError(Error{
        failure->code,
        failure->text + ": to depend on its tasks, name them by the msg_ids() of their result"});
  if (!is_place(first)) return out.push_back({session_.id(), {first, first + count - 1}});
  for (std::uint64_t at = first; at < first + count; ++at) {
    const TaskId task = places_.at(at & ~kPlaceBit).task;
    out.push_back({task.session, {task.sequence, task.sequence}});
  }
}

MsgIds Shell::history() {
  require_same_process();
  const auto guard = lease_.lock();
  const std::uint64_t last = session_.log().last();
  if (last == forgotten_) return {session_.id(), {}};
  return {session_.id(), {{forgotten_ + 1, last}}};
}

std::string Shell::pause() {
  const auto guard = lease_.lock();
  return session_.pause() ? session_.pause()->text : std::string();
}

MsgIds Shell::outstanding() {
  require_same_process();
  const auto guard = lease_.lock();
  const client::OutcomeTable& outcomes = session_.outcomes();
  std::vector<MsgIds::Range> out;
  std::uint64_t at = outcomes.settled() + 1;
  for (const wire::Range& ended : outcomes.ended(static_cast<std::size_t>(-1))) {
    if (ended.first > at) out.push_back({at, ended.first - 1});
    at = ended.last + 1;
  }
  if (at <= session_.log().last()) out.push_back({at, session_.log().last()});
  return {session_.id(), std::move(out)};
}

MsgIds Shell::outstanding(const SlotFilter& is_meant) {
  const MsgIds all = outstanding();
  const auto guard = lease_.lock();
  std::vector<MsgIds::Range> out;
  for (const MsgIds::Range& range : all.ranges()) {
    for (std::uint64_t sequence = range.first; sequence <= range.last; ++sequence) {
      const Slot* slot = slab_.find(sequence);
      if (slot == nullptr || slot->done || !is_meant(slab_.get(sequence - slot->offset), *slot))
        continue;
      if (!out.empty() && out.back().last + 1 == sequence)
        out.back().last = sequence;
      else
        out.push_back({sequence, sequence});
    }
  }
  return {session_.id(), std::move(out)};
}

bool Shell::is_direct(const Slot& head) const {
  return session_.template_of(head.template_number).view == "direct";
}

MsgIds Shell::finished() {
  require_same_process();
  const auto guard = lease_.lock();
  std::vector<MsgIds::Range> out;
  slab_.for_each_held([&out](std::uint64_t sequence, const Slot& slot) {
    if (!slot.done || slot.purged) return;
    if (!out.empty() && out.back().last + 1 == sequence)
      out.back().last = sequence;
    else
      out.push_back({sequence, sequence});
  });
  return {session_.id(), std::move(out)};
}

void Shell::spin() {
  require_same_process();
  auto guard = lease_.lock();
  require_open();
  // A user's thread that polls takes what comes as it comes; the I/O thread is in our way only as
  // long as it takes to wake it.
  if (guard.displace_standby()) tend(guard, steady_now());
}

}  // namespace roundhouse::detail
