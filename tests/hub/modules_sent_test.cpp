#include <doctest/doctest.h>

#include "tests/hub/module_words.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

std::size_t offers_to(const FakeEngine& engine) {
  return engine.inbox.all<wire::Offer>().size();
}

std::string error_text(const FakeClient& client, std::uint64_t task) {
  return wire::decode_error(client.outcome_of(task).payload.body()).value;
}

}  // namespace

TEST_CASE("a module for all is offered to every engine, also to one that joins later") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  ship(hub, client);
  REQUIRE(offers_to(first) == 1);
  const auto offer = first.inbox.all<wire::Offer>()[0];
  CHECK(offer.build == kBuild);
  CHECK(offer.size == kBytes.size());
  CHECK(offer.order == 1);
  takes(hub, first);
  CHECK(first.inbox.all<wire::Part>().size() == 4);
  auto& second = hub.engine_joins();
  CHECK(offers_to(second) == 1);

  SUBCASE("an engine that says that it has it is not offered it") {
    hub.breaks(first);
    hub.engine_returns(first, false);
    hub.say(first.task_link, have_of(kBuild));
    hub.holding_is_said(first);
    CHECK(offers_to(first) == 1);
  }
  SUBCASE("one that lost it is") {
    hub.breaks(first);
    hub.engine_returns(first);
    CHECK(offers_to(first) == 2);
  }
}

TEST_CASE("engines are offered only what the hub has, for they wait for one after the other") {
  HubHarness hub(patient());
  auto& client = hub.client_joins();
  hub.say(client.task_link, offer_of(kBytes));
  auto& engine = hub.engine_joins();
  CHECK(offers_to(engine) == 0);
  ship(hub, client);
  CHECK(offers_to(engine) == 1);
}

TEST_CASE("a module that cannot be had any more is withdrawn from who waits for it") {
  hub::Restored restored;
  restored.modules.push_back({kBuild, "tasks.so", kBytes.size(), 7, true});
  HubHarness hub(patient(), restored);
  auto& asks = hub.engine_joins();
  auto& offered = hub.engine_joins();
  hub.say(asks.task_link, wire::Want{kBuild, 0});
  hub.module_is_read(kBuild, Error{Errc::store_failed, "it was deleted"});
  for (const FakeEngine* engine : {&asks, &offered}) {
    REQUIRE(offers_to(*engine) == 2);
    CHECK(engine->inbox.all<wire::Offer>()[1].build == kBuild);
    CHECK(engine->inbox.all<wire::Offer>()[1].withdrawn);
  }
  auto& client = hub.client_joins();
  ship(hub, client);
  CHECK(offers_to(asks) == 3);
  CHECK_FALSE(asks.inbox.all<wire::Offer>()[2].withdrawn);
}

TEST_CASE("an engine that joins gets no work before it has answered for the modules of all") {
  HubHarness hub(patient());
  auto& client = hub.client_joins();
  ship(hub, client);
  auto& other = hub.client_joins();
  hub.client_submits(other);
  auto& engine = hub.engine_joins(2);
  hub.client_submits(other, {.engines = {0}});
  CHECK(engine.held.empty());
  SUBCASE("for good or bad") {
    takes(hub, engine, kBuild, "version");
    CHECK(engine.held.size() == 2);
  }
  SUBCASE("or until that has taken too long") {
    hub.passes(9s);
    CHECK(engine.held.empty());
    hub.passes(2s);
    CHECK(engine.held.size() == 2);
  }
}

TEST_CASE("parts go to an engine within the window, and the client hears of the tasks") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const std::string bytes(12 * wire::kPartBytesMax, 'w');
  ship(hub, client, bytes);
  hub.stores_everything();
  hub.say(engine.task_link, wire::Want{content_hash(bytes), 0});
  CHECK(engine.inbox.all<wire::Part>().size() == 8);
  hub.say(engine.task_link, wire::Want{content_hash(bytes), 4 * wire::kPartBytesMax});
  CHECK(engine.inbox.all<wire::Part>().size() == 12);
  hub.say(engine.task_link, have_of(content_hash(bytes)));
  REQUIRE(client.inbox.all<wire::Have>().size() == 2);
  CHECK(client.inbox.all<wire::Have>()[1].kept);
  CHECK(client.inbox.all<wire::Have>()[1].tasks == std::vector<std::string>{"f"});
}

TEST_CASE("a direct task waits until its engine has the module, and no other task does") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(2);
  ship(hub, client, kBytes, false);
  CHECK(offers_to(engine) == 0);
  const auto pinned = hub.client_submits(client, {.engines = {0}, .builds = {kBuild}});
  CHECK(offers_to(engine) == 1);
  CHECK(engine.held.empty());
  auto& other = hub.client_joins();
  hub.client_submits(other, {.engines = {0}});
  CHECK(engine.held.size() == 1);
  takes(hub, engine);
  REQUIRE(engine.held.size() == 2);
  CHECK(engine.held[1].sequence == pinned);
  CHECK(engine.templates.at(engine.held[1].template_number).builds == std::vector{kBuild});
}

TEST_CASE("tasks that were submitted before the module came wait for it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.engines = {0}, .builds = {kBuild}});
  hub.client_submits(client, {.builds = {kBuild}});
  ship(hub, client, kBytes, false);
  takes(hub, engine);
  CHECK(engine.held.size() >= 1);
  hub.engine_finishes(engine);
  hub.engine_finishes(engine);
  CHECK(client.outcomes.size() == 2);
}

TEST_CASE("tasks whose module nobody has end after a while") {
  HubHarness hub(patient());
  auto& client = hub.client_joins();
  hub.engine_joins();
  const auto direct = hub.client_submits(client, {.engines = {0}, .builds = {kBuild}});
  const auto anywhere = hub.client_submits(client, {.builds = {kBuild}});
  hub.passes(59s);
  CHECK(client.outcomes.empty());
  hub.passes(2s);
  REQUIRE(client.outcomes.size() == 2);
  CHECK(client.error_of(direct) == "ModuleNotLoaded");
  CHECK(client.error_of(anywhere) == "ModuleNotLoaded");
  CHECK(error_text(client, direct).find("ship it again") != std::string::npos);
}

TEST_CASE("load-balanced tasks go where the module is, and not where it failed") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& good = hub.engine_joins(4);
  auto& bad = hub.engine_joins(4);
  ship(hub, client);
  takes(hub, good);
  takes(hub, bad, kBuild, "refused");
  hub.client_submits(client, {.count = 6, .builds = {kBuild}});
  CHECK(good.held.size() == 4);
  CHECK(bad.held.empty());
  CHECK(client.outcomes.empty());
  for (int i = 0; i < 6; ++i) hub.engine_finishes(good);
  CHECK(client.outcomes.size() == 6);
  hub.passes(1s);
  CHECK(good.inbox.all<wire::Revoke>().empty());  // nothing is taken from it for the other one

  SUBCASE("a direct task to the other one ends with its words") {
    const auto task = hub.client_submits(client, {.engines = {1}, .builds = {kBuild}});
    CHECK(client.error_of(task) == "ModuleNotLoaded");
    CHECK(error_text(client, task).find("it cannot") != std::string::npos);
  }
  SUBCASE("when none has it the tasks end") {
    hub.say(good.task_link, wire::Goodbye{"stopped"});
    const auto task = hub.client_submits(client, {.builds = {kBuild}});
    CHECK(client.error_of(task) == "ModuleNotLoaded");
  }
  SUBCASE("loaded afresh, it is tried again") {
    hub.say(client.task_link, offer_of(kBytes));
    CHECK(offers_to(bad) == 2);
    const auto task = hub.client_submits(client, {.engines = {1}, .builds = {kBuild}});
    takes(hub, bad);
    REQUIRE(bad.held.size() == 1);
    CHECK(bad.held[0].sequence == task);
  }
}

TEST_CASE(
    "the client hears that no engine can load its module, also if that was before it was kept") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  auto& other = hub.engine_joins();
  ship(hub, client);
  takes(hub, engine, kBuild, "version");
  CHECK(client.inbox.all<wire::Have>().empty());
  hub.stores_everything();
  REQUIRE(client.inbox.all<wire::Have>().size() == 1);
  CHECK(client.inbox.all<wire::Have>()[0].kept);
  CHECK(client.inbox.all<wire::Have>()[0].code == "version");
  CHECK(client.inbox.all<wire::Have>()[0].text == "it cannot");
  takes(hub, other);
  REQUIRE(client.inbox.all<wire::Have>().size() == 2);
  CHECK(client.inbox.all<wire::Have>()[1].code.empty());
  CHECK(client.inbox.all<wire::Have>()[1].tasks == std::vector<std::string>{"f"});
}

TEST_CASE("a module that killed an engine is given to no other until it is loaded afresh") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  auto& slow = hub.engine_joins();
  ship(hub, client);
  hub.stores_everything();
  const auto task = hub.client_submits(client, {.engines = {0}, .builds = {kBuild}});
  dies_of(hub, engine);
  CHECK(client.error_of(task) == "EngineError");
  REQUIRE_FALSE(client.inbox.all<wire::Have>().empty());
  CHECK(client.inbox.all<wire::Have>().back().code == "engine_lost");
  hub.engine_restarts(engine);
  CHECK(offers_to(engine) == 1);
  hub.say(slow.task_link, wire::Want{kBuild, 0});
  CHECK(slow.inbox.all<wire::Part>().empty());
  CHECK(slow.inbox.all<wire::Offer>().back().withdrawn);
  auto& late = hub.engine_joins();
  CHECK(offers_to(late) == 0);
  const auto again = hub.client_submits(client, {.engines = {2}, .builds = {kBuild}});
  CHECK(client.error_of(again) == "ModuleNotLoaded");
  CHECK(error_text(client, again).find("signal 6") != std::string::npos);
  CHECK(offers_to(late) == 0);
  hub.say(client.task_link, offer_of(kBytes, true, false));
  CHECK(offers_to(late) == 0);
  hub.say(client.task_link, offer_of(kBytes));
  CHECK(offers_to(engine) == 2);
  CHECK(offers_to(late) == 1);
}

TEST_CASE("a module that killed one engine still runs where it is loaded") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& good = hub.engine_joins();
  auto& bad = hub.engine_joins();
  ship(hub, client);
  takes(hub, good);
  dies_of(hub, bad);
  const auto task = hub.client_submits(client, {.engines = {0}, .builds = {kBuild}});
  REQUIRE(good.held.size() == 1);
  CHECK(good.held[0].sequence == task);
  CHECK(offers_to(hub.engine_joins()) == 0);
}

TEST_CASE("an engine that died of something else, or was stopped, is no reproach to a module") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  ship(hub, client);
  hub.say(engine.task_link, wire::Want{kBuild, 0});
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  wire::Died died;
  died.signal = 9;
  SUBCASE("something else") {}
  SUBCASE("stopped while it loaded") {
    died.loading = kBuild;
    died.restarting = false;
  }
  hub.say(engine.task_link, died);
  CHECK(offers_to(hub.engine_joins()) == 1);
}

TEST_CASE("a module that no engine could load is offered to those that join when one has") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& first = hub.engine_joins();
  auto& second = hub.engine_joins();
  ship(hub, client);
  takes(hub, first, kBuild, "unknown_module");
  auto& third = hub.engine_joins();
  CHECK(offers_to(third) == 0);
  takes(hub, second);
  CHECK(offers_to(third) == 1);
  CHECK(offers_to(first) == 1);
  CHECK(offers_to(hub.engine_joins()) == 1);
}

TEST_CASE("an engine that will load nothing does not keep a module from the others") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  ship(hub, client);
  takes(hub, engine, kBuild, "refused");
  CHECK(offers_to(hub.engine_joins()) == 1);
}

TEST_CASE("an engine that dies before it has all of a module may have it afterwards") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  ship(hub, client);
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  wire::Died killed;
  killed.signal = 9;
  hub.say(engine.task_link, killed);
  hub.engine_restarts(engine);
  CHECK(offers_to(engine) == 2);
}

TEST_CASE("builds of restored tasks are remembered") {
  hub::Restored restored;
  restored.epoch = 1;
  restored.sessions.push_back({1, SessionId{55}, Uuid{{1}}, "", 0, 0, 0});
  hub::TemplateDefined made{.define = std::make_shared<wire::Define>()};
  made.number = 1, made.session = 1;
  made.define->number = 1, made.define->function = "f", made.define->builds = {kBuild};
  restored.templates.push_back(made);
  restored.modules.push_back({kBuild, "tasks.so", kBytes.size(), 1, false});
  HubHarness hub({}, restored);
  hub.passes(1s);
  auto& engine = hub.engine_joins();
  CHECK(offers_to(engine) == 0);
  auto& client = hub.client_joins();
  hub.client_submits(client, {.builds = {kBuild}});
  CHECK(offers_to(engine) == 1);
}

TEST_CASE("the modules that are here are listed, with what engines say") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  ship(hub, client);
  takes(hub, engine);
  hub.say(engine.task_link, have_of(content_hash("started with")));
  hub.say(client.control_link, wire::Request{5, "modules", {}});
  const auto replies = client.inbox.all<wire::Reply>();
  REQUIRE(replies.size() == 1);
  const std::string& body = replies[0].body.bytes;
  CHECK(body.find(to_string(kBuild)) != std::string::npos);
  CHECK(body.find(to_string(content_hash("started with"))) != std::string::npos);
  CHECK(body.find("loaded") != std::string::npos);
}

TEST_CASE("a template with too many builds is refused") {
  HubHarness hub;
  auto& client = hub.client_joins();
  wire::Define define;
  define.number = 1, define.function = "f";
  define.builds.resize(wire::kBuildsMax + 1);
  hub.say(client.task_link, define);
  REQUIRE(client.inbox.all<wire::Refused>().size() == 1);
  CHECK(client.inbox.all<wire::Refused>()[0].text.find("64 builds") != std::string::npos);
}
