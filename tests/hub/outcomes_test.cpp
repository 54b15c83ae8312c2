#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

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
    hub.passes(500ms);
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
