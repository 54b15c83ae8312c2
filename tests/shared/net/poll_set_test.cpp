#include "shared/net/poll_set.hpp"

#include <chrono>
#include <vector>

#include <doctest/doctest.h>

#include "shared/mailbox.hpp"
#include "tests/shared/net/net_support.hpp"

using namespace roundhouse::net;
using roundhouse::test::message;

namespace {

constexpr std::chrono::nanoseconds kAtOnce{0};

std::vector<std::uint32_t> tags_of(PollSet& set) {
  const auto tags = set.wait(kAtOnce);
  return {tags.begin(), tags.end()};
}

}  // namespace

TEST_CASE("a poll set tells which of its sockets and descriptors have changed, by their tags") {
  PollSet set;
  roundhouse::WakeFd first;
  roundhouse::WakeFd second;
  set.add(PollItem::readable(first.fd()), 1);
  set.add(PollItem::readable(second.fd()), 2);
  CHECK(tags_of(set).empty());
  second.wake();
  CHECK(tags_of(set) == std::vector<std::uint32_t>{2});
  second.clear();
  CHECK(tags_of(set).empty());
}

TEST_CASE("what is removed from a poll set is not told of any more, and may be added again") {
  PollSet set;
  roundhouse::WakeFd wake;
  set.add(PollItem::readable(wake.fd()), 1);
  set.remove(PollItem::readable(wake.fd()));
  wake.wake();
  CHECK(tags_of(set).empty());
  set.add(PollItem::readable(wake.fd()), 3);
  CHECK(tags_of(set) == std::vector<std::uint32_t>{3});
}

TEST_CASE("a poll set waits until its time is up") {
  PollSet set;
  const auto before = roundhouse::steady_now();
  CHECK(set.wait(std::chrono::milliseconds{3}).empty());
  CHECK(roundhouse::steady_now() - before >= std::chrono::milliseconds{3});
}

TEST_CASE("who receives until there is nothing, after each tag and each send, misses no message") {
  constexpr int kRounds = 500;
  Context context;
  Socket router(context, SocketKind::router);
  Socket dealer(context, SocketKind::dealer);
  dealer.connect(router.bind("ipc://*"));
  PollSet set;
  set.add(PollItem::of(router), 7);
  set.add(PollItem::of(dealer), 8);
  REQUIRE(dealer.send(message("0")) == SendResult::sent);
  int received = 0;
  Incoming in;
  roundhouse::wire::Message answer;
  // A message to and fro: a change that is missed stops it.
  roundhouse::test::spin_until([&] {
    for (const std::uint32_t tag : set.wait(std::chrono::milliseconds{10})) {
      CHECK((tag == 7 || tag == 8));
      while (router.receive(in) == Receipt::message)
        CHECK(router.send(in.peer, in.message) == SendResult::sent);
      while (dealer.receive(answer) == Receipt::message)
        if (++received < kRounds) CHECK(dealer.send(answer) == SendResult::sent);
    }
    return received >= kRounds;
  });
  CHECK(received == kRounds);
}
