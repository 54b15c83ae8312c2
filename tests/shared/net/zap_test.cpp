#include "shared/net/zap.hpp"

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

SocketOptions door_options(const std::string& domain) {
  SocketOptions options;
  options.curve = {.server = true, .secret_key = kHubSecret};
  options.zap_domain = domain;
  return options;
}

Socket knock(Context& context, const std::string& endpoint) {
  SocketOptions options;
  options.curve = {.server = false,
                   .secret_key = kOwnSecret,
                   .public_key = kOwnPublic,
                   .server_key = kHubPublic};
  Socket out(context, SocketKind::dealer, options);
  out.connect(endpoint);
  return out;
}

}  // namespace

TEST_CASE("a door lets in the keys of its domain, and counts those that it refuses") {
  Context context;
  ZapHandler zap(context, {{"ours", {kHubPublic, kOwnPublic}}, {"theirs", {kHubPublic}}});
  Socket ours(context, SocketKind::router, door_options("ours"));
  Socket theirs(context, SocketKind::router, door_options("theirs"));
  Monitor monitor(context, theirs);
  Socket welcome = knock(context, ours.bind("tcp://127.0.0.1:*"));
  REQUIRE(welcome.send(message("hello")) == SendResult::sent);
  CHECK(text(receive(ours).message) == "hello");
  CHECK(zap.take_refused() == 0);
  Socket refused = knock(context, theirs.bind("tcp://127.0.0.1:*"));
  await_event(monitor, MonitorEvent::Kind::handshake_failed);
  CHECK(zap.take_refused() == 1);
  CHECK(zap.take_refused() == 0);
}

TEST_CASE("a key that is none is an error at once, and one handler is enough for a context") {
  Context context;
  const auto code_of = [&](const std::string& key) {
    try {
      const ZapHandler zap(context, {{"ours", {key}}});
    } catch (const roundhouse::Exception& error) {
      return error.code();
    }
    return roundhouse::Errc::internal;
  };
  CHECK(code_of("too short") == roundhouse::Errc::config);
  CHECK(code_of(std::string(40, '"')) == roundhouse::Errc::config);
  const ZapHandler zap(context, {});
  CHECK(code_of(kOwnPublic) == roundhouse::Errc::in_use);
}
