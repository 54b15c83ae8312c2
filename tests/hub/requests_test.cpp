#include <doctest/doctest.h>

#include "shared/pack.hpp"
#include "tests/support/hub_harness.hpp"
#include "tests/support/packed_json.hpp"

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

TEST_CASE("the status names engines that their nannies have given up, and why") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  CHECK(ask(hub, client, "status").body.bytes.find("ended 5 times") == std::string::npos);
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  wire::Died died;
  died.signal = 11, died.restarting = false;
  died.given_up = "the engine process ended 5 times";
  hub.say(engine.task_link, died);
  CHECK(ask(hub, client, "status").body.bytes.find("ended 5 times") != std::string::npos);
}

TEST_CASE(
    "the policy is told, changed for what comes, and a wrong name refused with the right ones") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& second = hub.engine_joins();
  const auto body_of = [](const std::string& name) {
    std::string body;
    wire::Packer p{body};
    p.map(1), p.str("policy"), p.str(name);
    return body;
  };
  const auto has = [](const wire::Reply& reply, const std::string& text) {
    return reply.body.bytes.find(text) != std::string::npos;
  };
  CHECK(has(ask(hub, client, "policy"), "\xacleast_loaded"));
  CHECK(has(ask(hub, client, "status"), "policy\xacleast_loaded"));
  CHECK(has(ask(hub, client, "policy", body_of("pure")), "policy\xa4pure"));
  CHECK(has(ask(hub, client, "status"), "policy\xa4pure"));
  for (FakeEngine* engine : {&first, &second, &first}) {
    hub.client_submits(client);
    REQUIRE(engine->held.size() == 1);
    hub.engine_finishes(*engine);
  }
  const auto refused = ask(hub, client, "policy", body_of("pur"));
  CHECK(refused.code == "invalid");
  CHECK(refused.text.find("did you mean 'pure'? There are least_loaded, lru") != std::string::npos);
  CHECK(has(ask(hub, client, "policy"), "policy\xa4pure"));
}

TEST_CASE("a policy that was set holds under the next hub, until the cluster is stopped") {
  HubHarness before;
  auto& client = before.client_joins();
  (void)ask(before, client, "policy", packed("{'policy': 'lru'}"));
  (void)ask(before, client, "policy", packed("{'policy': 'pure'}"));
  HubHarness after{{}, restored_from(before)};
  auto& again = after.client_of_before(client);
  CHECK(unpacked(ask(after, again, "policy").body.bytes)["policy"] == "pure");
  hub::Outbox out;
  after.router().dismiss_engines(out);
  REQUIRE_FALSE(out.facts.empty());
  CHECK(std::holds_alternative<hub::HubStopped>(out.facts.back()));
  hub::Restored strange = restored_from(before);
  strange.policy = "of a later version";
  HubHarness other{{}, strange};
  auto& there = other.client_joins();
  CHECK(unpacked(ask(other, there, "policy").body.bytes)["policy"] == "least_loaded");
}

TEST_CASE("who was given up is told by the next hub, too") {
  HubHarness before;
  auto& engine = before.engine_joins();
  before.breaks(engine);
  before.nanny_speaks(engine);
  wire::Died died;
  died.signal = 11, died.restarting = false, died.given_up = "the engine process ended 5 times";
  before.say(engine.task_link, died);
  HubHarness after{{}, restored_from(before)};
  auto& client = after.client_joins();
  const Json given_up = unpacked(ask(after, client, "status").body.bytes)["given_up"];
  REQUIRE(given_up.size() == 1);
  CHECK(given_up[0]["id"] == engine.id.value);
  CHECK(given_up[0]["text"] == died.given_up);
}

TEST_CASE("engines ask nothing") {
  HubHarness hub;
  auto& engine = hub.engine_joins();
  hub.say(engine.control_link, wire::Request{7, "status", {}});
  REQUIRE(engine.inbox.all<wire::Reply>().size() == 1);
  CHECK(engine.inbox.all<wire::Reply>().front().code == "refused");
}
