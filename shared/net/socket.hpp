// SHELL. RAII over ZeroMQ: a Context with its I/O threads, and a Socket with every option spelled
// out. Only the .cpp files of shared/net include zmq.hpp.
//
//   net::Context context({.io_threads = 2});
//   net::Socket door(context, net::SocketKind::router, {.io_thread = 0});
//   std::string endpoint = door.bind("tcp://127.0.0.1:*");     // the real one, port chosen
//   net::Incoming in;
//   while (door.receive(in) == net::Receipt::message) door.send(in.peer, answer(in.message));
//
// Nothing here blocks but net::poll (poll.hpp). A Socket belongs to one thread at a time: moving
// it to another needs a full fence, which a mutex gives (see shared/lease.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shared/message.hpp"
#include <roundhouse/buffer.hpp>
#include <roundhouse/ids.hpp>

namespace roundhouse::net {

// Frames below this are copied into ZeroMQ's own message; larger ones are lent to it.
inline constexpr std::size_t kSendCopyBytesMax = 1024;
// Received frames up to this are copied out of ZeroMQ's receive buffer (which they would pin as a
// whole); larger ones are kept where ZeroMQ put them.
inline constexpr std::size_t kReceiveCopyBytesMax = 8192;
// What the kernel allows for the path of an ipc:// socket.
inline constexpr std::size_t kIpcPathBytesMax = 107;

// One connection at a ROUTER, numbered by ZeroMQ; a number is not used again before four thousand
// million others were. Two ROUTERs may give the same number to different peers.
using PeerId = Id<struct PeerTag, std::uint32_t>;

struct ContextOptions {
  int io_threads = 1;      // SocketOptions::io_thread chooses among them
  int sockets_max = 1023;  // sockets of this process, not connections
};

// ZeroMQ's I/O threads. Outlives its sockets (declare it first): the destructor waits until all of
// them are closed. Thread-safe.
class Context {
 public:
  // Throws Exception(io_failed) when threads or descriptors cannot be had.
  explicit Context(const ContextOptions& options = {});
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context();

  struct Impl;  // for shared/net only

  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

enum class SocketKind : std::uint8_t { router, dealer, xpub, sub };

// CURVE keys in Z85 (40 characters). A server has a secret key and needs nothing else; a client
// has a pair of its own and the server's public key.
struct CurveOptions {
  bool server = false;
  std::string secret_key{};
  std::string public_key{};  // clients only
  std::string server_key{};  // clients only

  [[nodiscard]] bool enabled() const { return !secret_key.empty(); }
};

struct SocketOptions {
  // Messages that wait per connection before sending says would_block (a ROUTER, a DEALER) or
  // drops (XPUB); 0: no limit.
  int send_messages_max = 0;
  int receive_messages_max = 0;
  // Bytes of one frame; a peer that sends a larger one is disconnected.
  std::size_t frame_bytes_max = wire::kFrameBytesMax;
  // Frames after the header; a message with more is dropped whole (Receipt::oversized).
  std::size_t frames_max = wire::kFramesMax;
  // Which I/O thread of the context serves this socket; nothing: any.
  std::optional<unsigned> io_thread{};
  // Connections that the kernel may hold before ZeroMQ accepts them. An ipc connect beyond it
  // fails at once.
  int backlog = 4096;
  // Refuse to send while no connection is established, instead of queueing (DEALER).
  bool immediate = false;
  // XPUB: report every subscription, not only the first of its topic.
  bool xpub_verbose = true;
  std::chrono::milliseconds connect_timeout{5000};    // tcp; ipc succeeds or fails at once
  std::chrono::milliseconds handshake_timeout{5000};  // then a silent stranger is disconnected
  CurveOptions curve{};
  // When not empty, peers are shown to the ZAP handler of the context under this name. libzmq 4.3
  // admits everyone while there is no handler: start it before binding.
  std::string zap_domain{};
};

enum class SendResult : std::uint8_t {
  sent,         // queued: not yet on the wire
  would_block,  // the limit is reached, or (DEALER) there is no connection
  unroutable,   // ROUTER: this peer is gone
};

enum class Receipt : std::uint8_t {
  message,    // one was received
  nothing,    // none is there now
  oversized,  // one with too many frames was dropped; `peer` tells whose
  foreign,    // ROUTER: one was dropped whose sender had chosen its own routing id
};

// Reuse one for all receives: its vector keeps its memory.
struct Incoming {
  PeerId peer;  // ROUTER only
  wire::Message message;
};

struct Notification {
  std::string topic;
  Buffer body;
};

// What an XPUB hears from its subscribers.
struct Subscription {
  bool subscribe = true;  // false: unsubscribe (only the last one of a topic is reported)
  std::string topic;
};

// Always: linger 0, mandatory routing, no handover, no reconnecting, no conflating, IPv4 only.
// Throws only where said. Move-only.
class Socket {
 public:
  // Throws Exception: config (bad CURVE keys), io_failed (no sockets or descriptors left).
  Socket(Context& context, SocketKind kind, const SocketOptions& options = {});
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  // close(0).
  ~Socket();

  // Listens. Returns the real endpoint: "tcp://127.0.0.1:*" and "ipc://*" come back filled in.
  // Binding on an ipc path steals it from whoever listens there: hold a lock on its folder.
  // Throws Exception: in_use, invalid (syntax, path too long), permission, io_failed; the text
  // names the endpoint and the cause.
  std::string bind(const std::string& endpoint);

  // Begins to connect, and returns at once: success and failure are events of a Monitor. Never
  // tries a second time, and never connects again when the connection is lost: make a new Socket.
  // Throws Exception: invalid (syntax, path too long), io_failed.
  void connect(const std::string& endpoint);

  // ROUTER. Frames are lent, not copied, from kSendCopyBytesMax on: the Buffers are released by an
  // I/O thread when they are on the wire.
  [[nodiscard]] SendResult send(PeerId peer, const wire::Message& message);
  // DEALER.
  [[nodiscard]] SendResult send(const wire::Message& message);
  // ROUTER (tells the peer) and DEALER. Overwrites `into` and, unless it returns `message`, leaves
  // the message in it empty.
  [[nodiscard]] Receipt receive(Incoming& into);
  // DEALER.
  [[nodiscard]] Receipt receive(wire::Message& into);

  // XPUB: to all that subscribed to a prefix of `topic`. Those that are over their limit miss it.
  void publish(std::string_view topic, const Buffer& body);
  // XPUB: the next change of a subscription, if there is one.
  [[nodiscard]] std::optional<Subscription> next_subscription();

  // SUB: to every topic that begins so.
  void subscribe(std::string_view topic);
  void unsubscribe(std::string_view topic);
  // SUB: false when none is there now.
  [[nodiscard]] bool receive(Notification& into);

  // ROUTER and XPUB, about the message received last (valid until the next receive or close): the
  // descriptor of the connection that it came by, for PeerWatch; -1 when that is not known.
  [[nodiscard]] int source_fd() const;
  // The same for "Peer-Address" (tcp: address; ipc: "localhost:uid:gid:pid") and "User-Id" (what
  // ZAP said); empty when that is not known.
  [[nodiscard]] std::string source_property(const char* name) const;

  // True when the last receive found nothing and neither poll nor a send happened since: receiving
  // again would find nothing. Never a false promise to poll, which looks itself.
  [[nodiscard]] bool drained() const;

  // Lets what was sent leave for at most `flush`, on an I/O thread and without waiting here
  // (destroying the Context does wait for it), then drops the rest. Idempotent; afterwards only
  // destroying, moving and closing are allowed.
  void close(std::chrono::milliseconds flush = std::chrono::milliseconds{0});

  struct Impl;  // for shared/net only

  [[nodiscard]] const std::shared_ptr<Impl>& impl() const { return impl_; }

 private:
  std::shared_ptr<Impl> impl_;  // shared with its Monitor, so that either may be destroyed first
};

}  // namespace roundhouse::net
