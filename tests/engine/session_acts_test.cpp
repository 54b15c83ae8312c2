// What clients want of an engine: to interrupt what runs, to forget its names, to leave when idle.
#include "tests/engine/core_harness.hpp"

namespace roundhouse::engine::testing {
namespace {

using Acts = std::vector<wire::Acted>;
using Slots = std::vector<std::uint32_t>;

class SteeredEngine : public EngineUnderTest {
 public:
  explicit SteeredEngine(std::uint32_t slots = 1) : EngineUnderTest(slots, {}, true) { connects(); }

  // What it says to a client, and which slots are to stop.
  std::pair<Acts, Slots> hub_wants(const wire::Act& act) {
    Acts acts;
    Slots stops;
    event([&](Outbox& out) {
      session.on_message(Plane::control, wire::encode(act), now, out);
      acts = acts_in(out);
      stops = out.stops;
      clears.insert(clears.end(), out.clears.begin(), out.clears.end());
    });
    return {acts, stops};
  }

  Acts finishes(std::uint32_t slot = 0) {
    Acts acts;
    event([&](Outbox& out) {
      session.on_finished(slot, runs.at(slot), {}, now, out);
      acts = acts_in(out);
    });
    return acts;
  }

  static Acts acts_in(const Outbox& out) {
    Acts acts;
    for (const Send& send : out.sends)
      if (auto acted = wire::decode_as<wire::Acted>(send.message);
          wire::kind_of(send.message).value_or(wire::Kind::who) == wire::Kind::acted)
        acts.push_back(*std::move(acted));
    return acts;
  }

  static wire::AssignmentRef ref(std::uint64_t number) {
    return {number, {kAlice, 100 + number}, {1, 1}};
  }

  std::vector<std::uint64_t> clears;
};

TEST_CASE("an interrupt stops what runs, leaves what waits, and is done when the run has ended") {
  SteeredEngine engine;
  engine.hub_assigns({{1}, {2}});
  REQUIRE(engine.slot_starts() == 1);
  const auto [heard, stops] = engine.hub_wants({5, "interrupt", 0, {}, true});
  CHECK(stops == Slots{0});
  CHECK(heard == Acts{{5, false, 1, "", ""}});
  CHECK(engine.finishes() == Acts{{5, true, 1, "", ""}});
  REQUIRE(engine.slot_starts() == 2);
  CHECK(engine.slot_finishes().outcomes.back().ending == wire::Ending::ok);
}

TEST_CASE("an interrupt of tasks concerns those of them that run") {
  SteeredEngine engine(2);
  engine.hub_assigns({{1}, {2}, {3}});
  REQUIRE(engine.slot_starts(0) == 1);
  REQUIRE(engine.slot_starts(1) == 2);
  const auto [heard, stops] =
      engine.hub_wants({5, "interrupt", 0, {SteeredEngine::ref(2), SteeredEngine::ref(3)}, false});
  CHECK(stops == Slots{1});
  CHECK(engine.finishes(0).empty());
  CHECK(engine.finishes(1) == Acts{{5, true, 1, "", ""}});
}

TEST_CASE("with nothing to interrupt it is done at once") {
  SteeredEngine engine;
  CHECK(engine.hub_wants({5, "interrupt", 0, {}, true}).first == Acts{{5, true, 0, "", ""}});
}

TEST_CASE("a run that goes on after an interrupt is overdue after the grace, and ends as aborted") {
  SteeredEngine engine;
  engine.hub_assigns({{1}});
  REQUIRE(engine.slot_starts() == 1);
  engine.hub_wants({5, "interrupt", 0, {}, true});
  engine.now += 1100ms;
  Slots overdue;
  engine.event([&](Outbox& out) {
    engine.session.on_control_tick(engine.now, out);
    overdue = out.overdue;
  });
  REQUIRE(overdue == Slots{0});
  CHECK(engine.session.end_overdue(0, 1, 1, {}, engine.now).ending == wire::Ending::aborted);
  // The hub hears of it by the end of the process.
  engine.event([&](Outbox& out) {
    engine.session.on_overrun(out);
    CHECK(SteeredEngine::acts_in(out).empty());
  });
}

TEST_CASE("a clear is heard at once, and done when the shell has done it") {
  SteeredEngine engine;
  CHECK(engine.hub_wants({5, "clear", 0, {}, false}).first == Acts{{5, false, 0, "", ""}});
  CHECK(engine.clears == std::vector<std::uint64_t>{5});
  Acts acts;
  engine.event([&](Outbox& out) {
    engine.session.on_clearing();
    engine.session.on_cleared({5}, out);
    acts = SteeredEngine::acts_in(out);
  });
  CHECK(acts == Acts{{5, true, 0, "", ""}});
}

TEST_CASE("an interrupt concerns a clear that is under way, and is done with it") {
  SteeredEngine engine;
  engine.hub_wants({5, "clear", 0, {}, false});
  engine.session.on_clearing();
  CHECK(engine.hub_wants({6, "interrupt", 0, {SteeredEngine::ref(1)}, false}).first ==
        Acts{{6, true, 0, "", ""}});  // a task is meant
  CHECK(engine.hub_wants({7, "interrupt", 0, {}, true}).first == Acts{{7, false, 1, "", ""}});
  REQUIRE(engine.session.control_deadline().has_value());
  CHECK(*engine.session.control_deadline() <= engine.now + 1001ms);
  engine.event([&](Outbox& out) {
    engine.session.on_cleared({5}, out);
    CHECK(SteeredEngine::acts_in(out) == Acts{{5, true, 0, "", ""}, {7, true, 1, "", ""}});
  });
  engine.now += 1100ms;
  engine.event([&](Outbox& out) { engine.session.on_control_tick(engine.now, out); });
  CHECK_FALSE(engine.session.over());
}

TEST_CASE("a clear that goes on after an interrupt ends with its process") {
  SteeredEngine engine;
  engine.session.on_clearing();
  engine.hub_wants({6, "interrupt", 0, {}, true});
  engine.now += 1100ms;
  engine.event([&](Outbox& out) {
    engine.session.on_control_tick(engine.now, out);
    REQUIRE(out.exit.has_value());
    CHECK(*out.exit == Farewell{Exit::overran, "a clear that was to end went on"});
  });
}

TEST_CASE("what an engine cannot do it says") {
  SteeredEngine engine;
  const Acts acts = engine.hub_wants({5, "fly", 0, {}, false}).first;
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].code == "refused");
  CHECK(acts[0].text == "an engine cannot 'fly'");
}

class IdleEngine : public EngineUnderTest {
 public:
  IdleEngine() : EngineUnderTest(options()) { connects(); }

  // Whether it has left by then.
  bool leaves_within(Duration time) {
    now += time;
    event([&](Outbox& out) { session.on_tick(now, out); });
    return session.over();
  }

 private:
  static SessionOptions options() {
    SessionOptions out;
    out.uuid = kUuid;
    out.incarnation = 3;
    out.has_nanny = true;
    out.idle_timeout = 10s;
    return out;
  }
};

TEST_CASE("an engine without work leaves after its time, counted from the last that it had") {
  IdleEngine engine;
  CHECK(*engine.session.control_deadline() <= engine.now + 10s);
  CHECK_FALSE(engine.leaves_within(9s));
  engine.hub_assigns({{1}});
  REQUIRE(engine.slot_starts() == 1);
  CHECK_FALSE(engine.leaves_within(30s));
  engine.slot_finishes();
  engine.hub_says(wire::Stored{1});
  CHECK_FALSE(engine.leaves_within(9s));
  CHECK(engine.leaves_within(1s));
}

TEST_CASE("an engine does not leave before the hub has all that it did") {
  IdleEngine engine;
  engine.hub_assigns({{1}});
  engine.runs_one();
  CHECK_FALSE(engine.leaves_within(1h));
  engine.hub_says(wire::Stored{1});
  CHECK(engine.leaves_within(1s));
}

}  // namespace
}  // namespace roundhouse::engine::testing
