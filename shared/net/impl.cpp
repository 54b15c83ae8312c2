#include "shared/net/impl.hpp"

#include <cerrno>

#include "shared/check.hpp"

namespace roundhouse::net {

bool Pollable::next_frame(zmq::message_t& frame) {
  for (;;) {
    if (zmq_msg_recv(frame.handle(), socket.handle(), ZMQ_DONTWAIT) >= 0) {
      drained = false;
      return true;
    }
    const int error = zmq_errno();
    if (error == EINTR) continue;
    RH_CHECK_MSG(error == EAGAIN, zmq_strerror(error));
    drained = true;
    return false;
  }
}

bool Pollable::send_frame(zmq::message_t& frame, bool more) {
  // Sending handles what ZeroMQ's I/O thread reported meanwhile, which may be a message: then fd
  // stays silent about it.
  drained = false;
  const int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
  for (;;) {
    if (zmq_msg_send(frame.handle(), socket.handle(), flags) >= 0) return true;
    const int error = zmq_errno();
    if (error == EINTR) continue;
    RH_CHECK_MSG(error == EAGAIN || error == EHOSTUNREACH, zmq_strerror(error));
    return false;
  }
}

bool Pollable::has_input() {
  for (;;) {
    int events = 0;
    std::size_t size = sizeof events;
    if (zmq_getsockopt(socket.handle(), ZMQ_EVENTS, &events, &size) == 0) {
      drained = (events & ZMQ_POLLIN) == 0;
      return !drained;
    }
    const int error = zmq_errno();
    RH_CHECK_MSG(error == EINTR, zmq_strerror(error));
  }
}

void Socket::Impl::stop_monitor() {
  if (!monitored) return;
  monitored = false;
  zmq_socket_monitor(socket.handle(), nullptr, 0);
}

void throw_failure(const std::string& what, int error) {
  struct Cause {
    Errc code;
    const char* text;
  };

  const auto cause = [error]() -> Cause {
    switch (error) {
      case EADDRINUSE:
        return {
            Errc::in_use,
            "another process uses this address: choose another, or end that process (`ss -lptn` "
            "tells which one it is)"};
      case EADDRNOTAVAIL: return {Errc::invalid, "this machine has no such address"};
      case ENODEV: return {Errc::invalid, "this machine has no such network interface"};
      case EINVAL: return {Errc::invalid, "this is not an endpoint (tcp://host:port, ipc://path)"};
      case EPROTONOSUPPORT:
      case ENOCOMPATPROTO: return {Errc::invalid, "this transport is not supported"};
      case ENOENT:
      case ENOTDIR: return {Errc::invalid, "its folder does not exist"};
      case EACCES:
      case EPERM:
      case EROFS: return {Errc::permission, "permission denied"};
      case EMFILE:
      case ENFILE: return {Errc::io_failed, "too many open files; raise the limit (ulimit -n)"};
      default: return {Errc::io_failed, zmq_strerror(error)};
    }
  }();
  throw Exception(cause.code, what + ": " + cause.text);
}

}  // namespace roundhouse::net
