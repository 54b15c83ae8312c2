// What a nanny says of the runs that ended with her process, and what becomes of it.
#include "tests/hub/deaths.hpp"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "shared/printed.hpp"
#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

TEST_CASE("what a task printed before its engine died comes with its outcome, and is on record") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(2);
  const auto first = hub.client_submits(client, {.count = 2});
  wire::Died died = death_of(engine, 2);
  const std::string printed = wire::encode_printed({{"its last words", "", 14}, {}});
  died.printed = {printed, ""};
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, died);
  CHECK(client.outcome_of(first).printed.view() == printed);
  CHECK(client.outcome_of(first + 1).printed.size == 0);
  const auto recorded = std::ranges::find_if(hub.facts, [&](const hub::Fact& fact) {
    const auto* ended = std::get_if<hub::Ended>(&fact);
    return ended != nullptr && ended->sequence == first;
  });
  REQUIRE(recorded != hub.facts.end());
  CHECK(std::get<hub::Ended>(*recorded).printed.view() == printed);
}

TEST_CASE("what a run of an earlier hub printed before it was lost is kept until it is known") {
  hub::RouterOptions options;
  options.durability = hub::Durability::none;
  HubHarness before{options};
  auto& first = before.client_joins();
  auto& old = before.engine_joins();
  before.client_submits(first);
  wire::Died died = death_of(old, 1);
  died.printed = {wire::encode_printed({{}, {"of an earlier hub", "", 17}})};
  HubHarness hub{options, nothing_restored()};
  auto& engine = hub.engine_of_before(old);
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, died);
  auto& client = hub.client_of_before(first);
  const auto task = hub.client_submits(client);
  CHECK(client.outcome_of(task).ending == Ending::engine_lost);
  CHECK(client.outcome_of(task).printed.view() == died.printed[0]);
}

TEST_CASE("a death that says of other runs than it names what they printed is refused") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  wire::Died died = death_of(engine, 1);
  died.printed = {"one", "two"};
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, died);
  CHECK(client.outcomes.empty());
  const auto refused = engine.inbox.all<wire::Refused>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].text.find("2 runs") != std::string::npos);
}

TEST_CASE("who waited for a process that was replaced hears why, and none of what it printed") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const auto first = hub.client_submits(client, {.count = 2, .engines = {engine.id.value}});
  const auto finished = engine.held.front();
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.engine_finishes(engine, finished, Ending::aborted, 1ms);
  wire::Died died;
  died.exit_code = 6, died.output = "something", died.replaced = "a task that was to stop went on";
  hub.say(engine.task_link, died);
  hub.turn();
  const auto error = wire::decode_error(client.outcome_of(first + 1).payload.body());
  CHECK(error.value.starts_with(
      "engine 0's process was replaced because a task that was to stop went on"));
  CHECK(error.value.find("something") == std::string::npos);
}
