#pragma once

// CORE. TaskTable: every task that has no outcome yet, in one slab, and lists through them.
//
// A task is addressed by its index, which stays valid until release(). Lists are intrusive and
// doubly linked, so that any task can leave any queue at no cost; a task is in one list at most.
// Thread rule: the router's thread.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "hub/core/fact.hpp"
#include "shared/check.hpp"
#include "shared/payload.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

using TaskIndex = std::uint32_t;
inline constexpr TaskIndex kNoTask = 0xffffffffU;
// Engines and sessions are addressed by their small numbers.
using EngineIndex = std::uint32_t;
inline constexpr EngineIndex kNoEngine = 0xffffffffU;
// What a task depends on: DependencyTable.
using DependenceIndex = std::uint32_t;
inline constexpr DependenceIndex kNoDependence = 0;

enum class TaskState : std::uint8_t {
  waiting,   // for what it depends on: stands with its dependence, and in no queue
  ready,     // waits in the ready queue for any engine of its shape
  in_lane,   // direct: waits in its lane at the hub
  assigned,  // sent to an engine: in flight, queued there, running, or finished and not yet heard
             // of
  resting,   // not direct: failed, and waits a while before it is tried again
  lacking,   // not direct, and lacks its frames (below): stands in no queue
};

struct Task {
  Payload payload;
  std::int64_t submitted_us = 0;
  std::uint64_t sequence = 0;
  std::uint64_t number = 0;  // of the assignment; only while assigned
  Fence fence;               // of the last assignment; zero when this hub made none
  SessionNumber session = 0;
  TemplateNumber template_number = 0;
  EngineIndex engine = kNoEngine;  // where it is assigned, or to whose lane it belongs
  TaskIndex next = kNoTask;
  TaskIndex previous = kNoTask;
  DependenceIndex dependence = kNoDependence;  // what it depends on, also when that is met
  std::uint32_t dependents = 0;                // who waits for it alone: DependencyTable's
  std::uint16_t failures = 0;                  // attempts that counted against its retries
  TaskState state = TaskState::ready;
  bool counted = false;  // the attempt of `fence` is among the failures
  bool direct = false;
  bool troubled = false;          // was tried in vain: the router's `troubles` say where
  bool lacks_frames : 1 = false;  // restored without them: its client has to send them again
  bool settled : 1 = false;       // its client has the outcome from an earlier hub: never run it
  bool aborting : 1 = false;      // never to be given to an engine (again): it is aborted

  // An attempt that counts against its retries.
  void count(Fence attempt) {
    ++failures;
    fence = attempt;
    counted = true;
  }

  // An attempt that was counted, as lost with its engine, is heard of after all: it counts once, as
  // what it was.
  void uncount(Fence attempt) {
    if (!counted || fence != attempt) return;
    --failures;
    counted = false;
  }
};

class TaskTable {
 public:
  [[nodiscard]] TaskIndex create() {
    if (free_ == kNoTask) grow();
    const TaskIndex index = free_;
    Task& task = at(index);
    free_ = task.next;
    task.next = kNoTask;
    ++used_;
    return index;
  }

  void release(TaskIndex index) {
    Task& task = at(index);
    task = Task{};
    task.next = free_;
    free_ = index;
    --used_;
  }

  // The reference stays good until release(), whatever else is created.
  [[nodiscard]] Task& get(TaskIndex index) {
    RH_CHECK(index < made_);
    return at(index);
  }

  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  static constexpr TaskIndex kChunk = 1024;

  [[nodiscard]] Task& at(TaskIndex index) { return chunks_[index / kChunk][index % kChunk]; }

  void grow() {
    chunks_.push_back(std::make_unique<Task[]>(kChunk));
    for (TaskIndex i = kChunk; i > 0; --i) {
      chunks_.back()[i - 1].next = free_;
      free_ = made_ + i - 1;
    }
    made_ += kChunk;
  }

  std::vector<std::unique_ptr<Task[]>> chunks_;
  TaskIndex made_ = 0;
  TaskIndex free_ = kNoTask;
  std::size_t used_ = 0;
};

// A queue of tasks linked through the table; a value of 12 bytes.
struct TaskList {
  TaskIndex first = kNoTask;
  TaskIndex last = kNoTask;
  std::uint32_t size = 0;

  [[nodiscard]] bool empty() const { return size == 0; }

  void push_back(TaskTable& table, TaskIndex index) {
    Task& task = table.get(index);
    task.previous = last, task.next = kNoTask;
    if (last == kNoTask)
      first = index;
    else
      table.get(last).next = index;
    last = index;
    ++size;
  }

  void push_front(TaskTable& table, TaskIndex index) {
    Task& task = table.get(index);
    task.next = first, task.previous = kNoTask;
    if (first == kNoTask)
      last = index;
    else
      table.get(first).previous = index;
    first = index;
    ++size;
  }

  void remove(TaskTable& table, TaskIndex index) {
    Task& task = table.get(index);
    (task.previous == kNoTask ? first : table.get(task.previous).next) = task.next;
    (task.next == kNoTask ? last : table.get(task.next).previous) = task.previous;
    task.next = task.previous = kNoTask;
    --size;
  }

  // Only when not empty.
  TaskIndex pop_front(TaskTable& table) {
    const TaskIndex index = first;
    remove(table, index);
    return index;
  }
};

}  // namespace roundhouse::hub
