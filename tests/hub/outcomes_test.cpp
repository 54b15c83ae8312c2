#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

TEST_CASE("an outcome is kept for its client across connections and delivered once received") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.breaks(client);
  hub.engine_finishes(engine);
  CHECK(client.outcomes.empty());
  CHECK(hub.router().undelivered() == 1);
  hub.client_returns(client);
  CHECK(client.outcomes.size() == 1);
  hub.breaks(client);
  hub.client_returns(client);
  CHECK(client.outcomes.size() == 2);  // it never said received: the client drops the second
  hub.client_receives_all(client);
  hub.breaks(client);
  hub.client_returns(client);
  CHECK(client.outcomes.size() == 2);
  CHECK(hub.router().undelivered() == 0);
}

TEST_CASE("a returning client says what it has, and that is not sent again") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(4);
  hub.client_submits(client, {.count = 4});
  for (int i = 0; i < 4; ++i) hub.engine_finishes(engine);
  REQUIRE(client.outcomes.size() == 4);
  client.outcomes.clear();
  hub.breaks(client);
  wire::Hello has;
  has.settled = 2;
  has.ended = {{4, 4}};
  hub.client_returns(client, has);
  REQUIRE(client.outcomes.size() == 1);
  CHECK(client.outcomes[0].sequence == 3);
}

TEST_CASE("an engine's outcome is stored only after the fact that records it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.engine_finishes(engine);
  hub.passes(50ms);
  CHECK(engine.inbox.all<wire::Stored>().empty());
  hub.stores_everything();
  hub.passes(50ms);
  const auto stored = engine.inbox.all<wire::Stored>();
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].through == 1);
  CHECK(client.inbox.all<wire::Accepted>().back().stored == 1);
}

TEST_CASE("with durability none an outcome is confirmed to the engine when the client has it") {
  hub::RouterOptions options;
  options.durability = hub::Durability::none;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.engine_finishes(engine);
  hub.stores_everything();
  hub.passes(50ms);
  CHECK(engine.inbox.all<wire::Stored>().empty());
  hub.client_receives_all(client);
  hub.passes(50ms);
  REQUIRE(engine.inbox.all<wire::Stored>().size() == 1);
}

TEST_CASE("without a memory an engine keeps what came too late until the client has something") {
  hub::RouterOptions options;
  options.durability = hub::Durability::none;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const auto task = hub.client_submits(client);
  const auto run = engine.held[0];
  hub.breaks(engine);
  hub.passes(3100ms);
  hub.client_returns(client);
  CHECK(client.outcome_of(task).ending == Ending::engine_lost);
  engine.held.clear();
  hub.engine_returns(engine);
  hub.engine_finishes(engine, run, Ending::ok, 1ms);
  hub.stores_everything();
  hub.passes(50ms);
  CHECK(engine.inbox.all<wire::Stored>().empty());  // the next hub could ask nobody else
  hub.client_receives_all(client);
  hub.passes(50ms);
  REQUIRE(engine.inbox.all<wire::Stored>().size() == 1);
  CHECK(engine.inbox.all<wire::Stored>()[0].through == 1);
}

TEST_CASE("an outcome sent again is dropped and counted") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  const auto task = engine.held[0];
  hub.engine_finishes(engine);
  --engine.outcomes_sent;
  hub.engine_finishes(engine, task, Ending::ok, 1ms);
  CHECK(client.outcomes.size() == 1);
  CHECK(hub.router().counters().duplicates == 1);
}

TEST_CASE("an outcome under another fence is dropped and counted") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  auto task = engine.held[0];
  task.fence.attempt += 1;
  hub.engine_finishes(engine, task, Ending::ok, 1ms);
  CHECK(client.outcomes.empty());
  CHECK(hub.router().counters().stale_fence == 1);
  CHECK(hub.router().unfinished() == 1);
}

TEST_CASE("a failing task is tried as often as its retries allow") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const auto task = hub.client_submits(client, {.retries = 2});
  for (int i = 0; i < 3; ++i) {
    REQUIRE(engine.held.size() == 1);
    CHECK(client.outcomes.empty());
    hub.engine_finishes(engine, Ending::error);
  }
  CHECK(client.outcome_of(task).ending == Ending::error);
  CHECK(client.outcome_of(task).attempt == 3);
  CHECK(client.error_of(task) == "std::runtime_error");
}

TEST_CASE("facts tell one ended task once") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.engine_finishes(engine);
  int ended = 0;
  for (const auto& fact : hub.facts)
    if (const auto* end = std::get_if<hub::Ended>(&fact)) {
      ++ended;
      CHECK(end->sequence == 1);
      CHECK(end->delivery == 1);
      CHECK(end->engine == engine.id);
    }
  CHECK(ended == 1);
}
