// Peers of a real hub, played by hand: over sockets, or inside the process.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hub/hub.hpp"
#include "shared/net/zmq_link.hpp"
#include "shared/records.hpp"
#include "tests/hub/facts.hpp"
#include "tests/support/temp_dir.hpp"
#include <roundhouse/version.hpp>

namespace roundhouse::test {

using namespace roundhouse::hub;
using std::chrono::milliseconds;
using wire::Plane;

inline constexpr int kPatienceTurns = 1000 * RH_TEST_SLOWDOWN;  // of 10 ms

inline HubConfig config_in(const TempDir& dir) {
  HubConfig out;
  out.cluster = "test";
  out.dir = dir.file("run");
  out.store.path = dir.file("test.db");
  return out;
}

struct RunningHub {
  explicit RunningHub(const HubConfig& config) : hub(config), loop([this] { hub.run(); }) {}

  ~RunningHub() { stop(); }

  void stop() {
    hub.stop();
    if (loop.joinable()) loop.join();
  }

  Hub hub;
  std::jthread loop;
};

// One end of a connection, with what came by it.
class Peer {
 public:
  explicit Peer(std::unique_ptr<net::Link> link) : link_(std::move(link)) {
    items_.push_back(link_->task_item());
    link_->add_control_items(items_);
  }

  static Peer over_sockets(net::Context& context, const Hub& hub, Side side) {
    const Role role = side == Side::client ? Role::client : Role::engine;
    Peer out(net::ZmqLink::connect(context, hub.connection(role)));
    if (side == Side::client) out.link().subscribe("nothing");  // a word on each plane is expected
    return out;
  }

  template <class M>
  void send(Plane plane, const M& message) {
    send_raw(plane, wire::encode(message));
  }

  void send_raw(Plane plane, const wire::Message& message) { (void)link_->send(plane, message); }

  // Receives until `done`.
  bool wait(const std::function<bool()>& done) {
    for (int i = 0; i < kPatienceTurns && !done(); ++i) {
      net::poll(items_, milliseconds{10});
      wire::Message in;
      for (const Plane plane : {Plane::task, Plane::control})
        while (link_->receive(plane, in) == net::Receipt::message)
          received_[plane == Plane::task ? 0 : 1].push_back(in);
      net::Notification note;
      while (link_->receive(note)) notes_.push_back(note);
      state_ = link_->state();
    }
    return done();
  }

  // The next message of its kind on that plane; those before it are dropped.
  template <class M>
  std::optional<M> next(Plane plane) {
    std::optional<M> out;
    wait([&] {
      auto& queue = received_[plane == Plane::task ? 0 : 1];
      while (!out && !queue.empty()) {
        if (auto read = wire::decode_as<M>(queue.front());
            read && wire::kind_of(queue.front()).value() == M::kKind)
          out = *read;
        queue.erase(queue.begin());
      }
      return out.has_value() || (state_ == net::LinkState::down && queue.empty());
    });
    return out;
  }

  // The next batch.
  template <class Record>
  std::vector<Record> next_batch(wire::Kind kind) {
    std::vector<Record> out;
    wait([&] {
      while (out.empty() && !received_[0].empty()) {
        wire::Batch<Record> batch;
        if (wire::kind_of(received_[0].front()).value() == kind &&
            wire::decode_batch(received_[0].front(), batch))
          out = batch.records;
        received_[0].erase(received_[0].begin());
      }
      return !out.empty();
    });
    return out;
  }

  bool goes_down() {
    return wait([&] { return state_ == net::LinkState::down; });
  }

  net::Link& link() { return *link_; }

  std::vector<net::Notification>& notes() { return notes_; }

 private:
  std::unique_ptr<net::Link> link_;
  std::vector<net::PollItem> items_;
  std::array<std::vector<wire::Message>, 2> received_;
  std::vector<net::Notification> notes_;
  net::LinkState state_ = net::LinkState::connecting;
};

inline wire::Hello client_hello(std::uint64_t connection = 11) {
  wire::Hello out;
  out.major = kProtocolMajor;
  out.minor = kProtocolMinor;
  out.role = wire::Role::client;
  out.connection = connection;
  out.session = SessionId{0x1234};
  out.secret = uuid(9);
  return out;
}

inline wire::Hello engine_hello(std::uint64_t connection = 22) {
  wire::Hello out = client_hello(connection);
  out.role = wire::Role::engine;
  out.session = {};
  out.secret = {};
  out.uuid = uuid(5);
  out.incarnation = 1;
  return out;
}

// Says hello on both planes and returns the welcome.
inline std::optional<wire::Welcome> greet(Peer& peer, const wire::Hello& hello) {
  peer.send(Plane::task, hello);
  peer.send(Plane::control, hello);
  if (!peer.next<wire::Welcome>(Plane::task)) return std::nullopt;
  return peer.next<wire::Welcome>(Plane::control);
}

inline wire::Message submit_one(std::uint64_t sequence) {
  wire::SubmitRecord record;
  record.sequence = sequence;
  record.template_number = 1;
  record.payload = Payload::of("argument");
  wire::BatchWriter<wire::SubmitRecord> writer;
  writer.add(record);
  return writer.take(0);
}

inline wire::Message raw(std::string header) {
  wire::Message out;
  out.header = Buffer::take(std::move(header));
  return out;
}

// Runs one task from the client's submission to the record in the database.
inline wire::AssignRecord assign_one(Peer& client, Peer& engine, std::uint64_t sequence) {
  client.send_raw(Plane::task, submit_one(sequence));
  const auto assigned = engine.next_batch<wire::AssignRecord>(wire::Kind::assign);
  REQUIRE(assigned.size() == 1);
  CHECK(assigned[0].sequence == sequence);
  return assigned[0];
}

// The engine has run it; the client has the answer, and the store.
inline void finish_one(Peer& client, Peer& engine, const wire::AssignRecord& assigned) {
  wire::FinishedRecord finished;
  finished.task = {SessionId{0x1234}, assigned.sequence};
  finished.fence = assigned.fence;
  finished.started_us = 5;
  finished.payload = Payload::of("answer");
  wire::BatchWriter<wire::FinishedRecord> writer;
  writer.add(finished);
  engine.send_raw(Plane::task, writer.take(assigned.number));
  const auto outcome = client.next_batch<wire::OutcomeRecord>(wire::Kind::outcome);
  REQUIRE(outcome.size() == 1);
  CHECK(outcome[0].sequence == assigned.sequence);
  CHECK(outcome[0].payload.body() == "answer");
  const auto stored = engine.next<wire::Stored>(Plane::task);
  REQUIRE(stored);
  CHECK(stored->through == assigned.number);
}

inline void run_one_task(Peer& client, Peer& engine, std::uint64_t sequence) {
  wire::Define define;
  define.number = 1;
  define.function = "f";
  client.send(Plane::task, define);
  finish_one(client, engine, assign_one(client, engine, sequence));
}

inline void said_holding(Peer& engine) {
  wire::BatchWriter<wire::HoldingRecord> nothing;
  engine.send_raw(Plane::task, nothing.take(1));
}

}  // namespace roundhouse::test
