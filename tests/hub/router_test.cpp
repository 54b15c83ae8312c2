#include "hub/core/router.hpp"

#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"
using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

TEST_CASE("a task goes to the engine and its outcome to the client") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const auto task = hub.client_submits(client, {.body = "argument"});
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.held[0].payload.body() == "argument");
  CHECK(engine.held[0].fence == Fence{1, 1});
  hub.engine_finishes(engine);
  REQUIRE(client.outcomes.size() == 1);
  CHECK(client.outcome_of(task).ending == Ending::ok);
  CHECK(client.outcome_of(task).payload.body() == "result");
  CHECK(client.outcome_of(task).engine == engine.id);
  CHECK(hub.router().unfinished() == 0);
  hub.client_receives_all(client);
  CHECK(hub.router().undelivered() == 0);
}

TEST_CASE("tasks submitted before the first engine exists wait for it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 10'000});
  CHECK(hub.router().unfinished() == 10'000);
  auto& engine = hub.engine_joins();
  for (int i = 0; i < 10'000; ++i) hub.engine_finishes(engine, Ending::ok, 1us);
  CHECK(client.outcomes.size() == 10'000);
  CHECK(hub.router().unfinished() == 0);
}

TEST_CASE("anything before hello is answered who and dropped") {
  HubHarness hub;
  const auto link = hub.new_link(hub::Side::client, wire::Plane::task);
  hub.say(link, wire::Received{1});
  CHECK(hub.strangers[link.key()].all<wire::Who>().size() == 1);
}

TEST_CASE("garbage is answered with what was wrong, and too much of it ends the connection") {
  HubHarness hub;
  const auto link = hub.new_link(hub::Side::client, wire::Plane::task);
  for (int i = 0; i < 20; ++i) hub.send(link, {Buffer::take("garbage"), {}});
  const auto refused = hub.strangers[link.key()].all<wire::Refused>();
  REQUIRE(refused.size() == 16);
  CHECK(refused[0].code == "malformed");
  CHECK_FALSE(refused[0].fatal);
  CHECK(refused[15].fatal);
  CHECK(hub.closed == std::vector{link});
}

TEST_CASE("a client's beat is answered with its number") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.say(client.control_link, wire::Beat{41});
  const auto beats = client.inbox.all<wire::Beat>();
  REQUIRE(beats.size() == 1);
  CHECK(beats[0].number == 41);
}

TEST_CASE("a shutdown request dismisses the engines and stops the hub when asked") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  wire::Request request;
  request.id = 1, request.verb = "shutdown";
  request.body.bytes = "\x81\xa3hub\xc3";
  hub.say(client.control_link, request);
  CHECK(engine.inbox.all<wire::Goodbye>().size() == 1);
  CHECK(hub.stop_asked);
  CHECK(client.inbox.all<wire::Reply>().size() == 1);
}

TEST_CASE("what an engine had that a client stopped ends as soon as it is gone, and says so") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.engines = {0}});
  wire::Request request;
  request.id = 1, request.verb = "shutdown";
  hub.say(client.control_link, request);
  hub.breaks(engine);
  hub.turn();
  REQUIRE(client.outcomes.size() == 1);
  CHECK(client.outcomes[0].ending == wire::Ending::engine_lost);
  CHECK(client.outcomes[0].payload.body().find("stopped by a client") != std::string::npos);
}
