// What a Session does with tasks that have a time limit.
#include "tests/engine/core_harness.hpp"

namespace roundhouse::engine::testing {
namespace {

constexpr std::uint32_t kLimited = 5;  // a template with a limit of two seconds

class LimitedEngine : public EngineUnderTest {
 public:
  explicit LimitedEngine(std::uint32_t slots = 1, bool has_nanny = true)
      : EngineUnderTest(slots, {}, has_nanny) {
    connects();
    wire::Define define;
    define.number = kLimited;
    define.session = kAlice;
    define.function = "f";
    define.time_limit_us = 2'000'000;
    hub_says(define);
  }

  // The slots that are to be stopped, and then those that are overdue.
  std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>> passes(Duration by) {
    now += by;
    std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>> out;
    event([&](Outbox& box) {
      session.on_control_tick(now, box);
      out = {box.stops, box.overdue};
    });
    return out;
  }
};

using Slots = std::vector<std::uint32_t>;

TEST_CASE("a task past its limit is asked to stop, and ends as timed out however it ends") {
  LimitedEngine engine;
  engine.hub_assigns({{1, kLimited}});
  REQUIRE(engine.slot_starts() == 1);
  CHECK(engine.passes(1999ms).first.empty());
  CHECK(engine.passes(2ms).first == Slots{0});
  const Heard heard = engine.slot_finishes(0, 100ms);
  REQUIRE(heard.outcomes.size() == 1);
  CHECK(heard.outcomes[0].ending == wire::Ending::timed_out);
  const wire::ErrorValue error = wire::decode_error(heard.outcomes[0].payload.body());
  CHECK(error.name == "TimeLimitExceeded");
  CHECK(error.value == "the task ran for longer than its time limit of 2s");
  CHECK_FALSE(engine.exit.has_value());
}

TEST_CASE("a task within its limit, and the next one without, are left alone") {
  LimitedEngine engine;
  engine.hub_assigns({{1, kLimited}, {2}});
  REQUIRE(engine.slot_starts() == 1);
  CHECK(engine.slot_finishes(0, 2s).outcomes[0].ending == wire::Ending::ok);
  REQUIRE(engine.slot_starts() == 2);
  CHECK(engine.passes(1h) == std::pair{Slots{}, Slots{}});
}

TEST_CASE("the engine wants to be woken at the limit") {
  LimitedEngine engine;
  engine.hub_assigns({{1, kLimited}});
  REQUIRE(engine.slot_starts() == 1);
  const TimePoint limit = engine.now + 2s;
  bool told = false;
  while (!told && engine.now < limit + 1s) {
    REQUIRE(engine.session.control_deadline().has_value());
    told = !engine.passes(*engine.session.control_deadline() - engine.now).first.empty();
  }
  CHECK(told);
  CHECK(engine.now <= limit + 1us);
}

TEST_CASE("a task that goes on after the grace ends with the process") {
  LimitedEngine engine(2);
  engine.hub_assigns({{1, kLimited}, {2}});
  REQUIRE(engine.slot_starts(0) == 1);
  REQUIRE(engine.slot_starts(1) == 2);
  CHECK(engine.passes(2001ms).second.empty());
  CHECK(engine.passes(1s).second == Slots{0});
  wire::FinishedRecord record;
  const Heard heard = engine.event([&](Outbox& out) {
    record = engine.session.end_overdue(0, 1000, 3'000'000'000, {}, engine.now);
    engine.session.on_overrun(out);
  });
  CHECK(record.ending == wire::Ending::timed_out);
  CHECK(record.fence == Fence{1, 1});
  CHECK(record.started_us == 1000);
  CHECK(record.task.sequence == 101);
  CHECK(wire::decode_error(record.payload.body()).name == "TimeLimitExceeded");
  CHECK(heard.outcomes.empty());  // its nanny tells of both at once
  CHECK_FALSE(heard.heard("task:goodbye"));
  REQUIRE(engine.exit.has_value());
  CHECK(engine.exit->exit == Exit::overran);
}

TEST_CASE("an engine without a nanny says goodbye behind the outcome") {
  LimitedEngine engine(1, false);
  engine.hub_assigns({{1, kLimited}});
  REQUIRE(engine.slot_starts() == 1);
  engine.passes(4s);
  const Heard heard = engine.event([&](Outbox& out) {
    (void)engine.session.end_overdue(0, 1000, 1, {}, engine.now);
    engine.session.on_overrun(out);
  });
  CHECK(heard.kinds == std::vector<std::string>{"task:outcome", "task:goodbye"});
}

TEST_CASE("a limit of more than a year is none") {
  LimitedEngine engine;
  wire::Define define;
  define.number = kLimited + 1;
  define.session = kAlice;
  define.function = "f";
  define.time_limit_us = ~0ULL;
  engine.hub_says(define);
  engine.hub_assigns({{1, kLimited + 1}});
  REQUIRE(engine.slot_starts() == 1);
  CHECK(engine.passes(1h).first.empty());
}

}  // namespace
}  // namespace roundhouse::engine::testing
