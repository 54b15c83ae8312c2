#include "tests/client/core/session_harness.hpp"

#include <algorithm>

#include "shared/pack.hpp"

namespace roundhouse::test {
namespace {

TEST_CASE("a session asks for a link at once and says hello on both planes") {
  SessionHarness client;
  client.tick();
  REQUIRE(client.connect_asked);
  client.link_comes_up();
  const auto on_task = client.took<wire::Hello>(wire::Plane::task);
  const auto on_control = client.took<wire::Hello>(wire::Plane::control);
  REQUIRE(on_task.size() == 1);
  REQUIRE(on_control.size() == 1);
  CHECK(on_task[0] == on_control[0]);
  CHECK(on_task[0].connection != 0);
  CHECK(on_task[0].session == SessionId{0xabc});
  CHECK(on_task[0].settled == 0);
  CHECK_FALSE(client.session.usable());
}

TEST_CASE("nothing is submitted before the welcome, and everything behind it") {
  SessionHarness client;
  client.submits("a");
  client.submits("b");
  client.flush();
  client.tick();
  client.link_comes_up();
  client.flush();
  CHECK(client.took_submissions().empty());
  client.hub_welcomes(client.welcome());
  CHECK(client.session.usable());
  CHECK(client.sequences_sent() == "1 2");
  CHECK(client.batches == 1);
}

TEST_CASE("a template is said once per connection, before its first record") {
  SessionHarness client;
  client.connects();
  client.submits("a");
  client.submits("b");
  client.flush();
  REQUIRE(client.sent.size() >= 2);
  const auto defines = client.took<wire::Define>(wire::Plane::task);
  REQUIRE(defines.size() == 1);
  CHECK(defines[0].number == 1);
  CHECK(defines[0].function == "f");
  CHECK(defines[0].session == SessionId{0xabc});
  client.submits("c");
  client.flush();
  CHECK(client.took<wire::Define>(wire::Plane::task).empty());
  client.forget_sent();
  client.link_is_lost();
  client.connects();
  CHECK(client.took<wire::Define>(wire::Plane::task).size() == 1);
}

TEST_CASE("equal templates have one number, others another") {
  SessionHarness client;
  const auto f = SessionHarness::definition("f");
  auto labelled = f;
  labelled.label = "x";
  CHECK(client.session.define(f) == client.session.define(f));
  CHECK(client.session.define(f) != client.session.define(labelled));
}

TEST_CASE("as many submissions as are ready travel in one message, up to its limits") {
  SessionHarness client;
  client.connects();
  for (int i = 0; i < 600; ++i) client.submits("x");
  client.flush();
  CHECK(client.took_submissions().size() == 600);
  CHECK(client.batches == 2);
  for (int i = 0; i < 20; ++i) client.submits(std::string(16'000, 'x'));
  client.flush();
  CHECK(client.took_submissions().size() == 20);
  CHECK(client.batches == 3);
}

TEST_CASE("credit by count holds submissions back until more is given") {
  SessionHarness client;
  client.credit_tasks = 2;
  client.connects();
  for (int i = 0; i < 5; ++i) client.submits("x");
  client.flush();
  CHECK(client.sequences_sent() == "1 2");
  CHECK(client.session.log().unsent_tasks() == 3);
  client.credit_tasks = 4;
  client.hub_accepts(2);
  CHECK(client.sequences_sent() == "3 4");
  client.credit_tasks = 100;
  client.hub_accepts(4);
  CHECK(client.sequences_sent() == "5");
}

TEST_CASE("credit by bytes holds submissions back until more is given") {
  SessionHarness client;
  client.credit_bytes = 250;
  client.connects();
  for (int i = 0; i < 4; ++i) client.submits(std::string(100, 'x'));
  client.flush();
  CHECK(client.sequences_sent() == "1 2");
  client.credit_bytes = 400;
  client.hub_accepts(2);
  CHECK(client.sequences_sent() == "3 4");
}

TEST_CASE("a record larger than all credit goes alone, when all before it is accepted") {
  SessionHarness client;
  client.credit_bytes = 1000;
  client.connects();
  client.submits("small");
  client.submits_with_frame(5000);
  client.flush();
  CHECK(client.sequences_sent() == "1");
  client.hub_accepts(1);
  CHECK(client.sequences_sent() == "2");
}

TEST_CASE("a run is cut where credit ends, and its parts are tasks with their own payload") {
  SessionHarness client;
  client.credit_tasks = 2;
  client.connects();
  wire::SubmitRecord run;
  run.count = 3;
  run.template_number = client.session.define(SessionHarness::definition("f"));
  run.payload.block = Buffer::copy("headAABBBC");
  run.payload.head_size = 4;
  run.payload.tail_at = 4;
  run.payload.tail_size = 6;
  run.ends = Slice(Buffer::copy(std::string("\2\0\0\0\5\0\0\0\6\0\0\0", 12)));
  run.engines = Slice(Buffer::copy(std::string("\7\0\0\0\x8\0\0\0\x9\0\0\0", 12)));
  client.session.submit(run);
  client.flush();
  auto first = client.took_submissions();
  REQUIRE(first.size() == 1);
  CHECK(first[0].count == 2);
  CHECK(first[0].payload_of(1).body() == "headBBB");
  CHECK(first[0].engine_of(1) == EngineId{8});
  client.credit_tasks = 10;
  client.hub_accepts(2);
  auto second = client.took_submissions();
  REQUIRE(second.size() == 1);
  CHECK(second[0].sequence == 3);
  CHECK(second[0].count == 1);
  CHECK(second[0].payload_of(0).body() == "headC");
  CHECK(second[0].engine_of(0) == EngineId{9});
}

TEST_CASE("after a new connection the session goes on from what the hub accepted") {
  SessionHarness client;
  client.connects();
  for (int i = 0; i < 4; ++i) client.submits("x");
  client.flush();
  client.hub_accepts(2, 0);
  client.forget_sent();
  client.link_is_lost();
  CHECK(client.closed);
  client.submits("y");
  client.connects(2);
  CHECK(client.sequences_sent() == "3 4 5");
}

TEST_CASE("bytes are kept until they are stored, and sent again to a hub that lost them") {
  SessionHarness client;
  client.connects();
  for (int i = 0; i < 4; ++i) client.submits("x");
  client.flush();
  client.hub_accepts(4, 2);
  CHECK(client.session.log().kept_records() == 2);
  client.hub_delivers({1, 2, 3, 4});
  CHECK(client.session.log().kept_records() == 2);
  client.forget_sent();
  client.link_is_lost();
  client.connects(2, 2);
  const auto again = client.took_submissions();
  REQUIRE(again.size() == 2);
  CHECK(again[0].payload.body() == "x");
  client.hub_accepts(4, 4);
  CHECK(client.session.log().kept_records() == 0);
  CHECK(client.session.log().kept_bytes() == 0);
}

TEST_CASE("payloads with bulk frames are kept until the outcome, though they are stored") {
  SessionHarness client;
  client.connects();
  client.submits_with_frame(100'000);
  client.submits("small");
  client.flush();
  client.hub_accepts(2, 2);
  CHECK(client.session.log().kept_records() == 1);
  CHECK(client.session.log().kept_bytes() >= 100'000);
  client.hub_delivers({1});
  CHECK(client.session.log().kept_records() == 0);
}

TEST_CASE("a hub that stores nothing has everything kept until the outcome") {
  SessionHarness client;
  client.durable = false;
  client.connects();
  for (int i = 0; i < 3; ++i) client.submits("x");
  client.flush();
  client.hub_accepts(3, 3);
  CHECK(client.session.log().kept_records() == 3);
  client.hub_delivers({2});
  CHECK(client.session.log().kept_records() == 2);
  // The next hub knows nothing; what has ended is an empty record, so that sequences stay dense.
  client.forget_sent();
  client.link_is_lost();
  client.epoch = 8;
  client.passes(seconds{1});
  client.link_comes_up();
  const auto hello = client.took<wire::Hello>(wire::Plane::task);
  REQUIRE(hello.size() == 1);
  CHECK(hello[0].settled == 0);
  CHECK(hello[0].ended == std::vector<wire::Range>{{2, 2}});
  CHECK(hello[0].submitted == 3);
  client.hub_welcomes(client.welcome(0, 0));
  const auto again = client.took_submissions();
  REQUIRE(again.size() == 3);
  CHECK(again[0].payload.body() == "x");
  CHECK(again[1].payload.size() == 0);
  CHECK(again[2].payload.body() == "x");
}

TEST_CASE("many ended tasks are one empty run for a hub that forgot them") {
  SessionHarness client;
  client.durable = false;
  client.connects();
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 1; i <= 5000; ++i) {
    client.submits("x");
    all.push_back(i);
  }
  client.flush();
  client.hub_accepts(5000);
  for (std::size_t i = 0; i < 5000; i += 500)
    client.hub_delivers({all.begin() + static_cast<std::ptrdiff_t>(i),
                         all.begin() + static_cast<std::ptrdiff_t>(i + 500)});
  CHECK(client.session.log().kept_records() == 0);
  client.forget_sent();
  client.link_is_lost();
  client.submits("new");
  client.connects(0);
  CHECK(client.sequences_sent() == "1+5000 5001");
}

TEST_CASE("outcomes come once, whatever the hub sends again") {
  SessionHarness client;
  client.connects();
  for (int i = 0; i < 3; ++i) client.submits("x");
  client.flush();
  client.hub_delivers({1, 3});
  CHECK(client.outcomes_known() == "1 3");
  client.link_is_lost();
  client.connects(3, 3);
  client.hub_delivers({1, 2, 3});
  CHECK(client.outcomes_known() == "2");
  CHECK(client.session.counters().duplicates == 2);
  CHECK(client.session.outstanding() == 0);
  CHECK(client.session.outcomes().settled() == 3);
  CHECK(client.session.outcomes().gap_count() == 0);
}

TEST_CASE("outcomes are confirmed together, a few milliseconds later, and not per call") {
  SessionHarness client;
  client.connects();
  client.forget_sent();
  for (std::uint64_t call = 1; call <= 10; ++call) {
    client.submits("x");
    client.flush();
    client.hub_delivers({call});
    client.now += std::chrono::microseconds{100};
    client.flush();
  }
  CHECK(client.took<wire::Received>(wire::Plane::task).empty());
  REQUIRE(client.session.flush_deadline());
  client.now = *client.session.flush_deadline();
  client.flush();
  const auto received = client.took<wire::Received>(wire::Plane::task);
  REQUIRE(received.size() == 1);
  CHECK(received[0].through == 10);
  CHECK_FALSE(client.session.flush_deadline());
}

TEST_CASE("many unconfirmed outcomes are confirmed without delay") {
  SessionHarness client;
  client.connects();
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 1; i <= 512; ++i) {
    client.submits("x");
    all.push_back(i);
  }
  client.flush();
  client.hub_delivers(all);
  client.flush();
  CHECK(client.took<wire::Received>(wire::Plane::task).size() == 1);
}

TEST_CASE("reconnecting never ends, and backs off from 20 to 500 milliseconds") {
  SessionHarness client;
  std::vector<Duration> waits;
  client.tick();
  for (int i = 0; i < 8; ++i) {
    REQUIRE(client.connect_asked);
    client.connect_asked = false;
    client.link_is_lost("connection refused");
    REQUIRE(client.session.next_deadline());
    waits.push_back(*client.session.next_deadline() - client.now);
    client.passes(waits.back());
  }
  CHECK(waits.front() == milliseconds{20});
  CHECK(waits[1] == milliseconds{40});
  CHECK(waits.back() == milliseconds{500});
  client.connects();
  client.link_is_lost();
  CHECK(*client.session.next_deadline() - client.now == milliseconds{20});
}

TEST_CASE("a hub that answers no hello is given up after a while") {
  SessionHarness client;
  client.tick();
  client.link_comes_up();
  client.passes(seconds{4});
  CHECK_FALSE(client.closed);
  client.passes(seconds{1});
  CHECK(client.closed);
}

TEST_CASE("a silent hub is left, one that answers beats is not") {
  SessionHarness client;
  client.connects();
  for (int i = 0; i < 10; ++i) {
    client.passes(milliseconds{400});
    for (const wire::Beat& beat : client.took<wire::Beat>(wire::Plane::control))
      client.hub_says(wire::Plane::control, beat);
  }
  CHECK_FALSE(client.closed);
  for (int i = 0; i < 10; ++i) client.passes(milliseconds{400});
  CHECK(client.closed);
  CHECK(client.session.counters().silences == 1);
}

TEST_CASE("a client that was stopped for a while does not blame the hub") {
  SessionHarness client;
  client.connects();
  client.passes(seconds{60});
  CHECK_FALSE(client.closed);
  CHECK(client.session.usable());
}

TEST_CASE("a fatal refusal ends the session with the hub's reason") {
  SessionHarness client;
  client.tick();
  client.link_comes_up();
  client.hub_says(wire::Plane::task, wire::Refused{"bad_secret", "another secret", true});
  REQUIRE(client.failed);
  CHECK(client.failed->code == Errc::bad_secret);
  CHECK(client.closed);
  CHECK_FALSE(client.session.next_deadline());
  client.passes(seconds{10});
  CHECK_FALSE(client.connect_asked);
}

TEST_CASE("a refused message is sent again on a new connection, but not for ever") {
  SessionHarness client;
  for (int i = 0; i < 8 && !client.failed; ++i) {
    client.connects();
    client.hub_says(wire::Plane::task, wire::Refused{"malformed", "record 3", false});
  }
  REQUIRE(client.failed);
  CHECK(client.failed->code == Errc::malformed);
}

TEST_CASE("a hub that lost its memory of a task that cannot be sent again ends it with an error") {
  SessionHarness client;
  client.connects();
  for (int i = 0; i < 3; ++i) client.submits("x");
  client.flush();
  client.hub_accepts(3, 3);
  client.hub_delivers({2});
  CHECK(client.outcomes_known() == "2");
  client.link_is_lost();
  client.closed = false;
  client.connects(0, 0);
  CHECK(client.outcomes_known() == "1 3");
  CHECK(client.session.outstanding() == 0);
  CHECK(client.session.counters().lost_submissions == 2);
  // The hub has to hear that they ended before it sees their numbers again.
  CHECK(client.closed);
  client.forget_sent();
  client.passes(seconds{1});
  client.link_comes_up();
  const auto hello = client.took<wire::Hello>(wire::Plane::task);
  REQUIRE(hello.size() == 1);
  CHECK(hello[0].settled == 3);
}

TEST_CASE("nonsense from the hub begins a new connection") {
  SessionHarness client;
  client.connects();
  client.hub_sends(wire::Plane::task, {Buffer::copy("garbage"), {}});
  CHECK(client.closed);
  CHECK(client.session.counters().malformed == 1);
}

TEST_CASE("skipped outcomes begin a new connection") {
  SessionHarness client;
  client.connects();
  client.submits("x");
  client.flush();
  client.next_outcome = 5;
  client.hub_delivers({1});
  CHECK(client.closed);
  CHECK(client.outcomes_known().empty());
}

TEST_CASE("the hello after a restart names the outcomes that the client has, and the epoch") {
  SessionHarness client;
  client.connects();
  for (int i = 0; i < 6; ++i) client.submits("x");
  client.flush();
  client.hub_delivers({1, 2, 4, 6});
  client.forget_sent();
  client.link_is_lost();
  client.passes(seconds{1});
  client.link_comes_up();
  const auto hello = client.took<wire::Hello>(wire::Plane::control);
  REQUIRE(hello.size() == 1);
  CHECK(hello[0].epoch == SessionHarness::kEpoch);
  CHECK(hello[0].settled == 2);
  CHECK(hello[0].ended == std::vector<wire::Range>{{4, 4}, {6, 6}});
  CHECK(hello[0].submitted == 6);
}

TEST_CASE("a request waits for the connection and is asked again on the next one") {
  SessionHarness client;
  const std::uint64_t id =
      client.session.request("status", {}, client::Repeat::yes, client.out);
  client.connects();
  auto asked = client.took<wire::Request>(wire::Plane::control);
  REQUIRE(asked.size() == 2);  // and the session's own, for the engines
  CHECK(asked[0].id == id);
  client.link_is_lost();
  client.connects();
  asked = client.took<wire::Request>(wire::Plane::control);
  CHECK(asked.front().id == id);
  client.hub_says(wire::Plane::control, wire::Reply{id, "", "", {}});
  REQUIRE(client.replies.size() == 1);
  CHECK(client.replies[0].id == id);
  client.hub_says(wire::Plane::control, wire::Reply{id, "", "", {}});
  CHECK(client.replies.size() == 1);
}

TEST_CASE("an order that must not be given twice fails when the connection is lost") {
  SessionHarness client;
  client.connects();
  const std::uint64_t id =
      client.session.request("shutdown", {}, client::Repeat::no, client.out);
  client.tick();
  client.link_is_lost();
  REQUIRE(client.replies.size() == 1);
  CHECK(client.replies[0].id == id);
  CHECK(client.replies[0].code == "not_connected");
  client.forget_sent();
  client.connects();
  CHECK(client.took<wire::Request>(wire::Plane::control).size() == 1);  // for the engines
}

wire::Raw engines_answer(std::uint64_t number, const std::vector<std::uint32_t>& ids) {
  wire::Raw body;
  wire::Packer p(body.bytes);
  p.map(2);
  p.str("number"), p.u64(number);
  p.str("engines"), p.array(ids.size());
  for (const std::uint32_t id : ids) p.map(2), p.str("id"), p.u64(id), p.str("slots"), p.u64(1);
  return body;
}

TEST_CASE("engines are asked for, then followed by hints; a gap asks again") {
  SessionHarness client;
  client.connects();
  const auto answer = [&](std::uint64_t number, const std::vector<std::uint32_t>& ids) {
    const auto asked = client.took<wire::Request>(wire::Plane::control);
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].verb == "engines");
    client.hub_says(wire::Plane::control,
                    wire::Reply{asked[0].id, "", "", engines_answer(number, ids)});
  };
  const auto hint = [&](std::uint64_t number, std::string event, std::uint32_t engine) {
    wire::Hint out;
    out.epoch = SessionHarness::kEpoch, out.number = number, out.event = std::move(event);
    out.engine = EngineId{engine};
    client.hub_says(wire::Plane::notify, out);
  };
  answer(3, {0, 1});
  CHECK(client.session.engines().engines().size() == 2);
  CHECK(client.engines_changed);
  hint(3, "engine_joined", 1);  // the list knows of it
  hint(4, "engine_joined", 2);
  CHECK(client.session.engines().engines().size() == 3);
  hint(5, "engine_left", 0);
  CHECK(client.session.engines().engines().size() == 2);
  CHECK(client.took<wire::Request>(wire::Plane::control).empty());
  hint(9, "engine_joined", 7);
  answer(9, {1, 2, 7});
  CHECK(client.session.engines().engines().size() == 3);
}

TEST_CASE("memory returns to its base when everything has ended") {
  SessionHarness client;
  client.connects();
  std::uint64_t next = 1;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::uint64_t> all;
    for (int i = 0; i < 500; ++i) {
      client.submits("x");
      all.push_back(next++);
    }
    client.flush();
    std::reverse(all.begin(), all.end());
    client.hub_delivers(all);
    client.hub_accepts(next - 1, next - 1);
    client.forget_sent();
    client.outcomes.clear();
  }
  CHECK(client.session.log().kept_records() == 0);
  CHECK(client.session.log().kept_bytes() == 0);
  CHECK(client.session.log().unsent_bytes() == 0);
  CHECK(client.session.outcomes().gap_count() == 0);
  CHECK(client.session.outcomes().settled() == 10'000);
}

TEST_CASE("leaving says goodbye and ends the session") {
  SessionHarness client;
  client.connects();
  client.session.leave("done", client.out);
  client.tick();
  CHECK(client.took<wire::Goodbye>(wire::Plane::control).size() == 1);
  CHECK(client.closed);
  CHECK(client.failed->code == Errc::closed);
}

}  // namespace
}  // namespace roundhouse::test
