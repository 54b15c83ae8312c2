#include "engine/core/session.hpp"

#include "tests/engine/core_harness.hpp"

namespace roundhouse::engine::testing {
namespace {

using Numbers = std::vector<std::uint64_t>;

TEST_CASE("an engine says hello on both planes with one connection number") {
  EngineUnderTest engine;
  CHECK(engine.wants_link);
  const Heard heard = engine.link_comes_up();
  CHECK(heard.kinds == std::vector<std::string>{"task:hello", "control:hello"});
  REQUIRE(heard.hellos.size() == 2);
  CHECK(heard.hellos[0] == heard.hellos[1]);
  CHECK(heard.hellos[0].connection == engine.connection);
  CHECK(heard.hellos[0].role == wire::Role::engine);
  CHECK(heard.hellos[0].uuid == kUuid);
  CHECK(heard.hellos[0].incarnation == 3);
  CHECK(heard.hellos[0].next_number == 1);
  CHECK(heard.hellos[0].epoch == 0);
}

TEST_CASE("a fresh engine answers welcome with an empty, complete holding") {
  EngineUnderTest engine;
  engine.link_comes_up();
  const Heard heard = engine.hub_welcomes();
  CHECK(heard.kinds == std::vector<std::string>{"task:holding"});
  CHECK(heard.holding_complete);
  CHECK(engine.session.connected());
  CHECK(engine.session.engine_id() == EngineId{7});
}

TEST_CASE("an assignment runs and its outcome is sent at once when nothing waits behind it") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{.number = 1, .attempt = 4, .epoch = 9}});
  CHECK(engine.slot_starts() == 1);
  CHECK(engine.runs[0].shared->function == "f1");
  const Heard heard = engine.slot_finishes();
  REQUIRE(heard.outcomes.size() == 1);
  CHECK(heard.outcome_numbers == Numbers{1});
  CHECK(heard.outcomes[0].task == TaskId{kAlice, 101});
  CHECK(heard.outcomes[0].fence == Fence{9, 4});
  CHECK(heard.outcomes[0].payload.body() == "result");
  CHECK(heard.outcomes[0].duration_ns == 1'000'000);
}

TEST_CASE("an outcome does not wait for a task that is not known to be short") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{1}, {2}, {3}});
  CHECK(engine.runs_one(10us).outcomes.empty());  // the next is of a kind that took 10 us
  CHECK(engine.runs_one(5ms).outcomes.size() == 2);
  CHECK(engine.runs_one(1us).outcomes.size() == 1);
}

namespace {

std::vector<Assigned> tasks_of(std::uint32_t template_number, std::uint64_t first,
                               std::uint64_t count) {
  std::vector<Assigned> tasks;
  for (std::uint64_t i = 0; i < count; ++i) tasks.push_back({first + i, template_number});
  return tasks;
}

// How many outcomes come together when so many tasks run, one after the other.
std::vector<std::size_t> batches_of(EngineUnderTest& engine, int tasks, Duration each) {
  std::vector<std::size_t> batches;
  for (int i = 0; i < tasks; ++i) {
    const Heard heard = engine.runs_one(each);
    if (!heard.outcomes.empty()) batches.push_back(heard.outcomes.size());
  }
  return batches;
}

}  // namespace

TEST_CASE("outcomes of short tasks travel together, none older than half a millisecond") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns(tasks_of(kAliceTemplate, 1, 200));
  CHECK(batches_of(engine, 200, 10us) == std::vector<std::size_t>{51, 51, 51, 47});
}

TEST_CASE("a full batch is sent before its time") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns(tasks_of(kAliceTemplate, 1, 400));
  engine.runs_one(1us);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(engine.slot_starts() != 0);
    CHECK(engine.slot_finishes(0, 1us, std::string(40'000, 'x')).outcomes.empty());
  }
  REQUIRE(engine.slot_starts() != 0);
  CHECK(engine.slot_finishes(0, 1us, std::string(40'000, 'x')).outcomes.size() == 5);
}

TEST_CASE("outcomes of longer tasks travel in company while much of their session is left") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns(tasks_of(kAliceTemplate, 1, 20));
  // The first waits for ten others, then for six, and then there is too little left.
  CHECK(batches_of(engine, 20, 1ms) == std::vector<std::size_t>{11, 7, 1, 1});
}

TEST_CASE("an outcome waits for no work of another session") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns(tasks_of(kBobTemplate, 1, 1));
  engine.runs_one(1ms);
  engine.hub_assigns(tasks_of(kAliceTemplate, 2, 1));
  engine.hub_assigns(tasks_of(kBobTemplate, 3, 20));
  CHECK(engine.runs_one(1ms).outcomes.size() == 1);
  CHECK(engine.runs_one(1ms).outcomes.empty());
}

TEST_CASE("an outcome waits only while each slot has enough to do") {
  EngineUnderTest engine(4);
  engine.connects();
  engine.hub_assigns(tasks_of(kAliceTemplate, 1, 20));
  for (std::uint32_t slot = 0; slot < 4; ++slot) REQUIRE(engine.slot_starts(slot) != 0);
  CHECK(engine.slot_finishes(0, 1ms).outcomes.empty());  // 16 are left, of a millisecond each
  for (int i = 0; i < 7; ++i) {
    REQUIRE(engine.slot_starts(0) != 0);
    engine.slot_finishes(0, 1us);
  }
  REQUIRE(engine.slot_starts(0) != 0);
  CHECK_FALSE(engine.slot_finishes(0, 1ms).outcomes.empty());
}

TEST_CASE("an outcome for which a task may wait does not wait itself") {
  EngineUnderTest engine;
  engine.connects();
  constexpr std::uint32_t kNested = 9;
  wire::Define define;
  define.number = kNested, define.session = kBob, define.function = "nested", define.depth = 1;
  engine.hub_says(define);
  engine.hub_assigns(tasks_of(kNested, 1, 20));
  CHECK(engine.runs_one(1ms).outcomes.size() == 1);
}

TEST_CASE("an outcome that waits for longer tasks has a deadline, too") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns(tasks_of(kAliceTemplate, 1, 20));
  CHECK(engine.runs_one(1ms).outcomes.empty());
  const TimePoint ended = engine.now;
  CHECK(engine.slot_starts() == 2);  // thought to take a millisecond, and takes for ever
  REQUIRE(engine.session.next_deadline().has_value());
  CHECK(*engine.session.next_deadline() == ended + kGatherLong);
  CHECK(engine.time_passes(kGatherLong - 1us).outcomes.empty());
  CHECK(engine.time_passes(1us).outcomes.size() == 1);
}

TEST_CASE("gathered outcomes have a deadline at which a tick sends them") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{1}, {2}});
  CHECK(engine.runs_one(10us).outcomes.empty());
  CHECK(engine.slot_starts() == 2);  // thought to be short, and is not
  REQUIRE(engine.session.next_deadline().has_value());
  CHECK(*engine.session.next_deadline() == engine.now + kGatherMax);
  CHECK(engine.time_passes(400us).outcomes.empty());
  CHECK(engine.time_passes(100us).outcomes.size() == 1);
}

TEST_CASE("an outcome is kept until it is stored and then costs nothing") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{1}, {2}});
  engine.runs_one();
  engine.runs_one();
  CHECK(engine.session.outcomes().unconfirmed() == 2);
  engine.hub_says(wire::Stored{1, false});
  CHECK(engine.session.outcomes().unconfirmed() == 1);
  engine.hub_says(wire::Stored{2, false});
  CHECK(engine.session.outcomes().unconfirmed() == 0);
  CHECK(engine.session.outcomes().bytes() == 0);
}

TEST_CASE("a hub that claims to have stored what was never sent confuses nobody") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{1}});
  engine.hub_says(wire::Stored{99, false});
  const Heard heard = engine.runs_one();
  CHECK(heard.outcome_numbers == Numbers{1});
}

TEST_CASE("a returning engine sends what is not stored, then what it holds, and goes on counting") {
  EngineUnderTest engine(2);
  engine.connects();
  engine.hub_assigns({{1}, {2}, {3}, {4}, {5}});
  engine.runs_one();
  engine.runs_one();
  engine.runs_one();
  CHECK(engine.slot_starts(1) == 4);
  engine.link_is_lost();
  engine.time_passes(20ms);
  CHECK(engine.wants_link);
  const Heard hello = engine.link_comes_up();
  CHECK(hello.hellos[0].next_number == 6);
  CHECK(hello.hellos[0].epoch == 1);
  const Heard heard = engine.hub_welcomes(2, 1);
  CHECK(heard.kinds == std::vector<std::string>{"task:outcome", "task:holding"});
  CHECK(heard.outcome_numbers == Numbers{2, 3});
  REQUIRE(heard.holding.size() == 2);
  CHECK(heard.holding[0].number == 4);
  CHECK(heard.holding[0].running);
  CHECK(heard.holding[1].number == 5);
  CHECK_FALSE(heard.holding[1].running);
  CHECK(heard.holding[1].task == TaskId{kAlice, 105});
  CHECK(heard.holding_complete);
  CHECK(engine.slot_finishes(1).outcome_numbers == Numbers{4});
}

TEST_CASE("work goes on while the hub is away and nothing is said until it is back") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{1}, {2}, {3}});
  engine.link_is_lost();
  CHECK(engine.runs_one().kinds.empty());
  CHECK(engine.runs_one().kinds.empty());
  engine.time_passes(20ms);
  engine.link_comes_up();
  CHECK(engine.runs_one().kinds.empty());  // said hello, and is not welcome yet
  const Heard heard = engine.hub_welcomes(2);
  CHECK(heard.outcome_numbers == Numbers{1, 2, 3});
  CHECK(heard.holding.empty());
}

TEST_CASE("an outcome that was sent just before the link broke is sent again") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{1}});
  CHECK(engine.runs_one().outcome_numbers == Numbers{1});
  engine.link_is_lost();
  engine.time_passes(20ms);
  engine.link_comes_up();
  CHECK(engine.hub_welcomes(1).outcome_numbers == Numbers{1});
}

TEST_CASE("a direct task waits for its lane while others pass it") {
  EngineUnderTest engine(3);
  engine.connects();
  engine.hub_assigns({{.number = 1, .direct = true},
                      {.number = 2, .direct = true},
                      {.number = 3, .template_number = kBobTemplate, .direct = true},
                      {.number = 4}});
  CHECK(engine.slot_starts(0) == 1);
  CHECK(engine.slot_starts(1) == 3);
  CHECK(engine.slot_starts(2) == 4);
  engine.slot_finishes(2);
  CHECK(engine.slot_starts(2) == 0);
  engine.slot_finishes(0);
  CHECK(engine.slot_starts(2) == 2);
}

TEST_CASE("what was revoked never runs, and what runs is not promised") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{1}, {2}, {3}, {.number = 4, .direct = true}});
  CHECK(engine.slot_starts() == 1);
  const Heard heard = engine.hub_says(wire::Revoke{{4, 1, 2, 99}});
  CHECK(heard.revoked == Numbers{2, 4});
  engine.slot_finishes();
  CHECK(engine.slot_starts() == 3);
  CHECK(engine.hub_says(wire::Revoke{{2, 3}}).revoked.empty());
  engine.slot_finishes();
  CHECK(engine.slot_starts() == 0);
}

TEST_CASE("a revoked assignment is not held after a reconnection") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{1}, {2}});
  engine.hub_says(wire::Revoke{{1}});
  engine.link_is_lost();
  engine.time_passes(20ms);
  engine.link_comes_up();
  const Heard heard = engine.hub_welcomes();
  REQUIRE(heard.holding.size() == 1);
  CHECK(heard.holding[0].number == 2);
}

TEST_CASE("an assignment that came before is not run again") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{1}});
  engine.hub_assigns({{1}, {2}});
  engine.runs_one();
  engine.runs_one();
  CHECK(engine.slot_starts() == 0);
  CHECK(engine.session.counters().duplicates == 1);
}

TEST_CASE("a gap in the assignments is refused and the connection begins anew") {
  EngineUnderTest engine;
  engine.connects();
  const Heard heard = engine.hub_assigns({{1}, {3}});
  CHECK(heard.refused == "assignment 3 came where 2 was expected");
  CHECK(engine.closed);
  CHECK(engine.session.counters().violations == 1);
  engine.time_passes(20ms);
  CHECK(engine.link_comes_up().hellos[0].next_number == 2);
}

TEST_CASE("a template that was not defined is refused and the connection begins anew") {
  EngineUnderTest engine;
  engine.connects();
  CHECK(engine.hub_assigns({{.number = 1, .template_number = 77}}).refused ==
        "template 77 was not defined");
  CHECK(engine.closed);
}

TEST_CASE("templates are of one connection only") {
  EngineUnderTest engine;
  engine.connects();
  engine.link_is_lost();
  engine.time_passes(20ms);
  engine.link_comes_up();
  engine.hub_says(welcome_of(1), Plane::control);
  engine.hub_says(welcome_of(1));
  CHECK_FALSE(engine.hub_assigns({{1}}).refused.empty());
}

TEST_CASE("a kind that is not for engines is refused by name") {
  EngineUnderTest engine;
  engine.connects();
  CHECK(engine.hub_says(wire::Accepted{}).refused ==
        "an engine takes no accepted on the task plane");
}

TEST_CASE("messages from before the welcome, or without a link, are dropped") {
  EngineUnderTest engine;
  engine.link_comes_up();
  engine.hub_assigns({{1}});
  CHECK(engine.slot_starts() == 0);
  CHECK(engine.session.counters().strays == 1);
  engine.link_is_lost();
  CHECK(engine.hub_says(wire::Stored{1, false}).kinds.empty());
  CHECK(engine.session.counters().strays == 2);
}

TEST_CASE("goodbye of the hub ends the engine, which sends what it has first") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{1}, {2}, {3}});
  CHECK(engine.runs_one(10us).outcomes.empty());
  const Heard heard = engine.hub_says(wire::Goodbye{"shutdown"}, Plane::control);
  CHECK(heard.outcome_numbers == Numbers{1});
  REQUIRE(engine.exit.has_value());
  CHECK(engine.exit->exit == Exit::dismissed);
  CHECK(engine.closed);
  CHECK(engine.slot_starts() == 0);
}

TEST_CASE("a stopped engine says goodbye behind its outcomes, unless its nanny will") {
  for (const bool has_nanny : {false, true}) {
    EngineUnderTest engine(1, {}, has_nanny);
    engine.connects();
    engine.hub_assigns({{1}, {2}});
    engine.runs_one(10us);
    const Heard heard =
        engine.event([&](Outbox& out) { engine.session.on_stop("signal", engine.now, out); });
    CHECK(heard.kinds.front() == "task:outcome");
    CHECK(heard.heard("task:goodbye") == !has_nanny);
    REQUIRE(engine.exit.has_value());
    CHECK(engine.exit->exit == Exit::stopped);
  }
}

TEST_CASE("a run may end after the engine was told to go") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_assigns({{1}});
  CHECK(engine.slot_starts() == 1);
  engine.hub_says(wire::Goodbye{});
  CHECK(engine.slot_finishes().kinds.empty());
}

}  // namespace
}  // namespace roundhouse::engine::testing
