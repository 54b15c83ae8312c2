// What the checker knows of live output: each part is of one run, from where it says, and comes
// once and in order.

#include "tests/sim/checker.hpp"

namespace roundhouse::sim {

void Checker::on_heard(const wire::Output& part) {
  const TaskId id{part.session, part.sequence};
  const Fence fence{part.epoch, part.attempt};
  Task& task = get(id, "a part of output");
  const std::string what = "output of " + to_string(id) + " at " + std::to_string(part.offset);
  const auto assigned = task.assignments.find(fence);
  if (assigned == task.assignments.end()) fail(what + " is of a run that nobody asked for");
  const auto& engines = hubs_.at(fence.epoch).engines;
  const auto engine = engines.find(part.engine.value);
  if (engine != engines.end() && engine->second.uuid != assigned->second.engine.uuid)
    fail(what + " is of an engine that does not run it");
  if (part.text != written_by(id, fence, part.offset, part.text.size()))
    fail(what + " is not what that run wrote: " + part.text);
  std::uint64_t& through = task.heard[fence];
  if (part.offset < through) fail(what + " came behind " + std::to_string(through));
  through = part.offset + part.text.size();
}

}  // namespace roundhouse::sim
