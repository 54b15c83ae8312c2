// A real hub in this process, from start to stop.

#include "hub/hub.hpp"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "tests/hub/peers.hpp"

namespace roundhouse::hub {
namespace {

using namespace roundhouse::test;
namespace fs = std::filesystem;

std::string error_of(const HubConfig& config) {
  try {
    const Hub hub(config);
  } catch (const Exception& error) {
    return error.what();
  }
  return "started";
}

}  // namespace

TEST_CASE(
    "a client and an engine say hello, a task runs, its record is found, over both transports") {
  for (const bool sockets : {true, false}) {
    CAPTURE(sockets);
    const TempDir dir;
    net::Context context;
    RunningHub running(config_in(dir));
    Peer client = sockets ? Peer::over_sockets(context, running.hub, Side::client)
                          : Peer(running.hub.connect(Side::client));
    Peer engine = sockets ? Peer::over_sockets(context, running.hub, Side::engine)
                          : Peer(running.hub.connect(Side::engine));
    const auto welcome = greet(client, client_hello());
    REQUIRE(welcome);
    CHECK(welcome->epoch == 1);
    REQUIRE(greet(engine, engine_hello()));
    said_holding(engine);
    run_one_task(client, engine, 1);
    const std::string id = to_string(TaskId{SessionId{0x1234}, 1});
    client.send(Plane::control, wire::Request{7, "result", {ids_body({id})}});
    const auto reply = client.next<wire::Reply>(Plane::control);
    REQUIRE(reply);
    CHECK(reply->id == 7);
    auto records = maps(read_map(reply->body.bytes)["records"]);
    REQUIRE(records.size() == 1);
    CHECK(text(records[0]["function"]) == "f");
    CHECK(text(records[0]["result"]) == "answer");
    CHECK(text(records[0]["engine_uuid"]) == to_string(uuid(5)));
  }
}

TEST_CASE("the next hub of a cluster has the next epoch and knows what was delivered") {
  const TempDir dir;
  net::Context context;
  {
    RunningHub running(config_in(dir));
    Peer client = Peer::over_sockets(context, running.hub, Side::client);
    Peer engine = Peer::over_sockets(context, running.hub, Side::engine);
    REQUIRE(greet(client, client_hello()));
    REQUIRE(greet(engine, engine_hello()));
    said_holding(engine);
    run_one_task(client, engine, 1);
    running.stop();
    CHECK_FALSE(fs::exists(running.hub.file(Role::client)));
    CHECK_FALSE(fs::exists(running.hub.file(Role::engine)));
  }
  RunningHub running(config_in(dir));
  CHECK(running.hub.epoch() == 2);
  Peer client = Peer::over_sockets(context, running.hub, Side::client);
  const auto welcome = greet(client, client_hello(12));
  REQUIRE(welcome);
  CHECK(welcome->accepted == 1);
  CHECK(welcome->stored == 1);
  // Received was never said, so the outcome comes again.
  const auto outcome = client.next_batch<wire::OutcomeRecord>(wire::Kind::outcome);
  REQUIRE(outcome.size() == 1);
  CHECK(outcome[0].payload.body() == "answer");
}

TEST_CASE("a subscription to one's own topic is confirmed") {
  for (const bool sockets : {true, false}) {
    const TempDir dir;
    net::Context context;
    RunningHub running(config_in(dir));
    Peer client = sockets ? Peer::over_sockets(context, running.hub, Side::client)
                          : Peer(running.hub.connect(Side::client));
    client.link().subscribe("peer/000000000000000b");
    REQUIRE(client.wait([&] { return !client.notes().empty(); }));
    const auto hint = wire::decode_as<wire::Hint>(raw(std::string(client.notes()[0].body.view())));
    REQUIRE(hint);
    CHECK(hint->event == "subscribed");
    CHECK(hint->epoch == 1);
  }
}

TEST_CASE("a hub that cannot start says why") {
  const TempDir dir;
  HubConfig config = config_in(dir);
  SUBCASE("a second hub on one run directory") {
    const Hub first(config);
    CHECK(error_of(config).find("already has a hub") != std::string::npos);
  }
  SUBCASE("a second hub on one database") {
    const Hub first(config);
    config.cluster = "other";
    CHECK(error_of(config).find("another hub writes") != std::string::npos);
  }
  SUBCASE("a run directory that others can read") {
    fs::create_directories(dir.file("run/test"));
    fs::permissions(dir.file("run/test"), fs::perms::all);
    CHECK(error_of(config).find(dir.file("run/test")) != std::string::npos);
  }
  SUBCASE("a port in use") {
    net::Context context;
    net::Socket taken(context, net::SocketKind::router);
    config.listen = taken.bind("tcp://127.0.0.1:*");
    config.insecure_loopback = true;
    const std::string error = error_of(config);
    CHECK(error.find(config.listen) != std::string::npos);
    CHECK_FALSE(fs::exists(dir.file("run/test/client.json")));
  }
}

TEST_CASE("what a killed hub left behind is cleaned up") {
  const TempDir dir;
  const HubConfig config = config_in(dir);
  fs::create_directories(dir.file("run/test"));
  fs::permissions(dir.file("run"), fs::perms::owner_all);
  fs::permissions(dir.file("run/test"), fs::perms::owner_all);
  std::ofstream(dir.file("run/test/old.ipc")) << "x";
  std::ofstream(dir.file("run/test/client.json")) << "old";
  const Hub hub(config);
  CHECK_FALSE(fs::exists(dir.file("run/test/old.ipc")));
  const auto info = read_connection_file(hub.file(Role::client), Role::client);
  REQUIRE(info.ok());
  CHECK(*info == hub.connection(Role::client));
}

}  // namespace roundhouse::hub
