#include "shared/net/peer_watch.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/shared/net/net_support.hpp"

using namespace roundhouse::net;
using roundhouse::test::message;
using roundhouse::test::receive;

namespace {

struct Door {
  Door() : router(context, SocketKind::router), watch(context, router) {
    endpoint = router.bind("ipc://*");
  }

  // A peer that said hello, which was received but not yet shown to the watch.
  std::unique_ptr<Socket> arrival(PeerId& peer, int& fd) {
    auto dealer = std::make_unique<Socket>(context, SocketKind::dealer);
    dealer->connect(endpoint);
    REQUIRE(dealer->send(message("hello")) == SendResult::sent);
    peer = receive(router).peer;
    fd = router.source_fd();
    return dealer;
  }

  PeerId lost() {
    std::optional<PeerId> peer;
    roundhouse::test::poll_until({watch.poll_item()}, [&] {
      peer = watch.next_lost();
      return peer.has_value();
    });
    return *peer;
  }

  Context context;
  Socket router;
  PeerWatch watch;
  std::string endpoint;
};

}  // namespace

TEST_CASE("each lost peer is reported once, by its own number") {
  Door door;
  std::map<PeerId, std::unique_ptr<Socket>> peers;
  for (int i = 0; i < 5; ++i) {
    PeerId peer;
    int fd = -1;
    auto dealer = door.arrival(peer, fd);
    CHECK(door.watch.add(peer, fd));
    CHECK(door.watch.add(peer, fd));
    peers.emplace(peer, std::move(dealer));
  }
  CHECK(peers.size() == 5);
  CHECK(door.watch.connections() == 5);
  CHECK_FALSE(door.watch.next_lost());
  while (!peers.empty()) {
    const auto middle = std::next(peers.begin(), static_cast<long>(peers.size() / 2));
    const PeerId peer = middle->first;
    peers.erase(middle);
    CHECK(door.lost() == peer);
  }
  CHECK_FALSE(door.watch.next_lost());
  CHECK(door.watch.connections() == 0);
}

TEST_CASE("a peer that is gone before its hello was read is not taken for alive") {
  Door door;
  PeerId peer;
  int fd = -1;
  auto dealer = door.arrival(peer, fd);
  dealer.reset();
  roundhouse::test::poll_until({door.watch.poll_item()}, [&] {
    static_cast<void>(door.watch.next_lost());
    return door.watch.connections() == 0;
  });
  CHECK_FALSE(door.watch.add(peer, fd));
  CHECK_FALSE(door.watch.next_lost());
}

TEST_CASE("a descriptor that is used again means the loss of who had it before") {
  Door door;
  PeerId first;
  PeerId second;
  int first_fd = -1;
  int second_fd = -1;
  auto one = door.arrival(first, first_fd);
  CHECK(door.watch.add(first, first_fd));
  one.reset();
  CHECK(door.lost() == first);
  // The kernel gives the lowest free descriptor; where it does not, there is nothing to test.
  auto two = door.arrival(second, second_fd);
  if (second_fd == first_fd) {
    CHECK(door.watch.add(first, first_fd));  // a hello that was read too late
    CHECK(door.watch.add(second, second_fd));
    CHECK(door.watch.next_lost() == first);
  } else {
    CHECK(door.watch.add(second, second_fd));
  }
  two.reset();
  CHECK(door.lost() == second);
  CHECK_FALSE(door.watch.next_lost());
}

TEST_CASE("a hub can break the connection of one peer") {
  Door door;
  PeerId stays;
  PeerId goes;
  int fd = -1;
  auto good = door.arrival(stays, fd);
  CHECK(door.watch.add(stays, fd));
  auto bad = std::make_unique<Socket>(door.context, SocketKind::dealer);
  Monitor bad_monitor(door.context, *bad);
  bad->connect(door.endpoint);
  REQUIRE(bad->send(message("hello")) == SendResult::sent);
  goes = receive(door.router).peer;
  CHECK(door.watch.add(goes, door.router.source_fd()));

  CHECK(door.watch.disconnect(goes));
  CHECK(door.lost() == goes);
  roundhouse::test::await_event(bad_monitor, MonitorEvent::Kind::disconnected);
  CHECK_FALSE(door.watch.disconnect(goes));
  CHECK_FALSE(door.watch.disconnect(PeerId{goes.value + 77}));
  REQUIRE(good->send(message("still here")) == SendResult::sent);
  CHECK(receive(door.router).peer == stays);
}

TEST_CASE("a connection that nothing comes by is broken, and no other") {
  using std::chrono::seconds;
  Door door;
  PeerId speaks;
  int fd = -1;
  const auto good = door.arrival(speaks, fd);
  CHECK(door.watch.add(speaks, fd));
  auto silent = std::make_unique<Socket>(door.context, SocketKind::dealer);
  Monitor monitor(door.context, *silent);
  silent->connect(door.endpoint);
  roundhouse::test::poll_until({door.watch.poll_item()}, [&] {
    static_cast<void>(door.watch.next_lost());
    return door.watch.connections() == 2;
  });
  const roundhouse::TimePoint start{seconds{100}};
  for (int i = 0; i < 5; ++i) CHECK(door.watch.break_silent(start + seconds{i}, seconds{5}) == 0);
  CHECK(door.watch.break_silent(start + seconds{5}, seconds{5}) == 1);
  roundhouse::test::await_event(monitor, MonitorEvent::Kind::disconnected);
  REQUIRE(good->send(message("still here")) == SendResult::sent);
  CHECK(receive(door.router).peer == speaks);
}

TEST_CASE("time that the hub itself was away for is not held against a silent connection") {
  using std::chrono::seconds;
  Door door;
  Socket silent(door.context, SocketKind::dealer);
  silent.connect(door.endpoint);
  roundhouse::test::poll_until({door.watch.poll_item()}, [&] {
    static_cast<void>(door.watch.next_lost());
    return door.watch.connections() == 1;
  });
  const roundhouse::TimePoint start{seconds{100}};
  CHECK(door.watch.break_silent(start, seconds{5}) == 0);
  CHECK(door.watch.break_silent(start + seconds{60}, seconds{5}) == 0);
  for (int i = 1; i < 5; ++i)
    CHECK(door.watch.break_silent(start + seconds{60 + i}, seconds{5}) == 0);
  CHECK(door.watch.break_silent(start + seconds{65}, seconds{5}) == 1);
}

TEST_CASE("a subscription is a word, too") {
  using std::chrono::seconds;
  Context context;
  Socket notify(context, SocketKind::xpub);
  PeerWatch watch(context, notify);
  const std::string endpoint = notify.bind("ipc://*");
  Socket subscriber(context, SocketKind::sub);
  subscriber.connect(endpoint);
  subscriber.subscribe("topic");
  roundhouse::test::poll_until({PollItem::of(notify), watch.poll_item()},
                               [&] { return notify.next_subscription().has_value(); });
  watch.heard(notify.source_fd());
  CHECK(watch.connections() == 1);
  const roundhouse::TimePoint start{seconds{100}};
  for (int i = 0; i < 9; ++i) CHECK(watch.break_silent(start + seconds{i}, seconds{5}) == 0);
}
