// What the hub does with tasks that tasks submit, and with engines whose tasks wait for others.
#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

// Sequences of what the engine holds, in the order in which it came.
std::vector<std::uint64_t> held_by(const FakeEngine& engine) {
  std::vector<std::uint64_t> out;
  for (const auto& task : engine.held) out.push_back(task.sequence);
  return out;
}

using Sequences = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("of what is ready the deepest goes first, within its priority") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client);
  hub.client_submits(client, {.depth = 1});
  hub.client_submits(client, {.depth = 3});
  hub.client_submits(client, {.depth = 2});
  hub.client_submits(client, {.priority = 1});
  auto& engine = hub.engine_joins();
  Sequences order;
  while (!engine.held.empty()) {
    order.push_back(engine.held.front().sequence);
    hub.engine_finishes(engine, Ending::ok, 1s);
  }
  CHECK(order == Sequences{5, 3, 4, 2, 1});
}

TEST_CASE("an engine is sent one more task for each slot that is lent") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 5});
  CHECK(held_by(engine) == Sequences{1});
  hub.say(engine.task_link, wire::Lent{1, 0});
  CHECK(held_by(engine) == Sequences{1, 2});
  hub.say(engine.task_link, wire::Lent{2, 0});
  CHECK(held_by(engine) == Sequences{1, 2, 3});
  hub.say(engine.task_link, wire::Lent{1, 0});
  CHECK(held_by(engine) == Sequences{1, 2, 3});
  hub.engine_finishes(engine, Ending::ok, 1s);
  CHECK(engine.held.size() == 2);
}

TEST_CASE("an engine that wants deep tasks is sent no others, but direct ones") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.say(engine.task_link, wire::Lent{1, 2});
  hub.client_submits(client, {.depth = 1});
  CHECK(held_by(engine) == Sequences{1});
  hub.client_submits(client, {.depth = 2});
  CHECK(held_by(engine) == Sequences{1, 3});
  hub.client_submits(client, {.engines = {0}});
  CHECK(held_by(engine) == Sequences{1, 3, 4});
  SUBCASE("until it says otherwise") {
    hub.say(engine.task_link, wire::Lent{2, 0});
    CHECK(held_by(engine) == Sequences{1, 3, 4, 2});
  }
  SUBCASE("and another engine takes them") {
    auto& other = hub.engine_joins();
    CHECK(held_by(other) == Sequences{2});
  }
}

TEST_CASE("what an engine gives back without being asked is placed anew, the deepest first") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 4});
  hub.engine_finishes(engine, Ending::ok, 1us);
  REQUIRE(held_by(engine) == Sequences{2, 3, 4});
  const std::vector<std::uint64_t> back{engine.held[1].number, engine.held[2].number};
  engine.held.resize(1);
  hub.breaks(client);  // what its tasks submit comes by another session
  auto& nested = hub.client_joins();
  hub.client_submits(nested, {.depth = 1});
  REQUIRE(held_by(engine) == Sequences{2, 1});
  engine.held.resize(2);
  hub.say(engine.task_link, wire::Revoked{back});
  CHECK(held_by(engine) == Sequences{2, 1, 3, 4});
}

TEST_CASE("a lane is of one depth: a nested call does not wait for the one that waits for it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.engines = {0}, .depth = 1});
  hub.client_submits(client, {.engines = {0}, .depth = 1});
  CHECK(held_by(engine) == Sequences{1});
  hub.client_submits(client, {.engines = {0}, .depth = 2});
  CHECK(held_by(engine) == Sequences{1, 3});
  const auto deep = engine.held[1];
  hub.engine_finishes(engine, deep, Ending::ok, 1s);
  CHECK(held_by(engine) == Sequences{1});
  hub.engine_finishes(engine, Ending::ok, 1s);
  CHECK(held_by(engine) == Sequences{2});
}

TEST_CASE("a session of tasks has no quota: what is accepted may wait for what is not") {
  hub::RouterOptions options;
  options.session_tasks_max = 2;
  HubHarness hub(options);
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 2, .depth = 1});
  hub.client_submits(client, {.count = 2, .depth = 2});
  hub.client_submits(client, {.count = 2, .depth = 3});
  CHECK(hub.router().unfinished() == 6);
  CHECK(client.inbox.all<wire::Refused>().empty());
}

TEST_CASE("an engine that comes again says anew what it lends") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 2});
  hub.say(engine.task_link, wire::Lent{1, 5});
  CHECK(held_by(engine) == Sequences{1});
  hub.breaks(engine);
  hub.engine_returns(engine);
  CHECK(held_by(engine) == Sequences{1});
  hub.say(engine.task_link, wire::Lent{1, 0});
  CHECK(held_by(engine) == Sequences{1, 2});
}

TEST_CASE("the next hub knows how deep tasks are") {
  HubHarness before;
  auto& client = before.client_joins();
  before.client_submits(client, {.depth = 1});
  before.client_submits(client, {.depth = 4});
  before.stores_everything();
  HubHarness hub({.grace = Duration{0}}, restored_from(before));
  hub.client_of_before(client);
  auto& engine = hub.engine_joins();
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.held[0].sequence == 2);
}
