#include <algorithm>

#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

// The engine promises not to run what it was asked for last; how much that was.
std::size_t promise_all(HubHarness& hub, FakeEngine& engine) {
  const auto asked = engine.inbox.all<wire::Revoke>();
  if (asked.empty()) return 0;
  engine.inbox.messages.clear();
  wire::Revoked promise;
  for (const auto number : asked.back().numbers)
    if (std::erase_if(engine.held, [&](const auto& task) { return task.number == number; }) > 0)
      promise.numbers.push_back(number);
  hub.say(engine.task_link, promise);
  return promise.numbers.size();
}

// An engine with so many tasks before it, of which it was thought that they are short.
FakeEngine& blocked_engine(HubHarness& hub, FakeClient& client, std::uint32_t tasks,
                           std::vector<std::uint32_t> targets = {}) {
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = tasks + 1, .targets = std::move(targets)});
  hub.engine_finishes(engine, Ending::ok, 1us);
  REQUIRE(engine.held.size() == tasks);
  return engine;
}

}  // namespace

TEST_CASE("work sent ahead to a slow engine is taken back for an idle one, in two steps") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& slow = blocked_engine(hub, client, 8);
  auto& idle = hub.engine_joins();
  hub.passes(100ms);
  CHECK(slow.inbox.all<wire::Revoke>().size() == 1);  // asked once, until it answers
  CHECK(idle.held.empty());  // nothing is placed anew before the engine promised
  CHECK(promise_all(hub, slow) > 0);
  REQUIRE_FALSE(idle.held.empty());
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

TEST_CASE("an engine that has begun with all that it was asked for is left alone for a while") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& blocked = blocked_engine(hub, client, 4);
  hub.engine_joins();
  const auto times_asked = [&] { return blocked.inbox.all<wire::Revoke>().size(); };
  hub.passes(20ms);
  REQUIRE(times_asked() == 1);
  hub.say(blocked.task_link, wire::Revoked{});
  hub.passes(3ms);
  CHECK(times_asked() == 1);
  hub.passes(3ms);
  CHECK(times_asked() == 2);
}

TEST_CASE("targeted work is taken back for an idle engine that it may run on, and for no other") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& blocked = blocked_engine(hub, client, 6, {0, 2});
  hub.engine_joins();  // idle, and not meant
  hub.passes(100ms);
  CHECK(blocked.inbox.all<wire::Revoke>().empty());
  auto& meant = hub.engine_joins();
  REQUIRE(meant.id.value == 2);
  hub.passes(100ms);
  CHECK(promise_all(hub, blocked) > 0);
  CHECK_FALSE(meant.held.empty());
}

TEST_CASE("work is taken back though other tasks are ready that fit nowhere") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 5, .targets = {99}});
  auto& blocked = blocked_engine(hub, client, 6);
  auto& idle = hub.engine_joins();
  hub.passes(100ms);
  CHECK(promise_all(hub, blocked) > 0);
  CHECK_FALSE(idle.held.empty());
}

TEST_CASE("all that waits behind one long task goes to the others, whatever the policy") {
  hub::RouterOptions options;
  for (std::size_t i = 0; i < hub::kPolicyNames.size(); ++i) {
    CAPTURE(hub::kPolicyNames[i]);
    options.policy = static_cast<hub::PolicyName>(i);
    HubHarness hub{options};
    auto& client = hub.client_joins();
    auto& blocked = blocked_engine(hub, client, 9);
    auto& other = hub.engine_joins();
    for (int turns = 0; turns < 60 && blocked.held.size() > 1; ++turns) {
      hub.passes(20ms);
      promise_all(hub, blocked);
      while (!other.held.empty()) hub.engine_finishes(other, Ending::ok, 1ms);
    }
    CHECK(blocked.held.size() == 1);
    CHECK(client.outcomes.size() == 9);
    hub.engine_finishes(blocked, Ending::ok, 1s);
    CHECK(hub.router().unfinished() == 0);
  }
}

TEST_CASE("a free slot beside busy ones is idle, too") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& wide = hub.engine_joins(2);
  hub.client_submits(client, {.targets = {0}});
  REQUIRE(wide.held.size() == 1);
  auto& blocked = hub.engine_joins();
  hub.client_submits(client, {.count = 5, .targets = {1}});
  hub.engine_finishes(blocked, Ending::ok, 1us);
  hub.client_submits(client, {.count = 2});
  hub.engine_finishes(blocked, Ending::ok, 1us);
  REQUIRE(blocked.held.size() >= 2);
  REQUIRE(wide.held.size() == 2);
  hub.engine_finishes(wide, Ending::ok, 1s);
  hub.passes(100ms);
  REQUIRE_FALSE(blocked.inbox.all<wire::Revoke>().empty());
  // What is meant for the blocked one alone stays there.
  for (const auto& asked : blocked.inbox.all<wire::Revoke>())
    for (const auto number : asked.numbers) {
      const auto held = std::find_if(blocked.held.begin(), blocked.held.end(),
                                     [&](const auto& task) { return task.number == number; });
      REQUIRE(held != blocked.held.end());
      CHECK(blocked.templates.at(held->template_number).targets.empty());
    }
}

TEST_CASE("an engine that work was taken back from is sent nothing ahead before its next outcome") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& blocked = blocked_engine(hub, client, 4);
  auto& idle = hub.engine_joins();
  hub.passes(20ms);
  CHECK(promise_all(hub, blocked) > 0);
  const auto before = blocked.held.size();
  hub.client_submits(client, {.count = 10, .targets = {blocked.id.value}});
  CHECK(blocked.held.size() == before);
  hub.engine_finishes(blocked, Ending::ok, 1us);
  CHECK(blocked.held.size() > before);
  CHECK_FALSE(idle.held.empty());
}

TEST_CASE("several blocked engines give back for several idle ones at once") {
  HubHarness hub;
  auto& client = hub.client_joins();
  std::vector<FakeEngine*> blocked;
  for (std::uint32_t i = 0; i < 3; ++i)
    blocked.push_back(&blocked_engine(hub, client, 4, {i, 3, 4, 5}));
  for (int i = 0; i < 3; ++i) hub.engine_joins();
  hub.passes(11ms);
  int asked = 0;
  for (const FakeEngine* engine : blocked)
    asked += engine->inbox.all<wire::Revoke>().empty() ? 0 : 1;
  CHECK(asked >= 2);
}

TEST_CASE("an engine whose outcomes are always long on their way is not taken for a blocked one") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& far = blocked_engine(hub, client, 12);
  for (int i = 0; i < 6; ++i) {
    hub.passes(200ms);
    hub.engine_finishes(far, Ending::ok, 1us);
  }
  auto& idle = hub.engine_joins();
  hub.passes(150ms);
  CHECK(far.inbox.all<wire::Revoke>().empty());
  hub.passes(1s);  // longer than ever before
  CHECK(promise_all(hub, far) > 0);
  CHECK_FALSE(idle.held.empty());
}

TEST_CASE("an engine that work was taken back from is sent what its lent slot is for") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& blocked = blocked_engine(hub, client, 6);
  hub.engine_joins();
  hub.passes(100ms);
  REQUIRE(promise_all(hub, blocked) > 0);
  const auto before = blocked.held.size();
  REQUIRE(before >= 2);  // one runs, and one is not for its lent slot
  hub.client_submits(client, {.targets = {blocked.id.value}});
  CHECK(blocked.held.size() == before);
  hub.say(blocked.task_link, wire::Lent{1, 0});
  CHECK(blocked.held.size() == before + 1);
}
