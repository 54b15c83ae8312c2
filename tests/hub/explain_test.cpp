#include <doctest/doctest.h>

#include "tests/hub/questions.hpp"

using namespace roundhouse;
using namespace roundhouse::test;

namespace {

Json explain(HubHarness& hub, const FakeClient& client, std::uint64_t sequence) {
  const auto reply = ask(hub, client, "explain", "{'ids': ['" + id_of(client, sequence) + "']}");
  CHECK(reply.code == "");
  return unpacked(reply.body.bytes);
}

bool says(const Json& told, const std::string& words) {
  return told["why"].get<std::string>().find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a task that waits for any engine says that there is none") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 3});
  const Json told = explain(hub, client, 3);
  CHECK(told["state"] == "ready");
  CHECK(told["ahead"] == 2);
  CHECK(told["engines"] == Json::array());
  CHECK(says(told, "there is no engine"));
}

TEST_CASE("each engine has its reason not to take a task") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.engine_joins();
  auto& away = hub.engine_joins();
  hub.engine_joins();
  hub.client_submits(client, {.count = 2, .targets = {0, 1}});  // one on each
  hub.breaks(away);
  hub.client_submits(client, {.targets = {0, 1}});
  const Json told = explain(hub, client, 3);
  CHECK(told["state"] == "ready");
  REQUIRE(told["engines"].size() == 3);
  CHECK(told["engines"][0]["code"] == "busy");
  CHECK(told["engines"][1]["code"] == "away");
  CHECK(told["engines"][2]["code"] == "no_target");
  CHECK(says(told, "all that they are given"));
}

TEST_CASE("a task that failed says what it waits for, and which engines are not for it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  hub.client_submits(client, {.retries = 1});
  hub.engine_finishes(first, wire::Ending::error);
  const Json rests = explain(hub, client, 1);
  CHECK(rests["state"] == "resting");
  CHECK(says(rests, "waits a while before it is tried again"));
  CHECK(rests["engines"][0]["code"] == "failed");
  hub.engine_joins();
  hub.client_submits(client, {.count = 2});  // one on each
  hub.passes(150ms);
  const Json told = explain(hub, client, 1);
  CHECK(told["state"] == "ready");
  CHECK(told["engines"][1]["code"] == "busy");
  CHECK(says(told, "the engines where it has not failed have all that they are given: 1 is busy"));
}

TEST_CASE("a task whose targets are not there says so") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.engine_joins();
  hub.client_submits(client, {.targets = {42}});
  CHECK(says(explain(hub, client, 1), "none of the engines that may run it is here"));
}

TEST_CASE("what runs, what was sent and what waits in a lane name their engine") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.engine_joins();
  hub.client_submits(client, {.count = 3, .engines = {0}});
  const Json runs = explain(hub, client, 1);
  CHECK(runs["state"] == "running");
  CHECK(says(runs, "engine 0 runs it"));
  const Json waits = explain(hub, client, 3);
  CHECK(waits["state"] == "in_lane");
  CHECK(says(waits, "behind 2 calls of its client"));
}

TEST_CASE("a task that waits for others names them and how they stand") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.engine_joins();
  hub.client_submits(client, {.count = 2});  // one runs, one waits for the engine
  hub.client_submits(client, {.after = {{client.session, 1, 2}}});
  hub.client_submits(client, {.after = {{client.session, 3, 3}}});
  const Json told = explain(hub, client, 3);
  CHECK(told["state"] == "waiting");
  CHECK(says(told, id_of(client, 1)));
  REQUIRE(told["waits_for"].size() == 2);
  CHECK(told["waits_for"][0]["msg_id"] == id_of(client, 1));
  CHECK(told["waits_for"][0]["state"] == "running");
  CHECK(told["waits_for"][1]["state"] == "pending");
  CHECK(explain(hub, client, 4)["waits_for"][0]["state"] == "waiting");
}

TEST_CASE("a task that has ended says just that: its record knows more") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {});
  hub.engine_finishes(engine, wire::Ending::ok, 1s);
  CHECK(explain(hub, client, 1)["state"] == "ended");
}

TEST_CASE("explain is about one task that somebody submitted") {
  HubHarness hub;
  auto& client = hub.client_joins();
  CHECK(ask(hub, client, "explain", "{'ids': ['" + id_of(client, 1) + "']}").code ==
        "unknown_task");
  CHECK(ask(hub, client, "explain", "{'ids': []}").code == "invalid");
}
