#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

constexpr wire::DependencyMode kAny{true, true, false};
constexpr wire::DependencyMode kFailed{false, false, true};

// A client, three engines of one slot, and tasks 1, 2, 3, which ran on 0, 1 and 2.
struct Ground {
  HubHarness hub;
  FakeClient& client{hub.client_joins()};
  FakeEngine* engines[3] = {&hub.engine_joins(), &hub.engine_joins(), &hub.engine_joins()};

  Ground() {
    for (std::uint32_t i = 0; i < 3; ++i) hub.client_submits(client, {.engines = {i}});
    for (FakeEngine* engine : engines) hub.engine_finishes(*engine, Ending::ok, 10s);
  }

  // On which engine the task is; -1: on none.
  [[nodiscard]] int place_of(std::uint64_t sequence) const {
    for (int i = 0; i < 3; ++i)
      for (const auto& task : engines[i]->held)
        if (task.sequence == sequence) return i;
    return -1;
  }
};

}  // namespace

TEST_CASE("a task runs where the task that it follows ran, also when that engine is busy") {
  Ground g;
  for (std::uint64_t i = 1; i <= 3; ++i)
    g.hub.client_submits(g.client, {.follow = {g.client.tasks(i)}});
  CHECK(g.place_of(4) == 0);
  CHECK(g.place_of(5) == 1);
  CHECK(g.place_of(6) == 2);
  g.hub.engine_finishes(*g.engines[0], Ending::ok, 10s);
  g.hub.engine_finishes(*g.engines[0 + 2], Ending::ok, 10s);
  for (int i = 0; i < 3; ++i) g.hub.client_submits(g.client, {.follow = {g.client.tasks(2)}});
  g.hub.passes(1s);
  CHECK(g.engines[0]->held.empty());
  CHECK(g.engines[2]->held.empty());
}

TEST_CASE("following any, it runs on one of the places, and following all, where all ran") {
  Ground g;
  g.hub.client_submits(g.client, {.engines = {1}, .body = "keeps it busy"});
  g.hub.client_submits(g.client, {.follow = {g.client.tasks(2, 3)}, .follow_mode = kAny});
  CHECK(g.place_of(5) == 2);
  g.hub.client_submits(g.client, {.follow = {g.client.tasks(2, 3)}});
  CHECK(g.client.error_of(6) == "ImpossibleDependency");
  CHECK(g.client.why(6).find("on different engines") != std::string::npos);
  g.hub.engine_finishes(*g.engines[1]);
  g.hub.client_submits(g.client, {.follow = {g.client.tasks(2), g.client.tasks(4)}});
  CHECK(g.place_of(7) == 1);
}

TEST_CASE("targets and the places of what is followed hold both") {
  Ground g;
  g.hub.client_submits(g.client,
                       {.targets = {0, 1}, .follow = {g.client.tasks(1, 3)}, .follow_mode = kAny});
  CHECK(g.place_of(4) >= 0);
  CHECK(g.place_of(4) <= 1);
  g.hub.client_submits(g.client, {.targets = {0, 1}, .follow = {g.client.tasks(3)}});
  CHECK(g.client.error_of(5) == "ImpossibleDependency");
  CHECK(g.client.why(5).find("is not among its targets") != std::string::npos);
  g.hub.client_submits(g.client, {.engines = {2, 1}, .follow = {g.client.tasks(3)}});
}

TEST_CASE("a direct task that follows has to be for that engine") {
  Ground g;
  g.hub.client_submits(g.client, {.count = 2, .engines = {2, 1}, .follow = {g.client.tasks(3)}});
  CHECK(g.place_of(4) == 2);
  CHECK(g.client.error_of(5) == "ImpossibleDependency");
}

TEST_CASE("a failure can be followed, and what never ran cannot") {
  Ground g;
  g.hub.client_submits(g.client, {.engines = {1}});
  g.hub.engine_finishes(*g.engines[1], Ending::error);
  g.hub.client_submits(g.client, {.follow = {g.client.tasks(4)}, .follow_mode = kFailed});
  CHECK(g.place_of(5) == 1);
  g.hub.client_submits(g.client, {.after = {g.client.tasks(6)}});  // is invalid
  g.hub.client_submits(g.client, {.follow = {g.client.tasks(6)}, .follow_mode = kFailed});
  CHECK(g.client.error_of(7) == "ImpossibleDependency");
  CHECK(g.client.why(7).find("without having run") != std::string::npos);
}

TEST_CASE("an engine that is lost for good takes what had to run there with it") {
  Ground g;
  for (int i = 0; i < 2; ++i) g.hub.client_submits(g.client, {.follow = {g.client.tasks(3)}});
  g.hub.client_submits(g.client, {.follow = {g.client.tasks(2, 3)}, .follow_mode = kAny});
  g.hub.client_submits(g.client, {.after = {g.client.tasks(5)}});
  CHECK(g.place_of(4) == 2);
  CHECK(g.place_of(5) == -1);  // waits for it
  g.hub.breaks(*g.engines[2]);
  g.hub.passes(2s);
  g.hub.say(g.client.control_link, wire::Beat{1});
  g.hub.say(g.engines[1]->control_link, wire::Beat{1});
  g.hub.passes(2s);
  CHECK(g.client.error_of(4) == "EngineError");
  CHECK(g.client.error_of(5) == "ImpossibleDependency");
  CHECK(g.client.why(5) == "engine 2, where tasks ran that it was to follow, was lost");
  CHECK(g.place_of(6) == 1);
  CHECK(g.client.why(7).find("because engine 2, where") != std::string::npos);
  g.hub.client_submits(g.client, {.follow = {g.client.tasks(3)}});
  CHECK(g.client.why(8).find("ran that it was to follow, is lost") != std::string::npos);
}

TEST_CASE("an engine that starts again is still the place") {
  Ground g;
  g.hub.client_submits(g.client, {.engines = {2}, .body = "kills it"});
  g.hub.client_submits(g.client, {.follow = {g.client.tasks(3)}});
  g.hub.breaks(*g.engines[2]);
  g.hub.nanny_speaks(*g.engines[2]);
  wire::Died died;
  died.signal = 9, died.restarting = true;
  g.hub.say(g.engines[2]->control_link, wire::Beat{1});
  g.hub.say(g.engines[2]->task_link, died);
  g.hub.passes(100ms);
  CHECK(!g.client.has(5));
  g.hub.engine_restarts(*g.engines[2]);
  CHECK(g.place_of(5) == 2);
}

TEST_CASE("where tasks of the past ran the database is asked, and waited for") {
  Ground g;
  auto restored = restored_from(g.hub);
  HubHarness after{{}, restored};
  auto& client = after.client_of_before(g.client);
  client.next_sequence = 4, client.templates = 3;
  std::vector<FakeEngine*> engines;
  for (FakeEngine* engine : g.engines) engines.push_back(&after.engine_of_before(*engine));
  after.stores_everything();
  after.client_submits(client, {.follow = {client.tasks(2)}});
  REQUIRE(after.place_questions.size() == 1);
  REQUIRE(after.place_questions[0].tasks.size() == 1);
  CHECK(after.place_questions[0].tasks[0].first == 2);
  for (FakeEngine* engine : engines) CHECK(engine->held.empty());
  after.places_are_told({{1, 2, 2, EngineId{1}}});
  REQUIRE(engines[1]->held.size() == 1);
  after.client_submits(client, {.follow = {client.tasks(1)}});
  after.places_are_told({});
  CHECK(client.error_of(5) == "InvalidDependency");
  CHECK(client.why(5).find("purged") != std::string::npos);
}

TEST_CASE("after a purge the places of all are asked for") {
  Ground g;
  wire::Request purge;
  purge.id = 1, purge.verb = "purge_results";
  purge.body.bytes = "\x80";
  g.hub.say(g.client.control_link, purge);
  g.hub.client_submits(g.client, {.after = {g.client.tasks(1)}});
  CHECK(g.place_of(4) >= 0);  // that it has ended is known for ever
  g.hub.client_submits(g.client, {.follow = {g.client.tasks(1)}});
  REQUIRE(g.hub.place_questions.size() == 1);
}
