#include <doctest/doctest.h>

#include "shared/pack.hpp"
#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;

namespace {

wire::Reply ask(HubHarness& hub, FakeClient& client, const std::string& verb,
                const std::string& body = {}) {
  hub.say(client.control_link, wire::Request{7, verb, {body}});
  const auto replies = client.inbox.all<wire::Reply>();
  REQUIRE_FALSE(replies.empty());
  CHECK(replies.back().id == 7);
  return replies.back();
}

}  // namespace

TEST_CASE("queue_status counts what each engine has and what nobody has") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.engine_joins();
  hub.client_submits(client, {.count = 3});
  const auto reply = ask(hub, client, "queue_status");
  CHECK(reply.code.empty());
  CHECK(reply.body.bytes.find("unassigned\x02") != std::string::npos);
  CHECK(reply.body.bytes.find("running\x01") != std::string::npos);
}

TEST_CASE("queue_status of an engine that is not there says so") {
  HubHarness hub;
  auto& client = hub.client_joins();
  std::string body;
  wire::Packer p{body};
  p.map(1), p.str("targets"), p.array(1), p.u64(42);
  const auto reply = ask(hub, client, "queue_status", body);
  CHECK(reply.code == "unknown_engine");
  CHECK(reply.text.find("42") != std::string::npos);
}

TEST_CASE("clients that only ask leave nothing behind, in the hub or on record") {
  HubHarness hub;
  auto& observer = hub.client_joins();
  for (int i = 0; i < 100; ++i) {
    auto& client = hub.client_joins();
    CHECK(ask(hub, client, "engines").code.empty());
    i % 2 == 0 ? hub.say(client.task_link, wire::Goodbye{"done"}) : hub.breaks(client);
  }
  CHECK(ask(hub, observer, "status").body.bytes.find("sessions\x01") != std::string::npos);
  CHECK(hub.facts.empty());
  // The first template puts a session on record.
  hub.client_submits(observer);
  REQUIRE_FALSE(hub.facts.empty());
  CHECK(std::holds_alternative<hub::SessionOpened>(hub.facts.front()));
}

TEST_CASE("an unknown request and a body that cannot be read are answered") {
  HubHarness hub;
  auto& client = hub.client_joins();
  CHECK(ask(hub, client, "fly").code == "invalid");
  CHECK(ask(hub, client, "queue_status", "\x01").code == "malformed");
}

TEST_CASE("a result query carries what only the router knows") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client);
  std::string body;
  wire::Packer p{body};
  p.map(1), p.str("ids"), p.array(1), p.str(to_string(TaskId{client.session, 1}));
  hub.say(client.control_link, wire::Request{7, "result", {body}});
  REQUIRE(hub.queries.size() == 1);
  CHECK(hub.queries[0].verb == "result");
  REQUIRE(hub.queries[0].live.size() == 1);
  CHECK(hub.queries[0].live[0].bytes.find("pending") != std::string::npos);
}
