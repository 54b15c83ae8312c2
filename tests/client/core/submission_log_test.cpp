#include "client/core/submission_log.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/core/session_harness.hpp"

namespace roundhouse::test {
namespace {

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

wire::SubmitRecord dependent(SessionHarness& client, std::uint32_t count, std::size_t ranges) {
  wire::SubmitRecord out;
  out.count = count;
  out.template_number = client.session.define(SessionHarness::definition("f"));
  const std::vector<wire::TaskRange> all(ranges, {SessionId{9}, 1, 1});
  out.depends = Slice(Buffer::take(wire::encode_ranges(all)));
  out.after_ranges = static_cast<std::uint32_t>(ranges);
  out.after_mode = {true, false, true};
  return out;
}

TEST_CASE("parts of a run depend on what the run depends on, and are charged for it each") {
  SessionHarness client;
  client.credit_tasks = 2;
  client.credit_bytes = 250;
  client.connects();
  client.session.submit(dependent(client, 3, 5));
  CHECK(client.session.log().unsent_bytes() == 120);
  client.flush();
  client.credit_tasks = 10;
  client.hub_accepts(2);
  const auto parts = client.took_submissions();
  REQUIRE(parts.size() == 2);
  for (const wire::SubmitRecord& part : parts) {
    CHECK(part.after().size() == 5);
    CHECK(part.after_mode == wire::DependencyMode{true, false, true});
  }
  client.session.submit(dependent(client, 1, 1));
  client.flush();
  CHECK(client.sequences_sent().empty());  // 240 of 250 bytes are spent
  client.credit_bytes = 264;
  client.hub_accepts(3);
  CHECK(client.sequences_sent() == "4");
}

TEST_CASE("an empty record in the place of a task that has ended depends on nothing") {
  SessionHarness client;
  client.durable = false;
  client.connects();
  client.session.submit(dependent(client, 1, 5));
  client.submits("x");
  client.flush();
  client.hub_delivers({1});
  CHECK(client.session.log().kept_bytes() == 1);
  client.forget_sent();
  client.link_is_lost();
  client.connects();
  const auto again = client.took_submissions();
  REQUIRE(again.size() == 2);
  CHECK(again[0].blank);
  CHECK(again[0].depends.size == 0);
  CHECK(client.session.log().unsent_bytes() == 0);
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

TEST_CASE("what stands for an ended task has its template and engines until it is stored") {
  SessionHarness client;
  client.connects();
  wire::SubmitRecord record;
  record.template_number = client.session.define(SessionHarness::definition("g"));
  record.engines = Slice{Buffer::copy(std::string_view("\3\0\0\0", 4))};
  record.payload = Payload::of("head");
  record.payload.frames = std::make_shared<const Frames>(Frames{Buffer::copy("frame")});
  for (int i = 0; i < 2; ++i) {
    client.session.submit(record);
    client.submits("x");
  }
  client.flush();
  client.forget_sent();
  client.hub_delivers({1, 3});
  CHECK(client.session.log().kept_records() == 2);
  // The next hub never stored them, and records what it hears of them now.
  client.link_is_lost();
  client.connects();
  const auto again = client.took_submissions();
  REQUIRE(again.size() == 4);
  for (const std::size_t i : {0U, 2U}) {
    CHECK(again[i].payload.size() == 0);
    CHECK(again[i].blank);
    CHECK(again[i].template_number == record.template_number);
    REQUIRE(again[i].direct());
    CHECK(again[i].engine_of(0) == EngineId{3});
  }
  client.hub_accepts(4, 4);
  CHECK(client.session.log().kept_records() == 0);
  CHECK(client.session.log().unsent_records() == 0);
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
  CHECK(again[1].blank);
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

}  // namespace
}  // namespace roundhouse::test
