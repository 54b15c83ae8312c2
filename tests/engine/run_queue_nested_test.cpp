// What a RunQueue does with tasks that tasks have submitted, and with slots that are lent.
#include <doctest/doctest.h>

#include "engine/core/run_queue.hpp"

namespace roundhouse::engine {
namespace {

using Numbers = std::vector<std::uint64_t>;

class NestedQueue : public RunQueue {
 public:
  using RunQueue::RunQueue;

  void add(std::uint64_t number, std::uint32_t depth = 0, bool direct = false) {
    auto shared = std::make_shared<Template>();
    shared->depth = depth;
    push({number, {SessionId{1}, number}, {1, 1}, direct, std::move(shared), {}});
    check_invariants();
  }

  std::uint64_t start(std::uint32_t seat) {
    const auto run = take_next(seat);
    check_invariants();
    return run ? run->number : 0;
  }

  Numbers waits(std::uint32_t seat) {
    Numbers out = lend(seat);
    check_invariants();
    return out;
  }

  bool returns(std::uint32_t seat, bool at_once = false) {
    const bool out = take_back(seat, at_once);
    check_invariants();
    return out;
  }

  void ends(std::uint32_t seat) {
    finish(seat);
    check_invariants();
  }

  // So many tasks of this depth begin, and wait.
  void fill(std::uint32_t count, std::uint32_t depth) {
    for (std::uint32_t i = 0; i < count; ++i) {
      add(++last_, depth);
      REQUIRE(start(lent()) == last_);
      REQUIRE(waits(lent()).empty());
    }
  }

 private:
  std::uint64_t last_ = 1000;
};

TEST_CASE("the deepest goes first, be it direct or not, and then the lowest number") {
  NestedQueue queue(6);
  queue.add(1);
  queue.add(2, 0, true);
  queue.add(3, 2, true);
  queue.add(4, 1);
  queue.add(5, 2);
  queue.add(6, 3);
  for (const std::uint64_t number : {6, 3, 5, 4, 1, 2})
    CHECK(queue.start(static_cast<std::uint32_t>(6 - number)) == number);
}

TEST_CASE("a task that waits lends its slot to another one, and goes on before new ones begin") {
  NestedQueue queue(1);
  queue.add(1);
  REQUIRE(queue.start(0) == 1);
  CHECK(queue.start(1) == 0);
  CHECK(queue.waits(0).empty());
  CHECK((queue.lent() == 1 && queue.active() == 0 && queue.running() == 1));
  queue.add(2, 1);
  queue.add(3, 1);
  REQUIRE(queue.start(1) == 2);
  queue.want_back(0);
  CHECK_FALSE(queue.returns(0));
  queue.ends(1);
  CHECK_FALSE(queue.ready());
  CHECK(queue.start(1) == 0);
  CHECK(queue.next_back() == 0);
  CHECK(queue.returns(0));
  CHECK(queue.start(1) == 0);
  queue.ends(0);
  CHECK(queue.start(1) == 3);
}

TEST_CASE("of those that want their slot back the deepest has it first") {
  NestedQueue queue(1);
  for (std::uint32_t seat = 0; seat < 3; ++seat) {
    queue.add(seat + 1, seat);
    REQUIRE(queue.start(seat) == seat + 1);
    (void)queue.waits(seat);
  }
  for (const std::uint32_t seat : {0, 2, 1}) queue.want_back(seat);
  CHECK_FALSE(queue.returns(0));
  CHECK(queue.returns(2));
  CHECK_FALSE(queue.returns(1));
  queue.ends(2);
  CHECK(queue.returns(1));
  CHECK_FALSE(queue.returns(0));
}

TEST_CASE("one that is to end goes on without a slot") {
  NestedQueue queue(1);
  queue.add(1);
  REQUIRE(queue.start(0) == 1);
  (void)queue.waits(0);
  queue.add(2, 1);
  REQUIRE(queue.start(1) == 2);
  queue.want_back(0);
  CHECK(queue.returns(0, true));
  CHECK(queue.active() == 2);
  queue.add(3, 1);
  queue.ends(0);
  CHECK(queue.start(0) == 0);
  queue.ends(1);
  CHECK(queue.start(0) == 3);
}

TEST_CASE("what was sent ahead is given back when its slot is lent, but what can begin at once") {
  NestedQueue queue(2);
  for (std::uint64_t number = 1; number <= 5; ++number) queue.add(number);
  queue.add(6, 0, true);
  queue.add(7, 1);
  REQUIRE(queue.start(0) == 7);
  REQUIRE(queue.start(1) == 1);
  CHECK(queue.waits(1) == Numbers{3, 4, 5});  // a lane stays as it is
  CHECK(queue.start(2) == 2);
}

TEST_CASE("what is deeper than the task that waits stays") {
  NestedQueue queue(1);
  queue.add(1);
  queue.add(2);
  REQUIRE(queue.start(0) == 1);
  queue.add(3, 1);
  queue.add(4, 1);
  CHECK(queue.waits(0) == Numbers{2});
  CHECK(queue.start(1) == 3);
}

TEST_CASE(
    "where many wait only what is deeper than all of them begins, until the limit is lifted") {
  NestedQueue queue(1);
  queue.fill(kLentFreely - 1, 3);
  CHECK(queue.wanted_depth() == 0);
  queue.add(1, 1);
  REQUIRE(queue.start(kLentFreely - 1) == 1);
  queue.add(2, 2);
  queue.add(3, 3, true);
  CHECK(queue.waits(kLentFreely - 1).empty());
  CHECK(queue.wanted_depth() == 4);
  CHECK(queue.give_back_shallow() == Numbers{2});
  CHECK((!queue.ready() && queue.is_held_up()));
  queue.add(4, 4);
  CHECK(queue.start(kLentFreely) == 4);
  queue.ends(kLentFreely);
  queue.lift_limit();
  CHECK(queue.start(kLentFreely) == 3);
  SUBCASE("which holds again when the next one waits") {
    (void)queue.waits(kLentFreely);
    CHECK(queue.wanted_depth() == 4);
  }
  SUBCASE("or fewer wait") {
    queue.ends(kLentFreely);
    queue.want_back(0);
    CHECK(queue.returns(0));
    CHECK((queue.lent() == kLentFreely - 1 && queue.wanted_depth() == 0));
  }
}

TEST_CASE("beyond so many that wait the limit is not lifted, and in the end none may wait") {
  NestedQueue queue(1);
  std::uint32_t depth = 0;
  while (queue.lent() < kLentBroadly - 1) queue.fill(1, depth++);
  CHECK(queue.is_held_up());
  queue.fill(1, depth++);
  CHECK_FALSE(queue.is_held_up());
  while (queue.may_lend()) queue.fill(1, depth++);
  CHECK(queue.lent() == kLentMax);
  queue.add(1, depth);
  CHECK(queue.start(kLentMax) == 1);
}

TEST_CASE("direct tasks of one session are in order among those of their depth alone") {
  NestedQueue queue(4);
  queue.add(1, 1, true);
  queue.add(2, 1, true);
  queue.add(3, 2, true);
  REQUIRE(queue.start(0) == 3);
  REQUIRE(queue.start(1) == 1);
  CHECK(queue.start(2) == 0);
  (void)queue.waits(1);
  CHECK(queue.start(2) == 0);  // its lane is not free before it has ended
  queue.want_back(1);
  CHECK(queue.returns(1));
  queue.ends(1);
  CHECK(queue.start(1) == 2);
}

TEST_CASE("a task that ends while its slot is lent takes nobody's") {
  NestedQueue queue(1);
  queue.add(1);
  REQUIRE(queue.start(0) == 1);
  (void)queue.waits(0);
  SUBCASE("and wants it back") {
    queue.want_back(0);
  }
  SUBCASE("or not yet") {}
  queue.add(2, 1);
  queue.ends(0);
  CHECK(queue.lent() == 0);
  CHECK(queue.start(0) == 2);
}

TEST_CASE("what waits for others is held, and found by its number") {
  NestedQueue queue(1);
  queue.add(5);
  REQUIRE(queue.start(3) == 5);
  (void)queue.waits(3);
  CHECK(queue.slot_of(5) == 3);
  REQUIRE(queue.holding().size() == 1);
  CHECK(queue.holding()[0].running);
}

}  // namespace
}  // namespace roundhouse::engine
