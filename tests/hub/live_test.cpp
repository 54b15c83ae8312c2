#include <doctest/doctest.h>

#include "tests/hub/questions.hpp"

using namespace roundhouse;
using namespace roundhouse::test;

namespace {

std::string ids_json(std::initializer_list<std::string> ids) {
  return "{'ids': " + Json(ids).dump() + "}";
}

}  // namespace

TEST_CASE("result_status tells pending, running, completed and unknown tasks apart") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 3, .engines = {0}});
  hub.engine_finishes(engine);
  const std::string stranger(32, 'f');
  const auto reply = ask(
      hub, client, "result_status",
      ids_json({id_of(client, 1), id_of(client, 2), id_of(client, 3), id_of(client, 4), stranger}));
  CHECK(unpacked(reply.body.bytes) == Json{{"completed", {id_of(client, 1)}},
                                           {"running", {id_of(client, 2)}},
                                           {"pending", {id_of(client, 3)}},
                                           {"unknown", {id_of(client, 4), stranger}}});
}

TEST_CASE("a record of an unfinished task tells what is known of it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.engine_joins();
  hub.client_submits(client, {.count = 2, .engines = {0}});
  say(hub, client, "result", ids_json({id_of(client, 1), id_of(client, 2)}));
  const Json records = stored_answer(hub)["records"];
  REQUIRE(records.size() == 2);
  CHECK(records[0]["msg_id"] == id_of(client, 1));
  CHECK(records[0]["status"] == "running");
  CHECK(records[0]["engine_id"] == 0);
  CHECK(records[0]["attempt"] == 1);
  CHECK(records[1]["status"] == "pending");
  CHECK_FALSE(records[1].contains("outcome"));
  CHECK_FALSE(records[1].contains("result_bytes"));
}

TEST_CASE("who watches tasks is told once of each that ends") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 3, .engines = {0}});
  hub.engine_finishes(engine);
  say(hub, other, "watch", ids_json({id_of(client, 1), id_of(client, 2), id_of(client, 3)}));
  REQUIRE(replies_to(other).size() == 1);  // what has ended already
  CHECK(replies_to(other)[0].more);
  CHECK(unpacked(replies_to(other)[0].body.bytes)["ended"] == Json{id_of(client, 1)});
  hub.engine_finishes(engine, wire::Ending::error);
  REQUIRE(replies_to(other).size() == 2);
  CHECK(replies_to(other)[1].more);
  CHECK(unpacked(replies_to(other)[1].body.bytes)["ended"] == Json{id_of(client, 2)});
  hub.engine_finishes(engine);
  REQUIRE(replies_to(other).size() == 3);
  CHECK_FALSE(replies_to(other)[2].more);
  CHECK(unpacked(replies_to(other)[2].body.bytes)["ended"] == Json{id_of(client, 3)});
}

TEST_CASE("a watch that is over, or whose client has gone, is told nothing") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  auto& third = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  say(hub, other, "watch", ids_json({id_of(client, 1)}));
  say(hub, third, "watch", ids_json({id_of(client, 1)}));
  CHECK(unpacked(ask(hub, third, "unwatch", "{'watch': 7}").body.bytes)["watched"] == true);
  const std::size_t told = replies_to(third).size();
  hub.breaks(other);
  hub.engine_finishes(engine);
  CHECK(replies_to(third).size() == told);
  CHECK(replies_to(other).empty());
  CHECK(unpacked(ask(hub, third, "unwatch", "{'watch': 7}").body.bytes)["watched"] == false);
}

TEST_CASE("a watched task that nobody submits in time is told as unknown") {
  HubHarness hub({.orphan = 1s});
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  say(hub, other, "watch", ids_json({id_of(client, 1), std::string(32, 'f')}));
  CHECK(replies_to(other).empty());
  hub.client_submits(client);  // it was only late
  hub.passes(1500ms);
  REQUIRE(replies_to(other).size() == 1);
  CHECK(replies_to(other)[0].more);
  CHECK(unpacked(replies_to(other)[0].body.bytes)["unknown"] == Json{std::string(32, 'f')});
}

TEST_CASE("the arguments of an unfinished task come from the router") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.engine_joins();
  hub.client_submits(client, {.engines = {0}, .retries = 2, .body = "what it is called with"});
  const auto reply =
      ask(hub, client, "payload", "{'of': 'arguments', 'ids': ['" + id_of(client, 1) + "']}");
  CHECK(reply.code == "");
  const Json part = unpacked(reply.body.bytes);
  const std::vector<std::uint8_t>& body = part["body"].get_binary();
  CHECK(std::string(body.begin(), body.end()) == "what it is called with");
  CHECK(part["retries"] == 2);
  CHECK(part["engine"] == 0);
  CHECK(part["frames"].empty());
  const auto result = ask(hub, client, "payload", "{'ids': ['" + id_of(client, 1) + "']}");
  CHECK(result.code == "invalid");
  CHECK(result.text.find("has not ended") != std::string::npos);
}

TEST_CASE(
    "what an unfinished task waits for goes with its arguments, as long as it is not too much") {
  HubHarness hub;
  auto& client = hub.client_joins();
  const auto first = hub.client_submits(client, {.count = 3});
  const auto second = hub.client_submits(
      client,
      {.after = {client.tasks(first, first + 2)}, .after_mode = {true, true, true}, .timeout = 5s});
  const Json part = unpacked(
      ask(hub, client, "payload", "{'of': 'arguments', 'ids': ['" + id_of(client, second) + "']}")
          .body.bytes);
  CHECK(part["timeout_us"] == 5'000'000);
  const std::vector<std::uint8_t>& ranges = part["depends"].get_binary();
  CHECK(std::string(ranges.begin(), ranges.end()) ==
        wire::encode_ranges({client.tasks(first, first + 2)}));
  CHECK(part["after_ranges"] == 1);
  CHECK(part["modes"] == 0b010111);

  std::vector<wire::TaskRange> apart(hub::kDependsRangesMax + 1, client.tasks(first));
  const auto third = hub.client_submits(client, {.after = apart});
  const auto reply =
      ask(hub, client, "payload", "{'of': 'arguments', 'ids': ['" + id_of(client, third) + "']}");
  CHECK(reply.code == "payload_lost");
  CHECK(reply.text.find("512 ranges") != std::string::npos);
}

TEST_CASE("arguments of a task that has ended for its client are not told: they may be missing") {
  HubHarness hub;
  auto& client = hub.client_joins();
  wire::Hello has_one;
  has_one.settled = 1;
  hub.client_returns(client, has_one);
  hub.client_submits(client, {.targets = {42}, .body = ""});
  const auto reply =
      ask(hub, client, "payload", "{'of': 'arguments', 'ids': ['" + id_of(client, 1) + "']}");
  CHECK(reply.code == "payload_lost");
}

TEST_CASE("a finished task's arguments go to the database with its outcome") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.body = "what it is called with"});
  hub.engine_finishes(engine);
  const auto* ended = std::get_if<hub::Ended>(&hub.facts.back());
  REQUIRE(ended != nullptr);
  REQUIRE(ended->arguments.has_value());
  CHECK(ended->arguments->body() == "what it is called with");
}

TEST_CASE("arguments with bulk frames go to the database, too") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.body = "head", .framed = true});
  hub.engine_finishes(engine);
  const auto* ended = std::get_if<hub::Ended>(&hub.facts.back());
  REQUIRE(ended != nullptr);
  REQUIRE(ended->arguments.has_value());
  REQUIRE(ended->arguments->frame_count() == 1);
  CHECK(ended->arguments->frames->front().view() == "frame");
}
