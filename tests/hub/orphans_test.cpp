// What engines have of tasks that were accepted by a hub before this one, which died before
// anything of it committed.

#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

// One task, which that hub had assigned to an engine.
struct Forgotten {
  explicit Forgotten(const TaskWish& wish = {}) {
    client = &before.client_joins();
    engine = &before.engine_joins();
    before.client_submits(*client, wish);
  }

  // An engine of the hub after it, which may hold what that one did.
  [[nodiscard]] FakeEngine& engine_at(HubHarness& after) const {
    FakeEngine& out = after.engine_joins();
    out.templates = engine->templates;
    return out;
  }

  [[nodiscard]] FakeClient& client_at(HubHarness& after) const {
    return after.client_of_before(*client);
  }

  HubHarness before;
  FakeClient* client = nullptr;
  FakeEngine* engine = nullptr;
};

hub::RouterOptions of_memory() {
  hub::RouterOptions out;
  out.durability = hub::Durability::none;
  out.grace = {};
  return out;
}

std::uint64_t stored_at(const FakeEngine& engine) {
  const auto said = engine.inbox.all<wire::Stored>();
  return said.empty() ? 0 : said.back().through;
}

}  // namespace

TEST_CASE("an outcome of a task that this hub never accepted waits for its session") {
  const Forgotten was;
  HubHarness hub{{}, nothing_restored()};
  auto& engine = was.engine_at(hub);
  hub.engine_finishes(engine, was.engine->held[0], Ending::ok, 1ms);
  hub.stores_everything();
  hub.passes(50ms);
  CHECK(stored_at(engine) == 0);  // kept by the engine, too
  auto& client = was.client_at(hub);
  const auto task = hub.client_submits(client);
  CHECK(client.outcome_of(task).ending == Ending::ok);
  CHECK(engine.held.empty());  // it was not run again
  hub.passes(50ms);
  CHECK(stored_at(engine) == 0);  // the hub could die yet: then it is asked for once more
  hub.stores_everything();
  hub.passes(50ms);
  CHECK(stored_at(engine) == 1);
}

TEST_CASE("a task that its engine gives back before its session is known is run all the same") {
  const Forgotten was;
  HubHarness hub{of_memory(), nothing_restored()};
  auto& engine = hub.engine_of_before(*was.engine);
  hub.stores_everything();
  hub.say(engine.task_link, wire::Revoked{{engine.held[0].number}});
  engine.held.clear();
  auto& client = was.client_at(hub);
  const auto task = hub.client_submits(client);
  REQUIRE(engine.held.size() == 1);
  hub.engine_finishes(engine);
  CHECK(client.outcome_of(task).ending == Ending::ok);
}

TEST_CASE("what an engine does not hold any more when it is back is not waited for") {
  const Forgotten was;
  HubHarness hub{of_memory(), nothing_restored()};
  auto& engine = hub.engine_of_before(*was.engine);
  hub.stores_everything();
  hub.breaks(engine);
  engine.held.clear();
  SUBCASE("and its client comes later") {
    hub.engine_returns(engine);
    hub.client_submits(was.client_at(hub));
  }
  SUBCASE("and its client has come meanwhile") {
    hub.client_submits(was.client_at(hub));
    hub.engine_returns(engine);
  }
  REQUIRE(engine.held.size() == 1);
  hub.engine_finishes(engine);
  CHECK(hub.router().unfinished() == 0);
}

TEST_CASE("without a memory an outcome that waited is kept by its engine until the client has it") {
  const Forgotten was;
  HubHarness hub{of_memory(), nothing_restored()};
  auto& engine = was.engine_at(hub);
  hub.engine_finishes(engine, was.engine->held[0], Ending::ok, 1ms);
  hub.breaks(engine);
  engine.outcomes_sent = 0;
  hub.engine_returns(engine);
  hub.engine_finishes(engine, was.engine->held[0], Ending::ok, 1ms);  // once more
  auto& client = was.client_at(hub);
  hub.client_submits(client);
  REQUIRE(client.outcomes.size() == 1);
  hub.passes(50ms);
  CHECK(stored_at(engine) == 0);
  hub.client_receives_all(client);
  hub.passes(50ms);
  CHECK(stored_at(engine) == 1);
}

TEST_CASE("an engine need not keep the failure of a run that is tried again") {
  const Forgotten was{{.retries = 1}};
  HubHarness hub{of_memory(), nothing_restored()};
  auto& engine = was.engine_at(hub);
  hub.engine_finishes(engine, was.engine->held[0], Ending::error, 1ms);
  hub.breaks(engine);  // nothing else will happen to it
  hub.engine_returns(engine);
  hub.passes(50ms);
  auto& client = was.client_at(hub);
  client.next_sequence = 1;
  hub.client_submits(client, {.targets = {77}, .retries = 1});
  hub.passes(50ms);
  CHECK(client.outcomes.empty());
  CHECK(stored_at(engine) == 1);
}

TEST_CASE(
    "of two runs of an unknown task the later one is waited with, and the other is done with") {
  const Forgotten was;
  HubHarness hub{of_memory(), nothing_restored()};
  auto& first = was.engine_at(hub);
  auto& second = was.engine_at(hub);
  auto run = was.engine->held[0];
  run.fence.attempt = 2;
  hub.engine_finishes(second, run, Ending::ok, 1ms);
  hub.engine_finishes(first, was.engine->held[0], Ending::ok, 1ms);
  hub.passes(50ms);
  CHECK(stored_at(first) == 1);
  CHECK(stored_at(second) == 0);
}

TEST_CASE("an outcome whose session does not return is given up after a while") {
  hub::RouterOptions options;
  options.orphan = 1s;
  const Forgotten was;
  HubHarness hub{options, nothing_restored()};
  auto& engine = was.engine_at(hub);
  hub.engine_finishes(engine, was.engine->held[0], Ending::ok, 1ms);
  hub.stores_everything();
  hub.passes(900ms);
  CHECK(stored_at(engine) == 0);
  hub.passes(500ms);
  hub.stores_everything();
  hub.passes(50ms);
  CHECK(stored_at(engine) == 1);
}
