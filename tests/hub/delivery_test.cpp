#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;

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

namespace {

wire::Output part_of(const wire::AssignRecord& task, SessionId session) {
  wire::Output out;
  out.session = session, out.sequence = task.sequence;
  out.epoch = task.fence.epoch, out.attempt = task.fence.attempt;
  out.text = "text";
  return out;
}

}  // namespace

TEST_CASE("what a task writes goes to its client while it runs, and nowhere else") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  auto& engine = hub.engine_joins();
  auto& stranger = hub.engine_joins();
  hub.client_submits(client, {.targets = {engine.id.value}});
  REQUIRE(engine.held.size() == 1);
  const wire::AssignRecord task = engine.held[0];
  hub.say(engine.task_link, part_of(task, client.session));
  REQUIRE(client.inbox.all<wire::Output>().size() == 1);
  CHECK(client.inbox.all<wire::Output>()[0] == part_of(task, client.session));
  CHECK(other.inbox.all<wire::Output>().empty());
  // Of another run, by another engine, of no task, when it is over, or when nobody is there.
  wire::Output old = part_of(task, client.session);
  old.attempt = 0;
  hub.say(engine.task_link, old);
  hub.say(stranger.task_link, part_of(task, client.session));
  wire::Output unknown = part_of(task, client.session);
  unknown.sequence = 99;
  hub.say(engine.task_link, unknown);
  hub.say(engine.task_link, part_of(task, SessionId{4711}));
  hub.engine_finishes(engine);
  hub.say(engine.task_link, part_of(task, client.session));
  CHECK(client.inbox.all<wire::Output>().size() == 1);
  hub.client_submits(client, {.targets = {engine.id.value}});
  const wire::AssignRecord next = engine.held[0];
  hub.breaks(client);
  hub.say(engine.task_link, part_of(next, client.session));
  CHECK(client.inbox.all<wire::Output>().size() == 1);
}
