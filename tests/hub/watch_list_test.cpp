#include "hub/core/watch_list.hpp"

#include <doctest/doctest.h>

#include "tests/support/packed_json.hpp"

namespace roundhouse::hub {
namespace {

using test::Json;

constexpr LinkId kAda{Side::client, wire::Plane::control, 1};
constexpr LinkId kBob{Side::client, wire::Plane::control, 2};

TaskId task(std::uint64_t sequence) {
  return {SessionId{1}, sequence};
}

struct Told {
  LinkId link;
  wire::Reply reply;
  Json body;
};

std::vector<Told> replies(WatchList& watches) {
  std::vector<Send> sends;
  watches.take_replies(sends);
  std::vector<Told> out;
  for (const Send& send : sends) {
    const auto reply = wire::decode_as<wire::Reply>(send.message).value();
    out.push_back({send.link, reply, test::unpacked(reply.body.bytes)});
  }
  return out;
}

}  // namespace

TEST_CASE("everybody who watches a task is told, each under the request's number") {
  WatchList watches;
  watches.add(kAda, 1, {task(1)}, {});
  watches.add(kBob, 9, {task(1), task(2)}, {});
  CHECK(replies(watches).empty());
  watches.on_ended(task(1));
  const auto told = replies(watches);
  REQUIRE(told.size() == 2);
  CHECK(told[0].link == kAda);
  CHECK(told[0].reply.id == 1);
  CHECK_FALSE(told[0].reply.more);
  CHECK(told[1].reply.id == 9);
  CHECK(told[1].reply.more);
  CHECK(watches.size() == 1);
}

TEST_CASE("what ends in one turn is told in one reply, unless it is too much for one") {
  WatchList watches;
  std::vector<TaskId> tasks;
  for (std::uint64_t i = 1; i <= 15'000; ++i) tasks.push_back(task(i));
  watches.add(kAda, 1, tasks, {});
  for (const TaskId one : tasks) watches.on_ended(one);
  const auto told = replies(watches);
  REQUIRE(told.size() == 2);
  CHECK(told[0].body["ended"].size() + told[1].body["ended"].size() == 15'000);
  CHECK(told[0].reply.more);
  CHECK_FALSE(told[1].reply.more);
  CHECK(watches.empty());
}

TEST_CASE("a watch without tasks that are waited for is over at once") {
  WatchList watches;
  watches.add(kAda, 1, {}, {task(4)});
  const auto told = replies(watches);
  REQUIRE(told.size() == 1);
  CHECK_FALSE(told[0].reply.more);
  CHECK(told[0].body["ended"].size() == 1);
  CHECK(watches.empty());
}

TEST_CASE("a request of the same number takes the place of the one before") {
  WatchList watches;
  watches.add(kAda, 1, {task(1)}, {});
  watches.add(kAda, 1, {task(2)}, {});
  watches.on_ended(task(1));
  CHECK(replies(watches).empty());
  watches.on_ended(task(2));
  CHECK(replies(watches).size() == 1);
}

TEST_CASE("a link that is gone takes its watches along, and no others") {
  WatchList watches;
  watches.add(kAda, 1, {task(1), task(2)}, {});
  watches.add(kAda, 2, {task(1)}, {});
  watches.add(kBob, 1, {task(1)}, {});
  watches.on_ended(task(2));
  watches.remove_link(kAda);
  CHECK(watches.size() == 1);
  watches.on_ended(task(1));
  const auto told = replies(watches);
  REQUIRE(told.size() == 1);
  CHECK(told[0].link == kBob);
}

TEST_CASE("a task that will not come is told apart from those that ended") {
  WatchList watches;
  watches.add(kAda, 1, {task(1)}, {});
  CHECK(watches.watched(task(1)));
  watches.on_unknown(task(1));
  const auto told = replies(watches);
  REQUIRE(told.size() == 1);
  CHECK(told[0].body["unknown"].size() == 1);
  CHECK(told[0].body["ended"].empty());
  CHECK_FALSE(told[0].reply.more);
}

}  // namespace roundhouse::hub
