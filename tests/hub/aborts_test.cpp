// Tasks that clients want to end.
#include <csignal>

#include <doctest/doctest.h>

#include "hub/core/abort_job.hpp"
#include "tests/hub/questions.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

std::string ids(const FakeClient& client, std::uint64_t first, std::uint64_t last) {
  return R"({"ranges": [[")" + id_of(client, first) + R"(", ")" + id_of(client, last) + R"("]]})";
}

// The answer comes when everything is stored.
Json aborts(HubHarness& hub, const FakeClient& client, const std::string& body) {
  const std::size_t known = replies_to(client).size();
  say(hub, client, "abort", body);
  for (int i = 0; i < 200 && replies_to(client).size() == known; ++i) {
    hub.stores_everything();
    hub.turn();
  }
  const auto replies = replies_to(client);
  REQUIRE_FALSE(replies.empty());
  CHECK(replies.back().code == "");
  return unpacked(replies.back().body.bytes);
}

Json counts(int aborted, int stopping, int ended, int marked, int unknown) {
  return {{"aborted", aborted},
          {"stopping", stopping},
          {"ended", ended},
          {"marked", marked},
          {"unknown", unknown}};
}

std::vector<wire::AssignmentRef> stops_of(const FakeEngine& engine) {
  std::vector<wire::AssignmentRef> out;
  for (const wire::Stop& stop : engine.inbox.all<wire::Stop>())
    out.insert(out.end(), stop.assignments.begin(), stop.assignments.end());
  return out;
}

void gives_back(HubHarness& hub, FakeEngine& engine, wire::AssignRecord task) {
  std::erase_if(engine.held, [&](const auto& held) { return held.number == task.number; });
  hub.say(engine.task_link, wire::Revoked{{task.number}});
}

}  // namespace

TEST_CASE("tasks that wait end as aborted, and the answer comes when that is stored") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 3, .retries = 5});
  say(hub, client, "abort", ids(client, 1, 2));
  CHECK(client.outcome_of(1).ending == Ending::aborted);
  CHECK(client.error_of(2) == "TaskAborted");
  CHECK_FALSE(client.has(3));
  CHECK(replies_to(client).empty());
  hub.stores_everything();
  hub.turn();
  REQUIRE(replies_to(client).size() == 1);
  CHECK(unpacked(replies_to(client)[0].body.bytes) == counts(2, 0, 0, 0, 0));
  auto& engine = hub.engine_joins(4);
  CHECK(engine.held.size() == 1);
}

TEST_CASE("that a task had ended before is answered when that is stored") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.engine_finishes(engine);
  REQUIRE(client.outcomes.size() == 1);
  say(hub, client, "abort", ids(client, 1, 1));
  CHECK(replies_to(client).empty());
  hub.stores_everything();
  hub.turn();
  REQUIRE(replies_to(client).size() == 1);
  CHECK(unpacked(replies_to(client)[0].body.bytes) == counts(0, 0, 1, 0, 0));
}

TEST_CASE("a task whose outcome only its client has is on record before it is answered as ended") {
  HubHarness before;
  auto& first = before.client_joins();
  before.client_submits(first);
  HubHarness hub({}, restored_from(before));
  wire::Hello has;
  has.settled = 1;
  auto& client = hub.client_of_before(first, has);
  hub.passes(1s);
  say(hub, client, "abort", ids(client, 1, 1));
  CHECK(hub.router().unfinished() == 0);
  CHECK(replies_to(client).empty());
  hub.stores_everything();
  hub.turn();
  REQUIRE(replies_to(client).size() == 1);
  CHECK(unpacked(replies_to(client)[0].body.bytes) == counts(0, 0, 1, 0, 0));
  CHECK(client.outcomes.empty());
}

TEST_CASE("tasks in lanes and those that wait for others end, and their dependents fail") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  for (int i = 0; i < 3; ++i) hub.client_submits(client, {.engines = {engine.id.value}});
  const auto after = hub.client_submits(client, {.after = {client.tasks(1)}});
  const auto next = hub.client_submits(client, {.after = {client.tasks(after)}});
  CHECK(aborts(hub, client, ids(client, 2, after)) == counts(3, 0, 0, 0, 0));
  CHECK(client.outcome_of(2).ending == Ending::aborted);
  CHECK(client.outcome_of(3).ending == Ending::aborted);
  CHECK(client.outcome_of(after).ending == Ending::aborted);
  CHECK(client.error_of(next) == "ImpossibleDependency");
  CHECK(client.why(next).find("was aborted") != std::string::npos);
  CHECK(engine.held.size() == 1);
}

TEST_CASE("an engine that runs a task is told to stop it, and what it says then is the outcome") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.retries = 3});
  const auto task = engine.held[0];
  CHECK(aborts(hub, client, ids(client, 1, 1)) == counts(0, 1, 0, 0, 0));
  REQUIRE(stops_of(engine).size() == 1);
  CHECK(stops_of(engine)[0].number == task.number);
  CHECK(stops_of(engine)[0].fence == task.fence);
  CHECK_FALSE(client.has(1));
  hub.engine_finishes(engine, Ending::aborted);
  CHECK(client.outcome_of(1).ending == Ending::aborted);
  CHECK(aborts(hub, client, ids(client, 1, 1)) == counts(0, 0, 1, 0, 0));
}

TEST_CASE("an aborted task that failed meanwhile is not tried again") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.retries = 3});
  aborts(hub, client, ids(client, 1, 1));
  hub.engine_finishes(engine, Ending::error);
  CHECK(client.outcome_of(1).ending == Ending::error);
  CHECK(engine.held.empty());
}

TEST_CASE("what an engine gives back, direct or not, ends as aborted and goes to no other") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(2);
  hub.client_submits(client, {.retries = 3});
  hub.client_submits(client, {.engines = {engine.id.value}});
  REQUIRE(engine.held.size() == 2);
  CHECK(aborts(hub, client, ids(client, 1, 2)) == counts(0, 2, 0, 0, 0));
  auto& other = hub.engine_joins();
  gives_back(hub, engine, engine.held[0]);
  gives_back(hub, engine, engine.held[0]);
  CHECK(client.outcome_of(1).ending == Ending::aborted);
  CHECK(client.outcome_of(2).ending == Ending::aborted);
  CHECK(other.held.empty());
}

TEST_CASE("an aborted task that was lost with its engine ends as aborted") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.retries = 3});
  aborts(hub, client, ids(client, 1, 1));
  auto& other = hub.engine_joins();
  hub.breaks(engine);
  hub.passes(10s);
  hub.client_returns(client);
  CHECK(client.outcome_of(1).ending == Ending::aborted);
  CHECK(client.why(1).starts_with("the task was aborted, and may have run; "));
  CHECK(other.held.empty());
}

TEST_CASE("of aborted tasks whose engine died each says whether it ran, as its nanny knows") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(2);
  hub.client_submits(client, {.engines = {engine.id.value}});
  auto& other = hub.client_joins();
  hub.client_submits(other, {.engines = {engine.id.value}});
  REQUIRE(engine.held.size() == 2);
  CHECK(aborts(hub, client, R"({"all": true})") == counts(0, 2, 0, 0, 0));
  hub.nanny_speaks(engine);
  wire::Died died;
  died.signal = SIGSEGV;
  died.running = {{{client.session, 1}, engine.held[0].fence}};
  hub.say(engine.task_link, died);
  hub.turn();
  CHECK(client.why(1) == "the task was aborted while it ran; engine 0 was killed by signal " +
                             std::to_string(SIGSEGV));
  CHECK(other.outcome_of(1).ending == Ending::aborted);
  CHECK(other.why(1) == "the task was aborted before it ran");
}

TEST_CASE("an engine that was away is told when it is back") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.breaks(engine);
  CHECK(aborts(hub, client, ids(client, 1, 1)) == counts(0, 1, 0, 0, 0));
  CHECK(stops_of(engine).empty());
  hub.engine_returns(engine);
  CHECK(stops_of(engine).size() == 1);
}

TEST_CASE("what has not come yet is marked, and ends when it comes") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(8);
  CHECK(aborts(hub, client, ids(client, 2, 3)) == counts(0, 0, 0, 2, 0));
  hub.client_submits(client, {.count = 4});
  CHECK(client.outcome_of(2).ending == Ending::aborted);
  CHECK(client.outcome_of(3).ending == Ending::aborted);
  CHECK(engine.held.size() == 2);
}

TEST_CASE("tasks of sessions that nobody knows are unknown, and ranges have to make sense") {
  HubHarness hub;
  auto& client = hub.client_joins();
  CHECK(aborts(hub, client, R"({"ids": [")" + std::string(32, 'e') + R"("]})") ==
        counts(0, 0, 0, 0, 1));
  CHECK(aborts(hub, client, "{}") == counts(0, 0, 0, 0, 0));
  CHECK(ask(hub, client, "abort", R"({"ranges": [["1", "2"]]})").code == "invalid");
  CHECK(ask(hub, client, "abort", ids(client, 2, 1)).code == "invalid");
  CHECK(ask(hub, client, "abort", R"({"session": "12"})").code == "invalid");
  CHECK(ask(hub, client, "abort", R"({"session": "00000000000000ee"})").code == "invalid");
}

TEST_CASE("all of a session, or all there are") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  hub.client_submits(client, {.count = 3});
  hub.client_submits(other, {.count = 2});
  const std::string session = id_of(client, 1).substr(0, 16);
  CHECK(aborts(hub, other, R"({"session": ")" + session + R"("})") == counts(3, 0, 0, 0, 0));
  CHECK_FALSE(other.has(1));
  CHECK(aborts(hub, client, R"({"all": true})") == counts(2, 0, 0, 0, 0));
  CHECK(other.outcome_of(2).ending == Ending::aborted);
}

TEST_CASE("a large abort goes on in later turns, and the hub answers meanwhile") {
  hub::RouterOptions options;
  options.cascade_max = 10;
  HubHarness hub(options);
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 100});
  say(hub, client, "abort", ids(client, 1, 100));
  CHECK(hub.router().unfinished() == 90);
  CHECK(ask(hub, client, "status").code == "");
  CHECK(hub.router().unfinished() == 80);
  while (replies_to(client).size() < 2) {
    hub.stores_everything();
    hub.turn();
  }
  CHECK(unpacked(replies_to(client).back().body.bytes) == counts(100, 0, 0, 0, 0));
  CHECK(hub.router().unfinished() == 0);
  for (std::uint64_t i = 1; i <= 100; ++i) CHECK(client.outcome_of(i).ending == Ending::aborted);
}

TEST_CASE(
    "a large abort tells engines at once of all that they have, and gives them no more of it") {
  hub::RouterOptions options;
  options.cascade_max = 5;
  HubHarness hub(options);
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  auto& engine = hub.engine_joins(4);
  hub.client_submits(client, {.count = 100});
  REQUIRE(engine.held.size() == 4);
  hub.client_submits(other);
  say(hub, client, "abort", ids(client, 1, 100));
  CHECK(stops_of(engine).size() == 4);
  for (const wire::AssignRecord& task : std::vector(engine.held)) gives_back(hub, engine, task);
  // There is room now, and tasks that have not been come to: they are not for engines.
  hub.turn();
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.templates.at(engine.held[0].template_number).session == other.session);
  for (int i = 0; i < 100 && replies_to(client).empty(); ++i) {
    hub.stores_everything();
    hub.turn();
  }
  REQUIRE(replies_to(client).size() == 1);
  CHECK(unpacked(replies_to(client)[0].body.bytes) == counts(96, 4, 0, 0, 0));
  for (std::uint64_t i = 1; i <= 100; ++i) CHECK(client.outcome_of(i).ending == Ending::aborted);
  hub.client_submits(client);
  CHECK(engine.held.size() == 2);
}

TEST_CASE("a chain that is aborted as a whole ends as aborted, however many turns it takes") {
  hub::RouterOptions options;
  options.cascade_max = 2;
  HubHarness hub(options);
  auto& client = hub.client_joins();
  hub.client_submits(client);
  for (std::uint64_t i = 1; i < 9; ++i) hub.client_submits(client, {.after = {client.tasks(i)}});
  CHECK(aborts(hub, client, ids(client, 1, 9)) == counts(9, 0, 0, 0, 0));
  for (std::uint64_t i = 1; i <= 9; ++i) CHECK(client.outcome_of(i).ending == Ending::aborted);
}

TEST_CASE("the next hub knows of what was aborted, sent ahead or not submitted") {
  HubHarness before;
  auto& client = before.client_joins();
  auto& engine = before.engine_joins();
  before.client_submits(client);
  CHECK(aborts(before, client, ids(client, 1, 3)) == counts(0, 1, 0, 2, 0));
  HubHarness hub({}, restored_from(before));
  auto& client_again = hub.client_of_before(client);
  engine.held.clear();  // it was given back, and the hub died before it heard of it
  auto& engine_again = hub.engine_of_before(engine);
  hub.passes(1s);
  hub.stores_everything();
  CHECK(client_again.outcome_of(1).ending == Ending::aborted);
  hub.client_submits(client_again, {.count = 4});  // the first of them once more
  CHECK(client_again.outcome_of(2).ending == Ending::aborted);
  CHECK(client_again.outcome_of(3).ending == Ending::aborted);
  CHECK(engine_again.held.size() == 1);
}

TEST_CASE("the next hub tells the engine that still runs what was aborted") {
  HubHarness before;
  auto& client = before.client_joins();
  auto& engine = before.engine_joins();
  before.client_submits(client, {.retries = 2});
  aborts(before, client, ids(client, 1, 1));
  HubHarness hub({}, restored_from(before));
  auto& client_again = hub.client_of_before(client);
  auto& engine_again = hub.engine_of_before(engine);
  hub.passes(1s);
  CHECK(stops_of(engine_again).size() == 1);
  hub.engine_finishes(engine_again, Ending::aborted);
  CHECK(client_again.outcome_of(1).ending == Ending::aborted);
}
