// What tasks wait for when their hub has died, and another goes on.
#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

constexpr wire::DependencyMode kFailure{false, false, true};

}  // namespace

TEST_CASE("dependencies survive the hub: on what ended, on what is pending, with their deadlines") {
  HubHarness before;
  auto& client = before.client_joins();
  auto& engine = before.engine_joins();
  before.client_submits(client, {.count = 3});
  before.engine_finishes(engine);
  before.engine_finishes(engine, Ending::error);
  before.client_submits(client, {.after = {client.tasks(1, 3)}, .after_mode = kAllEnds});  // 4
  before.client_submits(client, {.after = {client.tasks(3)}});                             // 5
  before.client_submits(client, {.after = {client.tasks(3)}, .timeout = 1s});              // 6
  before.client_submits(
      client, {.after = {client.tasks(2), client.tasks(3)}, .after_mode = kAnyFailure});  // 7
  before.client_submits(client, {.after = {client.tasks(4)}});                            // 8
  HubHarness after{{}, restored_from(before)};
  auto& again = after.client_of_before(client);
  auto& back = after.engine_of_before(engine);
  after.passes(600ms);
  REQUIRE(back.held.size() == 2);  // the third, and the seventh, which may run
  CHECK(!again.has(6));
  after.passes(600ms);
  CHECK(again.error_of(6) == "DependencyTimeout");
  after.engine_finishes(back);
  std::vector<std::uint64_t> order;
  while (!back.held.empty()) {
    order.push_back(back.held[0].sequence);
    after.engine_finishes(back);
  }
  std::ranges::sort(order);
  CHECK(order == std::vector<std::uint64_t>{4, 5, 7, 8});
}

TEST_CASE("what a client has had from a hub without a memory counts as the client says it ended") {
  hub::RouterOptions options;
  options.durability = hub::Durability::none;
  HubHarness before{options};
  auto& client = before.client_joins();
  auto& engine = before.engine_joins();
  before.client_submits(client, {.count = 3});
  for (int i = 0; i < 3; ++i) before.engine_finishes(engine);
  hub::Restored nothing;
  nothing.epoch = 1;
  HubHarness after{options, nothing};
  wire::Hello hello;
  hello.settled = 2, hello.ended = {{3, 3}}, hello.failed = {{2, 2}};
  auto& again = after.client_of_before(client, hello);
  auto& back = after.engine_of_before(engine);
  after.stores_everything();
  after.client_submits(again, {.count = 3, .blank = true});
  after.client_submits(again, {.after = {again.tasks(1), again.tasks(3)}});          // 4
  after.client_submits(again, {.after = {again.tasks(2)}});                          // 5
  after.client_submits(again, {.after = {again.tasks(2)}, .after_mode = kFailure});  // 6
  after.client_submits(again, {.after = {again.tasks(1)}, .after_mode = kFailure});  // 7
  after.passes(600ms);
  CHECK(again.error_of(5) == "ImpossibleDependency");
  CHECK(again.error_of(7) == "ImpossibleDependency");
  CHECK(again.why(7).find("ended ok, where only a failure counts") != std::string::npos);
  std::vector<std::uint64_t> run;
  while (!back.held.empty()) {
    run.push_back(back.held[0].sequence);
    after.engine_finishes(back);
  }
  CHECK(run == std::vector<std::uint64_t>{6, 4});  // in the order in which they could
}

TEST_CASE("in the grace of a hub nothing ends for want of what it depends on") {
  HubHarness before;
  auto& client = before.client_joins();
  auto& engine = before.engine_joins();
  before.client_submits(client);
  before.client_submits(client, {.after = {client.tasks(1)}, .timeout = 10ms});
  before.client_submits(client, {.after = {{SessionId{99}, 1, 1}}});
  hub::RouterOptions options;
  options.grace = 5s;
  HubHarness after{options, restored_from(before)};
  auto& again = after.client_of_before(client);
  after.passes(1s);
  CHECK(again.outcomes.empty());
  after.engine_of_before(engine);
  CHECK(again.error_of(2) == "DependencyTimeout");
  after.passes(50s);
  after.client_returns(again);
  CHECK(!again.has(3));  // its client may come again
  after.passes(12s);
  after.client_returns(again);
  CHECK(again.error_of(3) == "InvalidDependency");
}
