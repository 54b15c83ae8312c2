#include <string>

#include <doctest/doctest.h>

#include "tests/hub/deaths.hpp"
#include "tests/hub/questions.hpp"
#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

const std::string kLastWords = "terminate called\n\nSegmentation fault \r\n";

}  // namespace

TEST_CASE("the task that ran when its engine died fails, and the others are placed anew") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(3);
  const auto first = hub.client_submits(client, {.count = 3});
  REQUIRE(engine.held.size() == 3);
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, death_of(engine, 1, kLastWords));
  CHECK(client.outcome_of(first).ending == Ending::engine_lost);
  CHECK(client.error_of(first) == "EngineError");
  const auto error = wire::decode_error(client.outcome_of(first).payload.body());
  CHECK(error.value ==
        "engine 0 was killed by signal 11; its last output: terminate called | Segmentation fault");
  CHECK(client.outcomes.size() == 1);
  auto& other = hub.engine_joins(3);
  REQUIRE(other.held.size() == 2);
  CHECK(other.held[0].sequence == first + 1);
  CHECK(other.held[1].sequence == first + 2);
}

TEST_CASE("an engine that is not started again says so, and how another is") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const auto task = hub.client_submits(client, {});
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  wire::Died died = death_of(engine, 1, kLastWords);
  died.restarting = false, died.given_up = "the engine process ended 5 times within 1min";
  hub.say(engine.task_link, died);
  CHECK(wire::decode_error(client.outcome_of(task).payload.body()).value ==
        "engine 0 was killed by signal 11, too often to be started again (`roundhouse engines add "
        "1` starts another); its last output: terminate called | Segmentation fault");
}

TEST_CASE("a task that may have begun is tried again when it has retries left") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.retries = 1});
  hub.breaks(engine);
  hub.passes(3100ms);  // nobody speaks for it: everything it had counts as begun
  CHECK(client.outcomes.empty());
  auto& other = hub.engine_joins();
  CHECK(other.held.size() == 1);
}

TEST_CASE("an attempt lost with its engine counts once, though its failure is heard of later") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const auto task = hub.client_submits(client, {.retries = 1});
  const auto run = engine.held.front();
  hub.breaks(engine);
  hub.passes(3100ms);
  hub.nanny_speaks(engine);
  hub.engine_finishes(engine, run, Ending::error, 1ms);
  CHECK(client.outcomes.empty());
  auto& other = hub.engine_joins();
  hub.passes(150ms);
  REQUIRE(other.held.size() == 1);
  hub.engine_finishes(other, Ending::error);
  hub.client_returns(client);
  CHECK(client.outcome_of(task).attempt == 2);
}

TEST_CASE("a run of an earlier hub that died with its engine counts once") {
  HubHarness before;
  auto& first = before.client_joins();
  auto& old = before.engine_joins();
  before.client_submits(first, {.retries = 1});
  HubHarness hub{{}, restored_from(before)};
  auto& client = hub.client_of_before(first);
  auto& engine = hub.engine_of_before(old);  // its task is adopted
  const wire::Died died = death_of(engine, 1, kLastWords);
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, died);
  hub.passes(600ms);
  CHECK(client.outcomes.empty());
  CHECK(hub.engine_joins().held.size() == 1);
}

TEST_CASE("the outcomes that an engine left behind count, and lanes end with it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const auto first = hub.client_submits(client, {.count = 3, .engines = {engine.id.value}});
  const auto finished = engine.held.front();
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.engine_finishes(engine, finished, Ending::ok, 1ms);
  hub.say(engine.task_link, wire::Died{});
  hub.turn();
  CHECK(client.outcome_of(first).ending == Ending::ok);
  CHECK(client.outcome_of(first + 1).ending == Ending::engine_lost);
  CHECK(client.outcome_of(first + 2).ending == Ending::engine_lost);
  CHECK(hub.router().unfinished() == 0);
}

TEST_CASE("a restarted engine keeps its id and the next incarnation works") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const EngineId id = engine.id;
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, wire::Died{});
  hub.engine_restarts(engine);
  CHECK(engine.id == id);
  CHECK(hub.hints.back().event == "engine_restarted");
  hub.client_submits(client, {.engines = {id.value}});
  hub.engine_finishes(engine);
  CHECK(client.outcomes.size() == 1);
}

TEST_CASE("an engine whose connection broke goes on, and what never arrived is placed anew") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(2);
  const auto first = hub.client_submits(client, {.count = 2});
  REQUIRE(engine.held.size() == 2);
  engine.held.pop_back();  // the last assignment was lost with the connection
  engine.next_number = 2;
  hub.breaks(engine);
  CHECK(client.outcomes.empty());
  hub.engine_returns(engine);
  REQUIRE(engine.held.size() == 2);
  CHECK(engine.held[1].sequence == first + 1);
  CHECK(engine.held[1].fence.attempt == 2);
  hub.engine_finishes(engine);
  hub.engine_finishes(engine);
  CHECK(client.outcomes.size() == 2);
}

TEST_CASE("an older incarnation is refused") {
  HubHarness hub;
  auto& engine = hub.engine_joins();
  engine.incarnation = 3;
  hub.engine_returns(engine);
  engine.incarnation = 2;
  hub.engine_returns(engine, false);
  const auto refused = engine.inbox.all<wire::Refused>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].fatal);
}

TEST_CASE("a long lane of a lost engine ends over several turns") {
  hub::RouterOptions options;
  options.cascade_max = 100;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.count = 1000, .engines = {engine.id.value}});
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, wire::Died{});
  CHECK(client.outcomes.size() < 300);
  hub.passes(100ms);
  CHECK(client.outcomes.size() == 1000);
}

TEST_CASE("an engine that was stopped on purpose is remembered as gone") {
  HubHarness hub;
  auto& engine = hub.engine_joins();
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  wire::Died died;
  died.restarting = false;
  hub.say(engine.task_link, died);
  const auto* left = std::get_if<hub::EngineLeft>(&hub.facts.back());
  REQUIRE(left != nullptr);
  CHECK(left->gone);
  CHECK(hub.router().engines_present() == 0);
}

TEST_CASE("a nanny that is stopped while it tells of a crash leaves for good") {
  HubHarness hub;
  auto& engine = hub.engine_joins();
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, wire::Died{});
  CHECK_FALSE(std::get<hub::EngineLeft>(hub.facts.back()).gone);
  wire::Died stopped;
  stopped.restarting = false;
  hub.say(engine.task_link, stopped);
  CHECK(std::get<hub::EngineLeft>(hub.facts.back()).gone);
}

TEST_CASE("what an engine holds for an earlier hub stays with it, also under another id") {
  hub::RouterOptions options;
  options.durability = hub::Durability::none;
  HubHarness before{options};
  auto& first = before.client_joins();
  before.engine_joins();
  auto& old = before.engine_joins();
  const TaskWish to_old{.engines = {old.id.value}};
  before.client_submits(first, to_old);
  REQUIRE(old.held.size() == 1);

  HubHarness hub{options, nothing_restored()};  // without a memory
  auto& engine = hub.engine_of_before(old, false);
  auto& other = hub.engine_joins();
  REQUIRE(other.id == old.id);
  auto& client = hub.client_of_before(first);
  const auto task = hub.client_submits(client, to_old);
  hub.holding_is_said(engine);
  hub.passes(600ms);
  CHECK(other.held.empty());
  hub.engine_finishes(engine);
  CHECK(client.outcome_of(task).ending == Ending::ok);
}

TEST_CASE("an engine that fell silent within the grace is waited for until it is over") {
  hub::RouterOptions options;
  options.heartbeat = 100ms, options.dead = 300ms, options.grace = 2s;
  HubHarness before{options};
  auto& first = before.client_joins();
  auto& old = before.engine_joins();
  before.client_submits(first);

  HubHarness hub{options, restored_from(before)};
  auto& client = hub.client_of_before(first);
  auto& other = hub.engine_joins();
  const auto all_but_one_speak = [&](Duration time) {
    for (Duration passed{0}; passed < time; passed += 100ms) {
      hub.say(client.control_link, wire::Beat{});
      hub.say(other.control_link, wire::Beat{});
      hub.passes(100ms);
    }
  };
  hub.breaks(hub.engine_of_before(old, false));
  all_but_one_speak(1s);
  CHECK(hub.hints.back().event == "engine_left");
  CHECK(other.held.empty());  // the lost one may run it
  all_but_one_speak(1s);
  CHECK(other.held.size() == 1);
}

TEST_CASE("clients are told of an engine that is being started again, and when it is not") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const auto list = [&] { return unpacked(ask(hub, client, "engines").body.bytes); };
  CHECK(list()["restarting"].empty());
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, wire::Died{});
  CHECK(hub.hints.back().event == "engine_restarting");
  CHECK(list()["engines"].empty());
  REQUIRE(list()["restarting"].size() == 1);
  CHECK(list()["restarting"][0]["id"] == engine.id.value);
  CHECK(list()["restarting"][0]["uuid"] == to_string(engine.uuid));
  CHECK(list()["restarting"][0]["state"] == "restarting");
  CHECK(list()["restarting"][0]["pid"] == 0);
  hub.passes(11s);
  CHECK(hub.hints.back().event == "engine_left");
  hub.client_returns(client);
  CHECK(list()["restarting"].empty());
}

TEST_CASE("a direct task to an engine that is being started again waits for it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const TaskWish wish{.engines = {engine.id.value}};
  hub.client_submits(client, wish);
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  wire::Died died;
  died.exit_code = 3, died.restarting = true;
  hub.say(engine.task_link, died);
  CHECK(client.error_of(1) == "EngineError");  // this one was for the namespace that is gone
  const auto next = hub.client_submits(client, wish);
  hub.engine_restarts(engine);
  REQUIRE(engine.held.size() == 1);
  hub.engine_finishes(engine);
  CHECK(client.outcome_of(next).ending == Ending::ok);
}

TEST_CASE("a direct task does not wait for ever for an engine that never starts again") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  wire::Died died;
  died.restarting = true;
  hub.say(engine.task_link, died);
  hub.client_submits(client, {.engines = {engine.id.value}});
  hub.passes(9s);
  CHECK(hub.router().unfinished() == 1);
  hub.passes(2s);
  CHECK(hub.router().unfinished() == 0);
}

TEST_CASE("an older fence that lost to one of this hub does not come back, nor is one used twice") {
  hub::RouterOptions options;
  options.grace = {};
  HubHarness before{options};
  auto& first = before.client_joins();
  auto& old = before.engine_joins();
  before.client_submits(first, {.retries = 3});
  HubHarness hub{options, restored_from(before)};
  hub.client_of_before(first);
  auto& other = hub.engine_joins();
  hub.passes(1ms);
  REQUIRE(other.held.size() == 1);
  const Fence given = other.held[0].fence;
  hub.breaks(other);
  hub.passes(3500ms);
  auto& engine = hub.engine_of_before(old);
  CHECK(engine.inbox.all<wire::Revoke>().size() == 1);
  REQUIRE(engine.held.size() == 2);
  CHECK(engine.held[1].fence > given);
}

TEST_CASE("of two runs of a task that hubs before this one began the later one counts") {
  hub::RouterOptions options;
  options.grace = {};
  HubHarness first{options};
  auto& client = first.client_joins();
  auto& old = first.engine_joins();
  const auto task = first.client_submits(client);
  HubHarness second{options, restored_from(first)};
  second.client_of_before(client);
  auto& later = second.engine_joins();
  REQUIRE(later.uuid != old.uuid);
  second.passes(1ms);
  REQUIRE(later.held.size() == 1);
  hub::Restored restored = restored_from(first);
  restored.epoch = 2;
  HubHarness hub{options, std::move(restored)};
  auto& returned = hub.client_of_before(client);
  SUBCASE("on two engines") {
    auto& one = hub.engine_of_before(old);
    auto& other = hub.engine_of_before(later);
    REQUIRE(one.inbox.all<wire::Revoke>().size() == 1);
    CHECK(one.inbox.all<wire::Revoke>()[0].numbers == std::vector{old.held[0].number});
    CHECK(other.inbox.all<wire::Revoke>().empty());
    hub.engine_finishes(other);
  }
  SUBCASE("on two engines, and the later has ended") {
    auto& one = hub.engine_of_before(old);
    const auto run = std::exchange(later.held, {})[0];
    hub.engine_finishes(hub.engine_of_before(later), run, Ending::ok, 1ms);
    CHECK(one.inbox.all<wire::Revoke>().size() == 1);
  }
  SUBCASE("on one engine") {
    FakeEngine both = old;
    both.held.push_back(later.held[0]);
    both.held[1].number = both.next_number++;
    auto& engine = hub.engine_of_before(both);
    REQUIRE(engine.inbox.all<wire::Revoke>().size() == 1);
    CHECK(engine.inbox.all<wire::Revoke>()[0].numbers == std::vector{both.held[0].number});
    hub.engine_finishes(engine, both.held[1], Ending::ok, 1ms);
  }
  CHECK(returned.outcome_of(task).ending == Ending::ok);
  CHECK(hub.router().unfinished() == 0);
}

TEST_CASE("an engine that was lost in silence and returns has its run counted as what it is") {
  HubHarness before;
  auto& first = before.client_joins();
  auto& old = before.engine_joins();
  before.client_submits(first, {.retries = 1});
  HubHarness hub{{}, restored_from(before)};
  auto& engine = hub.engine_of_before(old);
  hub.breaks(engine);
  hub.passes(3100ms);
  hub.engine_returns(engine);
  hub.engine_finishes(engine, Ending::error);
  CHECK(hub.router().unfinished() == 1);  // that was one failure of the two
  hub.passes(150ms);
  hub.engine_finishes(engine, Ending::error);
  CHECK(hub.router().unfinished() == 0);
}
