#include <doctest/doctest.h>

#include "tests/hub/deaths.hpp"
#include "tests/hub/questions.hpp"

using namespace roundhouse;
using namespace roundhouse::test;

TEST_CASE("queue_status counts what each engine has and what nobody has") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 3});
  hub.engine_finishes(engine, wire::Ending::ok, 1s);
  const Json status = unpacked(ask(hub, client, "queue_status").body.bytes);
  CHECK(status["unassigned"] == 1);
  REQUIRE(status["engines"].size() == 1);
  CHECK(status["engines"][0] ==
        Json{{"engine", 0}, {"queue", 0}, {"running", 1}, {"completed", 1}});
}

TEST_CASE("queue_status tells the ids of each state when asked for them") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.engine_joins();
  hub.client_submits(client, {.count = 3, .engines = {0}});  // one runs, two wait in the lane
  hub.client_submits(client, {.count = 2, .targets = {42}});
  const Json status = unpacked(ask(hub, client, "queue_status", "{'verbose': true}").body.bytes);
  const Json& engine = status["engines"][0];
  CHECK(engine["running_ids"] == Json{id_of(client, 1)});
  CHECK(engine["queue_ids"] == Json{id_of(client, 2), id_of(client, 3)});
  CHECK(engine["queue"] == 2);
  CHECK(status["unassigned_ids"] == Json{id_of(client, 4), id_of(client, 5)});
  CHECK(status["more"] == false);
}

TEST_CASE("queue_status tells so many ids as an answer holds") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 30'000});
  const auto reply = ask(hub, client, "queue_status", "{'verbose': true}");
  CHECK(wire::encode(reply).header.size() < wire::kHeaderBytesMax);
  const Json status = unpacked(reply.body.bytes);
  CHECK(status["unassigned"] == 30'000);
  CHECK(status["unassigned_ids"].size() == 20'000);
  CHECK(status["more"] == true);
}

TEST_CASE("queue_status of some engines leaves the others out") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.engine_joins();
  hub.engine_joins();
  const Json status = unpacked(ask(hub, client, "queue_status", "{'targets': [1]}").body.bytes);
  REQUIRE(status["engines"].size() == 1);
  CHECK(status["engines"][0]["engine"] == 1);
}

TEST_CASE("queue_status tells what waits for an engine whose process is started again") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, death_of(engine, 0));
  hub.client_submits(client, {.count = 2, .engines = {0}});
  for (const char* which : {"{}", "{'targets': [0]}"}) {
    const Json status = unpacked(ask(hub, client, "queue_status", which).body.bytes);
    REQUIRE(status["engines"].size() == 1);
    CHECK(status["engines"][0]["queue"] == 2);
  }
}

TEST_CASE("queue_status of an engine that is not there says so") {
  HubHarness hub;
  auto& client = hub.client_joins();
  const auto reply = ask(hub, client, "queue_status", "{'targets': [42]}");
  CHECK(reply.code == "unknown_engine");
  CHECK(reply.text.find("42") != std::string::npos);
}
