#include "engine/core/run_queue.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <doctest/doctest.h>

namespace roundhouse::engine {
namespace {

using Numbers = std::vector<std::uint64_t>;

const SessionId kAlice{1};
const SessionId kBob{2};

Run free_task(std::uint64_t number) {
  return {number, {kAlice, number}, {1, 1}, false, std::make_shared<Template>(), {}};
}

Run direct_task(std::uint64_t number, SessionId session = kAlice) {
  return {number, {session, number}, {1, 1}, true, std::make_shared<Template>(), {}};
}

std::uint64_t start(RunQueue& queue, std::uint32_t slot) {
  const auto run = queue.take_next(slot);
  queue.check_invariants();
  return run ? run->number : 0;
}

TEST_CASE("tasks run in the order of their numbers") {
  RunQueue queue(4);
  for (const std::uint64_t number : {1, 2, 3}) queue.push(free_task(number));
  queue.push(direct_task(4));
  CHECK(start(queue, 3) == 1);
  CHECK(start(queue, 0) == 2);
  CHECK(start(queue, 1) == 3);
  CHECK(start(queue, 2) == 4);
}

TEST_CASE("a lane runs one task at a time, in order") {
  RunQueue queue(2);
  for (const std::uint64_t number : {1, 2, 3}) queue.push(direct_task(number));
  CHECK(start(queue, 0) == 1);
  CHECK_FALSE(queue.ready());
  CHECK(start(queue, 1) == 0);
  queue.finish(0);
  CHECK(queue.ready());
  CHECK(start(queue, 1) == 2);
  CHECK(start(queue, 0) == 0);
  queue.finish(1);
  CHECK(start(queue, 0) == 3);
}

TEST_CASE("lanes of two sessions do not wait for each other") {
  RunQueue queue(2);
  queue.push(direct_task(1, kAlice));
  queue.push(direct_task(2, kAlice));
  queue.push(direct_task(3, kBob));
  CHECK(start(queue, 0) == 1);
  CHECK(start(queue, 1) == 3);
}

TEST_CASE("a busy lane does not hold up free tasks") {
  RunQueue queue(2);
  queue.push(direct_task(1));
  queue.push(direct_task(2));
  queue.push(free_task(3));
  CHECK(start(queue, 0) == 1);
  CHECK(start(queue, 1) == 3);
  queue.finish(1);
  CHECK_FALSE(queue.ready());
}

TEST_CASE("revoking takes back what waits, in lanes and outside, and nothing else") {
  RunQueue queue(1);
  for (const std::uint64_t number : {1, 2, 3}) queue.push(free_task(number));
  for (const std::uint64_t number : {4, 5, 6}) queue.push(direct_task(number));
  CHECK(start(queue, 0) == 1);
  CHECK(queue.revoke({6, 4, 1, 3, 77}) == Numbers{3, 4, 6});
  queue.check_invariants();
  queue.finish(0);
  CHECK(start(queue, 0) == 2);
  queue.finish(0);
  CHECK(start(queue, 0) == 5);
  queue.finish(0);
  CHECK(start(queue, 0) == 0);
  CHECK(queue.waiting() == 0);
}

TEST_CASE("a lane that was revoked empty takes new work") {
  RunQueue queue(1);
  queue.push(direct_task(1));
  CHECK(queue.revoke({1}) == Numbers{1});
  queue.check_invariants();
  CHECK_FALSE(queue.ready());
  queue.push(direct_task(2));
  CHECK(start(queue, 0) == 2);
}

TEST_CASE("a lane behind a running task can be revoked") {
  RunQueue queue(1);
  queue.push(direct_task(1));
  queue.push(direct_task(2));
  CHECK(start(queue, 0) == 1);
  CHECK(queue.revoke({2}) == Numbers{2});
  queue.check_invariants();
  queue.finish(0);
  queue.check_invariants();
  CHECK_FALSE(queue.ready());
}

TEST_CASE("holding lists everything by number and says what runs") {
  RunQueue queue(2);
  queue.push(direct_task(1));
  queue.push(direct_task(2));
  queue.push(free_task(3));
  CHECK(start(queue, 0) == 1);
  CHECK(start(queue, 1) == 3);
  const auto holding = queue.holding();
  REQUIRE(holding.size() == 3);
  CHECK(holding[0].running);
  CHECK(holding[1].number == 2);
  CHECK_FALSE(holding[1].running);
  CHECK(holding[2].running);
}

TEST_CASE("the queue tells what it would run next") {
  RunQueue queue(1);
  CHECK(queue.next() == nullptr);
  Run run = free_task(1);
  const Template* shared = run.shared.get();
  queue.push(std::move(run));
  CHECK(queue.next() == shared);
}

TEST_CASE("a queue that was long gives its memory back") {
  RunQueue queue(1);
  for (std::uint64_t number = 1; number <= 20'000; ++number) queue.push(free_task(number));
  while (start(queue, 0) != 0) queue.finish(0);
  CHECK(queue.table_size() == 0);
}

// A model that is plainly right: all waiting tasks in a map, the first that may run is taken.
struct Model {
  struct Waiting {
    SessionId session;
    bool direct;
  };

  std::map<std::uint64_t, Waiting> waiting;
  std::set<SessionId> busy;

  std::uint64_t take() {
    for (const auto& [number, task] : waiting) {
      if (task.direct && busy.count(task.session) > 0) continue;
      const std::uint64_t taken = number;
      if (task.direct) busy.insert(task.session);
      waiting.erase(taken);
      return taken;
    }
    return 0;
  }
};

TEST_CASE("whatever happens in whatever order, the queue does what a plain model does") {
  std::uint64_t seed = 0x9e3779b97f4a7c15U;
  const auto draw = [&seed](std::uint64_t below) {
    seed ^= seed << 13U, seed ^= seed >> 7U, seed ^= seed << 17U;
    return seed % below;
  };
  constexpr std::uint32_t kSlots = 3;
  RunQueue queue(kSlots);
  Model model;
  std::vector<std::optional<Run>> slots(kSlots);
  std::uint64_t number = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto slot = static_cast<std::uint32_t>(draw(kSlots));
    switch (draw(5)) {
      case 0:
      case 1: {
        Run run =
            draw(2) == 0 ? free_task(++number) : direct_task(++number, SessionId{1 + draw(4)});
        model.waiting[number] = {run.task.session, run.direct};
        queue.push(std::move(run));
        break;
      }
      case 2:
        if (slots[slot]) {
          if (slots[slot]->direct) model.busy.erase(slots[slot]->task.session);
          queue.finish(slot);
          slots[slot].reset();
        }
        break;
      case 3:
        if (!slots[slot]) {
          slots[slot] = queue.take_next(slot);
          REQUIRE((slots[slot] ? slots[slot]->number : 0) == model.take());
        }
        break;
      default: {
        Numbers asked;
        for (std::uint64_t i = draw(4); i > 0 && number > 0; --i)
          asked.push_back(number - std::min(draw(12), number - 1));
        Numbers expected;
        for (const std::uint64_t each : std::set<std::uint64_t>(asked.begin(), asked.end()))
          if (model.waiting.erase(each) > 0) expected.push_back(each);
        REQUIRE(queue.revoke(asked) == expected);
      }
    }
    queue.check_invariants();
    REQUIRE(queue.waiting() == model.waiting.size());
  }
}

}  // namespace
}  // namespace roundhouse::engine
