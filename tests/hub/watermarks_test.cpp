#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

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

TEST_CASE("what is stored is told to a few of many engines at a time, and in the end to all") {
  HubHarness hub;
  auto& client = hub.client_joins();
  std::vector<FakeEngine*> engines;
  for (int i = 0; i < 100; ++i) engines.push_back(&hub.engine_joins());
  hub.passes(1s);
  hub.client_submits(client, {.count = 100});
  for (FakeEngine* engine : engines) hub.engine_finishes(*engine);
  hub.stores_everything();
  const auto told = [&] {
    return std::ranges::count_if(engines, [](const FakeEngine* engine) {
      const auto stored = engine->inbox.all<wire::Stored>();
      return !stored.empty() && stored.back().through == 1;
    });
  };
  const auto before = told();
  hub.passes(22ms);
  CHECK(told() > before);
  CHECK(told() <= before + 32);
  hub.passes(200ms);
  CHECK(told() == 100);
}

TEST_CASE("that tasks are accepted and stored is said soon, and credit alone later") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.passes(50ms);
  const auto said = [&] { return client.inbox.all<wire::Accepted>(); };
  const auto accepted_before = said().size();
  hub.client_submits(client);
  hub.passes(6ms);
  REQUIRE(said().size() == accepted_before + 1);
  CHECK(said().back().accepted == 1);
  CHECK(said().back().stored == 0);
  const std::uint64_t credit = said().back().credit_tasks;
  hub.stores_everything();
  hub.passes(6ms);
  REQUIRE(said().size() == accepted_before + 2);
  CHECK(said().back().stored == 1);
  hub.passes(50ms);
  REQUIRE(said().size() == accepted_before + 2);

  hub.engine_finishes(engine);
  hub.passes(10ms);
  CHECK(said().size() == accepted_before + 2);
  hub.passes(15ms);
  REQUIRE(said().size() == accepted_before + 3);
  CHECK(said().back().credit_tasks == credit + 1);
}

TEST_CASE("with durability commit there is nothing to say of tasks before they are stored") {
  hub::RouterOptions options;
  options.durability = hub::Durability::commit;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  hub.passes(50ms);
  hub.stores_everything();
  const auto accepted_before = client.inbox.all<wire::Accepted>().size();
  hub.client_submits(client);
  CHECK(*hub.router().next_deadline() > hub.now().steady + 6ms);
  hub.passes(50ms);
  CHECK(client.inbox.all<wire::Accepted>().size() == accepted_before);
  hub.stores_everything();
  REQUIRE(client.inbox.all<wire::Accepted>().size() == accepted_before + 1);
  CHECK(client.inbox.all<wire::Accepted>().back().accepted == 1);
}
