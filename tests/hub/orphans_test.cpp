#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

TEST_CASE("an outcome of a task that this hub never accepted waits for its session") {
  HubHarness before;
  auto& client = before.client_joins();
  auto& engine = before.engine_joins();
  before.client_submits(client);
  const auto templates = engine.templates;
  const auto held = engine.held;

  // The next hub finds an empty database: the first one died before anything committed.
  hub::Restored restored;
  restored.epoch = 1;
  HubHarness after{{}, restored};
  auto& again = after.engine_joins();
  again.templates = templates;
  after.engine_finishes(again, held[0], Ending::ok, 1ms);
  after.stores_everything();
  after.passes(50ms);
  CHECK(again.inbox.all<wire::Stored>().empty());  // kept by the engine, too
  auto& returned = after.client_joins();
  returned.session = client.session, returned.secret = client.secret;
  after.client_returns(returned);
  const auto task = after.client_submits(returned);
  CHECK(returned.outcome_of(task).ending == Ending::ok);
  CHECK(again.held.empty());  // it was not run again
  after.stores_everything();
  after.passes(50ms);
  CHECK(again.inbox.all<wire::Stored>().back().through == 1);
}
