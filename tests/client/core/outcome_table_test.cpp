#include "client/core/outcome_table.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/core/session_harness.hpp"

namespace roundhouse::test {
namespace {

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

TEST_CASE("live output is confirmed when it was much, or with outcomes, and not per part") {
  SessionHarness client;
  client.connects();
  client.submits("x");
  client.flush();
  client.forget_sent();
  wire::Output part;
  part.session = client.session.id(), part.sequence = 1, part.attempt = 1;
  part.text.assign(wire::kOutputBytesMax - wire::kOutputCost, 'x');
  constexpr std::uint64_t kEnough = client::OutcomeTable::kConfirmOutputMax / wire::kOutputBytesMax;
  static_assert(kEnough == 16);
  for (std::uint64_t i = 1; i < kEnough; ++i) client.hub_says(wire::Plane::task, part);
  CHECK_FALSE(client.session.flush_deadline());
  client.hub_says(wire::Plane::task, part);
  REQUIRE(client.session.flush_deadline());
  client.now = *client.session.flush_deadline();
  client.flush();
  client.hub_says(wire::Plane::task, part);
  client.hub_delivers({1});
  client.now += client::OutcomeTable::kConfirmDelay;
  client.flush();
  client.flush();
  const auto received = client.took<wire::Received>(wire::Plane::task);
  REQUIRE(received.size() == 2);
  CHECK(received[0] == wire::Received{0, kEnough * wire::kOutputBytesMax});
  CHECK(received[1] == wire::Received{1, (kEnough + 1) * wire::kOutputBytesMax});
  // Counted anew on each connection.
  client.link_is_lost();
  client.connects(1, 1);
  client.forget_sent();
  for (std::uint64_t i = 0; i < kEnough; ++i) client.hub_says(wire::Plane::task, part);
  client.now += client::OutcomeTable::kConfirmDelay;
  client.flush();
  const auto anew = client.took<wire::Received>(wire::Plane::task);
  REQUIRE(anew.size() == 1);
  CHECK(anew[0] == wire::Received{0, kEnough * wire::kOutputBytesMax});
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

TEST_CASE("what has ended is a number and the gaps above it") {
  client::OutcomeTable table;
  CHECK(table.add(2, true));
  CHECK(table.add(4, true));
  CHECK_FALSE(table.add(4, true));
  CHECK(table.add(3, true));  // joins both
  CHECK(table.gap_count() == 1);
  CHECK(table.settled() == 0);
  CHECK(table.contains(3));
  CHECK_FALSE(table.contains(1));
  CHECK(table.add(1, true));
  CHECK(table.settled() == 4);
  CHECK(table.gap_count() == 0);
  CHECK_FALSE(table.add(2, true));
  CHECK(table.add(7, true));
  CHECK(table.add(6, true));  // before a run
  CHECK(table.ended(10) == std::vector<wire::Range>{{6, 7}});
  CHECK(table.ended(0).empty());
  CHECK(table.count() == 6);
  CHECK(table.failed(10).empty());
  table.check_invariants();
}

TEST_CASE("what failed is known, and of what cannot be told a failure is assumed") {
  client::OutcomeTable table;
  for (std::uint64_t at = 1; at <= 10; ++at) CHECK(table.add(at, at % 3 != 0 && at != 4));
  CHECK_FALSE(table.add(5, false));  // it was known
  CHECK(table.failed(10) == std::vector<wire::Range>{{3, 4}, {6, 6}, {9, 9}});
  CHECK(table.failed(2) == std::vector<wire::Range>{{3, 4}, {6, 10}});
}

}  // namespace
}  // namespace roundhouse::test
