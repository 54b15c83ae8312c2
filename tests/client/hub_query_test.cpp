#include <doctest/doctest.h>

#include "tests/support/local_hub.hpp"
#include "tests/support/packed_json.hpp"
#include <roundhouse/client.hpp>
#include <roundhouse/hub_query.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;
namespace f = fields;

// The question that the hub was asked, without what it did not have to say.
Json asked(LocalHub& hub, const TaskQuery& query) {
  hub.answers("db_query", packed("{'records': [], 'more': false}"));
  const Client client = hub.connect();
  (void)client.db_query(query);
  return unpacked(hub.asked("db_query"));
}

Json where(LocalHub& hub, const Condition& condition) {
  return asked(hub, {.where = condition}).at("where");
}

Json json(std::string text) {
  return unpacked(packed(std::move(text)));
}

}  // namespace

TEST_CASE("conditions are written in C++ and travel as the protocol has them") {
  LocalHub hub;
  CHECK(where(hub, {}) == json("{}"));
  CHECK(where(hub, f::label == "x") == json("{'label': {'$eq': 'x'}}"));
  CHECK(where(hub, f::engine_id != 3) == json("{'engine_id': {'$ne': 3}}"));
  CHECK(where(hub, f::attempt > 1) == json("{'attempt': {'$gt': 1}}"));
  CHECK(where(hub, f::duration <= 2ms) == json("{'duration_ns': {'$lte': 2000000}}"));
  CHECK(where(hub, f::submitted >= std::chrono::sys_seconds(5s)) ==
        json("{'submitted': {'$gte': 5000000}}"));
  CHECK(where(hub, f::started == missing) == json("{'started': {'$eq': null}}"));
  CHECK(where(hub, f::engine_id.in({0, 2})) == json("{'engine_id': {'$in': [0, 2]}}"));
  CHECK(where(hub, f::status.not_in({"ok"})) == json("{'status': {'$nin': ['ok']}}"));
  CHECK(where(hub, f::function.glob("map:*")) == json("{'function': {'$glob': 'map:*'}}"));
}

TEST_CASE("conditions are joined; lists of the same kind stay one list") {
  LocalHub hub;
  const Condition a = f::attempt == 1;
  const Condition b = f::attempt == 2;
  const Condition c = f::attempt == 3;
  const auto n = [](int i) { return "{'attempt': {'$eq': " + std::to_string(i) + "}}"; };
  CHECK(where(hub, a && b && c) == json("{'$and': [" + n(1) + ", " + n(2) + ", " + n(3) + "]}"));
  CHECK(where(hub, (a && b) || c) ==
        json("{'$or': [{'$and': [" + n(1) + ", " + n(2) + "]}, " + n(3) + "]}"));
  CHECK(where(hub, !(a || b)) == json("{'$not': {'$or': [" + n(1) + ", " + n(2) + "]}}"));
  CHECK(where(hub, Condition() && a) == json("{'$and': [{}, " + n(1) + "]}"));
}

TEST_CASE("order, limit, offset and fields are told") {
  LocalHub hub;
  const Json question = asked(
      hub, {.order = descending(f::completed), .limit = 5, .offset = 3, .fields = {"status"}});
  CHECK(question["order"] == "-completed");
  CHECK(question["limit"] == 5);
  CHECK(question["offset"] == 3);
  CHECK(question["fields"] == Json{"status"});
  CHECK(asked(hub, {.order = newest_first})["order"] == "-submitted");
}

TEST_CASE("an answer in pages is asked for until it is whole") {
  LocalHub hub;
  hub.answers("db_query", packed("{'records': [{'msg_id': 'a'}], 'more': true, 'next': [1, 'a']}"));
  hub.answers("db_query", packed("{'records': [{'msg_id': 'b'}], 'more': false}"));
  const Client client = hub.connect();
  const auto records = client.db_query({.offset = 2});
  REQUIRE(records.size() == 2);
  CHECK(records[1].metadata.msg_id == "b");
  const Json second = unpacked(hub.asked("db_query"));
  CHECK(second["after"] == json("[1, 'a']"));
  CHECK(second["offset"] == 0);
}

TEST_CASE("going on behind a task that the hub does not know is an error") {
  LocalHub hub;
  hub.answers("db_query", packed("{'records': [], 'more': false}"));
  const Client client = hub.connect();
  CHECK_THROWS_WITH_AS((void)client.db_query({.after = std::string(32, 'a')}),
                       doctest::Contains("no record"), Exception);
}

}  // namespace roundhouse::test
