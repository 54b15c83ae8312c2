// A hub of a test's own, over real sockets, that does what it is told: for engines and nannies.
// It answers hello with welcome and beats with beats by itself; everything else is recorded.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "shared/clock.hpp"
#include "shared/connection_file.hpp"
#include "shared/message.hpp"
#include "shared/net/poll.hpp"
#include "shared/net/socket.hpp"
#include "shared/records.hpp"
#include "tests/support/temp_dir.hpp"
#include <roundhouse/arguments.hpp>
#include <roundhouse/version.hpp>

namespace roundhouse::test {

class FakeHub {
 public:
  using Plane = wire::Plane;

  explicit FakeHub(std::string folder, std::uint64_t epoch = 1)
      : folder_(std::move(folder)), epoch_(epoch) {
    ConnectionInfo info;
    info.cluster = "test";
    info.role = roundhouse::Role::engine;
    info.endpoints.task = task_.bind("ipc://" + folder_ + "/task.ipc");
    info.endpoints.control = control_.bind("ipc://" + folder_ + "/control.ipc");
    info.endpoints.notify = "ipc://" + folder_ + "/notify.ipc";
    info.protocol_major = kProtocolMajor;
    info.protocol_minor = kProtocolMinor;
    REQUIRE(write_connection_file(file(), info).ok());
  }

  [[nodiscard]] std::string file() const { return file_in(folder_); }

  [[nodiscard]] static std::string file_in(const std::string& folder) {
    return folder + "/engine.json";
  }

  // Serves until `done`, which must come within twenty seconds.
  void until(const std::function<bool()>& done) {
    const TimePoint deadline = steady_now() + std::chrono::seconds{20};
    while (!done()) {
      REQUIRE_MESSAGE(steady_now() < deadline, "the fake hub waited in vain");
      turn(std::chrono::milliseconds{20});
    }
  }

  void serve_for(Duration time) {
    const TimePoint end = steady_now() + time;
    while (steady_now() < end) turn(end - steady_now());
  }

  // Waits for an engine (or nanny) that says hello after this call, or did since the last.
  wire::Hello await_peer(wire::Role role = wire::Role::engine) {
    until([&] { return welcomed_ > taken_ && peer_.hello.role == role; });
    taken_ = welcomed_;
    return peer_.hello;
  }

  void define(std::uint32_t number, const std::string& function, std::string_view signature = {}) {
    wire::Define define;
    define.number = number;
    define.session = session;
    define.function = function;
    define.signature = std::string(signature);
    send(define);
  }

  struct Options {
    bool direct = false;
  };

  // One task; its sequence is its number.
  template <class... A>
  std::uint64_t assign(std::uint32_t template_number, A&&... arguments) {
    return assign_with({}, template_number, std::forward<A>(arguments)...);
  }

  template <class... A>
  std::uint64_t assign_with(Options options, std::uint32_t template_number, A&&... arguments) {
    add(options, template_number, std::forward<A>(arguments)...);
    return send_added();
  }

  // One task that is sent with others.
  template <class... A>
  void add(Options options, std::uint32_t template_number, A&&... arguments) {
    Encoded encoded = encode_values(std::forward<A>(arguments)...);
    Payload payload = Payload::of(std::move(encoded.body));
    if (!encoded.frames.empty())
      payload.frames = std::make_shared<const Frames>(std::move(encoded.frames));
    added_.add(
        {++number_, number_, {epoch_, 1}, template_number, options.direct, std::move(payload)});
  }

  // The number of the last one.
  std::uint64_t send_added() {
    send(added_.take(0));
    return number_;
  }

  template <class M>
  void send(const M& message, Plane plane = Plane::task) {
    send(wire::encode(message), plane);
  }

  void send(const wire::Message& message, Plane plane = Plane::task) {
    static_cast<void>(plane == Plane::task ? task_.send(*peer_.task, message)
                                           : control_.send(*peer_.control, message));
  }

  // The outcome of this task, which must come.
  const wire::FinishedRecord& await_outcome(std::uint64_t number) {
    until([&] { return outcomes.count(number) > 0; });
    return outcomes.at(number);
  }

  template <class T>
  T await_result(std::uint64_t number) {
    const wire::FinishedRecord& outcome = await_outcome(number);
    REQUIRE_MESSAGE(outcome.ending == wire::Ending::ok,
                    wire::decode_error(outcome.payload.body()).value);
    Frames frames;
    if (outcome.payload.frames) frames = *outcome.payload.frames;
    frames.erase(frames.begin(), frames.begin() + outcome.payload.spill);
    return decode_result<T>(outcome.payload.body(), frames);
  }

  wire::ErrorValue await_error(std::uint64_t number) {
    const wire::FinishedRecord& outcome = await_outcome(number);
    CHECK(outcome.ending == wire::Ending::error);
    return wire::decode_error(outcome.payload.body());
  }

  SessionId session{0x5e5510};
  bool stores = true;        // says `stored` for each batch of outcomes
  std::uint64_t stored = 0;  // said, and in the next welcome
  std::map<std::uint64_t, wire::FinishedRecord> outcomes;  // by sequence; the last one
  std::vector<std::uint64_t> outcome_numbers;              // as they came
  std::vector<wire::HoldingRecord> holding;
  bool holding_complete = false;
  std::vector<std::uint64_t> revoked;
  std::optional<wire::Died> died;
  std::vector<std::string> goodbyes;
  std::uint64_t beats = 0;
  std::uint32_t heartbeat_ms = 100;
  std::vector<wire::Acted> acted;
  std::vector<wire::Have> haves;  // modules that the engine says it has

 private:
  struct Peer {
    std::optional<net::PeerId> task, control;
    wire::Hello hello;
  };

  void turn(Duration timeout) {
    std::array items{net::PollItem::of(task_), net::PollItem::of(control_)};
    net::poll(items, timeout);
    net::Incoming in;
    while (control_.receive(in) == net::Receipt::message) take(Plane::control, in);
    while (task_.receive(in) == net::Receipt::message) take(Plane::task, in);
  }

  void take(Plane plane, const net::Incoming& in) {
    const auto kind = wire::kind_of(in.message);
    REQUIRE(kind.ok());
    switch (*kind) {
      case wire::Kind::hello: return on_hello(plane, in);
      case wire::Kind::beat:
        ++beats;
        static_cast<void>(control_.send(in.peer, in.message));
        return;
      case wire::Kind::outcome: return on_outcomes(in.message);
      case wire::Kind::holding: return on_holding(in.message);
      case wire::Kind::revoked:
        revoked = wire::decode_as<wire::Revoked>(in.message)->numbers;
        return;
      case wire::Kind::died:
        died = *wire::decode_as<wire::Died>(in.message);
        if (stores) send(wire::Stored{stored, true});
        return;
      case wire::Kind::acted: acted.push_back(*wire::decode_as<wire::Acted>(in.message)); return;
      case wire::Kind::have: haves.push_back(*wire::decode_as<wire::Have>(in.message)); return;
      case wire::Kind::goodbye:
        goodbyes.push_back(wire::decode_as<wire::Goodbye>(in.message)->reason);
        return;
      case wire::Kind::refused: FAIL(wire::decode_as<wire::Refused>(in.message)->text); return;
      default: FAIL(std::string(wire::to_string(*kind)));
    }
  }

  void on_hello(Plane plane, const net::Incoming& in) {
    const auto hello = wire::decode_as<wire::Hello>(in.message);
    REQUIRE(hello.ok());
    Peer& peer = greeting_[hello->connection];
    peer.hello = *hello;
    (plane == Plane::task ? peer.task : peer.control) = in.peer;
    if (!peer.task || !peer.control) return;
    const Peer fresh = peer;
    greeting_.erase(hello->connection);
    // A nanny that looks after its process is welcome, and has nothing to do with the tests.
    if (hello->role == wire::Role::keeper) return welcome(fresh);
    peer_ = fresh;
    ++welcomed_;
    holding.clear();
    holding_complete = false;
    if (hello->role == wire::Role::engine) number_ = hello->next_number - 1;
    welcome(fresh);
  }

  void welcome(const Peer& peer) {
    wire::Welcome welcome;
    welcome.major = kProtocolMajor;
    welcome.minor = kProtocolMinor;
    welcome.epoch = epoch_;
    welcome.engine = EngineId{5};
    welcome.stored = stored;
    welcome.heartbeat_ms = heartbeat_ms;
    static_cast<void>(control_.send(*peer.control, wire::encode(welcome)));
    static_cast<void>(task_.send(*peer.task, wire::encode(welcome)));
  }

  void on_outcomes(const wire::Message& message) {
    wire::Batch<wire::FinishedRecord> batch;
    REQUIRE(wire::decode_batch(message, batch).ok());
    for (auto& record : batch.records) {
      outcome_numbers.push_back(batch.first++);
      outcomes[record.task.sequence] = std::move(record);
    }
    if (!stores) return;
    stored = batch.first - 1;
    send(wire::Stored{stored, false});
  }

  void on_holding(const wire::Message& message) {
    wire::Batch<wire::HoldingRecord> batch;
    REQUIRE(wire::decode_batch(message, batch).ok());
    holding.insert(holding.end(), batch.records.begin(), batch.records.end());
    holding_complete = batch.first == 1;
  }

  std::string folder_;
  std::uint64_t epoch_;
  net::Context context_;
  net::Socket task_{context_, net::SocketKind::router};
  net::Socket control_{context_, net::SocketKind::router};
  std::map<std::uint64_t, Peer> greeting_;  // by connection
  Peer peer_;                               // welcomed last
  std::uint64_t welcomed_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t number_ = 0;  // of the last assignment
  wire::BatchWriter<wire::AssignRecord> added_;
};

}  // namespace roundhouse::test
