// What comes through the doors of a real hub: strangers, nonsense, losses.

#include "hub/doors.hpp"

#include <random>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "hub/curve.hpp"
#include "shared/log.hpp"
#include "tests/hub/peers.hpp"
#include "tests/support/patience.hpp"

namespace roundhouse::hub {

using namespace roundhouse::test;

TEST_CASE("whoever does not say hello first is asked who it is") {
  const TempDir dir;
  net::Context context;
  RunningHub running(config_in(dir));
  Peer client = Peer::over_sockets(context, running.hub, Side::client);
  client.send(Plane::control, wire::Beat{3});
  CHECK(client.next<wire::Who>(Plane::control));
  client.send(Plane::task, wire::Received{3});
  CHECK(client.next<wire::Who>(Plane::task));
  CHECK(greet(client, client_hello()));
}

TEST_CASE("random bytes, truncated batches and hostile lengths are refused and harm nobody") {
  const TempDir dir;
  net::Context context;
  RunningHub running(config_in(dir));
  Peer neighbour = Peer::over_sockets(context, running.hub, Side::client);
  REQUIRE(greet(neighbour, client_hello()));
  std::mt19937 random(1);
  const auto noise = [&](std::size_t size) {
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
  };
  const std::string batch(submit_one(1).header.view());
  for (const Side side : {Side::client, Side::engine})
    for (const Plane plane : {Plane::task, Plane::control}) {
      CAPTURE(static_cast<int>(side));
      CAPTURE(static_cast<int>(plane));
      Peer stranger = Peer::over_sockets(context, running.hub, side);
      for (int i = 0; i < 8; ++i) {
        stranger.send_raw(plane, raw(noise(static_cast<std::size_t>(i) * 7)));
        CHECK(stranger.next<wire::Refused>(plane));
      }
      wire::Hello hello = side == Side::client ? client_hello(99) : engine_hello(99);
      hello.session = side == Side::client ? SessionId{0x777} : SessionId{};
      Peer peer = Peer::over_sockets(context, running.hub, side);
      REQUIRE(greet(peer, hello));
      // Fatal after 16 in a row, and then cut off.
      std::optional<wire::Refused> last;
      for (std::size_t i = 0; i < 16; ++i) {
        std::string bytes = batch.substr(0, batch.size() - 1 - i % 8);
        if (i % 3 == 1)
          bytes = batch.substr(0, 4) + "\xcf\xff\xff\xff\xff\xff\xff\xff\xff" + "\xcd\xff\xff";
        if (i % 3 == 2) bytes = batch.substr(0, 4) + "\xdf\xff\xff\xff\xff";
        if (plane == Plane::control) bytes[3] = static_cast<char>(wire::Kind::request);
        if (side == Side::engine && plane == Plane::task)
          bytes[3] = static_cast<char>(wire::Kind::outcome);
        peer.send_raw(plane, raw(bytes));
        last = peer.next<wire::Refused>(plane);
        REQUIRE(last);
      }
      CHECK(last->fatal);
      CHECK(peer.goes_down());
    }
  neighbour.send(Plane::control, wire::Beat{17});
  const auto beat = neighbour.next<wire::Beat>(Plane::control);
  REQUIRE(beat);
  CHECK(beat->number == 17);
}

TEST_CASE("a message with too many frames is refused without being looked at") {
  const TempDir dir;
  net::Context context;
  RunningHub running(config_in(dir));
  Peer client = Peer::over_sockets(context, running.hub, Side::client);
  REQUIRE(greet(client, client_hello()));
  wire::Message message = submit_one(1);
  message.frames.assign(wire::kFramesMax + 1, Buffer::take("x"));
  client.send_raw(Plane::task, message);
  const auto refused = client.next<wire::Refused>(Plane::task);
  REQUIRE(refused);
  CHECK(refused->code == "too_large");
  CHECK_FALSE(refused->fatal);
}

TEST_CASE("bytes that are not ZeroMQ's do nothing on any socket") {
  const TempDir dir;
  net::Context context;
  RunningHub running(config_in(dir));
  for (const char* name :
       {"client-task", "client-control", "engine-task", "engine-control", "notify"}) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = running.hub.run_dir().file(std::string(name) + ".ipc");
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const std::string bytes(4096, '\xfe');
    CHECK(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0);
    ::close(fd);
  }
  Peer client = Peer::over_sockets(context, running.hub, Side::client);
  CHECK(greet(client, client_hello()));
}

TEST_CASE("an engine that breaks off is noticed at once") {
  const TempDir dir;
  net::Context context;
  RunningHub running(config_in(dir));
  Peer client = Peer::over_sockets(context, running.hub, Side::client);
  REQUIRE(greet(client, client_hello()));
  auto engine = std::make_unique<Peer>(Peer::over_sockets(context, running.hub, Side::engine));
  REQUIRE(greet(*engine, engine_hello()));
  said_holding(*engine);
  const auto state = [&] {
    client.send(Plane::control, wire::Request{1, "engines", {}});
    const auto reply = client.next<wire::Reply>(Plane::control);
    REQUIRE(reply);
    auto engines = maps(read_map(reply->body.bytes)["engines"]);
    return engines.size() == 1 ? text(engines[0]["state"]) : std::to_string(engines.size());
  };
  CHECK(comes_true([&] { return state() == "online"; }));
  engine.reset();
  CHECK(comes_true([&] { return state() != "online"; }));
}

TEST_CASE("over tcp the keys are in the connection files, and without them nobody gets in") {
  const TempDir dir;
  net::Context context;
  HubConfig config = config_in(dir);
  config.listen = "tcp://127.0.0.1";
  RunningHub running(config);
  for (const Side side : {Side::client, Side::engine}) {
    ConnectionInfo info =
        running.hub.connection(side == Side::client ? Role::client : Role::engine);
    REQUIRE(info.curve);
    Peer peer(net::ZmqLink::connect(context, info));
    CHECK(greet(peer, side == Side::client ? client_hello() : engine_hello()));
    info.curve.reset();
    Peer plain(net::ZmqLink::connect(context, info));
    CHECK(plain.goes_down());
  }
  CHECK(running.hub.connection(Role::client).curve != running.hub.connection(Role::engine).curve);
}

TEST_CASE(
    "over tcp a key that is in no connection file is good for no door, nor is the other side's") {
  const TempDir dir;
  const std::string path = dir.file("log");
  net::Context context;
  HubConfig config = config_in(dir);
  config.listen = "tcp://127.0.0.1";
  log::open({.program = "hub", .file = path}).or_throw();
  {
    RunningHub running(config);
    const ConnectionInfo clients = running.hub.connection(Role::client);
    const ConnectionInfo engines = running.hub.connection(Role::engine);
    REQUIRE(clients.curve);
    REQUIRE(engines.curve);
    const KeyPair fresh = make_key_pair();
    const auto is_refused = [&](ConnectionInfo info, const std::string& open,
                                const std::string& secret) {
      info.curve->own_public = open, info.curve->own_secret = secret;
      Peer peer(net::ZmqLink::connect(context, info));
      const bool welcome =
          greet(peer, info.role == Role::client ? client_hello() : engine_hello()).has_value();
      return !welcome && peer.goes_down();
    };
    CHECK(is_refused(clients, fresh.public_key, fresh.secret_key));
    CHECK(is_refused(engines, fresh.public_key, fresh.secret_key));
    CHECK(is_refused(clients, engines.curve->own_public, engines.curve->own_secret));
    CHECK(is_refused(engines, clients.curve->own_public, clients.curve->own_secret));
    CHECK_FALSE(is_refused(clients, clients.curve->own_public, clients.curve->own_secret));
    CHECK(comes_true(
        [&] { return read_file(path).find("connections_refused") != std::string::npos; }));
  }
  log::close();
}

TEST_CASE("a peer that does not read is cut off, and spoken of once") {
  const TempDir dir;
  const std::string path = dir.file("log");
  net::Context context;
  log::open({.program = "hub", .file = path}).or_throw();
  {
    Doors doors({"ipc://*", "ipc://*", "ipc://*", "ipc://*", "ipc://*"}, {});
    net::Socket deaf(context, net::SocketKind::dealer, {.receive_messages_max = 1});
    deaf.connect(doors.endpoints().client_control);
    REQUIRE(deaf.send(wire::encode(wire::Beat{1})) == net::SendResult::sent);
    std::optional<LinkId> link;
    REQUIRE(comes_true([&] {
      std::size_t budget = 1;
      doors.look();
      if (const auto in = doors.receive(Doors::Way::sockets, Side::client, Plane::control, budget))
        link = in->link;
      return link.has_value();
    }));
    const wire::Message large = raw(std::string(10'000, 'x'));
    REQUIRE(comes_true([&] { return doors.send(*link, large) == Doors::Sent::gone; }));
    for (int i = 0; i < 1000; ++i) CHECK(doors.send(*link, large) == Doors::Sent::gone);
  }
  log::close();
  const std::string log = read_file(path);
  const std::size_t first = log.find("peer_does_not_read");
  REQUIRE(first != std::string::npos);
  CHECK(log.find("peer_does_not_read", first + 1) == std::string::npos);
}

}  // namespace roundhouse::hub
