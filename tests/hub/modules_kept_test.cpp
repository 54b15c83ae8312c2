#include <doctest/doctest.h>

#include "shared/pack.hpp"
#include "tests/hub/module_words.hpp"

using namespace roundhouse;
using namespace roundhouse::test;

namespace {

template <class Fact>
std::vector<Fact> facts_of(const HubHarness& hub) {
  std::vector<Fact> out;
  for (const hub::Fact& fact : hub.facts)
    if (const auto* found = std::get_if<Fact>(&fact)) out.push_back(*found);
  return out;
}

hub::RouterOptions limited(std::uint64_t bytes) {
  hub::RouterOptions options;
  options.modules_bytes_max = bytes;
  return options;
}

}  // namespace

TEST_CASE("a module that is offered is asked for, kept, and confirmed when it is stored") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.say(client.task_link, offer_of(kBytes));
  REQUIRE(client.inbox.all<wire::Want>().size() == 1);
  CHECK(client.inbox.all<wire::Want>()[0] == wire::Want{kBuild, 0});
  for (std::uint64_t at = 0; at < kBytes.size(); at += wire::kPartBytesMax) {
    CHECK(facts_of<hub::ModuleKept>(hub).empty());
    send_part(hub, client, kBytes, at);
  }
  REQUIRE(facts_of<hub::ModuleKept>(hub).size() == 1);
  const auto kept = facts_of<hub::ModuleKept>(hub)[0];
  CHECK(kept.build == kBuild);
  CHECK(kept.parts == wire::cut_module(kBytes));
  CHECK(kept.everywhere);
  CHECK(client.inbox.all<wire::Have>().empty());
  hub.stores_everything();
  REQUIRE(client.inbox.all<wire::Have>().size() == 1);
  CHECK(client.inbox.all<wire::Have>()[0].kept);

  SUBCASE("another client need not send it") {
    auto& other = hub.client_joins();
    hub.say(other.task_link, offer_of(kBytes, false, false));
    CHECK(other.inbox.all<wire::Want>().empty());
    REQUIRE(other.inbox.all<wire::Have>().size() == 1);
    CHECK(other.inbox.all<wire::Have>()[0].kept);
  }
  SUBCASE("loaded anew, it is the latest again") {
    ship(hub, client, "another");
    hub.say(client.task_link, offer_of(kBytes));
    const auto facts = facts_of<hub::ModuleKept>(hub);
    REQUIRE(facts.size() == 3);
    CHECK(facts[0].order == 1);
    CHECK(facts[1].order == 2);
    CHECK(facts[2].build == kBuild);
    CHECK(facts[2].order == 3);
    CHECK(facts[2].parts.empty());
  }
}

TEST_CASE("a large module is asked for in a window that moves") {
  HubHarness hub;
  auto& client = hub.client_joins();
  const std::string bytes(20 * wire::kPartBytesMax, 'l');
  ship(hub, client, bytes);
  std::vector<std::uint64_t> wants;
  for (const wire::Want& want : client.inbox.all<wire::Want>())
    wants.push_back(want.from / wire::kPartBytesMax);
  CHECK(wants == std::vector<std::uint64_t>{0, 4, 8, 12, 16});
}

TEST_CASE("parts out of turn are dropped, and bytes of another build refused") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  hub.say(client.task_link, offer_of(kBytes));
  send_part(hub, client, kBytes, wire::kPartBytesMax);
  send_part(hub, other, kBytes, 0);
  send_part(hub, client, "nobody asked", 0);
  std::string forged = kBytes;
  forged[0] = 'x';
  for (std::uint64_t at = 0; at < forged.size(); at += wire::kPartBytesMax) {
    wire::Message message = wire::encode(wire::Part{kBuild, at});
    message.frames.push_back(
        Buffer::copy(std::string_view(forged).substr(at, wire::kPartBytesMax)));
    hub.send(client.task_link, message);
  }
  CHECK(facts_of<hub::ModuleKept>(hub).empty());
  REQUIRE(client.inbox.all<wire::Have>().size() == 1);
  CHECK_FALSE(client.inbox.all<wire::Have>()[0].kept);
  CHECK(client.inbox.all<wire::Have>()[0].code == "malformed");
  ship(hub, other);
  CHECK(facts_of<hub::ModuleKept>(hub).size() == 1);
}

TEST_CASE("when the sender is lost, another that offers the same goes on where it was") {
  HubHarness hub;
  auto& first = hub.client_joins();
  auto& second = hub.client_joins();
  hub.say(first.task_link, offer_of(kBytes));
  hub.say(second.task_link, offer_of(kBytes));
  CHECK(second.inbox.all<wire::Want>().empty());
  send_part(hub, first, kBytes, 0);
  hub.breaks(first);
  REQUIRE(second.inbox.all<wire::Want>().size() == 1);
  CHECK(second.inbox.all<wire::Want>()[0].from == wire::kPartBytesMax);
  for (std::uint64_t at = wire::kPartBytesMax; at < kBytes.size(); at += wire::kPartBytesMax)
    send_part(hub, second, kBytes, at);
  CHECK(facts_of<hub::ModuleKept>(hub).size() == 1);

  SUBCASE("and so does the same one when it is back") {
    HubHarness alone;
    auto& client = alone.client_joins();
    alone.say(client.task_link, offer_of(kBytes));
    send_part(alone, client, kBytes, 0);
    alone.breaks(client);
    alone.client_returns(client);
    alone.say(client.task_link, offer_of(kBytes));
    CHECK(client.inbox.all<wire::Want>().back().from == wire::kPartBytesMax);
  }
}

TEST_CASE("a module over the limits is refused, with the limit") {
  HubHarness hub;
  auto& client = hub.client_joins();
  wire::Offer offer = offer_of("x");
  offer.size = wire::kModuleBytesMax + 1;
  hub.say(client.task_link, offer);
  offer = offer_of("y");
  offer.name = std::string(wire::kModuleNameMax + 1, 'n');
  hub.say(client.task_link, offer);
  const auto haves = client.inbox.all<wire::Have>();
  REQUIRE(haves.size() == 2);
  for (const wire::Have& have : haves) {
    CHECK_FALSE(have.kept);
    CHECK(have.code == "too_large");
  }
  CHECK(haves[0].text.find("268435456 bytes") != std::string::npos);
}

TEST_CASE("for a new module those go that were loaded longest ago and that no task needs") {
  HubHarness hub(limited(2 * kBytes.size()));
  auto& client = hub.client_joins();
  const std::string second(kBytes.size(), '2');
  const std::string third(kBytes.size(), '3');
  ship(hub, client);
  ship(hub, client, second);
  hub.stores_everything();
  SUBCASE("the oldest") {
    ship(hub, client, third);
    REQUIRE(facts_of<hub::ModuleDropped>(hub).size() == 1);
    CHECK(facts_of<hub::ModuleDropped>(hub)[0].build == kBuild);
  }
  SUBCASE("not the one that a task waits for") {
    hub.client_submits(client, {.builds = {kBuild}});
    ship(hub, client, third);
    REQUIRE(facts_of<hub::ModuleDropped>(hub).size() == 1);
    CHECK(facts_of<hub::ModuleDropped>(hub)[0].build == content_hash(second));
    hub.client_submits(client, {.builds = {content_hash(third)}});
    hub.stores_everything();
    ship(hub, client, second);
    REQUIRE_FALSE(client.inbox.all<wire::Have>().empty());
    CHECK(client.inbox.all<wire::Have>().back().code == "over_quota");
  }
}

TEST_CASE("after a restart the bytes are on the disk, and read when an engine wants them") {
  hub::Restored restored;
  restored.modules.push_back({kBuild, "tasks.so", kBytes.size(), 7, true});
  HubHarness hub(patient(), restored);
  auto& engine = hub.engine_joins();
  REQUIRE(engine.inbox.all<wire::Offer>().size() == 1);
  CHECK(engine.inbox.all<wire::Offer>()[0].order == 7);
  CHECK(hub.fetches.empty());
  hub.say(engine.task_link, wire::Want{kBuild, 0});
  CHECK(hub.fetches == std::vector{kBuild});
  CHECK(engine.inbox.all<wire::Part>().empty());
  SUBCASE("they are there") {
    hub.module_is_read(kBuild, wire::cut_module(kBytes));
    CHECK(engine.inbox.all<wire::Part>().size() == 4);
    hub.passes(30s);  // and leave memory again
    auto& other = hub.engine_joins();
    hub.say(other.task_link, wire::Want{kBuild, 0});
    CHECK(hub.fetches.size() == 2);
  }
  SUBCASE("they are damaged, and a client has them") {
    auto& client = hub.client_joins();
    hub.say(client.task_link, offer_of(kBytes, true, false));
    CHECK(client.inbox.all<wire::Want>().empty());
    hub.module_is_read(kBuild, Error{Errc::store_failed, "it was changed"});
    REQUIRE(client.inbox.all<wire::Want>().size() == 1);
    for (std::uint64_t at = 0; at < kBytes.size(); at += wire::kPartBytesMax)
      send_part(hub, client, kBytes, at);
    CHECK(engine.inbox.all<wire::Part>().size() == 4);
  }
}

TEST_CASE("without a store nothing is confirmed by the disk, and everything stays in memory") {
  hub::RouterOptions options = patient();
  options.durability = hub::Durability::none;
  HubHarness hub(options);
  auto& client = hub.client_joins();
  ship(hub, client);
  REQUIRE(client.inbox.all<wire::Have>().size() == 1);
  hub.passes(30s);
  auto& engine = hub.engine_joins();
  hub.say(engine.task_link, wire::Want{kBuild, 0});
  CHECK(engine.inbox.all<wire::Part>().size() == 4);
  CHECK(hub.fetches.empty());
}

TEST_CASE("while the database fails a module is taken, and confirmed when it can be written") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub::Outbox out;
  hub.router().on_store_failed("disk full", hub.now(), out);
  ship(hub, client);
  CHECK(client.inbox.all<wire::Have>().empty());
  hub.router().on_store_recovered(hub.now(), out);
  hub.stores_everything();
  CHECK(client.inbox.all<wire::Have>().size() == 1);
}

TEST_CASE("the next hub knows which modules killed an engine, or could be loaded by none") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  ship(hub, client);
  SUBCASE("killed") {
    dies_of(hub, engine);
  }
  SUBCASE("not loaded") {
    takes(hub, engine, kBuild, "version");
  }
  const auto verdict = facts_of<hub::ModuleKept>(hub).back();
  CHECK_FALSE(verdict.trouble_code.empty());
  CHECK(verdict.parts.empty());
  hub::Restored restored;
  restored.modules.push_back(verdict);
  HubHarness next(patient(), restored);
  auto& newcomer = next.engine_joins();
  CHECK(newcomer.inbox.all<wire::Offer>().empty());
  auto& back = next.client_joins();
  next.say(back.task_link, offer_of(kBytes, true, false));
  CHECK(newcomer.inbox.all<wire::Offer>().empty());
  next.say(back.task_link, offer_of(kBytes));
  CHECK(newcomer.inbox.all<wire::Offer>().size() == 1);
  CHECK(facts_of<hub::ModuleKept>(next).back().trouble_code.empty());
}

TEST_CASE("the next hub knows that a module was loaded, whatever one engine says of it then") {
  HubHarness hub;
  auto& client = hub.client_joins();
  takes(hub, hub.engine_joins());
  ship(hub, client);
  takes(hub, hub.engine_joins());
  hub::Restored restored;
  restored.modules.push_back(facts_of<hub::ModuleKept>(hub).back());
  CHECK(restored.modules[0].loaded);
  HubHarness next(patient(), restored);
  takes(next, next.engine_joins(), kBuild, "unknown_module");
  CHECK(next.engine_joins().inbox.all<wire::Offer>().size() == 1);
}

TEST_CASE("a module that is removed is forgotten by the hub, and by clients that offer it") {
  HubHarness hub(patient());
  auto& client = hub.client_joins();
  auto& has_it = hub.engine_joins();
  auto& waits = hub.engine_joins();
  ship(hub, client);
  takes(hub, has_it);
  const std::string build = to_string(kBuild);
  const auto removes = [&](const std::string& digits) {
    wire::Request request{7, "remove_module", {}};
    wire::Packer p{request.body.bytes};
    p.map(1), p.str("build"), p.str(digits);
    hub.say(client.control_link, request);
    return client.inbox.all<wire::Reply>().back().code;
  };
  CHECK(removes(build.substr(0, 7)) == "invalid");
  CHECK(removes("00000000") == "unknown_module");
  CHECK(removes(build.substr(0, 8)) == "");
  CHECK(facts_of<hub::ModuleDropped>(hub).size() == 1);
  hub.stores_everything();
  CHECK(client.inbox.all<wire::Have>().back().code == "unknown_module");
  CHECK_FALSE(client.inbox.all<wire::Have>().back().kept);
  CHECK(waits.inbox.all<wire::Offer>().back().withdrawn);
  CHECK(hub.engine_joins().inbox.all<wire::Offer>().empty());
  CHECK(removes(build) == "unknown_module");
  SUBCASE("where it is loaded it still runs, and nowhere else") {
    hub.client_submits(client, {.engines = {0}, .builds = {kBuild}});
    CHECK(has_it.held.size() == 1);
    const auto task = hub.client_submits(client, {.engines = {1}, .builds = {kBuild}});
    CHECK(client.error_of(task) == "ModuleNotLoaded");
  }
  SUBCASE("it can be shipped again") {
    ship(hub, client);
    CHECK_FALSE(waits.inbox.all<wire::Offer>().back().withdrawn);
    CHECK(facts_of<hub::ModuleKept>(hub).back().parts.size() == 4);
  }
}
