#include "hub/core/ready_queue.hpp"

#include <doctest/doctest.h>

using namespace roundhouse::hub;

namespace {

struct Fixture {
  TaskTable tasks;
  ReadyQueue queue;

  TaskIndex push(ShapeIndex shape, SessionNumber session, bool in_front = false) {
    const TaskIndex task = tasks.create();
    tasks.get(task).session = session;
    queue.push(tasks, shape, task, in_front);
    return task;
  }

  TaskIndex take(ShapeIndex shape) {
    return queue.take(tasks, shape, [](SessionNumber) { return true; });
  }
};

}  // namespace

TEST_CASE("the same priority and targets are one shape, whatever their order") {
  ReadyQueue queue;
  CHECK(queue.shape_of(0, {3, 1, 3}) == queue.shape_of(0, {1, 3}));
  CHECK(queue.shape_of(0, {1}) != queue.shape_of(1, {1}));
}

TEST_CASE("shapes are served by priority, and in the order of their making within one") {
  ReadyQueue queue;
  const auto low = queue.shape_of(-1, {});
  const auto first = queue.shape_of(0, {});
  const auto second = queue.shape_of(0, {1});
  const auto high = queue.shape_of(7, {});
  CHECK(queue.order() == std::vector{high, first, second, low});
}

TEST_CASE("within a session it is first come first served, and what comes back goes in front") {
  Fixture f;
  const auto shape = f.queue.shape_of(0, {});
  const auto a = f.push(shape, 1);
  const auto b = f.push(shape, 1);
  const auto returned = f.push(shape, 1, true);
  CHECK(f.take(shape) == returned);
  CHECK(f.take(shape) == a);
  CHECK(f.take(shape) == b);
  CHECK(f.take(shape) == kNoTask);
}

TEST_CASE("sessions take turns, and one that may not run is passed over") {
  Fixture f;
  const auto shape = f.queue.shape_of(0, {});
  const auto a = f.push(shape, 1);
  const auto a2 = f.push(shape, 1);
  const auto b = f.push(shape, 2);
  CHECK(f.take(shape) == a);
  CHECK(f.take(shape) == b);
  CHECK(f.queue.take(f.tasks, shape, [](SessionNumber s) { return s != 1; }) == kNoTask);
  CHECK(f.queue.size() == 1);
  CHECK(f.take(shape) == a2);
}

TEST_CASE("a task can leave the queue from any place") {
  Fixture f;
  const auto shape = f.queue.shape_of(0, {});
  const auto a = f.push(shape, 1);
  const auto b = f.push(shape, 1);
  const auto c = f.push(shape, 1);
  f.queue.remove(f.tasks, shape, b);
  CHECK(f.take(shape) == a);
  CHECK(f.take(shape) == c);
  f.queue.remove(f.tasks, shape, f.push(shape, 1));
  CHECK(f.take(shape) == kNoTask);
  CHECK(f.queue.size() == 0);
}
