#pragma once

// CORE. DependencyTable: what unfinished tasks wait for, and who is told when a task ends.
//
// A *dependence* is what all tasks of one submission wait for. It hears by *edges*, of 28 bytes:
// from single tasks, and from *blocks* of 2^n consecutive tasks of a session, into which longer
// ranges are cut. Everybody who waits for a block shares it, and hears of it three times at most:
// when one of its tasks has ended ok, when one has failed, and when all have ended. So the end of a
// task costs a look at 16 blocks, whatever waits for how many ranges that it is in, and a thousand
// tasks may wait for the same 65,536 others.
//
// Rules are in dependencies.cpp and following.cpp. Thread rule: the router's thread.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hub/core/depends_on.hpp"
#include "hub/core/ready_queue.hpp"
#include "hub/core/task_table.hpp"
#include "shared/records.hpp"
#include "shared/time.hpp"

namespace roundhouse::hub {

// Why the tasks of a dependence cannot run.
struct Unmet {
  wire::Ending ending = wire::Ending::error;
  wire::ErrorValue error;
  std::uint32_t links = 0;  // tasks between these and the one that is at the root
  std::string root;         // what became of that one
};

// One of the two: `after`, `follow`.
struct DependencyPart {
  wire::DependencyMode mode;
  bool met = false;
  std::uint32_t left = 0;  // edges from what has not ended wholly
};

struct Dependence {
  enum class Stage : std::uint8_t {
    fresh,      // not looked at yet
    expecting,  // names tasks that nobody has submitted, but somebody may
    waiting,    // for tasks to end
    placing,    // met; where tasks ran that it follows is being asked for
    met,        // its tasks go on
    unmet,      // its tasks end
  };

  DependsOn on;
  DependencyPart after;
  DependencyPart follow;
  SessionNumber session = 0;
  TemplateNumber template_number = 0;
  std::uint64_t sequence = 0;   // of the first task of its record
  TaskList tasks;               // that wait; none of them stands in another queue
  std::uint32_t users = 0;      // unfinished tasks of it, waiting or not
  std::uint32_t pins = 0;       // lists of the router that it stands in
  std::uint32_t edges = 0;      // the first of its edges
  ShapeIndex shape = kNoShape;  // of those that follow, once it is met
  TimePoint deadline = TimePoint::max();
  std::unique_ptr<Unmet> unmet;
  Stage stage = Stage::fresh;

  [[nodiscard]] std::size_t bytes() const { return on.bytes.size; }

  [[nodiscard]] bool decided() const { return stage == Stage::met || stage == Stage::unmet; }

  // Whether it is known that its tasks may run, and where.
  [[nodiscard]] bool settled() const {
    return decided() && !(stage == Stage::met && on.follows() && shape == kNoShape);
  }
};

// What a dependence hears.
struct Heard {
  DependenceIndex dependence = kNoDependence;
  bool of_follow = false;
  bool ok = false;        // a task has ended so for the first time there
  bool failed = false;    // the same
  bool complete = false;  // all that the edge is from have ended
};

class DependencyTable {
 public:
  static constexpr unsigned kLevels = 17;  // blocks of 2^0 to 2^16 tasks: wire::kDependenciesMax

  struct Block {
    std::uint64_t first = 0;  // it is this task, and the following 2^level - 1
    unsigned level = 0;

    [[nodiscard]] std::uint64_t last() const { return first + (std::uint64_t{1} << level) - 1; }
  };

  // How the tasks of a block stand when it is waited for first.
  struct Census {
    std::uint32_t unfinished = 0;
    bool ok = false;
    bool failed = false;
  };

  DependenceIndex create();
  [[nodiscard]] Dependence& get(DependenceIndex index);
  // Frees it when nobody needs it any more: no task, no pin. Then true.
  bool release(DependenceIndex index);

  // The largest block that begins with `first` and ends at or before `last`.
  [[nodiscard]] static Block block_at(std::uint64_t first, std::uint64_t last);

  // What is known of a block that somebody waits for already.
  [[nodiscard]] std::optional<Census> census_of(SessionNumber session, const Block& block) const;
  // The dependence will hear of this task, whose `dependents` this is, or of this block.
  void watch(DependenceIndex dependence, bool of_follow, TaskIndex task, std::uint32_t& dependents);
  void watch(DependenceIndex dependence, bool of_follow, SessionNumber session, const Block& block,
             const Census& census);
  // It will hear no more.
  void unwatch(DependenceIndex dependence, TaskTable& tasks);

  // A task has ended: appends who hears of it to `heard`. To act on that is up to the caller, when
  // this has returned.
  void on_ended(const Task& task, bool ok, std::vector<Heard>& heard);

  template <class F>
  void each(F&& f) {
    for (DependenceIndex index = 1; index < dependences_.size(); ++index)
      if (dependences_[index].users > 0) f(index, dependences_[index]);
  }

  [[nodiscard]] std::size_t edge_count() const { return edges_used_; }

  [[nodiscard]] std::size_t block_count() const { return nodes_used_; }

  [[nodiscard]] std::size_t dependence_count() const { return dependences_used_; }

  [[nodiscard]] std::size_t waiting() const { return waiting_; }

  // A task begins or ceases to wait.
  void enter(TaskTable& tasks, DependenceIndex index, TaskIndex task) {
    get(index).tasks.push_back(tasks, task);
    ++waiting_;
  }

  void leave(TaskTable& tasks, DependenceIndex index, TaskIndex task) {
    get(index).tasks.remove(tasks, task);
    --waiting_;
  }

  void check_invariants(TaskTable& tasks);

 private:
  using EdgeIndex = std::uint32_t;  // 0: none
  using NodeIndex = std::uint32_t;

  // In the list of what it comes from, and in that of its dependence.
  struct Edge {
    DependenceIndex dependence = kNoDependence;
    std::uint32_t source = 0;  // a task or a node
    EdgeIndex next = 0;
    EdgeIndex previous = 0;
    EdgeIndex next_of_dependence = 0;
    EdgeIndex previous_of_dependence = 0;
    bool of_node = false;
    bool of_follow = false;
  };

  // A block that is waited for.
  struct Node {
    std::uint64_t key = 0;
    SessionNumber session = 0;
    EdgeIndex edges = 0;
    Census census;
    unsigned level = 0;
  };

  struct Levels {
    std::array<std::unordered_map<std::uint64_t, NodeIndex>, kLevels> by_number;
    std::size_t nodes = 0;
  };

  EdgeIndex link(DependenceIndex dependence, bool of_follow, std::uint32_t source, bool of_node,
                 EdgeIndex& head);
  void leave_dependence(EdgeIndex index);
  void free_edge(EdgeIndex index);
  void free_node(NodeIndex index);
  void hear_node(NodeIndex index, bool ok, std::vector<Heard>& heard);

  std::deque<Dependence> dependences_{1};
  std::vector<DependenceIndex> free_dependences_;
  std::size_t dependences_used_ = 0;
  std::vector<Edge> edges_{1};
  EdgeIndex free_edges_ = 0;
  std::size_t edges_used_ = 0;
  std::vector<Node> nodes_{1};
  std::vector<NodeIndex> free_nodes_;
  std::size_t nodes_used_ = 0;
  std::unordered_map<SessionNumber, Levels> sessions_;
  std::size_t waiting_ = 0;
};

}  // namespace roundhouse::hub
