#pragma once

// CORE. ReadyQueue: load-balanced tasks that wait for an engine, by shape.
//
// A shape is what decides where a task may run: its priority, its targets and its modules. Within a
// shape the sessions take turns, and within a session it is first come first served; so a million
// tasks that fit nowhere cost a pass one look. Thread rule: the router's thread.

#include <cstdint>
#include <deque>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/core/module_table.hpp"
#include "hub/core/task_table.hpp"

namespace roundhouse::hub {

using ShapeIndex = std::uint32_t;
inline constexpr ShapeIndex kNoShape = 0xffffffffU;

struct Shape {
  std::int32_t priority = 0;
  std::vector<EngineIndex> targets;  // sorted; empty: any engine
  std::vector<ModuleIndex> needs;    // that an engine must have
  std::unordered_map<SessionNumber, TaskList> sessions;
  std::deque<SessionNumber> turns;  // sessions with tasks waiting, whose turn it is in front
  std::size_t size = 0;
  bool narrowed = false;      // of those that follow others: it ends with its holders
  std::uint32_t holders = 0;  // of a narrowed one
};

class ReadyQueue {
 public:
  // The shape with this priority, these targets (any order, duplicates allowed) and these modules.
  ShapeIndex shape_of(std::int32_t priority, std::vector<std::uint32_t> targets,
                      std::vector<ModuleIndex> needs = {});

  // The same as shape `of`, for these targets alone (sorted): shared by all who hold it, and gone
  // some time after the last has let go.
  ShapeIndex narrow(ShapeIndex of, std::vector<EngineIndex> targets);
  void let_go(ShapeIndex index);
  // Removes narrowed shapes that nobody holds; not while order() is walked.
  void sweep();

  [[nodiscard]] Shape& get(ShapeIndex index) { return shapes_[index]; }

  // Shapes in the order in which they are served: by priority, highest first, then by age.
  [[nodiscard]] const std::vector<ShapeIndex>& order() const { return order_; }

  void push(TaskTable& tasks, ShapeIndex shape, TaskIndex task, bool in_front);
  void remove(TaskTable& tasks, ShapeIndex shape, TaskIndex task);

  // The next task of the shape whose session `may_run`; kNoTask when there is none.
  template <class MayRun>
  TaskIndex take(TaskTable& tasks, ShapeIndex index, MayRun&& may_run) {
    Shape& shape = shapes_[index];
    for (std::size_t looked = shape.turns.size(); looked > 0; --looked) {
      const SessionNumber session = shape.turns.front();
      TaskList& list = shape.sessions[session];
      shape.turns.pop_front();
      if (list.empty()) continue;  // left behind by remove()
      if (!may_run(session)) {
        shape.turns.push_back(session);
        continue;
      }
      const TaskIndex task = list.pop_front(tasks);
      --shape.size, --size_;
      if (!list.empty()) shape.turns.push_back(session);
      return task;
    }
    return kNoTask;
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::vector<Shape> shapes_;
  using Key = std::tuple<std::int32_t, std::vector<EngineIndex>, std::vector<ModuleIndex>, bool>;

  static Key key_of(const Shape& shape);
  ShapeIndex find_or_add(Shape shape);

  std::map<Key, ShapeIndex> by_key_;
  std::vector<ShapeIndex> unheld_;  // perhaps
  std::vector<ShapeIndex> free_;
  std::vector<ShapeIndex> order_;
  std::size_t size_ = 0;
};

}  // namespace roundhouse::hub
