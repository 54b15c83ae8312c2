#include "shared/net/poll.hpp"

#include <array>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "shared/mailbox.hpp"
#include "tests/shared/net/net_support.hpp"

using namespace roundhouse::net;
using roundhouse::test::message;
using roundhouse::test::receive;
using roundhouse::test::text;

namespace {

constexpr std::chrono::nanoseconds kNow{0};

}  // namespace

TEST_CASE("poll says which of sockets and descriptors are ready") {
  Context context;
  Socket router(context, SocketKind::router);
  Socket idle(context, SocketKind::router);
  Socket dealer(context, SocketKind::dealer);
  dealer.connect(router.bind("ipc://*"));
  roundhouse::WakeFd wake;
  std::array items{PollItem::of(router), PollItem::of(idle), PollItem::readable(wake.fd()),
                   PollItem::readable(-1)};
  while (poll(items, kNow) != 0) receive(router);
  wake.wake();
  CHECK(poll(items, std::nullopt) == 1);
  CHECK(items[2].ready);
  wake.clear();
  REQUIRE(dealer.send(message("x")) == SendResult::sent);
  Incoming in;
  roundhouse::test::poll_until({items.begin(), items.end()},
                               [&] { return router.receive(in) == Receipt::message; });
  CHECK(poll(items, kNow) == 0);
  CHECK_FALSE(items[1].ready);
  CHECK_FALSE(items[3].ready);
}

TEST_CASE("poll returns when the time is up") {
  Context context;
  Socket idle(context, SocketKind::dealer);
  std::array items{PollItem::of(idle)};
  const auto before = roundhouse::steady_now();
  CHECK(poll(items, std::chrono::microseconds{1500}) == 0);
  CHECK(roundhouse::steady_now() - before >= std::chrono::microseconds{1500});
  CHECK(poll(items, std::chrono::nanoseconds{-5}) == 0);
  CHECK(poll({}, kNow) == 0);
}

TEST_CASE("a socket that still holds messages is ready however often one asks") {
  Context context;
  Socket router(context, SocketKind::router);
  Socket dealer(context, SocketKind::dealer);
  dealer.connect(router.bind("ipc://*"));
  for (int i = 0; i < 3; ++i) REQUIRE(dealer.send(message(std::to_string(i))) == SendResult::sent);
  std::array items{PollItem::of(router)};
  for (int i = 0; i < 3; ++i) {
    CHECK(text(receive(router).message) == std::to_string(i));
    if (i == 2) break;
    roundhouse::test::poll_until({items.begin(), items.end()},
                                 [&] { return poll(items, kNow) == 1 && poll(items, kNow) == 1; });
  }
  Incoming in;
  CHECK(router.receive(in) == Receipt::nothing);
  CHECK(router.drained());
  CHECK(poll(items, kNow) == 0);
}

// What arrives while a socket sends is taken note of by the sending call, after which ZeroMQ's
// descriptor stays silent: poll must look for itself.
TEST_CASE("nothing is overlooked between sending and polling") {
  Context context;
  Socket router(context, SocketKind::router);
  Socket dealer(context, SocketKind::dealer);
  dealer.connect(router.bind("ipc://*"));
  std::jthread echo([&router] {
    Incoming in;
    for (int seen = 0; seen < 20'000;) {
      roundhouse::test::poll_until({PollItem::of(router)},
                                   [&] { return router.receive(in) == Receipt::message; });
      do {
        ++seen;
        CHECK(router.send(in.peer, in.message) == SendResult::sent);
      } while (router.receive(in) == Receipt::message);
    }
  });
  Incoming in;
  int sent = 0;
  int back = 0;
  std::array items{PollItem::of(dealer)};
  while (back < 20'000) {
    for (int i = 0; i < 7 && sent < 20'000; ++i, ++sent) {
      REQUIRE(dealer.send(message("x")) == SendResult::sent);
    }
    if (sent == 20'000 || sent - back > 100) {
      REQUIRE(poll(items, roundhouse::test::kPatience) == 1);
    }
    while (dealer.receive(in) == Receipt::message) ++back;
  }
}

TEST_CASE("a descriptor can be waited for until it takes bytes, or hangs up") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  std::array items{PollItem::writable(ends[1]), PollItem::readable(ends[0])};
  CHECK(poll(items, std::nullopt) == 1);
  CHECK(items[0].ready);
  ::close(ends[1]);
  std::array other{PollItem::readable(ends[0])};
  CHECK(poll(other, std::nullopt) == 1);
  ::close(ends[0]);
}

TEST_CASE("a closed socket is never ready") {
  Context context;
  Socket socket(context, SocketKind::dealer);
  socket.close();
  std::array items{PollItem::of(socket)};
  CHECK(poll(items, kNow) == 0);
}
