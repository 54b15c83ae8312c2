#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

wire::ErrorValue error_of(const FakeClient& client, std::uint64_t task) {
  return wire::decode_error(client.outcome_of(task).payload.body());
}

}  // namespace

TEST_CASE("a task that failed is tried at once where it has not failed, though others have room") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& second = hub.engine_joins();
  const auto task = hub.client_submits(client, {.retries = 1});
  hub.engine_finishes(first, Ending::error);
  CHECK(first.held.empty());
  REQUIRE(second.held.size() == 1);
  CHECK(second.held[0].fence.attempt == 2);
  hub.engine_finishes(second, Ending::ok);
  CHECK(client.outcome_of(task).ending == Ending::ok);
  CHECK(client.outcome_of(task).attempt == 2);
}

TEST_CASE("it waits for an engine where it has not failed, also while that one is busy") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  const auto task = hub.client_submits(client, {.retries = 1});
  auto& second = hub.engine_joins();
  hub.client_submits(client);
  REQUIRE(second.held.size() == 1);
  hub.engine_finishes(first, Ending::error);
  CHECK(first.held.empty());
  SUBCASE("until it is free") {
    hub.engine_finishes(second, Ending::ok);
    REQUIRE(second.held.size() == 1);
    CHECK(second.held[0].sequence == task);
  }
  SUBCASE("until it is gone, and goes where it failed then") {
    hub.say(second.control_link, wire::Goodbye{"leaves"});
    REQUIRE(first.held.size() == 1);
    CHECK(first.held[0].sequence == task);
  }
}

TEST_CASE("where no other engine is there it is tried again after a while, and longer each time") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const auto task = hub.client_submits(client, {.retries = 3});
  for (const auto wait : {100ms, 200ms, 400ms}) {
    hub.engine_finishes(engine, Ending::error);
    hub.passes(wait - 1ms);
    CHECK(engine.held.empty());
    hub.passes(2ms);
    CHECK(engine.held.size() == 1);
  }
  hub.engine_finishes(engine, Ending::error);
  CHECK(client.outcome_of(task).ending == Ending::error);
  CHECK(client.outcome_of(task).attempt == 4);
}

TEST_CASE("the wait has an end, and can be left out") {
  hub::RouterOptions options;
  SUBCASE("an end") {
    options.retry_delay = 100ms, options.retry_delay_max = 150ms;
    HubHarness hub{options};
    auto& client = hub.client_joins();
    auto& engine = hub.engine_joins();
    hub.client_submits(client, {.retries = 60'000});
    for (int i = 0; i < 5; ++i) {
      hub.engine_finishes(engine, Ending::error);
      hub.passes(151ms);
      CHECK(engine.held.size() == 1);
    }
  }
  SUBCASE("no wait") {
    options.retry_delay = 0ms;
    HubHarness hub{options};
    auto& client = hub.client_joins();
    auto& engine = hub.engine_joins();
    hub.client_submits(client, {.retries = 2});
    for (int i = 0; i < 2; ++i) {
      hub.engine_finishes(engine, Ending::error);
      CHECK(engine.held.size() == 1);
    }
  }
}

TEST_CASE("the router asks for a tick when the first of those that rest is due") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.retries = 1});
  hub.engine_finishes(engine, Ending::error);
  hub.passes(20ms);  // what is said lazily has been said
  const auto next = hub.router().next_deadline();
  REQUIRE(next);
  CHECK(*next - hub.now().steady == 80ms);
}

TEST_CASE("what rests while a new hub waits for its engines costs no turns") {
  HubHarness before;
  before.engine_joins();
  auto& first = before.client_joins();
  auto& old = before.engine_joins();
  before.client_submits(first, {.targets = {old.id.value}, .retries = 1});
  hub::RouterOptions options;
  options.grace = 10s;
  HubHarness hub{options, restored_from(before)};
  auto& engine = hub.engine_of_before(old);
  hub.engine_finishes(engine, Ending::error);
  hub.passes(200ms);
  CHECK(engine.held.empty());
  REQUIRE(hub.router().next_deadline());
  CHECK(*hub.router().next_deadline() > hub.now().steady);
}

TEST_CASE("a task that rests is ended by an outcome that its engine has of it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const auto task = hub.client_submits(client, {.retries = 2});
  const auto held = engine.held[0];
  hub.engine_finishes(engine, Ending::error);
  CHECK(hub.router().unfinished() == 1);
  engine.held = {held};
  hub.engine_finishes(engine, held, Ending::ok, 1ms);  // the same attempt again: it was heard
  CHECK(hub.router().unfinished() == 0);
  CHECK(client.outcome_of(task).ending == Ending::ok);
  hub.passes(1s);
  CHECK(engine.held.empty());
}

TEST_CASE("engines that fail are avoided in turn, and all of them tried before one twice") {
  hub::RouterOptions options;
  options.retry_delay = 10ms;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  std::vector<FakeEngine*> engines;
  for (int i = 0; i < 4; ++i) engines.push_back(&hub.engine_joins());
  const auto task = hub.client_submits(client, {.retries = 5});
  std::vector<std::uint32_t> tried;
  for (int turns = 0; turns < 100 && client.outcomes.empty(); ++turns) {
    const auto busy = std::find_if(engines.begin(), engines.end(),
                                   [](const FakeEngine* e) { return !e->held.empty(); });
    if (busy == engines.end()) {
      hub.passes(100ms);
      continue;
    }
    tried.push_back((*busy)->id.value);
    hub.engine_finishes(**busy, Ending::error);
  }
  REQUIRE(tried.size() == 6);
  CHECK(std::set<std::uint32_t>(tried.begin(), tried.begin() + 4).size() == 4);
  CHECK(client.outcome_of(task).attempt == 6);
}

TEST_CASE("a retry keeps to the targets of its task") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& other = hub.engine_joins();
  hub.client_submits(client, {.targets = {first.id.value}, .retries = 1});
  hub.engine_finishes(first, Ending::error);
  hub.passes(150ms);
  CHECK(other.held.empty());
  CHECK(first.held.size() == 1);
}

TEST_CASE("a task whose engine died under it is tried on another one") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  const auto task = hub.client_submits(client, {.retries = 1});
  auto& second = hub.engine_joins();
  hub.breaks(first);
  hub.nanny_speaks(first);
  wire::Died died;
  died.signal = 11, died.restarting = true;
  died.running = {{{client.session, task}, first.held[0].fence}};
  hub.say(first.task_link, died);
  hub.engine_restarts(first);
  REQUIRE(second.held.size() == 1);
  CHECK(first.held.empty());
  hub.engine_finishes(second, Ending::error);
  const auto error = error_of(client, task);
  REQUIRE(error.attempts.size() == 2);
  CHECK(error.attempts[0].ended == "engine_lost");
  CHECK(error.attempts[0].name == "EngineError");
  CHECK(error.attempts[0].value.find("signal 11") != std::string::npos);
}

TEST_CASE("the last error of a task tells of every attempt") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& second = hub.engine_joins();
  const auto task = hub.client_submits(client, {.retries = 1});
  hub.engine_finishes(first, Ending::error);
  hub.engine_finishes(second, Ending::error);
  const auto error = error_of(client, task);
  CHECK(error.name == "std::runtime_error");
  REQUIRE(error.attempts.size() == 2);
  CHECK(error.attempts[0].engine == first.id);
  CHECK(error.attempts[0].incarnation == 1);
  CHECK(error.attempts[0].ended == "error");
  CHECK(error.attempts[0].value == "bad");
  CHECK(error.attempts[1].engine == second.id);
  const auto once = hub.client_submits(client);
  hub.engine_finishes(first, Ending::error);
  CHECK(error_of(client, once).attempts.empty());
}

TEST_CASE("of very many attempts the error tells of the latest") {
  hub::RouterOptions options;
  options.retry_delay = 0ms;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const auto task = hub.client_submits(client, {.retries = 40});
  for (int i = 0; i <= 40; ++i) hub.engine_finishes(engine, Ending::error);
  CHECK(error_of(client, task).attempts.size() == wire::kAttemptsMax);
  CHECK(client.outcome_of(task).attempt == 41);
}

TEST_CASE("direct tasks are tried again in their lane, at once") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.engine_joins();
  const auto task = hub.client_submits(client, {.engines = {engine.id.value}, .retries = 1});
  hub.engine_finishes(engine, Ending::error);
  REQUIRE(engine.held.size() == 1);
  hub.engine_finishes(engine, Ending::error);
  CHECK(error_of(client, task).attempts.size() == 2);
}

TEST_CASE("an unmet dependency bars the engine for good, and costs no retry") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& second = hub.engine_joins();
  const auto task = hub.client_submits(client, {.retries = 1});
  hub.engine_finishes(first, Ending::unmet);
  REQUIRE(second.held.size() == 1);
  hub.engine_finishes(second, Ending::error);  // only this one counts
  hub.passes(150ms);
  CHECK(first.held.empty());
  REQUIRE(second.held.size() == 1);  // rather than where it is unmet
  hub.engine_finishes(second, Ending::error);
  CHECK(client.outcome_of(task).attempt == 2);
  const auto error = error_of(client, task);
  REQUIRE(error.attempts.size() == 3);
  CHECK(error.attempts[0].ended == "unmet");
}

TEST_CASE("when no engine is left the task ends with what each of them lacked") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& second = hub.engine_joins();
  const auto task = hub.client_submits(client);
  hub.engine_finishes(first, Ending::unmet);
  hub.engine_finishes(second, Ending::unmet);
  CHECK(client.outcome_of(task).ending == Ending::error);
  const auto error = error_of(client, task);
  CHECK(error.name == "UnmetDependency");
  CHECK(error.value == "no engine is left that would run it; engine 0: bad; engine 1: bad");
  CHECK(error.attempts.size() == 2);
}

TEST_CASE("a task waits for engines that may still come to run it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& second = hub.engine_joins();
  const auto task = hub.client_submits(client);
  hub.breaks(second);  // and may return
  hub.engine_finishes(first, Ending::unmet);
  CHECK(client.outcomes.empty());
  SUBCASE("one comes back") {
    hub.engine_returns(second);
    REQUIRE(second.held.size() == 1);
    hub.engine_finishes(second);
    CHECK(client.outcome_of(task).ending == Ending::ok);
  }
  SUBCASE("one joins") {
    auto& third = hub.engine_joins();
    CHECK(third.held.size() == 1);
    CHECK(first.held.empty());
  }
  SUBCASE("it does not come back") {
    for (int i = 0; i < 8; ++i) {
      hub.say(first.control_link, wire::Beat{1});
      hub.say(client.control_link, wire::Beat{1});
      hub.passes(500ms);
    }
    CHECK(client.error_of(task) == "UnmetDependency");
  }
}

TEST_CASE("a task that no engine would run ends also when all engines are busy, or gone") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& second = hub.engine_joins();
  const auto task = hub.client_submits(client, {.count = 1});
  hub.client_submits(client, {.count = 9});
  hub.engine_finishes(first, Ending::unmet, 1s);
  REQUIRE(first.held.size() == 1);
  SUBCASE("busy") {
    while (second.held.front().sequence != task) hub.engine_finishes(second, Ending::ok, 1s);
    hub.engine_finishes(second, Ending::unmet, 1s);
    CHECK(first.held.size() + second.held.size() == 2);
  }
  SUBCASE("gone") {
    hub.say(second.control_link, wire::Goodbye{"leaves"});
    hub.say(first.control_link, wire::Goodbye{"leaves"});
  }
  CHECK(client.error_of(task) == "UnmetDependency");
}

TEST_CASE("an unmet dependency ends a direct task at once") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.engine_joins();
  const auto task = hub.client_submits(client, {.engines = {engine.id.value}, .retries = 5});
  hub.engine_finishes(engine, Ending::unmet);
  CHECK(client.outcome_of(task).ending == Ending::error);
  CHECK(client.outcome_of(task).engine == engine.id);
  CHECK(error_of(client, task).name == "UnmetDependency");
  CHECK(error_of(client, task).value == "engine 0: bad");
}

TEST_CASE("targets that are all barred leave nobody, whoever else is there") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  hub.engine_joins();
  const auto task = hub.client_submits(client, {.targets = {first.id.value, 99}});
  hub.engine_finishes(first, Ending::unmet);
  CHECK(client.error_of(task) == "UnmetDependency");
}

TEST_CASE("very many tasks that nobody would run end over several turns") {
  hub::RouterOptions options;
  options.cascade_max = 3;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  auto& one = hub.engine_joins(10);
  auto& other = hub.engine_joins();
  hub.client_submits(client, {.count = 10, .targets = {one.id.value, other.id.value}});
  hub.engine_finishes(other, Ending::ok);
  while (!one.held.empty()) hub.engine_finishes(one, Ending::unmet);
  hub.say(other.control_link, wire::Goodbye{"leaves"});
  for (int i = 0; i < 5; ++i) hub.turn();
  CHECK(hub.router().unfinished() == 0);
  CHECK(client.outcomes.size() == 10);
}
