#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

TEST_CASE("tasks go to the least loaded engine, ties by id") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& second = hub.engine_joins();
  hub.client_submits(client);
  CHECK(first.held.size() == 1);
  hub.client_submits(client);
  CHECK(second.held.size() == 1);
}

TEST_CASE("an engine of unknown speed gets one task per slot") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(3);
  hub.client_submits(client, {.count = 10});
  CHECK(engine.held.size() == 3);
}

TEST_CASE("short tasks are sent ahead, long ones are not") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 10'000});
  hub.engine_finishes(engine, Ending::ok, 1us);
  CHECK(engine.held.size() > 100);
  while (!engine.held.empty() && engine.held.size() > 1)
    hub.engine_finishes(engine, Ending::ok, 500ms);
  CHECK(engine.held.size() == 1);
}

TEST_CASE("targets restrict where a load-balanced task may go") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& second = hub.engine_joins();
  hub.client_submits(client, {.targets = {second.id.value}});
  CHECK(first.held.empty());
  CHECK(second.held.size() == 1);
}

TEST_CASE("tasks that fit nowhere do not hold up those behind them") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 5, .targets = {99}});
  const auto task = hub.client_submits(client);
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.held[0].sequence == task);
}

TEST_CASE("a higher priority goes first") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.client_submits(client, {.priority = 0});
  const auto urgent = hub.client_submits(client, {.priority = 5});
  hub.engine_finishes(engine, Ending::ok, 1s);
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.held[0].sequence == urgent);
}

TEST_CASE("sessions of equal priority take turns") {
  HubHarness hub;
  auto& one = hub.client_joins();
  auto& other = hub.client_joins();
  hub.client_submits(one, {.count = 100});
  hub.client_submits(other, {.count = 100});
  auto& engine = hub.engine_joins();
  for (int i = 0; i < 20; ++i) hub.engine_finishes(engine, Ending::ok, 1s);
  CHECK(one.outcomes.size() == 10);
  CHECK(other.outcomes.size() == 10);
}

TEST_CASE("direct tasks go to their engine in order, beside the load-balanced ones") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& second = hub.engine_joins();
  const auto direct = hub.client_submits(client, {.count = 3, .engines = {second.id.value}});
  const auto fan =
      hub.client_submits(client, {.count = 2, .engines = {first.id.value, second.id.value}});
  REQUIRE(first.held.size() == 1);
  CHECK(first.held[0].sequence == fan);
  CHECK(first.held[0].direct);
  std::vector<std::uint64_t> order;
  while (!second.held.empty()) {
    order.push_back(second.held.front().sequence);
    hub.engine_finishes(second, Ending::ok, 1s);
  }
  CHECK(order == std::vector<std::uint64_t>{direct, direct + 1, direct + 2, fan + 1});
}

TEST_CASE("a direct task to an engine that is not there fails at once and says so") {
  HubHarness hub;
  auto& client = hub.client_joins();
  const auto task = hub.client_submits(client, {.engines = {7}});
  hub.turn();
  CHECK(client.outcome_of(task).ending == Ending::engine_lost);
  CHECK(client.error_of(task) == "EngineError");
}

TEST_CASE("work sent ahead to a slow engine is taken back for an idle one, in two steps") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& slow = hub.engine_joins();
  hub.client_submits(client, {.count = 9});
  hub.engine_finishes(slow, Ending::ok, 1us);  // taken for fast: the rest is sent ahead
  REQUIRE(slow.held.size() == 8);
  auto& idle = hub.engine_joins();
  hub.passes(100ms);
  const auto revokes = slow.inbox.all<wire::Revoke>();
  REQUIRE(revokes.size() == 1);  // asked once, until it answers
  CHECK(idle.held.empty());      // nothing is placed anew before the engine promised
  wire::Revoked promise;
  for (const auto number : revokes[0].numbers) {
    std::erase_if(slow.held, [&](const auto& task) { return task.number == number; });
    promise.numbers.push_back(number);
  }
  hub.say(slow.task_link, promise);
  CHECK_FALSE(idle.held.empty());
  CHECK(slow.held.size() + idle.held.size() == 8 - promise.numbers.size() + idle.held.size());
  for (const auto& task : idle.held) CHECK(task.fence.attempt == 2);
}

TEST_CASE("a promise about work that has run meanwhile changes nothing") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  const auto number = engine.held[0].number;
  hub.engine_finishes(engine);
  hub.say(engine.task_link, wire::Revoked{{number, number + 5}});
  CHECK(client.outcomes.size() == 1);
  CHECK(hub.router().unfinished() == 0);
}

TEST_CASE("a client that does not take its outcomes gets nothing more assigned until it does") {
  hub::RouterOptions options;
  options.undelivered_max = 10;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 50});
  while (!engine.held.empty()) hub.engine_finishes(engine, Ending::ok, 1s);
  CHECK(client.outcomes.size() == 10);
  hub.client_submits(other);
  CHECK(engine.held.size() == 1);  // nobody else suffers
  hub.engine_finishes(engine, Ending::ok, 1s);
  hub.client_receives_all(client);
  hub.turn();
  while (!engine.held.empty()) hub.engine_finishes(engine, Ending::ok, 1s);
  CHECK(client.outcomes.size() == 20);
}

TEST_CASE("a lane waits while its client has too much to receive, and goes on when it has it") {
  hub::RouterOptions options;
  SUBCASE("by count") {
    options.undelivered_max = 1;
  }
  SUBCASE("by bytes") {
    options.undelivered_bytes_max = 1;
  }
  HubHarness hub{options};
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 3, .engines = {engine.id.value}});
  hub.engine_finishes(engine, Ending::ok, 1s);
  CHECK(engine.held.empty());
  hub.client_receives_all(client);
  REQUIRE(engine.held.size() == 1);
  hub.engine_finishes(engine, Ending::ok, 1s);
  CHECK(engine.held.empty());
  hub.breaks(client);
  wire::Hello has;
  has.settled = 2;
  hub.passes(50ms);
  hub.client_returns(client, has);  // or says so when it connects anew
  CHECK(engine.held.size() == 1);
}
