// SHELL. What stands behind Context, Socket and Monitor. Only for the .cpp files of shared/net: it
// is the one door of zmq.hpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <zmq.hpp>

#include "shared/net/monitor.hpp"
#include "shared/net/socket.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::net {

struct Context::Impl {
  zmq::context_t context;
  std::atomic<std::uint64_t> monitors{0};  // names their inproc endpoints
};

// A ZeroMQ socket and what poll must know about it.
struct Pollable {
  zmq::socket_t socket;
  int fd = -1;           // ZMQ_FD: readable when ZeroMQ has work to do, not while messages wait
  bool drained = false;  // nothing to receive before fd becomes readable again

  // The next frame into `frame`, whose content is released first; false when there is none now.
  bool next_frame(zmq::message_t& frame);
  // False when it would block or the peer is not known; `zmq_errno` tells.
  bool send_frame(zmq::message_t& frame, bool more);
  // Looks whether there is something to receive, at the cost of a system call.
  bool has_input();
};

struct Socket::Impl : Pollable {
  SocketKind kind{};
  std::size_t frames_max = 0;
  zmq::message_t source;  // ROUTER: a frame of the message received last, for its properties
  std::atomic<bool> bound{false};  // read by the monitor's thread
  bool monitored = false;
  bool closed = false;

  // Stops the events, which must be done before either end of the monitor is closed: an I/O thread
  // would block on events that nobody can receive.
  void stop_monitor();
};

struct Monitor::Impl : Pollable {
  std::shared_ptr<Socket::Impl> watched;
};

// Throws what a failed ZeroMQ call means for people: "cannot bind to 'ipc:///x': ...".
[[noreturn]] void throw_failure(const std::string& what, int error);

}  // namespace roundhouse::net
