#include "client/core/engine_list.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "shared/pack.hpp"
#include "tests/client/core/session_harness.hpp"

namespace roundhouse::test {
namespace {

wire::Raw engines_answer(std::uint64_t number, const std::vector<std::uint32_t>& ids) {
  wire::Raw body;
  wire::Packer p(body.bytes);
  p.map(2);
  p.str("number"), p.u64(number);
  p.str("engines"), p.array(ids.size());
  for (const std::uint32_t id : ids) p.map(2), p.str("id"), p.u64(id), p.str("slots"), p.u64(1);
  return body;
}

TEST_CASE("engines are asked for, then followed by hints; a gap asks again") {
  SessionHarness client;
  client.connects();
  const auto answer = [&](std::uint64_t number, const std::vector<std::uint32_t>& ids) {
    const auto asked = client.took<wire::Request>(wire::Plane::control);
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].verb == "engines");
    client.hub_says(wire::Plane::control,
                    wire::Reply{asked[0].id, "", "", engines_answer(number, ids)});
  };
  const auto hint = [&](std::uint64_t number, std::string event, std::uint32_t engine) {
    wire::Hint out;
    out.epoch = SessionHarness::kEpoch, out.number = number, out.event = std::move(event);
    out.engine = EngineId{engine};
    client.hub_says(wire::Plane::notify, out);
  };
  answer(3, {0, 1});
  CHECK(client.session.engines().engines().size() == 2);
  CHECK(client.engines_changed);
  hint(3, "engine_joined", 1);  // the list knows of it
  hint(4, "engine_joined", 2);
  CHECK(client.session.engines().engines().size() == 3);
  hint(5, "engine_left", 0);
  CHECK(client.session.engines().engines().size() == 2);
  CHECK(client.took<wire::Request>(wire::Plane::control).empty());
  hint(9, "engine_joined", 7);
  answer(9, {1, 2, 7});
  CHECK(client.session.engines().engines().size() == 3);
}

TEST_CASE("an engine that is started again is known until it is back, or given up") {
  client::EngineList list;
  const auto answer = [&](std::uint64_t number, const char* state, const char* key) {
    wire::Raw body;
    wire::Packer p(body.bytes);
    p.map(2), p.str("number"), p.u64(number), p.str(key), p.array(1), p.map(3);
    p.str("id"), p.u64(4), p.str("uuid"), p.str(to_string(Uuid{{7}})), p.str("state"), p.str(state);
    return list.on_answer(body, 1);
  };
  const auto hint = [&](std::uint64_t number, const char* event) {
    return list.on_hint({1, number, event, EngineId{4}, Uuid{{7}}, 2});
  };
  using Change = client::EngineList::Change;
  REQUIRE(answer(1, "online", "engines"));
  CHECK(hint(2, "engine_restarting") == Change::changed);
  CHECK(list.engines().empty());
  CHECK(list.restarting().size() == 1);
  CHECK(hint(3, "engine_restarted") == Change::changed);
  CHECK(list.engines().at(EngineId{4}).incarnation == 2);
  CHECK(list.restarting().empty());
  (void)hint(4, "engine_restarting");
  CHECK(hint(5, "engine_left") == Change::changed);
  CHECK(list.restarting().empty());
  CHECK(hint(6, "engine_restarting") == Change::ask);  // never seen
  CHECK(answer(7, "", "restarting").value());
  CHECK(list.restarting().size() == 1);
  CHECK_FALSE(answer(8, "expected", "engines").value());  // by a hub that waits for it
  CHECK(list.restarting().size() == 1);
  CHECK(answer(9, "", "engines").value());
  CHECK(list.restarting().empty());
  CHECK(list.engines().size() == 1);
}

TEST_CASE("engines that a restarted hub waits for count for those who knew them, and no others") {
  const auto answer = [](const char* state) {
    wire::Raw body;
    wire::Packer p(body.bytes);
    p.map(2), p.str("number"), p.u64(1), p.str("engines"), p.array(1), p.map(3);
    p.str("id"), p.u64(4), p.str("uuid"), p.str(to_string(Uuid{{7}})), p.str("state"), p.str(state);
    return body;
  };
  client::EngineList newcomer;
  REQUIRE(newcomer.on_answer(answer("expected"), 2));
  CHECK(newcomer.engines().empty());
  client::EngineList old;
  REQUIRE(old.on_answer(answer("online"), 1));
  REQUIRE(old.on_answer(answer("expected"), 2));
  CHECK(old.engines().size() == 1);
}

TEST_CASE("an answer that hints have overtaken, or that makes no sense, changes nothing") {
  client::EngineList list;
  REQUIRE(list.on_answer(engines_answer(5, {0, 1}), 7));
  CHECK(list.engines().size() == 2);
  CHECK_FALSE(*list.on_answer(engines_answer(4, {0}), 7));
  CHECK(list.engines().size() == 2);
  CHECK_FALSE(list.on_answer(wire::Raw{"garbage"}, 7));
  CHECK(list.engines().size() == 2);
  CHECK(*list.on_answer(engines_answer(0, {3}), 8));  // another hub counts anew
  CHECK(list.engines().size() == 1);
}

}  // namespace
}  // namespace roundhouse::test
