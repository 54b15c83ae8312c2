#include "shared/net/monitor.hpp"

#include <memory>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "tests/shared/net/net_support.hpp"
#include "tests/support/temp_dir.hpp"

using namespace roundhouse::net;
using roundhouse::test::await_event;
using roundhouse::test::message;
using roundhouse::test::receive;
using Event = MonitorEvent::Kind;

TEST_CASE("a hub hears of a connection from its beginning to its end") {
  Context context;
  Socket router(context, SocketKind::router);
  Monitor monitor(context, router);
  const std::string endpoint = router.bind("tcp://127.0.0.1:*");
  CHECK_FALSE(monitor.next());
  Socket dealer(context, SocketKind::dealer);
  dealer.connect(endpoint);
  const MonitorEvent accepted = await_event(monitor, Event::accepted);
  CHECK(accepted.fd >= 0);
  CHECK(accepted.endpoint == endpoint);
  CHECK(await_event(monitor, Event::handshake_succeeded).fd == -1);
  REQUIRE(dealer.send(message("hello")) == SendResult::sent);
  receive(router);
  CHECK(router.source_fd() == accepted.fd);
  dealer.close();
  CHECK(await_event(monitor, Event::disconnected).fd == accepted.fd);
}

TEST_CASE("a peer hears that it is connected, and at once that the hub is gone") {
  Context context;
  auto router = std::make_unique<Socket>(context, SocketKind::router);
  const std::string endpoint = router->bind("ipc://*");
  Socket dealer(context, SocketKind::dealer);
  Monitor monitor(context, dealer);
  dealer.connect(endpoint);
  const MonitorEvent connected = await_event(monitor, Event::connected);
  CHECK(connected.endpoint == endpoint);
  await_event(monitor, Event::handshake_succeeded);
  router.reset();
  CHECK(await_event(monitor, Event::disconnected).fd == connected.fd);
}

TEST_CASE("a connect that comes to nothing is told, and not tried again") {
  Context context;
  const roundhouse::test::TempDir folder;
  std::string port;
  {
    Socket router(context, SocketKind::router);
    port = router.bind("tcp://127.0.0.1:*");
  }
  for (const std::string& endpoint : {"ipc://" + folder.file("nobody"), port}) {
    CAPTURE(endpoint);
    Socket dealer(context, SocketKind::dealer);
    Monitor monitor(context, dealer);
    dealer.connect(endpoint);
    CHECK(await_event(monitor, Event::connect_failed).endpoint == endpoint);
    // Who begins to listen now is not found any more.
    Socket late(context, SocketKind::router);
    Monitor arrivals(context, late);
    late.bind(endpoint);
    PollItem items[] = {PollItem::of(arrivals)};
    CHECK(poll(items, std::chrono::milliseconds{150}) == 0);
  }
}

TEST_CASE("a monitor and its socket may go in either order") {
  Context context;
  for (const bool socket_first : {true, false}) {
    auto socket = std::make_unique<Socket>(context, SocketKind::router);
    auto monitor = std::make_unique<Monitor>(context, *socket);
    Socket dealer(context, SocketKind::dealer);
    dealer.connect(socket->bind("ipc://*"));
    await_event(*monitor, Event::handshake_succeeded);
    if (socket_first) {
      socket.reset();
      while (monitor->next()) continue;
      monitor.reset();
    } else {
      monitor.reset();
      socket.reset();
    }
  }
}

TEST_CASE("a monitor that nobody reads holds up nothing") {
  constexpr int kConnections = 800;  // four events each: far more than ZeroMQ's default limits
  Context context;
  Socket router(context, SocketKind::router);
  Monitor monitor(context, router);
  const std::string endpoint = router.bind("ipc://*");
  for (int i = 0; i < kConnections; ++i) {
    Socket dealer(context, SocketKind::dealer);
    dealer.connect(endpoint);
    REQUIRE(dealer.send(message("hello")) == SendResult::sent);
    receive(router);
  }
  int accepted = 0;
  while (const auto event = monitor.next()) accepted += event->kind == Event::accepted ? 1 : 0;
  CHECK(accepted == kConnections);
}
