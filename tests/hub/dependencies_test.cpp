#include <doctest/doctest.h>

#include "tests/hub/questions.hpp"
#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

constexpr wire::DependencyMode kAnySuccess{true, true, false};
constexpr wire::DependencyMode kAllFailures{false, false, true};

}  // namespace

TEST_CASE("a task is given to no engine before what it depends on has ended") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(4);
  const auto first = hub.client_submits(client);
  const auto second = hub.client_submits(client, {.after = {client.tasks(first)}});
  REQUIRE(engine.held.size() == 1);
  hub.engine_finishes(engine);
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.held[0].sequence == second);
  hub.engine_finishes(engine);
  CHECK(client.outcome_of(second).ending == Ending::ok);
}

TEST_CASE("a dependency on all waits for the last, and one on any for the first") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(8);
  hub.client_submits(client, {.count = 3});
  hub.client_submits(client, {.after = {client.tasks(1, 3)}});
  hub.client_submits(client, {.after = {client.tasks(1, 3)}, .after_mode = kAnySuccess});
  REQUIRE(engine.held.size() == 3);
  hub.engine_finishes(engine);
  REQUIRE(engine.held.size() == 3);
  CHECK(engine.held[2].sequence == 5);
  hub.engine_finishes(engine);
  CHECK(engine.held.size() == 2);
  hub.engine_finishes(engine);
  REQUIRE(engine.held.size() == 2);
  CHECK(engine.held[1].sequence == 4);
}

TEST_CASE("a failure ends those that needed a success at once, and frees those that needed it") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(8);
  hub.client_submits(client, {.count = 3});
  hub.client_submits(client, {.after = {client.tasks(1, 3)}});                              // 4
  hub.client_submits(client, {.after = {client.tasks(1, 3)}, .after_mode = kAnyFailure});   // 5
  hub.client_submits(client, {.after = {client.tasks(1, 3)}, .after_mode = kAllFailures});  // 6
  hub.client_submits(client, {.after = {client.tasks(1, 3)}, .after_mode = kAllEnds});      // 7
  hub.client_submits(client, {.after = {client.tasks(2)}, .after_mode = kAllFailures});     // 8
  hub.engine_finishes(engine, engine.held[1], Ending::error, 1ms);
  CHECK(client.error_of(4) == "ImpossibleDependency");
  CHECK(client.why(4) == "it was to run after task " + to_string(TaskId{client.session, 2}) +
                             " (f), which ended with std::runtime_error");
  REQUIRE(engine.held.size() == 4);
  CHECK(engine.held[2].sequence == 5);
  CHECK(engine.held[3].sequence == 8);
  hub.engine_finishes(engine);
  CHECK(client.error_of(6) == "ImpossibleDependency");
  CHECK(!client.has(7));
  hub.engine_finishes(engine);  // the third
  CHECK(engine.held.back().sequence == 7);
}

TEST_CASE("any of several fails when the last of them did") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(8);
  hub.client_submits(client, {.count = 2});
  hub.client_submits(client, {.after = {client.tasks(1, 2)}, .after_mode = kAnySuccess});
  hub.engine_finishes(engine, Ending::error);
  CHECK(!client.has(3));
  hub.engine_finishes(engine, Ending::error);
  CHECK(client.error_of(3) == "ImpossibleDependency");
}

TEST_CASE("impossibility goes down a chain, and says how it began") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  for (std::uint64_t i = 1; i <= 8; ++i) hub.client_submits(client, {.after = {client.tasks(i)}});
  hub.engine_finishes(engine, Ending::error);
  for (std::uint64_t i = 2; i <= 9; ++i) CHECK(client.error_of(i) == "ImpossibleDependency");
  const auto id = [&](std::uint64_t sequence) {
    return to_string(TaskId{client.session, sequence});
  };
  CHECK(client.why(3) == "it was to run after task " + id(2) +
                             " (f), which could not run because it was to run after task " + id(1) +
                             " (f), which ended with std::runtime_error");
  CHECK(client.why(9) == "it was to run after task " + id(8) +
                             " (f), which could not run because of others that could not; 7 tasks "
                             "back, task " +
                             id(1) + " (f) ended with std::runtime_error");
  CHECK(hub.router().unfinished() == 0);
}

TEST_CASE("a cascade of many is spread over turns") {
  hub::RouterOptions options;
  options.cascade_max = 10;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.client_submits(client, {.count = 25, .after = {client.tasks(1)}});
  hub.client_submits(client, {.count = 25, .after = {client.tasks(2, 26)}});
  hub.engine_finishes(engine, Ending::error);
  CHECK(hub.router().unfinished() == 40);
  hub.turn();
  CHECK(hub.router().unfinished() == 30);
  CHECK(*hub.router().next_deadline() <= hub.now().steady);
  hub.passes(10ms);
  CHECK(hub.router().unfinished() == 0);
}

TEST_CASE("those that wait for many are freed over turns, in order") {
  hub::RouterOptions options;
  options.cascade_max = 10;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(64);
  hub.client_submits(client);
  hub.client_submits(client, {.count = 25, .after = {client.tasks(1)}});
  hub.engine_finishes(engine);
  CHECK(engine.held.size() == 10);
  hub.passes(10ms);
  REQUIRE(engine.held.size() == 25);
  for (std::uint64_t i = 0; i < 25; ++i) CHECK(engine.held[i].sequence == 2 + i);
}

TEST_CASE("what has ended before counts as well, also in long ranges") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(64);
  hub.client_submits(client, {.count = 40});
  for (int i = 0; i < 39; ++i) hub.engine_finishes(engine, i == 20 ? Ending::error : Ending::ok);
  hub.client_submits(client, {.after = {client.tasks(1, 20)}});                               // 41
  hub.client_submits(client, {.after = {client.tasks(1, 39)}});                               // 42
  hub.client_submits(client, {.after = {client.tasks(3, 40)}, .after_mode = kAllEnds});       // 43
  hub.client_submits(client, {.after = {client.tasks(3, 40)}, .after_mode = kAnyFailure});    // 44
  hub.client_submits(client, {.after = {client.tasks(21)}, .after_mode = kAllFailures});      // 45
  hub.client_submits(client, {.after = {client.tasks(20, 21)}, .after_mode = kAllFailures});  // 46
  std::vector<std::uint64_t> held;
  for (const auto& task : engine.held) held.push_back(task.sequence);
  CHECK(held == std::vector<std::uint64_t>{40, 41, 44, 45});
  CHECK(client.why(42) == "it was to run after task " + to_string(TaskId{client.session, 21}) +
                              ", which failed before");
  CHECK(client.why(46) == "it was to run after task " + to_string(TaskId{client.session, 20}) +
                              ", which ended ok, where only a failure counts");
  hub.engine_finishes(engine);
  CHECK(engine.held.back().sequence == 43);
}

TEST_CASE("a thousand tasks may wait for the same sixty-five thousand, which cost them once") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(1);
  hub.client_submits(client, {.count = 65'535});
  const std::uint64_t before = client.next_sequence;
  for (int i = 0; i < 20; ++i) hub.client_submits(client, {.after = {client.tasks(1, 65'535)}});
  hub.engine_finishes(engine, Ending::error);
  hub.passes(20ms);
  for (std::uint64_t i = before; i < before + 20; ++i)
    CHECK(client.error_of(i) == "ImpossibleDependency");
}

TEST_CASE("tasks of other sessions count, and their aborts and losses are failures") {
  HubHarness hub;
  auto& other = hub.client_joins();
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(1);
  hub.client_submits(other, {.engines = {0}});
  hub.client_submits(client, {.after = {other.tasks(1)}});
  hub.client_submits(client, {.after = {other.tasks(1)}, .after_mode = kAllFailures});
  hub.breaks(engine);
  hub.passes(4s);
  hub.client_returns(client);
  CHECK(client.why(1).find("which was lost: the engine was lost: nothing was heard of it") !=
        std::string::npos);
  auto& later = hub.engine_joins(1);
  REQUIRE(later.held.size() == 1);
  CHECK(later.held[0].sequence == 2);
}

TEST_CASE("only the last outcome of a task that is tried again counts") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.retries = 1});
  hub.client_submits(client, {.after = {client.tasks(1)}});
  hub.engine_finishes(engine, Ending::error);
  CHECK(!client.has(2));
  hub.passes(1s);  // until it is tried again
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.held[0].sequence == 1);
  hub.engine_finishes(engine);
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.held[0].sequence == 2);
}

TEST_CASE("what cannot be depended on is said to be invalid, and why") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  hub.client_submits(client, {.after = {client.tasks(1)}});
  CHECK(client.error_of(1) == "InvalidDependency");
  CHECK(client.why(1).find("depends on itself") != std::string::npos);
  hub.client_submits(client, {.after = {client.tasks(7)}});
  CHECK(client.error_of(2) == "InvalidDependency");
  CHECK(client.why(2).find("cycle") != std::string::npos);
  hub.client_submits(client, {.count = 3, .after = {client.tasks(1, 4)}});
  for (std::uint64_t i = 3; i <= 5; ++i) CHECK(client.error_of(i) == "InvalidDependency");
  hub.client_submits(client, {.after = {other.tasks(1)}});
  hub.client_submits(client, {.after = {{SessionId{99}, 1, 1}}});
  CHECK(!client.has(6));
  hub.passes(2100ms);
  CHECK(client.error_of(6) == "InvalidDependency");
  CHECK(client.error_of(7) == "InvalidDependency");
  for (const std::uint64_t i : {6U, 7U}) {
    CHECK(client.why(i).find("a session that has submitted nothing") != std::string::npos);
    CHECK(client.why(i).find("waited for for 2 s") != std::string::npos);
  }
}

TEST_CASE("a task of another client that is submitted a moment later is waited for") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  auto& engine = hub.engine_joins(4);
  hub.client_submits(client, {.after = {other.tasks(1, 2)}});
  hub.client_submits(other);
  hub.passes(500ms);
  CHECK(!client.has(1));
  hub.client_submits(other);
  hub.passes(2200ms);
  CHECK(!client.has(1));
  hub.engine_finishes(engine);
  hub.engine_finishes(engine);
  REQUIRE(engine.held.size() == 1);
}

TEST_CASE("dependencies that are not met in time end their tasks") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.client_submits(client, {.count = 2, .after = {client.tasks(1)}, .timeout = 100ms});
  hub.client_submits(client, {.after = {client.tasks(2)}});
  hub.passes(99ms);
  CHECK(!client.has(2));
  hub.passes(2ms);
  CHECK(client.outcome_of(2).ending == Ending::timed_out);
  CHECK(client.error_of(3) == "DependencyTimeout");
  CHECK(
      client.why(4).find("could not run because what it depends on had not ended within 100 ms") !=
      std::string::npos);
  hub.engine_finishes(engine);
  CHECK(hub.router().unfinished() == 0);
}

TEST_CASE("a task that was freed in time has no timeout any more") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.client_submits(client, {.after = {client.tasks(1)}, .timeout = 100ms});
  hub.engine_finishes(engine);
  hub.passes(200ms);
  CHECK(!client.has(2));
  hub.engine_finishes(engine);
  CHECK(client.outcome_of(2).ending == Ending::ok);
}

TEST_CASE("a direct task enters its lane when it is met, in its turn if that is at once") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.engines = {0}});
  hub.client_submits(client, {.engines = {0}, .after = {client.tasks(1)}});
  hub.client_submits(client, {.engines = {0}});
  hub.engine_finishes(engine);
  hub.engine_finishes(engine);
  hub.engine_finishes(engine);
  CHECK(client.outcomes[1].sequence == 3);
  CHECK(client.outcomes[2].sequence == 2);
  hub.client_submits(client);  // keeps the engine
  hub.client_submits(client, {.engines = {0}, .after = {client.tasks(1)}});
  hub.client_submits(client, {.engines = {0}});
  hub.engine_finishes(engine);
  REQUIRE(!engine.held.empty());
  CHECK(engine.held[0].sequence == 5);
}

TEST_CASE("what a submission depends on uses its session's credit of bytes") {
  hub::RouterOptions options;
  options.session_bytes_max = 100;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  hub.client_submits(client);
  hub.client_submits(client, {.body = "", .after = std::vector(5, client.tasks(1))});
  hub.client_submits(client, {.body = "", .after = {client.tasks(1)}});
  REQUIRE(client.inbox.all<wire::Refused>().size() == 1);
  CHECK(client.inbox.all<wire::Refused>()[0].code == "over_quota");
}

TEST_CASE("waiting tasks are pending and counted, and records say what tasks depend on") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.client_submits(client, {.after = {client.tasks(1)}, .follow = {client.tasks(1)}});
  CHECK(unpacked(ask(hub, client, "status").body.bytes)["waiting"] == 1);
  const auto queues = unpacked(ask(hub, client, "queue_status", R"({"verbose": true})").body.bytes);
  CHECK(queues["unassigned"] == 1);
  CHECK(queues["unassigned_ids"] == Json::array({id_of(client, 2)}));
  const std::string ids = R"({"ids": [")" + id_of(client, 2) + R"("]})";
  CHECK(unpacked(ask(hub, client, "result_status", ids).body.bytes)["pending"].size() == 1);
  const auto why = unpacked(ask(hub, client, "explain", ids).body.bytes);
  CHECK(why["state"] == "waiting");
  CHECK(why["why"] == "it depends on task " + id_of(client, 1) + " (f), which has not ended");
  const auto is_told = [&](const std::string& status) {
    say(hub, client, "result", ids);
    const auto record = stored_answer(hub)["records"][0];
    CHECK(record["status"] == status);
    CHECK(record["after"] == Json::array({id_of(client, 1)}));
    CHECK(record["follow"] == Json::array({id_of(client, 1)}));
  };
  is_told("pending");
  hub.engine_finishes(engine);
  hub.engine_finishes(engine);
  is_told("ok");
}
