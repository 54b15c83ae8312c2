// SHELL. What happens to the connections of one socket, as events.
//
//   net::Monitor monitor(context, door);          // before bind or connect, so that nothing is
//   missed while (auto event = monitor.next()) if (event->kind ==
//   net::MonitorEvent::Kind::disconnected) ...
//
// Events are queued without limit (an I/O thread would have to wait otherwise), about four per
// connection: read them. An event may come before messages that the peer sent earlier were
// received: those are still in the socket. The monitor may be used by another thread than its
// socket, and either may be destroyed first, but not both at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "shared/net/socket.hpp"

namespace roundhouse::net {

struct MonitorEvent {
  enum class Kind : std::uint8_t {
    accepted,             // a peer connected to us: fd
    connected,            // we connected: fd
    handshake_succeeded,  // messages can flow; fd is not known
    handshake_failed,     // wrong protocol, keys or ZAP verdict, or silence; disconnected follows
    disconnected,         // fd; comes before the descriptor can be used again
    connect_failed,       // nobody listens, or it took too long
    closed,               // we stopped listening
  };

  Kind kind{};
  int fd = -1;           // -1 where it is not known
  std::string endpoint;  // ours when bound, the other end's when connected
};

class Monitor {
 public:
  // At most one monitor per socket. Throws Exception(io_failed).
  Monitor(Context& context, Socket& socket);
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  ~Monitor();

  // The oldest event not yet taken; nothing when there is none now. Never blocks.
  [[nodiscard]] std::optional<MonitorEvent> next();

  // As Socket::drained.
  [[nodiscard]] bool drained() const;

  struct Impl;  // for shared/net only

  [[nodiscard]] Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace roundhouse::net
