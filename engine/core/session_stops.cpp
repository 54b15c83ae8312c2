// Session, the part that ends assignments before their time: what waits here is given back, what
// runs is asked to stop.
#include <utility>

#include "engine/core/session.hpp"

namespace roundhouse::engine {

// May overtake the assignments that it names, which come on the other plane.
void Session::on_stop_asked(const wire::Message& message, TimePoint now, Outbox& out) {
  const auto stop = wire::decode_as<wire::Stop>(message);
  if (!stop) return contact_.on_malformed(wire::Plane::control, stop.error(), now, out);
  contact_.on_sound();
  std::vector<std::uint64_t> waiting;
  for (const wire::AssignmentRef& each : stop->assignments) {
    if (each.number >= next_number_) {
      if (stopped_ahead_.size() < wire::kListMax) stopped_ahead_[each.number] = each;
      continue;
    }
    const std::optional<std::uint32_t> slot = queue_.slot_of(each.number);
    if (!slot) {
      waiting.push_back(each.number);
      continue;
    }
    const RunQueue::Running run = queue_.running_in(*slot);
    if (run.task != each.task || run.fence != each.fence) continue;
    limits_.stop(*slot, stop->force, now);
    out.stops.push_back(*slot);
  }
  if (!waiting.empty()) promise(queue_.revoke(std::move(waiting)), out);
}

bool Session::was_stopped_ahead(const Run& run) {
  const auto found = stopped_ahead_.find(run.number);
  if (found == stopped_ahead_.end()) return false;
  const bool same = found->second.task == run.task && found->second.fence == run.fence;
  stopped_ahead_.erase(found);
  return same;
}

// These will not be run.
void Session::promise(std::vector<std::uint64_t> numbers, Outbox& out) {
  counters_.revoked += numbers.size();
  if (contact_.usable(wire::Plane::task))
    out.send(wire::Plane::task, wire::Revoked{std::move(numbers)});
}

// Why the run of the slot ends so, as an error.
Payload Session::end_text(std::uint32_t slot, bool with_process) const {
  const std::string more =
      with_process ? "; it went on, so its engine's process was ended and started anew" : "";
  if (limits_.stopped(slot))
    return Payload::of(
        wire::encode_error({"TaskAborted", "the task was aborted while it ran" + more, ""}));
  return Payload::of(wire::encode_error({"TimeLimitExceeded",
                                         "the task ran for longer than its time limit of " +
                                             roundhouse::to_string(limits_.limit(slot)) + more,
                                         ""}));
}

}  // namespace roundhouse::engine
