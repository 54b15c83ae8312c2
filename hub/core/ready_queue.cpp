#include "hub/core/ready_queue.hpp"

#include <algorithm>

namespace roundhouse::hub {

ShapeIndex ReadyQueue::shape_of(std::int32_t priority, std::vector<std::uint32_t> targets,
                                std::vector<ModuleIndex> needs) {
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  auto key = std::tuple{priority, targets, needs};
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) return found->second;
  const auto index = static_cast<ShapeIndex>(shapes_.size());
  Shape& shape = shapes_.emplace_back();
  shape.priority = priority, shape.targets = std::move(targets);
  shape.needs = std::move(needs);
  by_key_.emplace(std::move(key), index);
  const auto place = std::find_if(order_.begin(), order_.end(), [&](ShapeIndex other) {
    return shapes_[other].priority < priority;
  });
  order_.insert(place, index);
  return index;
}

void ReadyQueue::push(TaskTable& tasks, ShapeIndex index, TaskIndex task, bool in_front) {
  Shape& shape = shapes_[index];
  const SessionNumber session = tasks.get(task).session;
  TaskList& list = shape.sessions[session];
  if (list.empty() &&
      std::find(shape.turns.begin(), shape.turns.end(), session) == shape.turns.end())
    shape.turns.push_back(session);
  in_front ? list.push_front(tasks, task) : list.push_back(tasks, task);
  ++shape.size, ++size_;
}

void ReadyQueue::remove(TaskTable& tasks, ShapeIndex index, TaskIndex task) {
  Shape& shape = shapes_[index];
  shape.sessions[tasks.get(task).session].remove(tasks, task);
  --shape.size, --size_;
}

}  // namespace roundhouse::hub
