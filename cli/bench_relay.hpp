// OS. The measure of all benchmarks: a bare libzmq relay that looks at nothing.
//
//   client DEALER -> ROUTER hub ROUTER -> engine DEALER, and back; one frame of 256 bytes; ipc
//
// The client is this process, hub and engine are processes of their own, as with Roundhouse. The
// hub is as quick as one can write it: it remembers the routing ids of its one client and its one
// engine, drains what is there before it polls again, and copies nothing.
//
//   Relay relay(folder, program);
//   double per_second = relay.rate(std::chrono::seconds{1}, 512);
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/time.hpp"

namespace roundhouse::cli {

inline constexpr std::size_t kRelayFrameBytes = 256;

// Runs one of the two processes, "hub" or "engine", until it is killed or its parent dies; the
// hidden command `roundhouse bench relay` is this. Returns an exit code.
int run_relay_process(std::string_view role, const std::string& folder);

// Not thread-safe. The processes are killed and gone when it is destroyed.
class Relay {
 public:
  // Sockets are made in `folder`; `program` is the `roundhouse` to run. Returns when a first round
  // trip was made. Throws Exception: not_connected when there is none within ten seconds.
  Relay(const std::string& folder, const std::string& program);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();

  // What each round trip took, one in flight, for about `span`. Throws as the constructor.
  std::vector<Duration> round_trips(Duration span);

  // Round trips per second with `in_flight` of them under way, for about `span`.
  double rate(Duration span, std::size_t in_flight);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace roundhouse::cli
