#include "hub/core/ready_queue.hpp"

#include <doctest/doctest.h>

using namespace roundhouse::hub;

namespace {

struct Fixture {
  TaskTable tasks;
  ReadyQueue queue;
  std::map<SessionNumber, std::uint64_t> sequences;

  TaskIndex push(ShapeIndex shape, SessionNumber session, bool in_front = false) {
    const TaskIndex task = tasks.create();
    tasks.get(task).session = session;
    tasks.get(task).sequence = ++sequences[session];
    queue.push(tasks, shape, task, in_front);
    queue.check_invariants(tasks);
    return task;
  }

  // Whoever's turn it is.
  TaskIndex take() {
    const auto first = queue.next(tasks);
    const TaskIndex task = first ? queue.take(tasks, *first) : kNoTask;
    queue.check_invariants(tasks);
    return task;
  }

  // The sessions of the next tasks.
  std::vector<SessionNumber> sessions(int count) {
    std::vector<SessionNumber> out;
    for (int i = 0; i < count; ++i) out.push_back(tasks.get(take()).session);
    return out;
  }
};

}  // namespace

TEST_CASE("the same priority and targets are one shape, whatever their order") {
  ReadyQueue queue;
  CHECK(queue.shape_of(0, {3, 1, 3}) == queue.shape_of(0, {1, 3}));
  CHECK(queue.shape_of(0, {1}) != queue.shape_of(1, {1}));
}

TEST_CASE("the highest priority is served first, whoever's it is") {
  Fixture f;
  const auto low = f.push(f.queue.shape_of(-1, {}), 1);
  const auto middle = f.push(f.queue.shape_of(0, {2}), 2);
  const auto high = f.push(f.queue.shape_of(7, {}), 3);
  CHECK(f.queue.order().size() == 3);
  CHECK(f.take() == high);
  const auto higher = f.push(f.queue.shape_of(9, {}), 1);
  CHECK(f.take() == higher);
  CHECK(f.take() == middle);
  CHECK(f.take() == low);
  CHECK(f.take() == kNoTask);
}

TEST_CASE("within a session it is first come first served, and what comes back goes in front") {
  Fixture f;
  const auto shape = f.queue.shape_of(0, {});
  const auto a = f.push(shape, 1);
  const auto b = f.push(shape, 1);
  const auto returned = f.push(shape, 1, true);
  CHECK(f.take() == returned);
  CHECK(f.take() == a);
  CHECK(f.take() == b);
  CHECK(f.take() == kNoTask);
}

TEST_CASE("within a session the order of submission holds across shapes of one priority") {
  Fixture f;
  const auto one = f.queue.shape_of(0, {});
  const auto other = f.queue.shape_of(0, {4});
  std::vector<TaskIndex> made;
  for (const auto shape : {one, other, other, one, other}) made.push_back(f.push(shape, 1));
  for (const TaskIndex task : made) CHECK(f.take() == task);
}

TEST_CASE("sessions take turns, whatever shapes their tasks have") {
  Fixture f;
  const auto old = f.queue.shape_of(0, {});
  const auto young = f.queue.shape_of(0, {4});
  const auto third = f.queue.shape_of(0, {5});
  for (int i = 0; i < 10; ++i) f.push(old, 1), f.push(third, 1);
  for (int i = 0; i < 5; ++i) f.push(young, 2);
  CHECK(f.sessions(8) == std::vector<SessionNumber>{1, 2, 1, 2, 1, 2, 1, 2});
  for (int i = 0; i < 2; ++i) f.push(old, 3);  // a newcomer is next, and does not go on for ever
  CHECK(f.sessions(6) == std::vector<SessionNumber>{3, 1, 2, 3, 1, 1});
}

TEST_CASE("a session that is passed over loses no turn, and the others go on") {
  Fixture f;
  const auto shape = f.queue.shape_of(0, {});
  const auto a = f.push(shape, 1);
  const auto b = f.push(shape, 2);
  const auto first = f.queue.next(f.tasks);
  REQUIRE(first);
  CHECK(first->session == 1);
  f.queue.skip(f.tasks, *first);
  const auto second = f.queue.next(f.tasks);
  REQUIRE(second);
  CHECK(f.queue.take(f.tasks, *second) == b);
  CHECK_FALSE(f.queue.next(f.tasks));
  f.queue.end_pass(f.tasks);
  CHECK(f.take() == a);
}

TEST_CASE("a shape that goes while a session of it is passed over is not looked at again") {
  Fixture f;
  const auto shape = f.queue.join_shape(f.queue.shape_of(0, {}), {4}, {});
  const auto task = f.push(shape, 1);
  f.queue.skip(f.tasks, *f.queue.next(f.tasks));
  f.queue.remove(f.tasks, shape, task);
  f.queue.leave_shape(shape);
  f.queue.end_pass(f.tasks);
  f.queue.check_invariants(f.tasks);
  CHECK(f.take() == kNoTask);
}

TEST_CASE("what leaves the queue while it is passed over does not come back") {
  Fixture f;
  const auto shape = f.queue.shape_of(0, {});
  const auto task = f.push(shape, 1);
  f.queue.skip(f.tasks, *f.queue.next(f.tasks));
  f.queue.remove(f.tasks, shape, task);
  f.queue.end_pass(f.tasks);
  f.queue.check_invariants(f.tasks);
  CHECK(f.take() == kNoTask);
}

TEST_CASE("a task can leave the queue from any place") {
  Fixture f;
  const auto shape = f.queue.shape_of(0, {});
  const auto a = f.push(shape, 1);
  const auto b = f.push(shape, 1);
  const auto c = f.push(shape, 1);
  f.queue.remove(f.tasks, shape, b);
  CHECK(f.take() == a);
  CHECK(f.take() == c);
  f.queue.remove(f.tasks, shape, f.push(shape, 1));
  CHECK(f.take() == kNoTask);
  CHECK(f.queue.size() == 0);
}

TEST_CASE("a shape sleeps until an engine of its targets has room") {
  Fixture f;
  const auto anywhere = f.queue.shape_of(0, {});
  const auto somewhere = f.queue.shape_of(0, {3, 4'000'000'000U});
  const auto wide = f.push(anywhere, 1);
  const auto narrow = f.push(somewhere, 1);
  for (int repeat = 0; repeat < 3; ++repeat) {
    f.queue.sleep(anywhere), f.queue.sleep(somewhere);
    f.push(somewhere, 2);
    CHECK(f.take() == kNoTask);
    f.queue.wake_for(f.tasks, 2);
    REQUIRE(f.queue.next(f.tasks));
    CHECK(f.queue.next(f.tasks)->shape == anywhere);
    f.queue.sleep(anywhere);
    f.queue.wake_for(f.tasks, 3);
  }
  CHECK(f.take() == wide);
  CHECK(f.tasks.get(f.take()).session == 2);
  CHECK(f.take() == narrow);
}

TEST_CASE("tasks that were tried alike share a shape, which goes with the last of them") {
  Fixture f;
  const auto base = f.queue.shape_of(3, {1, 2});
  const auto one = f.queue.join_shape(base, {1}, {});
  CHECK(f.queue.join_shape(base, {1}, {}) == one);
  CHECK(f.queue.join_shape(base, {}, {1}) != one);
  CHECK(f.queue.get(one).priority == 3);
  CHECK(f.queue.get(one).targets == std::vector<EngineIndex>{1, 2});
  CHECK(f.queue.get(one).is_picky());
  f.queue.sleep(one);
  f.queue.leave_shape(one);
  f.queue.leave_shape(one);
  const auto other = f.queue.join_shape(base, {2}, {});  // in the same place
  CHECK(other == one);
  const auto task = f.push(other, 1);
  f.queue.wake_for(f.tasks, 1);  // whose list may have the shape that is gone
  f.queue.check_invariants(f.tasks);
  CHECK(f.take() == task);
}

TEST_CASE("picky shapes are looked at again when who there is has changed") {
  Fixture f;
  const auto plain = f.queue.shape_of(0, {});
  const auto picky = f.queue.join_shape(plain, {1}, {});
  f.push(plain, 1);
  const auto task = f.push(picky, 2);
  f.queue.sleep(plain), f.queue.sleep(picky);
  f.queue.wake_picky(f.tasks);
  CHECK(f.take() == task);
  CHECK(f.take() == kNoTask);
}

TEST_CASE("any task of a shape can be had, asleep or not") {
  Fixture f;
  const auto shape = f.queue.shape_of(0, {});
  const auto task = f.push(shape, 1);
  f.queue.sleep(shape);
  CHECK(f.queue.take_any(f.tasks, shape) == task);
  CHECK(f.queue.take_any(f.tasks, shape) == kNoTask);
  f.queue.check_invariants(f.tasks);
}

TEST_CASE("a shape that fell asleep and lost its tasks is awake for the next one") {
  Fixture f;
  const ShapeIndex shape = f.queue.shape_of(0, {2});
  f.push(shape, 1);
  f.queue.sleep(shape);
  CHECK(f.take() == kNoTask);
  CHECK(f.queue.take_any(f.tasks, shape) != kNoTask);
  const auto next = f.push(shape, 1);
  CHECK(f.take() == next);
}
