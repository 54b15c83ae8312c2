#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;

TEST_CASE("two sessions that wait for each other are told of the cycle") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  hub.client_submits(client, {.after = {other.tasks(2)}});
  hub.client_submits(client, {.after = {client.tasks(1)}});
  hub.client_submits(other, {.after = {client.tasks(2)}});
  hub.client_submits(other, {.after = {other.tasks(1)}});
  hub.passes(3s);
  CHECK(client.error_of(1) == "InvalidDependency");
  CHECK(client.why(1).find("cycle") != std::string::npos);
  CHECK(hub.router().unfinished() == 0);
}

TEST_CASE("a hub that finds a cycle in what is restored ends it") {
  HubHarness before;
  auto& client = before.client_joins();
  auto& other = before.client_joins();
  before.client_submits(client, {.after = {other.tasks(1)}});
  before.client_submits(other, {.after = {client.tasks(1)}});
  hub::Restored restored = restored_from(before);
  for (auto& pending : restored.pending) pending.ended.clear();  // its last facts were lost
  restored.undelivered.clear();
  HubHarness after{{}, restored};
  auto& again = after.client_of_before(client);
  auto& back = after.client_of_before(other);
  after.passes(1s);
  CHECK(again.error_of(1) == "InvalidDependency");
  CHECK(back.error_of(1) == "ImpossibleDependency");
}
