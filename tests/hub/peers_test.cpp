#include <algorithm>

#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"
#include <roundhouse/version.hpp>

using namespace roundhouse;
using namespace roundhouse::test;

TEST_CASE("a peer is usable only when both planes said hello") {
  HubHarness hub;
  wire::Hello hello;
  hello.major = kProtocolMajor;
  hello.connection = 5, hello.session = SessionId{9};
  hello.secret.bytes[0] = 1;
  const auto task = hub.new_link(hub::Side::client, wire::Plane::task);
  const auto control = hub.new_link(hub::Side::client, wire::Plane::control);
  hub.say(task, hello);
  CHECK(hub.strangers[task.key()].all<wire::Welcome>().empty());
  hub.say(control, hello);
  CHECK(hub.strangers[task.key()].all<wire::Welcome>().size() == 1);
  CHECK(hub.strangers[control.key()].all<wire::Welcome>().size() == 1);
}

TEST_CASE("another major version is told so and refused") {
  HubHarness hub;
  wire::Hello hello;
  hello.major = kProtocolMajor + 1;
  hello.connection = 5;
  const auto link = hub.new_link(hub::Side::client, wire::Plane::task);
  hub.say(link, hello);
  const auto refused = hub.strangers[link.key()].all<wire::Refused>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].code == "version");
  CHECK(refused[0].fatal);
}

TEST_CASE("a session cannot be resumed without its secret") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto hello = hub.hello_of(client);
  hello.connection = 77;
  hello.secret.bytes[3] ^= 1;
  const auto link = hub.new_link(hub::Side::client, wire::Plane::task);
  hub.say(link, hello);
  const auto refused = hub.strangers[link.key()].all<wire::Refused>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].code == "bad_secret");
}

TEST_CASE("an engine at the clients' door is refused") {
  HubHarness hub;
  auto& engine = hub.engine_joins();
  auto hello = hub.hello_of(engine, wire::Role::engine);
  const auto link = hub.new_link(hub::Side::client, wire::Plane::task);
  hub.say(link, hello);
  CHECK(hub.strangers[link.key()].all<wire::Refused>().size() == 1);
}

TEST_CASE("a silent peer is lost after the dead time, but not for a hub that slept") {
  HubHarness hub;
  auto& engine = hub.engine_joins();
  hub.say(engine.control_link, wire::Beat{1});
  hub.passes(2900ms);
  CHECK(hub.router().engines_online() == 1);
  hub.passes(300ms);
  CHECK(hub.router().engines_online() == 0);
}

TEST_CASE("losing one plane loses the connection") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.breaks(client);
  CHECK(std::find(hub.closed.begin(), hub.closed.end(), client.control_link) != hub.closed.end());
}

TEST_CASE("a second connection of a session replaces the first") {
  HubHarness hub;
  auto& client = hub.client_joins();
  const auto ghost = client.task_link;
  hub.client_returns(client);
  CHECK(std::find(hub.closed.begin(), hub.closed.end(), ghost) != hub.closed.end());
  hub.client_submits(client);
  CHECK(hub.router().unfinished() == 1);
}

TEST_CASE("a peer that has seen a later hub is refused") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto hello = hub.hello_of(client);
  hello.connection = 999, hello.epoch = 50;
  const auto link = hub.new_link(hub::Side::client, wire::Plane::task);
  hub.say(link, hello);
  const auto refused = hub.strangers[link.key()].all<wire::Refused>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].code == "old_epoch");
}

TEST_CASE("hints about engines are numbered without gaps") {
  HubHarness hub;
  auto& first = hub.engine_joins();
  hub.engine_joins();
  hub.breaks(first);
  hub.passes(3100ms);
  REQUIRE(hub.hints.size() >= 3);
  for (std::size_t i = 0; i < hub.hints.size(); ++i) CHECK(hub.hints[i].number == i + 1);
  CHECK(hub.hints.back().event == "engine_left");
}
