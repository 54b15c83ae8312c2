#include "client/core/session.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hub/core/options.hpp"
#include "tests/client/core/session_harness.hpp"

namespace roundhouse::test {
namespace {

TEST_CASE("a session asks for a link at once and says hello on both planes") {
  SessionHarness client;
  client.tick();
  REQUIRE(client.connect_asked);
  client.link_comes_up();
  const auto on_task = client.took<wire::Hello>(wire::Plane::task);
  const auto on_control = client.took<wire::Hello>(wire::Plane::control);
  REQUIRE(on_task.size() == 1);
  REQUIRE(on_control.size() == 1);
  CHECK(on_task[0] == on_control[0]);
  CHECK(on_task[0].connection != 0);
  CHECK(on_task[0].session == SessionId{0xabc});
  CHECK(on_task[0].settled == 0);
  CHECK_FALSE(client.session.usable());
}

TEST_CASE("nothing is submitted before the welcome, and everything behind it") {
  SessionHarness client;
  client.submits("a");
  client.submits("b");
  client.flush();
  client.tick();
  client.link_comes_up();
  client.flush();
  CHECK(client.took_submissions().empty());
  client.hub_welcomes(client.welcome());
  CHECK(client.session.usable());
  CHECK(client.sequences_sent() == "1 2");
  CHECK(client.batches == 1);
}

TEST_CASE("as many submissions as are ready travel in one message, up to its limits") {
  SessionHarness client;
  client.connects();
  for (int i = 0; i < 600; ++i) client.submits("x");
  client.flush();
  CHECK(client.took_submissions().size() == 600);
  CHECK(client.batches == 2);
  for (int i = 0; i < 20; ++i) client.submits(std::string(16'000, 'x'));
  client.flush();
  CHECK(client.took_submissions().size() == 20);
  CHECK(client.batches == 3);
}

TEST_CASE("a hello without an answer is said again after a second, then ever more patiently") {
  SessionHarness client;
  client.tick();
  for (const int patience : {1000, 2000, 4000, 8000, 8000}) {
    client.link_comes_up();
    client.closed = client.connect_asked = false;
    client.passes(std::chrono::milliseconds{patience - 100});
    CHECK_FALSE(client.closed);
    client.passes(std::chrono::milliseconds{200});
    CHECK(client.closed);
    client.passes(std::chrono::milliseconds{600});  // until it tries again
    CHECK(client.connect_asked);
  }
}

TEST_CASE("reconnecting never ends, and backs off from 20 to 150 milliseconds") {
  SessionHarness client;
  std::vector<Duration> waits;
  client.tick();
  for (int i = 0; i < 8; ++i) {
    REQUIRE(client.connect_asked);
    client.connect_asked = false;
    client.link_is_lost("connection refused");
    REQUIRE(client.session.next_deadline());
    waits.push_back(*client.session.next_deadline() - client.now);
    client.passes(waits.back());
  }
  CHECK(waits.front() == milliseconds{20});
  CHECK(waits[1] == milliseconds{40});
  CHECK(waits.back() == milliseconds{150});
  CHECK(3 * waits.back() <= hub::RouterOptions{}.grace);  // a new hub waits no longer for clients
  client.connects();
  client.link_is_lost();
  CHECK(*client.session.next_deadline() - client.now == milliseconds{20});
}

TEST_CASE("a silent hub is left, one that answers beats is not") {
  SessionHarness client;
  client.connects();
  for (int i = 0; i < 10; ++i) {
    client.passes(milliseconds{400});
    for (const wire::Beat& beat : client.took<wire::Beat>(wire::Plane::control))
      client.hub_says(wire::Plane::control, beat);
  }
  CHECK_FALSE(client.closed);
  for (int i = 0; i < 10; ++i) client.passes(milliseconds{400});
  CHECK(client.closed);
  CHECK(client.session.counters().silences == 1);
}

TEST_CASE("a client that was stopped for a while does not blame the hub") {
  SessionHarness client;
  client.connects();
  client.passes(seconds{60});
  CHECK_FALSE(client.closed);
  CHECK(client.session.usable());
}

TEST_CASE("a fatal refusal ends the session with the hub's reason") {
  SessionHarness client;
  client.tick();
  client.link_comes_up();
  client.hub_says(wire::Plane::task, wire::Refused{"bad_secret", "another secret", true});
  REQUIRE(client.failed);
  CHECK(client.failed->code == Errc::bad_secret);
  CHECK(client.closed);
  CHECK_FALSE(client.session.next_deadline());
  client.passes(seconds{10});
  CHECK_FALSE(client.connect_asked);
}

TEST_CASE("a refused message is sent again on a new connection, but not for ever") {
  SessionHarness client;
  for (int i = 0; i < 8 && !client.failed; ++i) {
    client.connects();
    client.hub_says(wire::Plane::task, wire::Refused{"malformed", "record 3", false});
  }
  REQUIRE(client.failed);
  CHECK(client.failed->code == Errc::malformed);
}

TEST_CASE("a hub that cannot store pauses the client, until the next connection") {
  SessionHarness client;
  client.connects();
  client.submits("x");
  client.flush();
  client.hub_says(wire::Plane::task, wire::Refused{"store_failed", "no room", false});
  REQUIRE(client.session.pause());
  CHECK(client.session.pause()->code == Errc::store_failed);
  CHECK(client.session.pause()->text == "no room");
  CHECK_FALSE(client.closed);
  client.forget_sent();
  client.link_is_lost("the hub has room again");
  CHECK_FALSE(client.session.pause());
  client.connects();
  CHECK(client.sequences_sent() == "1");
}

TEST_CASE("nonsense from the hub begins a new connection") {
  SessionHarness client;
  client.connects();
  client.hub_sends(wire::Plane::task, {Buffer::copy("garbage"), {}});
  CHECK(client.closed);
  CHECK(client.session.counters().malformed == 1);
}

TEST_CASE("skipped outcomes begin a new connection") {
  SessionHarness client;
  client.connects();
  client.submits("x");
  client.flush();
  client.next_outcome = 5;
  client.hub_delivers({1});
  CHECK(client.closed);
  CHECK(client.outcomes_known().empty());
}

TEST_CASE("a request waits for the connection and is asked again on the next one") {
  SessionHarness client;
  const std::uint64_t id = client.session.request("status", {}, client::Repeat::yes, client.out);
  client.connects();
  auto asked = client.took<wire::Request>(wire::Plane::control);
  REQUIRE(asked.size() == 2);  // and the session's own, for the engines
  CHECK(asked[0].id == id);
  client.link_is_lost();
  client.connects();
  asked = client.took<wire::Request>(wire::Plane::control);
  CHECK(asked.front().id == id);
  client.hub_says(wire::Plane::control, wire::Reply{id, "", "", {}});
  REQUIRE(client.replies.size() == 1);
  CHECK(client.replies[0].id == id);
  client.hub_says(wire::Plane::control, wire::Reply{id, "", "", {}});
  CHECK(client.replies.size() == 1);
}

TEST_CASE("an order that must not be given twice fails when the connection is lost") {
  SessionHarness client;
  client.connects();
  const std::uint64_t id = client.session.request("shutdown", {}, client::Repeat::no, client.out);
  client.tick();
  client.link_is_lost();
  REQUIRE(client.replies.size() == 1);
  CHECK(client.replies[0].id == id);
  CHECK(client.replies[0].code == "not_connected");
  client.forget_sent();
  client.connects();
  CHECK(client.took<wire::Request>(wire::Plane::control).size() == 1);  // for the engines
}

TEST_CASE("a hub that this client has shut down is not waited for") {
  SessionHarness client;
  client.connects();
  client.session.hub_will_stop();
  client.submits("x");
  client.flush();
  client.hub_delivers({1});
  CHECK_FALSE(client.failed.has_value());
  client.link_is_lost();
  CHECK(client.failed->code == Errc::closed);
  CHECK_FALSE(client.session.next_deadline().has_value());
}

TEST_CASE("leaving confirms what was received before it says goodbye") {
  SessionHarness client;
  client.connects();
  client.submits("x");
  client.flush();
  client.hub_delivers({1});
  client.session.leave("done", client.out);
  client.tick();
  const auto received = client.took<wire::Received>(wire::Plane::task);
  REQUIRE(received.size() == 1);
  CHECK(received[0].through == 1);
}

TEST_CASE("leaving says goodbye and ends the session") {
  SessionHarness client;
  client.connects();
  client.session.leave("done", client.out);
  client.tick();
  CHECK(client.took<wire::Goodbye>(wire::Plane::task).size() == 1);
  CHECK(client.closed);
  CHECK(client.failed->code == Errc::closed);
}

}  // namespace
}  // namespace roundhouse::test
