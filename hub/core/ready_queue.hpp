#pragma once

// CORE. ReadyQueue: load-balanced tasks that wait for an engine, and whose turn it is.
//
// A shape is what decides where and when a task may run: its priority, its depth, its targets, its
// modules, and where it was tried already. Shapes of the highest priority come first, and of these
// the deepest: what waiting tasks wait for. Within a priority and depth the sessions take turns,
// whatever their shapes: that one is next which was served longest ago. Within a session it is
// first come first served. A shape for which no engine has room *sleeps* and costs nothing until
// one that may serve it has. Thread rule: the router's thread.
//
//   while (const auto turn = ready.next()) {
//     if (no engine for turn->shape) ready.sleep(turn->shape);
//     else assign(ready.take(tasks, *turn));
//   }

#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/core/module_table.hpp"
#include "hub/core/ordered_set.hpp"
#include "hub/core/task_table.hpp"

namespace roundhouse::hub {

using ShapeIndex = std::uint32_t;
inline constexpr ShapeIndex kNoShape = 0xffffffffU;

// What a shape is known by.
struct ShapeKey {
  std::int32_t priority = 0;
  std::uint32_t depth = 0;           // of the task that submitted it, and one; 0: none did
  std::vector<EngineIndex> targets;  // sorted; empty: any engine
  std::vector<ModuleIndex> needs;    // that an engine must have
  std::vector<EngineIndex> avoided;  // sorted; its tasks failed there: others come first
  std::vector<EngineIndex> barred;   // sorted; what its tasks depend on is not met there: never
  bool narrowed = false;             // of those that follow others: `targets` are where those ran

  friend auto operator<=>(const ShapeKey&, const ShapeKey&) = default;
};

struct Shape : ShapeKey {
  // The tasks of one session, and the turn under which it stands in `turns`.
  struct Line {
    TaskList tasks;
    std::uint64_t turn = 0;
    bool in_turn = false;
  };

  std::unordered_map<SessionNumber, Line> lines;  // a line stays where it is
  std::size_t size = 0;
  std::uint32_t users = 0;  // tasks, or dependences, whose own shape this is; it goes with the last

  // Whether where a task of it may run can change without any engine getting room.
  [[nodiscard]] bool is_picky() const {
    return !needs.empty() || !avoided.empty() || !barred.empty();
  }

 private:
  friend class ReadyQueue;

  struct Turn {
    std::uint64_t turn = 0;
    SessionNumber session = 0;
    Line* line = nullptr;
    friend auto operator<=>(const Turn&, const Turn&) = default;
  };

  // Where it stands among those of its priority: by the turn of its first session, and by that
  // session's first task.
  struct Place {
    std::uint64_t turn = 0;
    SessionNumber session = 0;
    std::uint64_t sequence = 0;
    ShapeIndex shape = kNoShape;
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  OrderedSet<Turn> turns;  // sessions with tasks here, by when they were last served
  bool asleep = false;
  std::optional<Place> place;       // among those of its priority that are awake
  std::vector<bool> is_registered;  // by target: its list of sleepers has the shape
  bool is_registered_for_any = false;
};

class ReadyQueue {
 public:
  struct Turn {
    ShapeIndex shape = kNoShape;
    SessionNumber session = 0;
    Shape::Line* line = nullptr;  // the queue's own; until the queue is changed
  };

  // The shape with this priority, these targets (any order, duplicates allowed), these modules and
  // this depth. It stays.
  ShapeIndex shape_of(std::int32_t priority, std::vector<std::uint32_t> targets,
                      std::vector<ModuleIndex> needs = {}, std::uint32_t depth = 0);
  // `base` with these engines avoided and barred (sorted), for one more task: leave_shape() for
  // each of them gives it back. Not for a shape that was made so itself.
  ShapeIndex join_shape(ShapeIndex base, const std::vector<EngineIndex>& avoided,
                        const std::vector<EngineIndex>& barred);
  void leave_shape(ShapeIndex shape);

  // `base` for these targets alone (sorted): shared by all who hold it, and gone some time after
  // the last has let go.
  ShapeIndex narrow(ShapeIndex base, std::vector<EngineIndex> targets);
  void let_go(ShapeIndex shape);
  // Removes narrowed shapes that nobody holds; not while a turn is being served.
  void sweep();

  [[nodiscard]] Shape& get(ShapeIndex index) { return shapes_[index]; }

  // Every shape that has tasks, in the order of priority and age.
  [[nodiscard]] std::vector<ShapeIndex> order() const;

  void push(TaskTable& tasks, ShapeIndex shape, TaskIndex task, bool in_front);
  void remove(TaskTable& tasks, ShapeIndex shape, TaskIndex task);

  // Whose turn it is among the shapes that are awake.
  [[nodiscard]] std::optional<Turn> next(TaskTable& tasks);
  // The first task of that turn, which next() gave last.
  TaskIndex take(TaskTable& tasks, const Turn& turn);
  // Any task of the shape; kNoTask when it has none.
  TaskIndex take_any(TaskTable& tasks, ShapeIndex shape);

  // Passes over the turn, which next() gave last, until end_pass().
  void skip(TaskTable& tasks, const Turn& turn);
  void end_pass(TaskTable& tasks);

  void sleep(ShapeIndex shape);
  void wake(TaskTable& tasks, ShapeIndex shape);
  // The engine has room: those of its shapes that sleep are looked at again.
  void wake_for(TaskTable& tasks, EngineIndex engine);
  // Who there is, or what engines have, has changed: the picky ones are looked at again.
  void wake_picky(TaskTable& tasks);

  [[nodiscard]] std::size_t size() const { return size_; }

  // Whether something is awake that may have to end although no engine has room.
  [[nodiscard]] bool has_picky_awake() const { return picky_awake_ > 0; }

  // Aborts when the lists contradict each other.
  void check_invariants(TaskTable& tasks);

 private:
  // What is awake of one rank, and when each session was served last.
  struct Level {
    OrderedSet<Shape::Place> awake;
    std::vector<std::uint64_t> by_session;  // their numbers are dense

    [[nodiscard]] std::uint64_t& served(SessionNumber session) {
      if (by_session.size() <= session) by_session.resize(std::size_t{session} + 1);
      return by_session[session];
    }
  };

  using Rank = std::pair<std::int32_t, std::uint32_t>;  // priority, depth
  using Levels = std::map<Rank, Level, std::greater<>>;

  [[nodiscard]] static Rank rank_of(const Shape& shape) { return {shape.priority, shape.depth}; }

  ShapeIndex enter(const ShapeKey& key);

  Level& level_of(const Shape& shape) { return levels_[rank_of(shape)]; }

  void set_turn(Shape& shape, SessionNumber session, Shape::Line& line, std::uint64_t turn);
  void end_turn(Shape& shape, SessionNumber session, Shape::Line& line);
  void refresh(TaskTable& tasks, ShapeIndex index);
  void unplace(Shape& shape);
  void free_shape(ShapeIndex index);
  TaskIndex pop(TaskTable& tasks, ShapeIndex index, SessionNumber session, Shape::Line& line);

  std::deque<Shape> shapes_;
  std::vector<ShapeIndex> free_;
  std::vector<ShapeIndex> unheld_;  // perhaps
  std::map<ShapeKey, ShapeIndex> by_key_;
  Levels levels_;
  Levels::iterator busiest_ = levels_.end();  // no level above has anything awake
  std::uint64_t clock_ = 0;
  std::vector<ShapeIndex> sleepers_;  // of any engine; with some that are awake again
  std::unordered_map<EngineIndex, std::vector<ShapeIndex>> sleepers_of_;  // by target
  std::vector<Turn> skipped_;
  std::size_t size_ = 0;
  std::size_t picky_awake_ = 0;  // shapes
};

}  // namespace roundhouse::hub
