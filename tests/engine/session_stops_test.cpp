// What a Session does with assignments that are aborted.
#include "tests/engine/core_harness.hpp"

namespace roundhouse::engine::testing {
namespace {

using Numbers = std::vector<std::uint64_t>;
using Slots = std::vector<std::uint32_t>;

class StoppedEngine : public EngineUnderTest {
 public:
  explicit StoppedEngine(std::uint32_t slots = 1) : EngineUnderTest(slots, {}, true) { connects(); }

  static wire::AssignmentRef ref(std::uint64_t number, std::uint32_t attempt = 1) {
    return {number, {kAlice, 100 + number}, {1, attempt}};
  }

  // What was heard, and the slots that are to be stopped.
  std::pair<Heard, Slots> hub_stops(std::vector<wire::AssignmentRef> refs, bool force = false) {
    Slots stops;
    Heard heard = event([&](Outbox& out) {
      session.on_message(Plane::control, wire::encode(wire::Stop{std::move(refs), force}), now,
                         out);
      stops = out.stops;
    });
    return {heard, stops};
  }
};

TEST_CASE("what runs is asked to stop at once, and ends as aborted whatever it returns") {
  StoppedEngine engine;
  engine.hub_assigns({{1}, {2}});
  REQUIRE(engine.slot_starts() == 1);
  const auto [heard, stops] = engine.hub_stops({StoppedEngine::ref(1)});
  CHECK(stops == Slots{0});
  CHECK(heard.kinds.empty());
  const Heard end = engine.slot_finishes();
  REQUIRE(end.outcomes.size() == 1);
  CHECK(end.outcomes[0].ending == wire::Ending::aborted);
  CHECK(wire::decode_error(end.outcomes[0].payload.body()).name == "TaskAborted");
  REQUIRE(engine.slot_starts() == 2);
  CHECK(engine.slot_finishes().outcomes[0].ending == wire::Ending::ok);
}

TEST_CASE("what waits is given back, from lanes as well, and is not run") {
  StoppedEngine engine;
  engine.hub_assigns({{1}, {2}, {3, kAliceTemplate, true}, {4}});
  const auto [heard, stops] = engine.hub_stops({StoppedEngine::ref(2), StoppedEngine::ref(3)});
  CHECK(stops.empty());
  CHECK(heard.revoked == Numbers{2, 3});
  CHECK(engine.runs_one().outcomes[0].task.sequence == 101);
  CHECK(engine.runs_one().outcomes[0].task.sequence == 104);
  CHECK(engine.slot_starts() == 0);
}

TEST_CASE("an assignment that comes behind its stop is given back") {
  StoppedEngine engine;
  CHECK(engine.hub_stops({StoppedEngine::ref(2)}).first.kinds.empty());
  const Heard heard = engine.hub_assigns({{1}, {2}});
  CHECK(heard.revoked == Numbers{2});
  CHECK(engine.slot_starts() == 1);
}

TEST_CASE("a stop for another run, or of another connection, stops nothing") {
  StoppedEngine engine;
  engine.hub_stops({StoppedEngine::ref(1, 2), StoppedEngine::ref(2)});
  CHECK_FALSE(engine.hub_assigns({{1}}).heard("task:revoked"));
  REQUIRE(engine.slot_starts() == 1);
  CHECK(engine.hub_stops({StoppedEngine::ref(1, 2)}).second.empty());
  CHECK(engine.slot_finishes().outcomes[0].ending == wire::Ending::ok);
  engine.link_is_lost();
  engine.time_passes(20ms);
  engine.connects();
  CHECK_FALSE(engine.hub_assigns({{2}}).heard("task:revoked"));
}

TEST_CASE("what goes on when it is stopped by force ends with the process after the grace") {
  StoppedEngine engine;
  engine.hub_assigns({{1}});
  REQUIRE(engine.slot_starts() == 1);
  CHECK(engine.hub_stops({StoppedEngine::ref(1)}, true).second == Slots{0});
  Slots overdue;
  engine.now += 1001ms;
  engine.event([&](Outbox& out) {
    engine.session.on_control_tick(engine.now, out);
    overdue = out.overdue;
  });
  CHECK(overdue == Slots{0});
  wire::FinishedRecord record;
  engine.event([&](Outbox& out) {
    record = engine.session.end_overdue(0, 1000, 1, {}, engine.now);
    engine.session.on_overrun(out);
  });
  CHECK(record.ending == wire::Ending::aborted);
  CHECK(wire::decode_error(record.payload.body()).value.find("process was ended") !=
        std::string::npos);
  REQUIRE(engine.exit.has_value());
  CHECK(engine.exit->exit == Exit::overran);
}

TEST_CASE("what goes on when it is only asked to stop is let be") {
  StoppedEngine engine;
  engine.hub_assigns({{1}});
  REQUIRE(engine.slot_starts() == 1);
  engine.hub_stops({StoppedEngine::ref(1)});
  engine.now += 1h;
  engine.event([&](Outbox& out) {
    engine.session.on_control_tick(engine.now, out);
    CHECK(out.overdue.empty());
  });
  CHECK(engine.slot_finishes().outcomes[0].ending == wire::Ending::aborted);
}

}  // namespace
}  // namespace roundhouse::engine::testing
