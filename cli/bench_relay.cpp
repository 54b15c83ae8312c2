#include "cli/bench_relay.hpp"

#include <array>
#include <csignal>
#include <iostream>
#include <optional>
#include <utility>

#include <sys/prctl.h>
#include <unistd.h>

#include <zmq.hpp>

#include "cli/bench_child.hpp"
#include "cli/bench_runs.hpp"
#include "shared/clock.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::cli {

namespace {

constexpr int kDrainMax = 512;
constexpr int kPatienceMs = 10'000;

std::string endpoint(const std::string& folder, std::string_view side) {
  return "ipc://" + folder + "/relay-" + std::string(side) + ".ipc";
}

zmq::socket_t open_socket(zmq::context_t& context, zmq::socket_type type) {
  zmq::socket_t socket(context, type);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::sndhwm, 0);
  socket.set(zmq::sockopt::rcvhwm, 0);
  return socket;
}

// Moves what is waiting at `from` to `to`, addressed to `address`; `sender` gets who it came from.
void drain(zmq::socket_t& from, std::optional<zmq::message_t>& sender, zmq::socket_t& to,
           std::optional<zmq::message_t>& address) {
  zmq::message_t id;
  zmq::message_t frame;
  for (int i = 0; i < kDrainMax && from.recv(id, zmq::recv_flags::dontwait); ++i) {
    (void)from.recv(frame);
    if (!sender) sender.emplace().copy(id);
    if (frame.size() == 0) continue;  // an engine's greeting
    zmq::message_t to_whom;
    to_whom.copy(*address);
    to.send(to_whom, zmq::send_flags::sndmore);
    to.send(frame, zmq::send_flags::none);
  }
}

[[noreturn]] void relay_hub(const std::string& folder) {
  zmq::context_t context(1);
  zmq::socket_t clients = open_socket(context, zmq::socket_type::router);
  zmq::socket_t engines = open_socket(context, zmq::socket_type::router);
  engines.bind(endpoint(folder, "engines"));
  clients.bind(endpoint(folder, "clients"));
  std::optional<zmq::message_t> client;
  std::optional<zmq::message_t> engine;
  std::array<zmq::pollitem_t, 2> items{
      {{engines.handle(), 0, ZMQ_POLLIN, 0}, {clients.handle(), 0, ZMQ_POLLIN, 0}}};
  for (;;) {
    // Until the engine has greeted, clients wait.
    zmq::poll(items.data(), engine ? 2 : 1, std::chrono::milliseconds{-1});
    drain(engines, engine, clients, client);
    if (engine) drain(clients, client, engines, engine);
  }
}

[[noreturn]] void relay_engine(const std::string& folder) {
  zmq::context_t context(1);
  zmq::socket_t socket = open_socket(context, zmq::socket_type::dealer);
  socket.connect(endpoint(folder, "engines"));
  socket.send(zmq::message_t{}, zmq::send_flags::none);
  zmq::message_t frame;
  for (;;) {
    (void)socket.recv(frame);
    socket.send(frame, zmq::send_flags::none);
  }
}

}  // namespace

int run_relay_process(std::string_view role, const std::string& folder) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == 1) return 1;  // the parent was quicker to die
  if (role == "hub") relay_hub(folder);
  if (role == "engine") relay_engine(folder);
  std::cerr << "roundhouse: the relay has a hub and an engine\n";
  return 2;
}

struct Relay::Impl {
  Impl(const std::string& folder, const std::string& program)
      : hub({program, "bench", "relay", "hub", folder}),
        engine({program, "bench", "relay", "engine", folder}),
        context(1),
        socket(open_socket(context, zmq::socket_type::dealer)) {
    socket.set(zmq::sockopt::rcvtimeo, kPatienceMs);
    socket.connect(endpoint(folder, "clients"));
  }

  void send() {
    zmq::message_t frame(kRelayFrameBytes);
    socket.send(frame, zmq::send_flags::none);
  }

  void receive() {
    zmq::message_t frame;
    if (!socket.recv(frame)) raise({Errc::not_connected, "the relay does not answer"});
  }

  BenchChild hub;
  BenchChild engine;
  zmq::context_t context;
  zmq::socket_t socket;
};

Relay::Relay(const std::string& folder, const std::string& program)
    : impl_(std::make_unique<Impl>(folder, program)) {
  impl_->send();
  impl_->receive();
}

Relay::~Relay() = default;

std::vector<Duration> Relay::round_trips(Duration span) {
  std::vector<Duration> out;
  const TimePoint begin = steady_now();
  for (TimePoint last = begin; last - begin < span;) {
    impl_->send();
    impl_->receive();
    const TimePoint now = steady_now();
    out.push_back(now - last);
    last = now;
  }
  return out;
}

double Relay::rate(Duration span, std::size_t in_flight) {
  for (std::size_t i = 0; i < in_flight; ++i) impl_->send();
  const TimePoint begin = steady_now();
  std::size_t count = 0;
  while (count % kBenchLookEvery != 0 || steady_now() - begin < span) {
    impl_->receive();
    impl_->send();
    ++count;
  }
  const double per_second = static_cast<double>(count) / seconds(steady_now() - begin);
  for (std::size_t i = 0; i < in_flight; ++i) impl_->receive();
  return per_second;
}

}  // namespace roundhouse::cli
