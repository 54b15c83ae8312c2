#include "shared/net/socket.hpp"

#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "tests/shared/net/net_support.hpp"
#include "tests/support/temp_dir.hpp"
#include <roundhouse/error.hpp>

using namespace roundhouse::net;
using roundhouse::Buffer;
using roundhouse::Errc;
using roundhouse::test::contains;
using roundhouse::test::message;
using roundhouse::test::receive;
using roundhouse::test::TempDir;
using roundhouse::test::text;
namespace wire = roundhouse::wire;

namespace {

// A ROUTER and one DEALER that said "hello" to it.
struct Pair {
  explicit Pair(const std::string& endpoint, const SocketOptions& options = {})
      : router(context, SocketKind::router, options), dealer(context, SocketKind::dealer) {
    dealer.connect(router.bind(endpoint));
    REQUIRE(dealer.send(message("hello")) == SendResult::sent);
    Incoming in = receive(router);
    REQUIRE(text(in.message) == "hello");
    peer = in.peer;
  }

  Context context;
  Socket router;
  Socket dealer;
  PeerId peer;
};

std::string failure(Errc code, const std::string& endpoint) {
  Context context;
  Socket socket(context, SocketKind::router);
  try {
    socket.bind(endpoint);
  } catch (const roundhouse::Exception& error) {
    CHECK(error.code() == code);
    CHECK(contains(error.what(), endpoint));
    return error.what();
  }
  FAIL("bound to " << endpoint);
  return {};
}

}  // namespace

TEST_CASE("a message goes to the hub and its answer back, over every transport") {
  const TempDir folder;
  for (const std::string& endpoint :
       {"ipc://" + folder.file("s"), std::string("tcp://127.0.0.1:*"), std::string("ipc://*")}) {
    CAPTURE(endpoint);
    Pair pair(endpoint);
    CHECK(pair.router.send(pair.peer, message("answer", {"a", "", "c"})) == SendResult::sent);
    const Incoming in = receive(pair.dealer);
    CHECK(in.message == message("answer", {"a", "", "c"}));
  }
}

TEST_CASE("binding returns the endpoint as it really is") {
  Context context;
  Socket router(context, SocketKind::router);
  const std::string endpoint = router.bind("tcp://127.0.0.1:*");
  CHECK(contains(endpoint, "tcp://127.0.0.1:"));
  CHECK_FALSE(contains(endpoint, "*"));
  const TempDir folder;
  Socket other(context, SocketKind::router);
  CHECK(other.bind("ipc://" + folder.file("s")) == "ipc://" + folder.file("s"));
}

TEST_CASE("an endpoint that cannot be bound is refused with its cause") {
  const TempDir folder;
  const std::string longest = "ipc://" + folder.path() + "/" +
                              std::string(kIpcPathBytesMax - folder.path().size() - 1, 'x');
  Context context;
  Socket router(context, SocketKind::router);
  CHECK(router.bind(longest) == longest);
  CHECK(contains(failure(Errc::invalid, longest + "x"), "may have 107 bytes, this one has 108"));
  CHECK(contains(failure(Errc::invalid, "ipc://" + folder.file("none/s")), "does not exist"));
  CHECK(contains(failure(Errc::invalid, "nonsense"), "not an endpoint"));
  CHECK(contains(failure(Errc::invalid, "carrier://pigeon"), "not supported"));
  Socket tcp(context, SocketKind::router);
  const std::string taken = tcp.bind("tcp://127.0.0.1:*");
  CHECK(contains(failure(Errc::in_use, taken), "another process"));
  Socket dealer(context, SocketKind::dealer);
  CHECK_THROWS_AS(dealer.connect(longest + "x"), roundhouse::Exception);
  CHECK_THROWS_AS(dealer.connect("nonsense"), roundhouse::Exception);
}

TEST_CASE("frames of every size arrive as they were sent, copied or not") {
  Pair pair("tcp://127.0.0.1:*");
  for (const std::size_t size :
       {std::size_t{0}, kSendCopyBytesMax - 1, kSendCopyBytesMax, kReceiveCopyBytesMax,
        kReceiveCopyBytesMax + 1, std::size_t{3} << 20U}) {
    CAPTURE(size);
    std::string bytes(size, 'x');
    for (std::size_t i = 0; i < size; i += 97) bytes[i] = static_cast<char>('a' + i % 26);
    wire::Message sent = message(bytes, {bytes, "small", bytes});
    REQUIRE(pair.dealer.send(sent) == SendResult::sent);
    const Incoming in = receive(pair.router);
    CHECK(in.message == sent);
    CHECK(in.peer == pair.peer);
  }
}

TEST_CASE("a large frame is lent, and given back when it is on the wire") {
  Pair pair("ipc://*");
  const Buffer bytes = Buffer::take(std::string(1U << 20U, 'x'));
  wire::Message sent = message("header");
  sent.frames.push_back(bytes);
  REQUIRE(pair.dealer.send(sent) == SendResult::sent);
  sent.frames.clear();
  const Incoming in = receive(pair.router);
  CHECK(in.message.frames.at(0) == bytes);
  roundhouse::test::spin_until([&] { return bytes.owners() == 1; });
}

TEST_CASE("received bytes outlive their socket") {
  Buffer large;
  Buffer small;
  {
    Pair pair("ipc://*");
    REQUIRE(pair.dealer.send(message("small", {std::string(100'000, 'l')})) == SendResult::sent);
    const Incoming in = receive(pair.router);
    small = in.message.header;
    large = in.message.frames.at(0);
  }
  CHECK(small.view() == "small");
  CHECK(large.view() == std::string(100'000, 'l'));
}

TEST_CASE("a message with too many frames is dropped whole, and the next one is read") {
  Pair pair("ipc://*", {.frames_max = 3});
  CHECK(pair.dealer.send(message("fits", {"1", "2", "3"})) == SendResult::sent);
  CHECK(pair.dealer.send(message("does not", {"1", "2", "3", "4"})) == SendResult::sent);
  CHECK(pair.dealer.send(message("next")) == SendResult::sent);
  CHECK(text(receive(pair.router).message) == "fits");
  Incoming in;
  CHECK(receive(pair.router, in) == Receipt::oversized);
  CHECK(in.peer == pair.peer);
  CHECK(in.message == wire::Message{});
  CHECK(text(receive(pair.router).message) == "next");
}

TEST_CASE("a peer that sends a frame over the limit is disconnected") {
  Pair pair("ipc://*", {.frame_bytes_max = 1000});
  Monitor monitor(pair.context, pair.router);
  REQUIRE(pair.dealer.send(message(std::string(1001, 'x'))) == SendResult::sent);
  roundhouse::test::await_event(monitor, MonitorEvent::Kind::disconnected);
  Incoming in;
  CHECK(pair.router.receive(in) == Receipt::nothing);
}

TEST_CASE("what is sent to a peer that is gone is unroutable") {
  Pair pair("ipc://*");
  Monitor monitor(pair.context, pair.router);
  pair.dealer.close();
  roundhouse::test::await_event(monitor, MonitorEvent::Kind::disconnected);
  Incoming in;
  roundhouse::test::spin_until([&] {
    CHECK(pair.router.receive(in) == Receipt::nothing);
    return pair.router.send(pair.peer, message("late")) == SendResult::unroutable;
  });
  CHECK(pair.router.send(PeerId{pair.peer.value + 1000}, message("nobody")) ==
        SendResult::unroutable);
}

TEST_CASE("a plane with a limit says so instead of blocking") {
  Context context;
  Socket router(context, SocketKind::router, {.send_messages_max = 10});
  Socket dealer(context, SocketKind::dealer, {.receive_messages_max = 5});
  dealer.connect(router.bind("ipc://*"));
  REQUIRE(dealer.send(message("hello")) == SendResult::sent);
  const PeerId peer = receive(router).peer;
  const wire::Message large = message(std::string(1U << 20U, 'x'));
  constexpr int kMore = 10'000;  // than fits in the limits and in the kernel
  int sent = 0;
  while (sent < kMore && router.send(peer, large) == SendResult::sent) ++sent;
  CHECK(sent >= 10);
  REQUIRE(sent < kMore);
  for (int i = 0; i < sent; ++i) CHECK(receive(dealer).message == large);
  roundhouse::test::spin_until(
      [&] { return router.send(peer, message("room again")) == SendResult::sent; });
  CHECK(text(receive(dealer).message) == "room again");
}

TEST_CASE("without a connection messages wait, or are refused where that is asked for") {
  Context context;
  Socket patient(context, SocketKind::dealer);
  patient.connect("ipc:///nowhere/at/all");
  CHECK(patient.send(message("x")) == SendResult::sent);
  Socket immediate(context, SocketKind::dealer, {.immediate = true});
  immediate.connect("ipc:///nowhere/at/all");
  CHECK(immediate.send(message("x")) == SendResult::would_block);
}

TEST_CASE("messages of one connection stay in order and none is lost") {
  Pair pair("tcp://127.0.0.1:*");
  constexpr int kCount = 20'000;
  for (int i = 0; i < kCount; ++i) {
    REQUIRE(pair.dealer.send(message(std::to_string(i))) == SendResult::sent);
  }
  Incoming in;
  int next = 0;
  roundhouse::test::poll_until({PollItem::of(pair.router)}, [&] {
    while (pair.router.receive(in) == Receipt::message) {
      REQUIRE(text(in.message) == std::to_string(next));
      ++next;
    }
    return next == kCount;
  });
}

TEST_CASE("closing with a flush lets the last words leave; the peer reads them after the loss") {
  Pair pair("ipc://*");
  Monitor monitor(pair.context, pair.router);
  constexpr int kCount = 500;
  for (int i = 0; i < kCount; ++i) {
    REQUIRE(pair.dealer.send(message(std::to_string(i), {std::string(5000, 'x')})) ==
            SendResult::sent);
  }
  pair.dealer.close(roundhouse::test::kPatience);
  pair.dealer.close();
  roundhouse::test::await_event(monitor, MonitorEvent::Kind::disconnected);
  for (int i = 0; i < kCount; ++i) CHECK(text(receive(pair.router).message) == std::to_string(i));
}

TEST_CASE("a hub knows the connection that a message came by") {
  Pair pair("ipc://*");
  CHECK(pair.router.source_fd() >= 0);
  const std::string address = pair.router.source_property("Peer-Address");
  CHECK(contains(address, ":" + std::to_string(getpid())));
  CHECK(pair.router.source_property("User-Id").empty());
  const int first = pair.router.source_fd();
  REQUIRE(pair.dealer.send(message("large", {std::string(100'000, 'x')})) == SendResult::sent);
  receive(pair.router);
  CHECK(pair.router.source_fd() == first);
}

TEST_CASE("a hub knows the connection also of a message that a poll has seen before") {
  Pair pair("ipc://*");
  const int first = pair.router.source_fd();
  REQUIRE(pair.dealer.send(message("seen")) == SendResult::sent);
  std::vector<PollItem> items{PollItem::of(pair.router)};
  // The first poll hears of a change, the next one looks into the socket.
  roundhouse::test::poll_until({PollItem::of(pair.router)}, [&] {
    return !pair.router.drained() && poll(items, std::chrono::nanoseconds{0}) == 1;
  });
  CHECK(text(receive(pair.router).message) == "seen");
  CHECK(pair.router.source_fd() == first);
  CHECK(contains(pair.router.source_property("Peer-Address"), std::to_string(getpid())));
}

TEST_CASE("subscribers get the topics they asked for, and the hub hears what they ask") {
  Context context;
  Socket hub(context, SocketKind::xpub);
  const std::string endpoint = hub.bind("ipc://*");
  Socket first(context, SocketKind::sub);
  Socket second(context, SocketKind::sub);
  const auto heard = [&hub] {
    Subscription out;
    roundhouse::test::poll_until({PollItem::of(hub)}, [&] {
      auto change = hub.next_subscription();
      if (change) out = *change;
      return change.has_value();
    });
    return out;
  };
  first.connect(endpoint);
  first.subscribe("engines");
  CHECK(heard().topic == "engines");
  second.connect(endpoint);
  second.subscribe("engines");
  CHECK(heard().topic == "engines");  // verbose: also the second one
  second.subscribe("mine");
  CHECK(heard().topic == "mine");

  hub.publish("mine", Buffer::copy("confirmed"));
  hub.publish("engines", Buffer::copy("joined"));
  hub.publish("nobody's", Buffer::copy("lost"));
  hub.publish("engines", Buffer::take(std::string(50'000, 'x')));
  const auto next = [](Socket& socket) {
    Notification out;
    roundhouse::test::poll_until({PollItem::of(socket)}, [&] { return socket.receive(out); });
    return out;
  };
  CHECK(next(first).body.view() == "joined");
  CHECK(next(first).body.size() == 50'000);
  CHECK(next(second).topic == "mine");
  CHECK(next(second).topic == "engines");
  CHECK(next(second).topic == "engines");

  second.unsubscribe("mine");
  const Subscription last = heard();
  CHECK_FALSE(last.subscribe);
  CHECK(last.topic == "mine");
}

TEST_CASE("a socket may be used by one thread after the other") {
  Pair pair("ipc://*");
  for (int i = 0; i < 50; ++i) {
    std::jthread([&pair, i] {
      REQUIRE(pair.dealer.send(message(std::to_string(i))) == SendResult::sent);
    }).join();
    std::jthread([&pair, i] {
      CHECK(text(receive(pair.router).message) == std::to_string(i));
    }).join();
  }
}
