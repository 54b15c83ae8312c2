#include "hub/core/ready_queue.hpp"

#include <algorithm>
#include <utility>

#include "shared/check.hpp"

namespace roundhouse::hub {

ShapeIndex ReadyQueue::shape_of(std::int32_t priority, std::vector<std::uint32_t> targets,
                                std::vector<ModuleIndex> needs) {
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  Shape shape;
  shape.priority = priority, shape.targets = std::move(targets);
  shape.needs = std::move(needs);
  return find_or_add(std::move(shape));
}

ShapeIndex ReadyQueue::narrow(ShapeIndex of, std::vector<EngineIndex> targets) {
  Shape shape;
  shape.priority = shapes_[of].priority, shape.needs = shapes_[of].needs;
  shape.targets = std::move(targets);
  shape.narrowed = true;
  const ShapeIndex index = find_or_add(std::move(shape));
  ++shapes_[index].holders;
  return index;
}

void ReadyQueue::let_go(ShapeIndex index) {
  if (--shapes_[index].holders == 0) unheld_.push_back(index);
}

void ReadyQueue::sweep() {
  for (const ShapeIndex index : std::exchange(unheld_, {})) {
    Shape& shape = shapes_[index];
    if (shape.holders > 0 || !shape.narrowed) continue;  // held again, or gone already
    RH_CHECK(shape.size == 0);
    by_key_.erase(key_of(shape));
    std::erase(order_, index);
    shape = Shape{};
    free_.push_back(index);
  }
}

ReadyQueue::Key ReadyQueue::key_of(const Shape& shape) {
  return {shape.priority, shape.targets, shape.needs, shape.narrowed};
}

ShapeIndex ReadyQueue::find_or_add(Shape shape) {
  const auto found = by_key_.find(key_of(shape));
  if (found != by_key_.end()) return found->second;
  ShapeIndex index = 0;
  if (free_.empty()) {
    index = static_cast<ShapeIndex>(shapes_.size());
    shapes_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  by_key_.emplace(key_of(shape), index);
  const auto place = std::find_if(order_.begin(), order_.end(), [&](ShapeIndex other) {
    return shapes_[other].priority < shape.priority;
  });
  order_.insert(place, index);
  shapes_[index] = std::move(shape);
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
