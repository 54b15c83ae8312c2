#include "hub/core/ready_queue.hpp"

#include <algorithm>
#include <utility>

#include "shared/check.hpp"

namespace roundhouse::hub {

ShapeIndex ReadyQueue::enter(const ShapeKey& key) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) return found->second;
  ShapeIndex index = static_cast<ShapeIndex>(shapes_.size());
  if (free_.empty()) {
    shapes_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Shape& shape = shapes_[index];
  static_cast<ShapeKey&>(shape) = key;
  shape.is_registered.resize(key.targets.size());
  by_key_.emplace(key, index);
  return index;
}

ShapeIndex ReadyQueue::shape_of(std::int32_t priority, std::vector<std::uint32_t> targets,
                                std::vector<ModuleIndex> needs, std::uint32_t depth) {
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  return enter({priority, depth, std::move(targets), std::move(needs), {}, {}, false});
}

ShapeIndex ReadyQueue::join_shape(ShapeIndex base, const std::vector<EngineIndex>& avoided,
                                  const std::vector<EngineIndex>& barred) {
  RH_CHECK(!avoided.empty() || !barred.empty());
  ShapeKey key = shapes_[base];
  RH_CHECK(key.avoided.empty() && key.barred.empty());
  key.avoided = avoided, key.barred = barred;
  const ShapeIndex index = enter(key);
  ++shapes_[index].users;
  return index;
}

void ReadyQueue::leave_shape(ShapeIndex index) {
  Shape& shape = shapes_[index];
  RH_CHECK(shape.users > 0);
  if (--shape.users == 0) free_shape(index);
}

ShapeIndex ReadyQueue::narrow(ShapeIndex base, std::vector<EngineIndex> targets) {
  ShapeKey key = shapes_[base];
  key.targets = std::move(targets);
  key.narrowed = true;
  const ShapeIndex index = enter(key);
  ++shapes_[index].users;
  return index;
}

void ReadyQueue::let_go(ShapeIndex index) {
  RH_CHECK(shapes_[index].users > 0);
  if (--shapes_[index].users == 0) unheld_.push_back(index);
}

void ReadyQueue::sweep() {
  for (const ShapeIndex index : std::exchange(unheld_, {}))
    if (shapes_[index].users == 0 && shapes_[index].narrowed)  // else held again, or gone already
      free_shape(index);
}

void ReadyQueue::free_shape(ShapeIndex index) {
  Shape& shape = shapes_[index];
  RH_CHECK(shape.size == 0);
  unplace(shape);
  by_key_.erase(shape);
  shape = Shape{};  // lists of sleepers may still have its index: whoever has it next is awake
  free_.push_back(index);
}

std::vector<ShapeIndex> ReadyQueue::order() const {
  std::vector<ShapeIndex> out;
  for (ShapeIndex index = 0; index < shapes_.size(); ++index)
    if (shapes_[index].size > 0) out.push_back(index);
  std::stable_sort(out.begin(), out.end(), [this](ShapeIndex a, ShapeIndex b) {
    return rank_of(shapes_[a]) > rank_of(shapes_[b]);
  });
  return out;
}

void ReadyQueue::set_turn(Shape& shape, SessionNumber session, Shape::Line& line,
                          std::uint64_t turn) {
  if (line.in_turn && line.turn == turn) return;
  if (line.in_turn)
    shape.turns.move({line.turn, session, &line}, {turn, session, &line});
  else
    shape.turns.insert({turn, session, &line});
  line.in_turn = true, line.turn = turn;
}

void ReadyQueue::end_turn(Shape& shape, SessionNumber session, Shape::Line& line) {
  if (!line.in_turn) return;
  shape.turns.erase({line.turn, session, &line});
  line.in_turn = false;
}

// Brings the shape to its place among those of its priority. Turns may be out of date, as their
// session was served by another shape meanwhile: they are lower than they should be, so it is
// enough to look at the first one.
void ReadyQueue::refresh(TaskTable& tasks, ShapeIndex index) {
  Shape& shape = shapes_[index];
  if (shape.asleep) return;
  Level& level = level_of(shape);
  while (!shape.turns.empty()) {
    const auto [turn, session, line] = shape.turns.front();
    const std::uint64_t served = level.served(session);
    if (served != turn) {
      set_turn(shape, session, *line, served);
      continue;
    }
    const Shape::Place place{served, session, tasks.get(line->tasks.first).sequence, index};
    if (shape.place == place) return;
    picky_awake_ += !shape.place && shape.is_picky() ? 1U : 0U;
    shape.place ? level.awake.move(*shape.place, place) : level.awake.insert(place);
    shape.place = place;
    if (busiest_ == levels_.end() || busiest_->first < rank_of(shape))
      busiest_ = levels_.find(rank_of(shape));
    return;
  }
  unplace(shape);
}

void ReadyQueue::unplace(Shape& shape) {
  if (!shape.place) return;
  picky_awake_ -= shape.is_picky() ? 1U : 0U;
  level_of(shape).awake.erase(*shape.place);
  shape.place.reset();
}

void ReadyQueue::push(TaskTable& tasks, ShapeIndex index, TaskIndex task, bool in_front) {
  Shape& shape = shapes_[index];
  const SessionNumber session = tasks.get(task).session;
  Shape::Line& line = shape.lines[session];
  if (shape.size == 0) shape.asleep = false;  // what was found out then was about other tasks
  in_front ? line.tasks.push_front(tasks, task) : line.tasks.push_back(tasks, task);
  ++shape.size, ++size_;
  if (!line.in_turn) set_turn(shape, session, line, level_of(shape).served(session));
  refresh(tasks, index);
}

void ReadyQueue::remove(TaskTable& tasks, ShapeIndex index, TaskIndex task) {
  Shape& shape = shapes_[index];
  const SessionNumber session = tasks.get(task).session;
  Shape::Line& line = shape.lines[session];
  line.tasks.remove(tasks, task);
  --shape.size, --size_;
  if (line.tasks.empty()) end_turn(shape, session, line);
  refresh(tasks, index);
}

std::optional<ReadyQueue::Turn> ReadyQueue::next(TaskTable& tasks) {
  for (; busiest_ != levels_.end(); ++busiest_) {
    OrderedSet<Shape::Place>& awake = busiest_->second.awake;
    while (!awake.empty()) {
      const Shape::Place first = awake.front();
      refresh(tasks, first.shape);
      const Shape& shape = shapes_[first.shape];
      if (shape.place == first) return Turn{first.shape, first.session, shape.turns.front().line};
    }
  }
  return std::nullopt;
}

TaskIndex ReadyQueue::take(TaskTable& tasks, const Turn& turn) {
  Shape& shape = shapes_[turn.shape];
  Shape::Line& line = *turn.line;
  level_of(shape).served(turn.session) = ++clock_;
  if (line.tasks.size > 1) set_turn(shape, turn.session, line, clock_);
  return pop(tasks, turn.shape, turn.session, line);
}

TaskIndex ReadyQueue::take_any(TaskTable& tasks, ShapeIndex index) {
  for (auto& [session, line] : shapes_[index].lines)
    if (!line.tasks.empty()) return pop(tasks, index, session, line);
  return kNoTask;
}

TaskIndex ReadyQueue::pop(TaskTable& tasks, ShapeIndex index, SessionNumber session,
                          Shape::Line& line) {
  Shape& shape = shapes_[index];
  const TaskIndex task = line.tasks.pop_front(tasks);
  --shape.size, --size_;
  if (line.tasks.empty()) end_turn(shape, session, line);
  refresh(tasks, index);
  return task;
}

void ReadyQueue::skip(TaskTable& tasks, const Turn& turn) {
  Shape& shape = shapes_[turn.shape];
  end_turn(shape, turn.session, *turn.line);
  skipped_.push_back(turn);
  refresh(tasks, turn.shape);
}

void ReadyQueue::end_pass(TaskTable& tasks) {
  for (const Turn& turn : skipped_) {
    Shape& shape = shapes_[turn.shape];  // perhaps gone meanwhile, or another
    const auto line = shape.lines.find(turn.session);
    if (line == shape.lines.end() || line->second.tasks.empty()) continue;
    set_turn(shape, turn.session, line->second, level_of(shape).served(turn.session));
    refresh(tasks, turn.shape);
  }
  skipped_.clear();
}

void ReadyQueue::sleep(ShapeIndex index) {
  Shape& shape = shapes_[index];
  unplace(shape);
  shape.asleep = true;
  if (shape.targets.empty() && !shape.is_registered_for_any) {
    sleepers_.push_back(index);
    shape.is_registered_for_any = true;
  }
  for (std::size_t i = 0; i < shape.targets.size(); ++i) {
    if (shape.is_registered[i]) continue;
    sleepers_of_[shape.targets[i]].push_back(index);
    shape.is_registered[i] = true;
  }
}

void ReadyQueue::wake(TaskTable& tasks, ShapeIndex index) {
  if (!shapes_[index].asleep) return;
  shapes_[index].asleep = false;
  refresh(tasks, index);
}

void ReadyQueue::wake_for(TaskTable& tasks, EngineIndex engine) {
  for (const ShapeIndex index : sleepers_) {
    shapes_[index].is_registered_for_any = false;
    if (shapes_[index].targets.empty()) wake(tasks, index);
  }
  sleepers_.clear();
  const auto own = sleepers_of_.find(engine);
  if (own == sleepers_of_.end()) return;
  for (const ShapeIndex index : own->second) {
    Shape& shape = shapes_[index];
    const auto at = std::lower_bound(shape.targets.begin(), shape.targets.end(), engine);
    if (at == shape.targets.end() || *at != engine) continue;  // of a shape that is gone
    shape.is_registered[static_cast<std::size_t>(at - shape.targets.begin())] = false;
    wake(tasks, index);
  }
  own->second.clear();
}

void ReadyQueue::wake_picky(TaskTable& tasks) {
  for (ShapeIndex index = 0; index < shapes_.size(); ++index)
    if (shapes_[index].is_picky()) wake(tasks, index);
}

void ReadyQueue::check_invariants(TaskTable& tasks) {
  std::size_t all = 0;
  std::size_t picky = 0;
  for (ShapeIndex index = 0; index < shapes_.size(); ++index) {
    Shape& shape = shapes_[index];
    std::size_t own = 0;
    std::size_t waiting = 0;
    for (const auto& [session, line] : shape.lines) {
      own += line.tasks.size;
      waiting += line.tasks.empty() ? 0U : 1U;
      RH_CHECK(line.in_turn == !line.tasks.empty());
      RH_CHECK(line.tasks.empty() || tasks.get(line.tasks.first).session == session);
      RH_CHECK(!line.in_turn || line.turn <= level_of(shape).served(session));
    }
    RH_CHECK(own == shape.size && waiting == shape.turns.size());
    RH_CHECK(shape.place.has_value() == (own > 0 && !shape.asleep));
    all += own;
    picky += shape.place && shape.is_picky() ? 1U : 0U;
  }
  RH_CHECK(picky == picky_awake_);
  RH_CHECK(all == size_ && skipped_.empty());
}

}  // namespace roundhouse::hub
