// A real hub, and peers that say by its sockets what they may not about output and lent slots: it
// goes on, and nobody hears what is not theirs.
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "shared/printed.hpp"
#include "tests/hub/peers.hpp"

namespace roundhouse::hub {
namespace {

using namespace roundhouse::test;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t kMost32 = std::numeric_limits<std::uint32_t>::max();
constexpr int kRounds = 3;

// A task that runs, as its engine speaks of it.
wire::Output part_of(const wire::AssignRecord& task, std::uint32_t engine, std::string text) {
  wire::Output out;
  out.session = SessionId{0x1234}, out.sequence = task.sequence;
  out.epoch = task.fence.epoch, out.attempt = task.fence.attempt;
  out.engine = EngineId{engine};
  out.text = std::move(text);
  return out;
}

// Deterministic, and different in each round.
std::uint64_t draw(std::uint64_t& state) {
  state = state * 6364136223846793005U + 1442695040888963407U;
  return state >> 33U;
}

// Some bytes of it are others, and it may end early.
wire::Message damaged(const wire::Message& message, std::uint64_t& state) {
  std::string bytes(message.header.view());
  for (std::uint64_t left = 1 + draw(state) % 4; left > 0; --left)
    bytes[wire::kPrefixBytes + draw(state) % (bytes.size() - wire::kPrefixBytes)] =
        static_cast<char>(draw(state));
  if (draw(state) % 4 == 0) bytes.resize(wire::kPrefixBytes + draw(state) % 40);
  return raw(std::move(bytes));
}

std::vector<wire::Message> lies_about(const wire::AssignRecord& task, std::uint64_t& state) {
  std::vector<wire::Message> out;
  // Engine 0 runs the task, engine 1 lies.
  for (const std::uint32_t engine : {0U, 1U, kMost32}) {
    const wire::Output part = part_of(task, engine, "a lie");
    out.push_back(wire::encode(part));
    out.push_back(damaged(wire::encode(part), state));
    wire::Output strange = part;
    strange.offset = kMost;
    out.push_back(wire::encode(strange));
    strange.offset = draw(state) << 31U, strange.stream = static_cast<std::uint32_t>(draw(state));
    out.push_back(wire::encode(strange));
    strange = part, strange.attempt = kMost32, strange.epoch = kMost, strange.sequence = kMost;
    out.push_back(wire::encode(strange));
    strange = part, strange.session = SessionId{draw(state)};
    out.push_back(wire::encode(strange));
  }
  out.push_back(wire::encode(part_of(task, 1, std::string(wire::kOutputBytesMax + 1, 'x'))));
  out.push_back(wire::encode(part_of(task, 1, std::string(wire::kHeaderBytesMax, 'x'))));
  wire::Message heavy = wire::encode(part_of(task, 1, "heavy"));
  heavy.frames.assign(8, Buffer::take(std::string(1U << 20U, 'x')));
  out.push_back(heavy);
  for (const wire::Lent lent :
       {wire::Lent{kMost32, kMost32}, wire::Lent{kMost32, 0}, wire::Lent{0, kMost32}}) {
    out.push_back(wire::encode(lent));
    out.push_back(damaged(wire::encode(lent), state));
  }
  for (const wire::Received received : {wire::Received{kMost, kMost}, wire::Received{0, kMost},
                                        wire::Received{kMost, 0}, wire::Received{1, 1}})
    out.push_back(wire::encode(received));
  return out;
}

// Says all of it in an order of its own, until it is thrown out.
void lie(Peer peer, const wire::Hello& hello, std::vector<wire::Message> lies,
         std::uint64_t& state) {
  REQUIRE(greet(peer, hello));
  if (hello.role == wire::Role::engine) said_holding(peer);
  while (!lies.empty()) {
    const std::size_t at = draw(state) % lies.size();
    peer.send_raw(draw(state) % 8 == 0 ? Plane::control : Plane::task, lies[at]);
    lies.erase(lies.begin() + static_cast<std::ptrdiff_t>(at));
  }
  CHECK(peer.goes_down());  // the sixteenth that makes no sense
}

}  // namespace

TEST_CASE("peers that lie about output and lent slots are thrown out, and nobody hears of it") {
  const TempDir dir;
  net::Context context;
  RunningHub running(config_in(dir));
  Peer client = Peer::over_sockets(context, running.hub, Side::client);
  Peer engine = Peer::over_sockets(context, running.hub, Side::engine);
  REQUIRE(greet(client, client_hello()));
  REQUIRE(greet(engine, engine_hello()));
  said_holding(engine);
  run_one_task(client, engine, 1);
  const wire::AssignRecord assigned = assign_one(client, engine, 2);
  std::uint64_t state = 1;
  for (int round = 0; round < kRounds; ++round) {
    const auto number = static_cast<std::uint64_t>(round);
    wire::Hello hello = engine_hello(1000 + number);
    hello.uuid = uuid(6);
    hello.incarnation = 1 + static_cast<std::uint32_t>(round);
    lie(Peer::over_sockets(context, running.hub, Side::engine), hello, lies_about(assigned, state),
        state);
    hello = client_hello(2000 + number);
    hello.session = SessionId{0x4321};
    lie(Peer::over_sockets(context, running.hub, Side::client), hello, lies_about(assigned, state),
        state);
  }
  // What comes first is what the engine that runs it says first, and so on to the end.
  engine.send(Plane::task, part_of(assigned, 0, "the truth"));
  const auto heard = client.next<wire::Output>(Plane::task);
  REQUIRE(heard);
  CHECK(*heard == part_of(assigned, 0, "the truth"));
  finish_one(client, engine, assigned);
  client.send(Plane::control, wire::Request{7, "status", {}});
  CHECK(client.next<wire::Reply>(Plane::control));
}

}  // namespace roundhouse::hub
