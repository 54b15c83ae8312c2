// What clients want of engines: told to them or to their keepers, and answered in time.
#include <csignal>

#include <doctest/doctest.h>

#include "tests/hub/questions.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

// A nanny whose process lives.
struct FakeKeeper {
  FakeKeeper(HubHarness& of, const FakeEngine& engine)
      : hub(of),
        task_link(of.new_link(hub::Side::engine, wire::Plane::task)),
        control_link(of.new_link(hub::Side::engine, wire::Plane::control)) {
    wire::Hello hello = of.hello_of(engine, wire::Role::keeper);
    hello.connection = 100'000 + task_link.peer;
    of.say(task_link, hello);
    of.say(control_link, hello);
  }

  template <class M>
  std::vector<M> all() const {
    return hub.strangers[control_link.key()].all<M>();
  }

  HubHarness& hub;
  hub::LinkId task_link;
  hub::LinkId control_link;
};

// The answer about the only engine of the request; nothing before it has come.
Json answer(const FakeClient& client, std::size_t index = 0) {
  const auto replies = replies_to(client);
  if (replies.empty()) return {};
  CHECK(replies.back().code == "");
  return unpacked(replies.back().body.bytes).at("engines").at(index);
}

std::string state(const FakeClient& client, std::size_t index = 0) {
  const Json said = answer(client, index);
  return said.is_null() ? "" : said.at("state").get<std::string>();
}

void acts(HubHarness& hub, hub::LinkId link, std::uint64_t id, bool done, std::uint64_t count = 0) {
  hub.say(link, wire::Acted{id, done, count, "", ""});
}

std::uint64_t last_act(const FakeEngine& engine, const std::string& verb) {
  const auto all = engine.inbox.all<wire::Act>();
  REQUIRE_FALSE(all.empty());
  CHECK(all.back().verb == verb);
  return all.back().id;
}

}  // namespace

TEST_CASE("a clear is passed on to the engine, and answered when it is done") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  say(hub, client, "clear", R"({"engines": [0], "wait_ms": 5000})");
  const std::uint64_t id = last_act(engine, "clear");
  acts(hub, engine.control_link, id, false);
  CHECK(replies_to(client).empty());
  acts(hub, engine.control_link, id, true);
  hub.turn();
  CHECK(state(client) == "cleared");
  CHECK(answer(client).at("done") == true);
  acts(hub, engine.control_link, id, true);  // once more: nobody listens
  hub.turn();
  CHECK(replies_to(client).size() == 1);
}

TEST_CASE("who does not wait is answered at once, and whoever does not answer in time is named") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& busy = hub.engine_joins();
  hub.engine_joins();
  say(hub, client, "clear", R"({"all": true})");
  CHECK(state(client, 0) == "asked");
  CHECK(state(client, 1) == "asked");
  say(hub, client, "clear", R"({"all": true, "wait_ms": 100})");
  acts(hub, busy.control_link, last_act(busy, "clear"), false);
  hub.passes(90ms);
  CHECK(replies_to(client).size() == 1);
  hub.passes(20ms);
  REQUIRE(replies_to(client).size() == 2);
  CHECK(state(client, 0) == "busy");
  CHECK(state(client, 1) == "no_answer");
  CHECK(answer(client, 1).at("done") == false);
}

TEST_CASE("requests that make no sense are refused, and nothing is done") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  CHECK(ask(hub, client, "clear", R"({"engines": [0, 7]})").code == "unknown_engine");
  CHECK(ask(hub, client, "restart", "{}").code == "invalid");
  CHECK(ask(hub, client, "signal", R"({"all": true})").code == "invalid");
  CHECK(ask(hub, client, "signal", R"({"all": true, "signal": 65})").code == "invalid");
  CHECK(engine.inbox.all<wire::Act>().empty());
}

TEST_CASE("signals go to the keeper, and without one nobody can send them") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  ask(hub, client, "signal", R"({"engines": [0], "signal": 10, "wait_ms": 1000})");
  CHECK(state(client) == "no_nanny");
  FakeKeeper keeper(hub, engine);
  REQUIRE(keeper.all<wire::Welcome>().size() == 1);
  CHECK(keeper.all<wire::Welcome>()[0].engine == engine.id);
  say(hub, client, "signal", R"({"engines": [0], "signal": 10, "wait_ms": 1000})");
  REQUIRE(keeper.all<wire::Act>().size() == 1);
  CHECK(keeper.all<wire::Act>()[0].signal == 10);
  acts(hub, keeper.control_link, keeper.all<wire::Act>()[0].id, true);
  hub.turn();
  CHECK(state(client) == "signalled");
  hub.router().on_link_down(keeper.control_link, hub.now(), *std::make_unique<hub::Outbox>());
  ask(hub, client, "signal", R"({"engines": [0], "signal": 10, "wait_ms": 1000})");
  CHECK(state(client) == "no_nanny");
}

TEST_CASE("a keeper may say nothing that only an engine or a nanny may") {
  HubHarness hub;
  auto& engine = hub.engine_joins();
  FakeKeeper keeper(hub, engine);
  hub.say(keeper.task_link, wire::Revoked{{1}});
  hub.say(keeper.task_link, wire::Died{});
  hub.say(keeper.control_link, wire::Request{1, "status", {}});
  CHECK(hub.router().engines_online() == 1);
  CHECK(hub.strangers[keeper.task_link.key()].all<wire::Refused>().size() == 2);
}

TEST_CASE("a restart is answered when the next process is there, and what ran says why it ended") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  FakeKeeper keeper(hub, engine);
  hub.client_submits(client, {.engines = {0}});
  const wire::AssignRecord running = engine.held.at(0);
  say(hub, client, "restart", R"({"engines": [0], "wait_ms": 5000})");
  REQUIRE(keeper.all<wire::Act>().size() == 1);
  CHECK(keeper.all<wire::Act>()[0].verb == "restart");
  acts(hub, keeper.control_link, keeper.all<wire::Act>()[0].id, false);
  hub.nanny_speaks(engine);
  wire::Died died;
  died.signal = SIGKILL, died.asked = true;
  died.running = {{{client.session, running.sequence}, running.fence}};
  hub.say(engine.task_link, died);
  CHECK(client.why(1) == "engine 0 was restarted by a client");
  CHECK(replies_to(client).empty());
  hub.engine_restarts(engine);
  hub.turn();
  CHECK(state(client) == "restarted");
}

TEST_CASE("an interrupt names all that runs, or the tasks that were named, and counts them") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  say(hub, client, "interrupt", R"({"engines": [0], "wait_ms": 5000})");
  std::uint64_t id = last_act(engine, "interrupt");
  CHECK(engine.inbox.all<wire::Act>().back().all);
  acts(hub, engine.control_link, id, false, 1);
  CHECK(replies_to(client).empty());
  acts(hub, engine.control_link, id, true, 1);
  hub.turn();
  CHECK(state(client) == "interrupted");
  CHECK(answer(client).at("tasks") == 1);
  say(hub, client, "interrupt", R"({"ids": [")" + id_of(client, 1) + R"("], "wait_ms": 5000})");
  id = last_act(engine, "interrupt");
  const wire::Act act = engine.inbox.all<wire::Act>().back();
  CHECK_FALSE(act.all);
  REQUIRE(act.assignments.size() == 1);
  CHECK(act.assignments[0].task == TaskId{client.session, 1});
  acts(hub, engine.control_link, id, true, 0);
  hub.turn();
  CHECK(state(client) == "idle");
  // What nobody has been given runs nowhere.
  const auto reply =
      ask(hub, client, "interrupt", R"({"ids": [")" + id_of(client, 9) + R"("], "wait_ms": 5000})");
  CHECK(unpacked(reply.body.bytes).at("engines").empty());
}

TEST_CASE("SIGINT is an interrupt, as at a terminal") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  say(hub, client, "signal", R"({"engines": [0], "signal": 2, "wait_ms": 5000})");
  last_act(engine, "interrupt");
}

TEST_CASE("the process of an engine that does not hear an interrupt is replaced by its keeper") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  FakeKeeper keeper(hub, engine);
  hub.client_submits(client, {.retries = 3});
  const wire::AssignRecord running = engine.held.at(0);
  say(hub, client, "interrupt", R"({"engines": [0], "wait_ms": 10000})");
  hub.passes(1900ms);
  CHECK(keeper.all<wire::Act>().empty());
  hub.passes(200ms);
  REQUIRE(keeper.all<wire::Act>().size() == 1);
  CHECK(keeper.all<wire::Act>()[0].verb == "restart");
  hub.nanny_speaks(engine);
  wire::Died died;
  died.signal = SIGKILL, died.asked = true;
  died.running = {{{client.session, running.sequence}, running.fence}};
  hub.say(engine.task_link, died);
  hub.turn();
  CHECK(state(client) == "replaced");
  CHECK(client.outcome_of(1).ending == Ending::aborted);
  CHECK(client.why(1) ==
        "the task was aborted while it ran; engine 0 did not answer an interrupt, and its process "
        "was replaced");
}

namespace {

// So long, while these say that they live.
void pass_alive(HubHarness& hub, Duration time, const std::vector<hub::LinkId>& alive) {
  for (Duration passed{0}; passed < time; passed += 500ms) {
    for (const hub::LinkId link : alive) hub.say(link, wire::Beat{});
    hub.passes(500ms);
  }
}

}  // namespace

TEST_CASE("nobody waits for an engine that was lost together with its nanny") {
  for (const std::string verb : {"clear", "restart", "signal"}) {
    CAPTURE(verb);
    HubHarness hub;
    auto& client = hub.client_joins();
    auto& engine = hub.engine_joins();
    const FakeKeeper keeper(hub, engine);
    say(hub, client, verb, R"({"engines": [0], "signal": 10, "wait_ms": 80000})");
    hub.breaks(engine);
    hub.router().on_link_down(keeper.control_link, hub.now(), *std::make_unique<hub::Outbox>());
    pass_alive(hub, 5500ms, {client.control_link});
    CHECK(replies_to(client).empty());  // it, or its nanny, may come back
    pass_alive(hub, 1s, {client.control_link});
    CHECK(state(client) == "away");
    CHECK(answer(client).at("text") == "the connection to it and to its nanny was lost");
  }
}

TEST_CASE("an engine that was lost is waited for while its nanny is here, or tells of its end") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const FakeKeeper keeper(hub, engine);
  say(hub, client, "restart", R"({"engines": [0], "wait_ms": 80000})");
  hub.breaks(engine);
  pass_alive(hub, 10s, {client.control_link, keeper.control_link});
  CHECK(replies_to(client).empty());
  hub.router().on_link_down(keeper.control_link, hub.now(), *std::make_unique<hub::Outbox>());
  pass_alive(hub, 2500ms, {client.control_link});
  CHECK(replies_to(client).empty());
  hub.nanny_speaks(engine);
  hub.engine_restarts(engine);
  hub.turn();
  CHECK(state(client) == "restarted");
}

TEST_CASE("a shutdown is told to the keeper, too, and answered when the engine has left") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  FakeKeeper keeper(hub, engine);
  say(hub, client, "shutdown", R"({"all": true, "hub": true, "wait_ms": 5000})");
  CHECK(keeper.all<wire::Goodbye>().size() == 1);
  CHECK(replies_to(client).empty());
  CHECK_FALSE(hub.stop_asked);
  hub.breaks(engine);
  hub.turn();
  CHECK(state(client) == "left");
  CHECK(hub.stop_asked);
}

TEST_CASE("an engine that has left is not among all, though its keeper is still here") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  const FakeKeeper keeper(hub, engine);
  say(hub, client, "shutdown", R"({"all": true, "wait_ms": 5000})");
  hub.breaks(engine);
  hub.turn();
  REQUIRE(state(client) == "left");
  say(hub, client, "clear", R"({"all": true, "wait_ms": 5000})");
  hub.turn();
  REQUIRE(replies_to(client).size() == 2);
  CHECK(unpacked(replies_to(client).back().body.bytes).at("engines").empty());
}

TEST_CASE("a hub that is to stop does so when its engines have had their time") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.engine_joins();
  say(hub, client, "shutdown", R"({"all": true, "hub": true, "wait_ms": 100})");
  hub.passes(110ms);
  CHECK(state(client) == "leaving");
  CHECK(hub.stop_asked);
}
