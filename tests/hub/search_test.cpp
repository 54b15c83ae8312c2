#include <doctest/doctest.h>

#include "tests/hub/questions.hpp"

using namespace roundhouse;
using namespace roundhouse::test;

namespace {

Json search(HubHarness& hub, const FakeClient& client, const std::string& body) {
  hub.queries.clear();
  say(hub, client, "db_query", body);
  hub.turn();
  return stored_answer(hub);
}

}  // namespace

TEST_CASE("a question finds finished and unfinished tasks, in the order of submission") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 2, .engines = {0}});
  hub.passes(1ms);
  hub.client_submits(other);
  hub.engine_finishes(engine);
  const Json found = search(hub, client, "{}");
  CHECK(ids_of(found) == std::vector{id_of(client, 1), id_of(client, 2), id_of(other, 1)});
  CHECK(found["records"][0]["status"] == "ok");
  CHECK(found["records"][1]["status"] == "pending");
  CHECK(found["records"][2]["status"] == "running");
  CHECK(found["more"] == false);
  const Json newest = search(hub, client, "{'order': '-submitted', 'limit': 2}");
  CHECK(ids_of(newest) == std::vector{id_of(other, 1), id_of(client, 2)});
  CHECK(newest["more"] == true);
}

TEST_CASE("conditions hold for unfinished tasks as for finished ones") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 3, .engines = {0}});
  hub.engine_finishes(engine);
  const auto ids = [&](const std::string& where) {
    return ids_of(search(hub, client, "{'where': " + where + "}"));
  };
  CHECK(ids("{'status': 'running'}") == std::vector{id_of(client, 2)});
  CHECK(ids("{'status': {'$in': ['pending', 'ok']}}") ==
        std::vector{id_of(client, 1), id_of(client, 3)});
  CHECK(ids("{'outcome': null}") == std::vector{id_of(client, 2), id_of(client, 3)});
  CHECK(ids("{'engine_id': 0, 'sequence': {'$gt': 2}}") == std::vector{id_of(client, 3)});
  CHECK(ids("{'session': '" + id_of(client, 1).substr(0, 16) + "', 'attempt': 1}").size() == 3);
  CHECK(ids("{'session': '0000000000000abc'}").empty());
}

TEST_CASE("of many unfinished tasks a bounded number is looked at in one turn") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 10'000, .targets = {7}});
  hub.queries.clear();
  hub::Outbox out;
  hub.router().on_message(
      client.control_link,
      wire::encode(wire::Request{kRequest, "db_query", {packed("{'order': '-sequence'}")}}),
      hub.now(), out);
  int turns = 0;
  while (out.queries.empty() && turns < 10) {
    hub.router().schedule(hub.now(), out);
    ++turns;
    if (out.queries.empty()) CHECK(*hub.router().next_deadline() <= hub.now().steady);
  }
  CHECK(turns == 3);
  REQUIRE(out.queries.size() == 1);
  REQUIRE(out.queries[0].live.size() == 101);  // the limit, and one to know that there are more
  CHECK(out.queries[0].live.front().task.sequence == 10'000);
  CHECK(out.queries[0].live.back().task.sequence == 9'900);
}

TEST_CASE("what ends while a question looks around is found once") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 6'000, .engines = {0}});
  hub.queries.clear();
  hub::Outbox out;
  const std::string body = packed("{'limit': 10000, 'fields': ['msg_id']}");
  hub.router().on_message(client.control_link,
                          wire::encode(wire::Request{kRequest, "db_query", {body}}), hub.now(),
                          out);
  hub.router().schedule(hub.now(), out);
  REQUIRE(out.queries.empty());
  hub.engine_finishes(engine);
  while (hub.queries.empty()) hub.turn();
  CHECK(hub.queries.back().live.size() == 5'999);
  CHECK(ids_of(stored_answer(hub)).size() == 6'000);
}

TEST_CASE("a question that makes no sense is answered at once") {
  HubHarness hub;
  auto& client = hub.client_joins();
  CHECK(ask(hub, client, "db_query", "{'where': {'colour': 'red'}}").code == "invalid");
  CHECK(hub.queries.empty());
}
