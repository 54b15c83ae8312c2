// Peers that send well-formed messages which are not true.

#include <limits>

#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

constexpr std::uint32_t kAnyAttempt = std::numeric_limits<std::uint32_t>::max();

bool was_sent_away(const FakeEngine& engine) {
  const auto refused = engine.inbox.all<wire::Refused>();
  return !refused.empty() && refused.back().fatal;
}

// The hub after one that nobody remembers anything of.
hub::Restored later_hub() {
  hub::Restored restored;
  restored.epoch = 1;
  return restored;
}

void say_hello(HubHarness& hub, FakeEngine& engine, std::uint64_t next_number) {
  engine.next_number = next_number;
  hub.engine_returns(engine, false);
}

void hold(HubHarness& hub, const FakeEngine& engine,
          const std::vector<wire::HoldingRecord>& records) {
  wire::BatchWriter<wire::HoldingRecord> writer;
  for (const auto& record : records) writer.add(record);
  hub.send(engine.task_link, writer.take(1));
}

void finish(HubHarness& hub, const FakeEngine& engine, std::uint64_t number, TaskId task,
            Fence fence) {
  wire::FinishedRecord record;
  record.task = task, record.fence = fence;
  record.payload = Payload::of("forged");
  wire::BatchWriter<wire::FinishedRecord> writer;
  writer.add(record);
  hub.send(engine.task_link, writer.take(number));
}

// Everybody falls silent and is given up; somebody honest comes and does all that is left.
void ends_well(HubHarness& hub, FakeClient& client, std::size_t tasks) {
  hub.client_receives_all(client);
  hub.passes(7s);
  hub.client_returns(client);
  auto& honest = hub.engine_joins(16);
  while (!honest.held.empty()) hub.engine_finishes(honest);
  CHECK(hub.router().unfinished() == 0);
  CHECK(client.outcomes.size() == tasks);
}

}  // namespace

TEST_CASE("an engine that nobody can count for is refused") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 4});
  auto& engine = hub.engine_joins(4);
  for (auto& task : std::vector{engine.held}) hub.engine_finishes(engine, task, Ending::ok, 1ms);
  hub.client_submits(client, {.count = 4, .retries = 1});
  engine.incarnation = 2;
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{1} << 62U, ~std::uint64_t{0} - 1, ~std::uint64_t{0}}) {
    CAPTURE(number);
    engine.inbox = {};
    say_hello(hub, engine, number);
    REQUIRE(was_sent_away(engine));  // or the hub counts until it has no memory
  }
  hub.breaks(engine);
  ends_well(hub, client, 8);
}

TEST_CASE("an engine that returns expects only what this hub may have given it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(4);
  hub.client_submits(client, {.count = 4, .retries = 9});
  REQUIRE(engine.held.back().number == 4);
  say_hello(hub, engine, 6);
  CHECK(was_sent_away(engine));
  engine.inbox = {}, engine.held.resize(2);
  engine.next_number = 3;
  hub.engine_returns(engine);  // two of them were lost on the way
  CHECK_FALSE(was_sent_away(engine));
  CHECK(engine.held.back().number == 4);
  say_hello(hub, engine, 2);
  CHECK(was_sent_away(engine));
  ends_well(hub, client, 4);
}

TEST_CASE("a hello of old that comes late does not shut out the engine that said it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(2);
  hub.client_submits(client, {.count = 2});
  const auto held = engine.held;
  say_hello(hub, engine, 1);  // from before it was given anything
  engine.held = held;
  engine.next_number = 3;
  hub.engine_returns(engine);
  CHECK_FALSE(was_sent_away(engine));
  CHECK(engine.held.size() == 2);
  CHECK(hub.router().engines_online() == 1);
}

TEST_CASE("what an engine does not expect to have had it cannot hold") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 3, .retries = 9});
  REQUIRE(engine.held.size() == 1);
  const auto held = engine.held[0];
  say_hello(hub, engine, 1);
  hold(hub, engine, {{held.number, {client.session, held.sequence}, held.fence, true}});
  CHECK(was_sent_away(engine));
  ends_well(hub, client, 3);
}

TEST_CASE("one number is one task") {
  HubHarness hub{{}, later_hub()};
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 4, .retries = 9});
  auto& engine = hub.engine_joins(2);
  hub.breaks(engine);
  engine.incarnation = 2, engine.held.clear();
  say_hello(hub, engine, 6);
  // Of those that this hub has given to nobody yet.
  hold(hub, engine,
       {{5, {client.session, 3}, {1, 1}, true}, {5, {client.session, 4}, {1, 1}, true}});
  REQUIRE(engine.inbox.all<wire::Revoke>().size() == 1);
  finish(hub, engine, 1, {client.session, 3}, {1, 1});
  CHECK(client.outcomes.size() == 1);
  hub.breaks(engine);
  ends_well(hub, client, 4);
}

TEST_CASE("one number is one task also when the tasks are submitted later") {
  HubHarness hub{{}, later_hub()};
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(2);
  hub.breaks(engine);
  engine.incarnation = 2;
  say_hello(hub, engine, 6);
  hold(hub, engine,
       {{5, {client.session, 1}, {1, 1}, true}, {5, {client.session, 2}, {1, 1}, true}});
  hub.client_submits(client, {.count = 3, .retries = 9});
  hub.breaks(engine);
  ends_well(hub, client, 3);
}

TEST_CASE("an engine holds a task under the number that it was given") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(2);
  hub.client_submits(client, {.count = 2, .retries = 9});
  std::swap(engine.held[0].number, engine.held[1].number);
  hub.engine_returns(engine);
  CHECK(engine.inbox.all<wire::Revoke>().size() == 1);
  CHECK(hub.router().counters().assigned == 4);  // both are placed anew
}

TEST_CASE("an outcome counts under the fence that this hub gave, not under a higher one") {
  hub::RouterOptions options;
  options.window_max = 0;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 3});
  auto& engine = hub.engine_joins();
  REQUIRE(engine.held.size() == 1);
  const TaskId waiting{client.session, 3};
  finish(hub, engine, 1, waiting, {1, kAnyAttempt});
  finish(hub, engine, 2, waiting, {1, 1});
  finish(hub, engine, 3, waiting, {0, kAnyAttempt});  // there was no hub before the first
  finish(hub, engine, 4, waiting, {0, 0});
  CHECK(client.outcomes.empty());
  CHECK(hub.router().counters().stale_fence == 4);
  CHECK_FALSE(was_sent_away(engine));
}

TEST_CASE("what was given out last counts also when its engine was given up") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.retries = 1});
  const auto held = engine.held[0];
  hub.breaks(engine);
  hub.passes(3100ms);
  hub.client_returns(client);
  REQUIRE(client.outcomes.empty());
  hub.engine_returns(engine, false);
  finish(hub, engine, 1, {client.session, 1}, {1, held.fence.attempt});
  CHECK(client.outcomes.size() == 1);
}

TEST_CASE("of a task that this hub does not know no engine can have its fence") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  finish(hub, engine, 1, {client.session, 1}, {1, 1});
  hub.engine_returns(engine, false);
  hold(hub, engine, {});
  hub.client_submits(client);
  CHECK(client.outcomes.empty());
  CHECK(engine.held.size() == 1);
}

TEST_CASE("a death of which no hub knows the fence ends no task") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client);
  auto& engine = hub.engine_joins();
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  wire::Died died;
  died.running.push_back({{client.session, 1}, {0, kAnyAttempt}});
  hub.client_submits(client);
  died.running.push_back({{client.session, 2}, {0, kAnyAttempt}});
  hub.say(engine.task_link, died);
  CHECK(client.outcomes.size() == 1);  // the one that it was given
}

TEST_CASE("outcomes are numbered without a gap, or their engine is sent away") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 3, .retries = 9});
  REQUIRE(engine.held.size() == 1);
  const TaskId first{client.session, 1};
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{2}, ~std::uint64_t{0}}) {
    CAPTURE(number);
    engine.inbox = {};
    finish(hub, engine, number, first, {1, 1});
    CHECK(was_sent_away(engine));
    hub.engine_returns(engine);
  }
  CHECK(client.outcomes.empty());
  hub.engine_finishes(engine);
  CHECK(client.outcomes.size() == 1);
  engine.inbox = {};
  finish(hub, engine, 3, {client.session, 2}, engine.held[0].fence);
  CHECK(was_sent_away(engine));
  ends_well(hub, client, 3);
}

TEST_CASE("outcomes that a hub before has stored do not come again") {
  HubHarness hub{{}, later_hub()};
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.breaks(engine);
  engine.incarnation = 2, engine.next_number = 8;
  hub.engine_returns(engine);
  hub.stores_everything();
  hub.client_submits(client, {.count = 2});
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.held[0].number == 8);
  engine.outcomes_sent = 7;
  hub.engine_finishes(engine);
  CHECK(client.outcomes.size() == 1);
  hub.engine_finishes(engine);
  CHECK(client.outcomes.size() == 2);
  CHECK_FALSE(was_sent_away(engine));
}

TEST_CASE("the nanny of an engine that this hub never saw brings what the page has") {
  HubHarness hub{{}, later_hub()};
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 2});
  auto& engine = hub.engine_joins();
  hub.breaks(engine);
  engine.incarnation = 2, engine.next_number = 8;
  hub.nanny_speaks(engine);
  finish(hub, engine, 7, {client.session, 2}, {1, 1});
  CHECK_FALSE(was_sent_away(engine));
  hub.say(engine.task_link, wire::Died{});
  CHECK(client.outcome_of(2).ending == Ending::ok);
}

TEST_CASE("only a nanny tells of a death") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  wire::Died died;
  died.running.push_back({{client.session, 1}, engine.held[0].fence});
  hub.say(engine.task_link, died);
  REQUIRE(engine.inbox.all<wire::Refused>().size() == 1);
  CHECK(client.outcomes.empty());
  CHECK(hub.router().engines_online() == 1);
}

TEST_CASE("a process that comes back from the dead is not waited for any more") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, wire::Died{});
  hub.engine_returns(engine);
  hub.client_submits(client, {.count = 2, .engines = {engine.id.value}});
  REQUIRE(!engine.held.empty());
  for (int i = 0; i < 12; ++i) {
    hub.passes(1s);
    hub.say(engine.control_link, wire::Beat{});
    hub.say(client.control_link, wire::Beat{});
  }
  hub.engine_finishes(engine);
  hub.engine_finishes(engine);
  CHECK(client.outcome_of(1).ending == Ending::ok);
  CHECK(client.outcome_of(2).ending == Ending::ok);
}

TEST_CASE("a nanny holds nothing and gives nothing back") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.holding_is_said(engine);
  hub.say(engine.task_link, wire::Revoked{{1}});
  CHECK(engine.inbox.all<wire::Refused>().size() == 2);
  CHECK(hub.router().counters().revoked == 0);
  CHECK(hub.router().engines_online() == 0);
}
