// CURVE and malformed keys at the doors of shared/net/socket.
#include <string>

#include <doctest/doctest.h>

#include "tests/shared/net/keys.hpp"
#include "tests/shared/net/net_support.hpp"
#include <roundhouse/error.hpp>

using namespace roundhouse::net;
using roundhouse::test::await_event;
using roundhouse::test::kHubPublic;
using roundhouse::test::kHubSecret;
using roundhouse::test::kOwnPublic;
using roundhouse::test::kOwnSecret;
using roundhouse::test::message;
using roundhouse::test::receive;
using roundhouse::test::text;

namespace {

SocketOptions hub_options() {
  SocketOptions options;
  options.curve = {.server = true, .secret_key = kHubSecret};
  options.handshake_timeout = std::chrono::milliseconds{500};
  return options;
}

SocketOptions own_options(const char* server_key) {
  SocketOptions options;
  options.curve = {.server = false,
                   .secret_key = kOwnSecret,
                   .public_key = kOwnPublic,
                   .server_key = server_key};
  return options;
}

}  // namespace

TEST_CASE("with the hub's key messages cross encrypted; without it nobody gets in") {
  Context context;
  Socket hub(context, SocketKind::router, hub_options());
  Monitor monitor(context, hub);
  const std::string endpoint = hub.bind("tcp://127.0.0.1:*");

  Socket good(context, SocketKind::dealer, own_options(kHubPublic));
  good.connect(endpoint);
  REQUIRE(good.send(message("hello")) == SendResult::sent);
  const Incoming in = receive(hub);
  CHECK(text(in.message) == "hello");
  CHECK(hub.source_fd() >= 0);
  await_event(monitor, MonitorEvent::Kind::handshake_succeeded);

  Socket wrong(context, SocketKind::dealer, own_options(kOwnPublic));
  wrong.connect(endpoint);
  CHECK(wrong.send(message("let me in")) != SendResult::unroutable);
  await_event(monitor, MonitorEvent::Kind::handshake_failed);

  Socket clear(context, SocketKind::dealer);
  clear.connect(endpoint);
  CHECK(clear.send(message("let me in")) != SendResult::unroutable);
  await_event(monitor, MonitorEvent::Kind::handshake_failed);

  REQUIRE(good.send(message("again")) == SendResult::sent);
  CHECK(text(receive(hub).message) == "again");
}

TEST_CASE("a key that is none is refused before anything is opened") {
  Context context;
  SocketOptions options = own_options("too short");
  try {
    Socket socket(context, SocketKind::dealer, options);
    FAIL("accepted");
  } catch (const roundhouse::Exception& error) {
    CHECK(error.code() == roundhouse::Errc::config);
  }
}
