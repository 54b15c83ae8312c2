#include "engine/core/hub_contact.hpp"

#include "hub/core/options.hpp"
#include "tests/engine/core_harness.hpp"

// Through a Session, whose contact it is; nanny_core_test.cpp sees the same from a nanny.

namespace roundhouse::engine::testing {
namespace {

TEST_CASE("an engine that is asked who it is connects anew") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_says(wire::Who{}, Plane::control);
  CHECK(engine.closed);
  engine.time_passes(20ms);
  CHECK(engine.wants_link);
}

TEST_CASE("a hub of an older epoch is not listened to") {
  EngineUnderTest engine;
  engine.connects(5);
  engine.link_is_lost();
  engine.time_passes(20ms);
  CHECK(engine.link_comes_up().hellos[0].epoch == 5);
  engine.hub_says(welcome_of(4));
  CHECK(engine.closed);
  CHECK_FALSE(engine.session.connected());
}

TEST_CASE("welcomes of two epochs on one connection do not make it usable") {
  EngineUnderTest engine;
  engine.link_comes_up();
  engine.hub_says(welcome_of(1), Plane::control);
  engine.hub_says(welcome_of(2));
  CHECK(engine.closed);
  CHECK_FALSE(engine.session.connected());
}

TEST_CASE("an engine beats as often as the hub says") {
  EngineUnderTest engine;
  engine.connects();
  CHECK(engine.time_passes(999ms).kinds.empty());
  CHECK(engine.time_passes(1ms).kinds == std::vector<std::string>{"control:beat"});
  CHECK(engine.time_passes(500ms).kinds.empty());
}

TEST_CASE("a hub that is silent for dead_ms counts as lost") {
  EngineUnderTest engine;
  engine.link_fails = false;
  engine.connects();
  engine.time_passes_in_steps(2900ms);
  CHECK_FALSE(engine.closed);
  engine.time_passes_in_steps(200ms);
  CHECK(engine.closed);
  CHECK(engine.session.contact().text() == "the hub was silent for too long");
}

TEST_CASE("an engine that was stopped for a while does not bury its hub") {
  EngineUnderTest engine;
  engine.connects();
  engine.time_passes(60s);
  CHECK_FALSE(engine.closed);
  engine.hub_says(wire::Beat{1}, Plane::control);
  engine.time_passes_in_steps(2900ms);
  CHECK_FALSE(engine.closed);
}

TEST_CASE("a hello without an answer is said again long before the engine counts as lost") {
  EngineUnderTest engine;
  engine.link_comes_up();
  engine.time_passes_in_steps(900ms);
  CHECK_FALSE(engine.closed);
  engine.time_passes_in_steps(200ms);
  CHECK(engine.closed);
}

TEST_CASE("each hello is waited for longer than the one before, up to eight seconds") {
  EngineUnderTest engine;
  engine.link_fails = false;
  for (const auto patience : {1000ms, 2000ms, 4000ms, 8000ms, 8000ms}) {
    engine.link_comes_up();
    engine.closed = false;
    engine.time_passes_in_steps(patience - 100ms);
    CHECK_FALSE(engine.closed);
    engine.time_passes_in_steps(200ms);
    CHECK(engine.closed);
    engine.time_passes_in_steps(600ms);  // until it tries again
    CHECK(engine.wants_link);
  }
}

TEST_CASE("tries to connect become rarer, never so rare that the grace of a new hub is missed") {
  EngineUnderTest engine;
  engine.wants_link = false;
  engine.link_is_lost();
  engine.time_passes_in_steps(290ms);
  CHECK(engine.tries == 5);  // at 0, 20, 60, 140, 290 ms
  engine.time_passes_in_steps(1500ms);
  CHECK(engine.tries == 15);
  CHECK_FALSE(engine.exit.has_value());
  // However late the hub comes: there is time for a hello, on a busy machine, too.
  CHECK(3 * kBackOffMax <= hub::RouterOptions{}.grace);
}

TEST_CASE("without any hub the first try decides, unless waiting was asked for") {
  HubContact::Terms terms;
  terms.first_wait = 0s;
  EngineUnderTest hasty(1, terms);
  hasty.link_is_lost();
  REQUIRE(hasty.exit.has_value());
  CHECK(hasty.exit->exit == Exit::no_hub);

  terms.first_wait = 2s;
  EngineUnderTest patient(1, terms);
  patient.wants_link = false;
  patient.link_is_lost();
  patient.time_passes_in_steps(1900ms);
  CHECK_FALSE(patient.exit.has_value());
  patient.time_passes_in_steps(600ms);
  CHECK(patient.exit.has_value());
}

TEST_CASE("the hub timeout counts from the last welcome") {
  HubContact::Terms terms;
  terms.first_wait = 0s;
  terms.hub_timeout = 3s;
  EngineUnderTest engine(1, terms);
  engine.connects();
  engine.link_is_lost();
  engine.time_passes_in_steps(2800ms);
  CHECK_FALSE(engine.exit.has_value());
  engine.time_passes_in_steps(700ms);
  REQUIRE(engine.exit.has_value());
  CHECK(engine.exit->exit == Exit::no_hub);
}

TEST_CASE("a fatal refusal ends the engine with the hub's words") {
  EngineUnderTest engine;
  engine.link_comes_up();
  engine.hub_says(wire::Refused{"version", "use release 2", true}, Plane::control);
  REQUIRE(engine.exit.has_value());
  CHECK(engine.exit->exit == Exit::refused);
  CHECK(engine.exit->text.find("use release 2") != std::string::npos);
}

TEST_CASE("a refusal that is not fatal is remembered and nothing else") {
  EngineUnderTest engine;
  engine.connects();
  engine.hub_says(wire::Refused{"malformed", "odd", false}, Plane::control);
  CHECK(engine.session.connected());
}

TEST_CASE("an answer to hello in the words of another version ends the engine, and only that") {
  wire::Message foreign = wire::encode(welcome_of(1));
  std::string bytes(foreign.header.view());
  bytes[2] = static_cast<char>(kProtocolMajor + 1);
  foreign.header = Buffer::copy(bytes);
  EngineUnderTest stranger;
  stranger.link_comes_up();
  stranger.hub_sends(foreign);
  REQUIRE(stranger.exit);
  CHECK(stranger.exit->exit == Exit::refused);
  EngineUnderTest friendly;
  friendly.connects();
  friendly.hub_sends(foreign);
  CHECK_FALSE(friendly.exit);
}

TEST_CASE("nonsense is answered, and sixteen times in a row ends the connection") {
  EngineUnderTest engine;
  engine.connects();
  const wire::Message nonsense{Buffer::copy("RH\x01\x15 what"), {}};
  for (int i = 0; i < 15; ++i) CHECK_FALSE(engine.hub_sends(nonsense).refused.empty());
  engine.hub_assigns({{1}});
  CHECK_FALSE(engine.closed);
  for (int i = 0; i < 15; ++i) engine.hub_sends(nonsense);
  CHECK_FALSE(engine.closed);
  engine.hub_sends(nonsense);
  CHECK(engine.closed);
  CHECK(engine.session.contact().malformed() == 31);
}

}  // namespace
}  // namespace roundhouse::engine::testing
