// What a Session says and does while its tasks wait for others.
#include "tests/engine/core_harness.hpp"

namespace roundhouse::engine::testing {
namespace {

constexpr std::uint32_t kNestedTemplate = 9;

class LendingEngine : public EngineUnderTest {
 public:
  LendingEngine() { connects(); }

  void connects(std::uint64_t epoch = 1) {
    EngineUnderTest::connects(epoch);
    define_nested();
  }

  void define_nested() {
    wire::Define define;
    define.number = kNestedTemplate;
    define.session = kBob;
    define.function = "nested";
    define.depth = 1;
    hub_says(define);
  }

  // What it says of its slots.
  std::pair<Heard, std::optional<wire::Lent>> waits(std::uint32_t slot = 0) {
    return lent_after([&](Outbox& out) { REQUIRE(session.lend(slot, now, out)); });
  }

  std::optional<wire::Lent> goes_on(std::uint32_t slot = 0) {
    session.want_back(slot);
    return lent_after([&](Outbox& out) { went_on = session.take_back(slot, now, out); }).second;
  }

  std::optional<wire::Lent> ticks() {
    return lent_after([&](Outbox& out) { session.on_tick(now, out); }).second;
  }

  // Tasks of no depth wait, from slot 0 on.
  void many_wait(std::uint32_t count) {
    for (std::uint32_t slot = 0; slot < count; ++slot) {
      hub_assigns({{slot + 1U}});
      REQUIRE(slot_starts(slot) == slot + 1U);
      (void)waits(slot);
    }
  }

  bool went_on = false;

 private:
  template <class F>
  std::pair<Heard, std::optional<wire::Lent>> lent_after(F&& act) {
    std::optional<wire::Lent> said;
    Heard heard = event([&](Outbox& out) {
      act(out);
      for (const Send& send : out.sends)
        if (*wire::kind_of(send.message) == wire::Kind::lent)
          said = Heard::decoded<wire::Lent>(send.message);
    });
    return {std::move(heard), said};
  }
};

TEST_CASE("the hub is told of slots that are lent, and what was sent ahead is given back") {
  LendingEngine engine;
  engine.hub_assigns({{1}, {2}, {3}});
  REQUIRE(engine.slot_starts() == 1);
  const auto [heard, lent] = engine.waits();
  CHECK(heard.revoked == std::vector<std::uint64_t>{3});
  CHECK(lent == wire::Lent{1, 0});
  REQUIRE(engine.slot_starts(1) == 2);
  engine.slot_finishes(1);
  CHECK(engine.goes_on() == wire::Lent{0, 0});
  CHECK(engine.went_on);
  CHECK(engine.slot_finishes().outcomes.size() == 1);
}

TEST_CASE("a task that waits goes on when its slot is free") {
  LendingEngine engine;
  engine.hub_assigns({{1}});
  REQUIRE(engine.slot_starts() == 1);
  (void)engine.waits();
  engine.hub_assigns({{2, kNestedTemplate}, {3, kNestedTemplate}});
  REQUIRE(engine.slot_starts(1) == 2);
  CHECK_FALSE(engine.goes_on().has_value());
  CHECK_FALSE(engine.went_on);
  engine.slot_finishes(1);
  CHECK(engine.slot_starts(1) == 0);
  engine.event([&](Outbox& out) { CHECK(engine.session.take_back(0, engine.now, out)); });
}

TEST_CASE("a new connection is told of slots that are lent before what is held") {
  LendingEngine engine;
  engine.hub_assigns({{1}});
  REQUIRE(engine.slot_starts() == 1);
  (void)engine.waits();
  engine.link_is_lost();
  engine.time_passes(20ms);
  engine.link_comes_up();
  const Heard heard = engine.hub_welcomes(2);
  CHECK(heard.kinds == std::vector<std::string>{"task:lent", "task:holding"});
  REQUIRE(heard.holding.size() == 1);
  CHECK(heard.holding[0].running);
}

TEST_CASE("where many wait what is not deep enough is given back, until nothing else comes") {
  LendingEngine engine;
  engine.many_wait(kLentFreely);
  const auto shallow = engine.hub_assigns({{kLentFreely + 1}, {kLentFreely + 2, kNestedTemplate}});
  CHECK(shallow.revoked == std::vector<std::uint64_t>{kLentFreely + 1});
  REQUIRE(engine.slot_starts(kLentFreely) == kLentFreely + 2);
  engine.slot_finishes(kLentFreely);
  CHECK_FALSE(engine.ticks().has_value());
  REQUIRE(engine.session.next_deadline().has_value());
  engine.now += kLimitPatience;
  CHECK(engine.ticks() == wire::Lent{kLentFreely, 0});
  engine.hub_assigns({{kLentFreely + 3}});
  CHECK(engine.slot_starts(kLentFreely) == kLentFreely + 3);
}

TEST_CASE("a task that is aborted while it waits goes on without a slot, and ends as aborted") {
  LendingEngine engine;
  engine.hub_assigns({{1}});
  REQUIRE(engine.slot_starts() == 1);
  (void)engine.waits();
  engine.hub_assigns({{2, kNestedTemplate}});
  REQUIRE(engine.slot_starts(1) == 2);
  engine.hub_says(wire::Stop{{{1, {kAlice, 101}, {1, 1}}}, false}, Plane::control);
  CHECK(engine.goes_on() == wire::Lent{0, 0});
  CHECK(engine.went_on);
  const Heard end = engine.slot_finishes();
  REQUIRE(end.outcomes.size() == 1);
  CHECK(end.outcomes[0].ending == wire::Ending::aborted);
}

TEST_CASE("a task that is overdue while it waits is ended like any other") {
  LendingEngine engine;
  engine.hub_assigns({{1}});
  REQUIRE(engine.slot_starts() == 1);
  (void)engine.waits();
  engine.hub_says(wire::Stop{{{1, {kAlice, 101}, {1, 1}}}, true}, Plane::control);
  engine.now += 2s;
  engine.event([&](Outbox& out) {
    engine.session.on_tick(engine.now, out);
    CHECK(out.overdue == std::vector<std::uint32_t>{0});
    const auto outcome = engine.session.end_overdue(0, 1, 1, {}, engine.now);
    CHECK(outcome.ending == wire::Ending::aborted);
    out.overdue.clear();
  });
  CHECK(engine.session.queue().running() == 0);
}

}  // namespace
}  // namespace roundhouse::engine::testing
