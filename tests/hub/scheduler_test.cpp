#include <algorithm>
#include <utility>

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

TEST_CASE("ten times as much is sent ahead while plenty waits") {
  // What an engine has whose first task took a millisecond, of so many.
  const auto ahead = [](std::uint32_t count) {
    HubHarness hub;
    auto& client = hub.client_joins();
    auto& engine = hub.engine_joins();
    hub.client_submits(client, {.count = count});
    hub.engine_finishes(engine, Ending::ok, 1ms);
    return engine.held.size();
  };
  CHECK(ahead(10) == 1 + 2);
  CHECK(ahead(1000) == 1 + 20);
}

TEST_CASE("no more than the lookahead is sent ahead while a second client has work") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 1000});
  hub.client_submits(other, {.targets = {99}});
  hub.engine_finishes(engine, Ending::ok, 1ms);
  CHECK(engine.held.size() == 1 + 2);
}

TEST_CASE("no more than the lookahead is sent ahead while a task waits for another") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 1000});
  hub.client_submits(client, {.after = {client.tasks(1000)}});
  hub.engine_finishes(engine, Ending::ok, 1ms);
  CHECK(engine.held.size() == 1 + 2);
}

TEST_CASE("no more than the lookahead of long tasks is sent ahead, however many wait") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 1000});
  hub.engine_finishes(engine, Ending::ok, 50ms);
  CHECK(engine.held.size() == 1 + 1);
}

TEST_CASE("what is sent ahead is shared out among all engines, of which each gets some") {
  // What one of them has when its first task was short.
  const auto ahead = [](std::uint32_t total, std::size_t engines) {
    HubHarness hub(hub::RouterOptions{.window_max = 100, .window_total = total});
    auto& client = hub.client_joins();
    auto& engine = hub.engine_joins();
    for (std::size_t i = 1; i < engines; ++i) hub.engine_joins();
    hub.client_submits(client, {.count = 10'000});
    hub.engine_finishes(engine, Ending::ok, 1us);
    return engine.held.size();
  };
  CHECK(ahead(200, 1) == 101);
  CHECK(ahead(200, 5) == 41);
  CHECK(ahead(2, 5) == 2);
}

TEST_CASE("tasks that take less than a message are given to an engine several at a time") {
  // What two idle engines of which each has run a task of this duration get of four more.
  const auto shares = [](Duration duration) {
    HubHarness hub;
    auto& client = hub.client_joins();
    auto& first = hub.engine_joins();
    auto& second = hub.engine_joins();
    hub.client_submits(client, {.count = 2});
    hub.engine_finishes(first, Ending::ok, duration);
    hub.engine_finishes(second, Ending::ok, duration);
    hub.client_submits(client, {.count = 4});
    return std::pair{std::min(first.held.size(), second.held.size()),
                     std::max(first.held.size(), second.held.size())};
  };
  CHECK((shares(1us) == std::pair<std::size_t, std::size_t>{0, 4}));
  CHECK((shares(50us) == std::pair<std::size_t, std::size_t>{2, 2}));
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

TEST_CASE("a session with very many tasks does not keep another one waiting") {
  HubHarness hub;
  auto& many = hub.client_joins();
  auto& few = hub.client_joins();
  auto& engine = hub.engine_joins();
  for (int i = 0; i < 2; ++i) hub.client_submits(many, {.count = 50'000});
  hub.engine_finishes(engine, Ending::ok, 1s);
  hub.client_submits(few, {.count = 10});
  for (int i = 0; i < 22; ++i) hub.engine_finishes(engine, Ending::ok, 1s);
  CHECK(few.outcomes.size() == 10);
}

TEST_CASE("shapes of one priority share fairly between sessions, whichever is older") {
  HubHarness hub;
  auto& one = hub.client_joins();
  auto& other = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(one, {.count = 50});
  hub.client_submits(one, {.count = 50, .targets = {0, 7}});
  hub.client_submits(other, {.count = 50, .targets = {0}});
  for (int i = 0; i < 21; ++i) hub.engine_finishes(engine, Ending::ok, 1s);
  CHECK(one.outcomes.size() == 11);
  CHECK(other.outcomes.size() == 10);
}

TEST_CASE("within a session tasks of one priority run in the order of their submission") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  for (int i = 0; i < 12; ++i)
    hub.client_submits(client, {.targets = i % 3 == 0 ? std::vector<std::uint32_t>{0}
                                                      : std::vector<std::uint32_t>{}});
  std::uint64_t expected = 1;
  while (!engine.held.empty()) {
    CHECK(engine.held.front().sequence == expected++);
    hub.engine_finishes(engine, Ending::ok, 1s);
  }
  CHECK(expected == 13);
}

TEST_CASE("priority goes before fairness, across sessions and shapes") {
  HubHarness hub;
  auto& one = hub.client_joins();
  auto& other = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(one);
  hub.client_submits(one, {.count = 3, .priority = 1});
  hub.client_submits(other, {.count = 3});
  const auto urgent = hub.client_submits(other, {.targets = {0}, .priority = 2});
  hub.engine_finishes(engine, Ending::ok, 1s);
  CHECK(engine.held.front().sequence == urgent);
  for (int i = 0; i < 4; ++i) hub.engine_finishes(engine, Ending::ok, 1s);
  CHECK(one.outcomes.size() == 4);
  CHECK(other.outcomes.size() == 1);
}

TEST_CASE("a higher priority that fits nowhere lets the lower ones go") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 5, .targets = {99}, .priority = 9});
  auto& engine = hub.engine_joins();
  const auto task = hub.client_submits(client);
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.held[0].sequence == task);
}

TEST_CASE("each policy of the options gives tasks as it says, and ends them all") {
  for (std::size_t i = 0; i < hub::kPolicyNames.size(); ++i) {
    CAPTURE(hub::kPolicyNames[i]);
    hub::RouterOptions options;
    options.policy = static_cast<hub::PolicyName>(i);
    HubHarness hub{options};
    auto& client = hub.client_joins();
    std::vector<FakeEngine*> engines;
    for (int j = 0; j < 3; ++j) engines.push_back(&hub.engine_joins(2));
    hub.client_submits(client, {.count = 30});
    for (int round = 0; round < 30; ++round)
      for (FakeEngine* engine : engines)
        if (!engine->held.empty()) hub.engine_finishes(*engine, Ending::ok, 1s);
    CHECK(client.outcomes.size() == 30);
  }
}

TEST_CASE("lru and pure go round where least loaded stays") {
  hub::RouterOptions options;
  for (const auto policy :
       {hub::PolicyName::least_loaded, hub::PolicyName::lru, hub::PolicyName::pure}) {
    options.policy = policy;
    HubHarness hub{options};
    auto& client = hub.client_joins();
    auto& first = hub.engine_joins();
    auto& second = hub.engine_joins();
    for (int i = 0; i < 6; ++i) {
      hub.client_submits(client);
      hub.engine_finishes(first.held.empty() ? second : first);
    }
    CHECK(first.outcomes_sent == (policy == hub::PolicyName::least_loaded ? 6 : 3));
  }
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
