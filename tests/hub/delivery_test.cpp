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
