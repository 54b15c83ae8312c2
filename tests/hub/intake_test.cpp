#include <doctest/doctest.h>

#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

TEST_CASE("a submission sent again is a duplicate and is dropped") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub.client_submits(client);
  --client.next_sequence;
  hub.client_submits(client);
  CHECK(hub.router().unfinished() == 1);
  CHECK(hub.router().counters().duplicates == 1);
}

TEST_CASE("a gap in the sequence is refused and nothing of it is accepted") {
  HubHarness hub;
  auto& client = hub.client_joins();
  client.next_sequence = 5;
  hub.client_submits(client);
  CHECK(hub.router().unfinished() == 0);
  CHECK(client.inbox.all<wire::Refused>().size() == 1);
  client.next_sequence = 1;
  hub.client_returns(client);
  CHECK(client.inbox.all<wire::Welcome>().back().accepted == 0);
  hub.client_submits(client);
  CHECK(hub.router().unfinished() == 1);
}

TEST_CASE("a run stands for consecutive tasks that share their head") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(8);
  wire::Define define;
  define.number = 1, define.function = "f";
  hub.say(client.task_link, define);
  wire::SubmitRecord record;
  record.sequence = 1, record.count = 3, record.template_number = 1;
  record.payload.block = Buffer::take("HEADaabccc");
  record.payload.head_size = 4, record.payload.tail_at = 4, record.payload.tail_size = 6;
  record.ends = Slice{Buffer::take(std::string("\2\0\0\0\3\0\0\0\6\0\0\0", 12))};
  wire::BatchWriter<wire::SubmitRecord> writer;
  writer.add(record);
  hub.send(client.task_link, writer.take(0));
  REQUIRE(engine.held.size() == 3);
  CHECK(engine.held[0].payload.body() == "HEADaa");
  CHECK(engine.held[1].payload.body() == "HEADb");
  CHECK(engine.held[2].payload.body() == "HEADccc");
}

TEST_CASE("a task of a template that was never defined is refused") {
  HubHarness hub;
  auto& client = hub.client_joins();
  wire::SubmitRecord record;
  record.sequence = 1, record.template_number = 9;
  record.payload = Payload::of("x");
  wire::BatchWriter<wire::SubmitRecord> writer;
  writer.add(record);
  hub.send(client.task_link, writer.take(0));
  CHECK(hub.router().unfinished() == 0);
  CHECK(client.inbox.all<wire::Refused>().size() == 1);
}

TEST_CASE("credit shrinks with what is unfinished and comes back with what has ended") {
  hub::RouterOptions options;
  options.session_tasks_max = 10;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  CHECK(client.inbox.all<wire::Welcome>().front().credit_tasks == 10);
  hub.client_submits(client, {.count = 10});
  hub.passes(20ms);
  CHECK(client.inbox.all<wire::Accepted>().back().credit_tasks == 10);
  auto& engine = hub.engine_joins();
  hub.engine_finishes(engine);
  hub.passes(20ms);
  CHECK(client.inbox.all<wire::Accepted>().back().credit_tasks == 11);
}

TEST_CASE("what is sent again takes no credit") {
  hub::RouterOptions options;
  options.session_tasks_max = 3;
  HubHarness hub{options};
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 2});
  client.next_sequence = 1;
  hub.client_submits(client, {.count = 3});  // two of them for the second time
  CHECK(client.inbox.all<wire::Refused>().empty());
  CHECK(hub.router().unfinished() == 3);
}

TEST_CASE("while the store fails submissions are refused, and accepted again afterwards") {
  HubHarness hub;
  auto& client = hub.client_joins();
  hub::Outbox out;
  hub.router().on_store_failed("disk full", hub.now(), out);
  hub.client_submits(client);
  const auto refused = client.inbox.all<wire::Refused>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].code == "store_failed");
  CHECK(refused[0].text.find("disk full") != std::string::npos);
  CHECK(hub.router().unfinished() == 0);
  hub.router().on_store_recovered(hub.now(), out);
  client.next_sequence = 1;
  hub.client_returns(client);
  hub.client_submits(client);
  CHECK(hub.router().unfinished() == 1);
}

TEST_CASE("a new hub has the unfinished tasks and the undelivered outcomes of the one before") {
  HubHarness before;
  auto& client = before.client_joins();
  auto& engine = before.engine_joins();
  before.client_submits(client, {.count = 5});
  before.engine_finishes(engine, Ending::ok, 1s);

  HubHarness after{{}, restored_from(before)};
  CHECK(after.router().epoch() == 2);
  CHECK(after.router().unfinished() == 4);
  CHECK(after.router().undelivered() == 1);
  auto& returned = after.client_joins();
  returned.session = client.session, returned.secret = client.secret;
  after.client_returns(returned);
  CHECK(returned.inbox.all<wire::Welcome>().back().accepted == 5);
  CHECK(returned.outcomes.size() == 1);
}

TEST_CASE("a new hub waits for the engines it knew and adopts what they hold") {
  HubHarness before;
  auto& client = before.client_joins();
  auto& engine = before.engine_joins();
  before.client_submits(client, {.count = 2});
  REQUIRE(engine.held.size() == 1);

  HubHarness after{{}, restored_from(before)};
  auto& stranger = after.engine_joins();
  CHECK(stranger.held.empty());  // in the grace nothing is assigned
  auto& same = after.engine_joins(1);
  same.uuid = engine.uuid, same.templates = engine.templates, same.held = engine.held;
  same.next_number = 2;
  after.engine_returns(same);
  const auto adopted = same.held.front();
  after.passes(600ms);
  REQUIRE_FALSE(stranger.held.empty());
  CHECK(stranger.held.front().sequence == 2);
  CHECK(stranger.held.front().fence.epoch == 2);
  after.engine_finishes(same, adopted, Ending::ok, 1ms);
  CHECK(after.router().unfinished() == 1);
}

TEST_CASE("an engine that has come is waited for until it has said what it holds") {
  HubHarness before;
  auto& client = before.client_joins();
  auto& engine = before.engine_joins();
  before.client_submits(client);
  HubHarness after{{}, restored_from(before)};
  (void)after.client_of_before(client);
  auto& other = after.engine_joins();
  auto& same = after.engine_of_before(engine, false);
  after.passes(2s);
  CHECK(other.held.empty());
  after.holding_is_said(same);
  after.passes(2s);
  CHECK(other.held.empty());
  CHECK(after.router().unfinished() == 1);
  after.engine_finishes(same);
  CHECK(after.router().unfinished() == 0);
}

TEST_CASE("so is one whose nanny has come, or that has said hello by half, but not for ever") {
  for (const std::string who : {"nanny", "half", "mute"}) {
    CAPTURE(who);
    HubHarness before;
    auto& client = before.client_joins();
    auto& engine = before.engine_joins();
    before.client_submits(client);
    HubHarness after{{}, restored_from(before)};
    auto& again = after.client_of_before(client);
    auto& other = after.engine_joins();
    const auto everybody_lives = [&](Duration time) {
      for (Duration passed{0}; passed < time; passed += 500ms) {
        after.say(again.control_link, wire::Beat{});
        after.say(other.control_link, wire::Beat{});
        after.passes(500ms);
      }
    };
    if (who == "nanny") {
      after.nanny_speaks(engine);
    } else if (who == "half") {
      wire::Hello hello = after.hello_of(engine, wire::Role::engine);
      hello.connection = 99;
      after.say(after.new_link(hub::Side::engine, wire::Plane::task), hello);
    } else {
      (void)after.engine_of_before(engine, false);
    }
    everybody_lives(2s);
    CHECK(other.held.empty());
    everybody_lives(2s);
    CHECK(other.held.size() == 1);
  }
}

TEST_CASE("tasks whose outcome the client has are not run again by a new hub") {
  HubHarness before;
  auto& client = before.client_joins();
  before.client_submits(client, {.count = 2});
  HubHarness after{{}, restored_from(before)};
  auto& returned = after.client_joins();
  returned.session = client.session, returned.secret = client.secret;
  wire::Hello has;
  has.settled = 1;
  after.client_returns(returned, has);
  auto& engine = after.engine_joins(4);
  after.passes(600ms);
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.held[0].sequence == 2);
  CHECK(returned.outcomes.empty());
}

TEST_CASE("a new hub waits for the clients of unfinished tasks, too: they know what has ended") {
  HubHarness before;
  auto& client = before.client_joins();
  before.client_submits(client);
  HubHarness after{{}, restored_from(before)};
  auto& engine = after.engine_joins();
  CHECK(engine.held.empty());
  auto& returned = after.client_joins();
  returned.session = client.session, returned.secret = client.secret;
  after.client_returns(returned);
  CHECK(engine.held.size() == 1);  // nobody is missing any more: before the grace is over
}

TEST_CASE("in the grace no task ends that its client may have the outcome of") {
  HubHarness before;
  auto& first = before.client_joins();
  auto& old = before.engine_joins();
  before.client_submits(first, {.count = 2, .engines = {old.id.value}});

  HubHarness hub{{}, restored_from(before)};
  auto& engine = hub.engine_of_before(old, false);
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  hub.say(engine.task_link, wire::Died{});  // with it, all of the lane
  CHECK(hub.router().unfinished() == 2);
  wire::Hello has;
  has.settled = 1;
  hub.client_of_before(first, has);
  hub.turn();
  CHECK(hub.router().unfinished() == 0);
  std::map<std::uint64_t, std::string> errors;
  for (const auto& fact : hub.facts)
    if (const auto* ended = std::get_if<hub::Ended>(&fact))
      errors[ended->sequence] = wire::decode_error(ended->payload.body()).name;
  CHECK(errors[1] == "OutcomeNotRecorded");
  CHECK(errors[2] == "EngineError");
}

TEST_CASE("tasks to an engine that comes within the grace stay in the order of submission") {
  hub::RouterOptions options;
  options.durability = hub::Durability::none;
  HubHarness hub{options, nothing_restored()};
  auto& client = hub.client_joins();
  hub.client_submits(client, {.count = 2, .engines = {0}});  // nobody knows it yet
  auto& engine = hub.engine_joins();
  hub.client_submits(client, {.engines = {0}});
  hub.passes(600ms);
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    REQUIRE(engine.held.size() == 1);
    CHECK(engine.held[0].sequence == sequence);
    hub.engine_finishes(engine, Ending::ok, 1s);
  }
}

TEST_CASE("a task whose arguments are lost ends, and those behind it in its lane go on") {
  hub::RouterOptions options;
  options.orphan = 1s;
  HubHarness before{options};
  auto& first = before.client_joins();
  auto& old = before.engine_joins();
  before.client_submits(first, {.engines = {old.id.value}, .framed = true});
  before.client_submits(first, {.engines = {old.id.value}});
  hub::Restored restored = restored_from(before);
  for (auto& pending : restored.pending) pending.batch.frames.clear();
  old.held.clear();  // they never arrived

  HubHarness hub{options, std::move(restored)};
  auto& engine = hub.engine_of_before(old);
  hub.passes(900ms);
  CHECK(engine.held.empty());  // its client could send them again
  hub.passes(500ms);
  REQUIRE(engine.held.size() == 1);
  CHECK(engine.held[0].sequence == 2);
}

TEST_CASE("what stands for an ended task is never run, not even by a hub that its client misses") {
  HubHarness before;
  before.client_submits(before.client_joins(), {.count = 2, .blank = true});
  HubHarness hub{{}, restored_from(before)};
  auto& engine = hub.engine_joins(4);
  hub.passes(600ms);
  CHECK(engine.held.empty());
  CHECK(hub.router().unfinished() == 0);
  const auto& ended = std::get<hub::Ended>(hub.facts[hub.facts.size() - 2]);
  CHECK(wire::decode_error(ended.payload.body()).name == "OutcomeNotRecorded");
}
