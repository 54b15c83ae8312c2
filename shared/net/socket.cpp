#include "shared/net/socket.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "shared/check.hpp"
#include "shared/net/impl.hpp"

namespace roundhouse::net {

namespace {

constexpr std::size_t kRoutingIdBytes = 5;  // 0 and a number, big endian
constexpr std::string_view kIpcScheme = "ipc://";

// Keeps a large received frame where ZeroMQ put it.
class FrameBlock final : public Buffer::Block {
 public:
  explicit FrameBlock(zmq::message_t frame) : Block(nullptr, 0), frame_(std::move(frame)) {
    bytes_ = static_cast<const char*>(frame_.data());
    size_ = frame_.size();
  }

 private:
  zmq::message_t frame_;
};

Buffer keep(zmq::message_t& frame) {
  if (frame.size() <= kReceiveCopyBytesMax) return Buffer::copy(frame.to_string_view());
  return Buffer::adopt(new FrameBlock(std::move(frame)));
}

// Bytes that ZeroMQ sends from where they are. The flag orders what we wrote before what an I/O
// thread deletes; ZeroMQ does that too, but the thread sanitizer cannot see inside it.
struct Lent {
  explicit Lent(Buffer what) : bytes(std::move(what)) {}

  Buffer bytes;
  std::atomic<bool> given{false};
};

void release(void* /*data*/, void* hint) {
  auto* const lent = static_cast<Lent*>(hint);
  RH_CHECK(lent->given.load(std::memory_order_acquire));
  delete lent;
}

zmq::message_t frame_of(const Buffer& bytes) {
  if (bytes.size() < kSendCopyBytesMax) return {bytes.data(), bytes.size()};
  auto* const lent = new Lent(bytes);
  lent->given.store(true, std::memory_order_release);
  // ZeroMQ takes a pointer to non-const and only reads.
  return {const_cast<char*>(bytes.data()), bytes.size(), release, lent};
}

bool read_routing_id(const zmq::message_t& frame, PeerId& peer) {
  const std::string_view id = frame.to_string_view();
  if (id.size() != kRoutingIdBytes || id[0] != '\0') return false;
  peer.value = 0;
  for (const char c : id.substr(1)) peer.value = peer.value << 8U | static_cast<unsigned char>(c);
  return true;
}

zmq::message_t routing_id_of(PeerId peer) {
  std::array<unsigned char, kRoutingIdBytes> id{};
  for (std::size_t i = 1; i < id.size(); ++i) {
    id[i] = static_cast<unsigned char>(peer.value >> (8U * (kRoutingIdBytes - 1 - i)));
  }
  return {id.data(), id.size()};
}

zmq::socket_type type_of(SocketKind kind) {
  switch (kind) {
    case SocketKind::router: return zmq::socket_type::router;
    case SocketKind::dealer: return zmq::socket_type::dealer;
    case SocketKind::xpub: return zmq::socket_type::xpub;
    case SocketKind::sub: break;
  }
  return zmq::socket_type::sub;
}

int milliseconds_of(std::chrono::milliseconds time) {
  return static_cast<int>(
      std::clamp<std::int64_t>(time.count(), 0, std::numeric_limits<int>::max()));
}

void set_curve(zmq::socket_t& socket, const SocketOptions& options) {
  const CurveOptions& curve = options.curve;
  if (curve.enabled()) {
    if (curve.server) {
      socket.set(zmq::sockopt::curve_server, 1);
    } else {
      socket.set(zmq::sockopt::curve_serverkey, curve.server_key);
      socket.set(zmq::sockopt::curve_publickey, curve.public_key);
    }
    socket.set(zmq::sockopt::curve_secretkey, curve.secret_key);
  }
  if (!options.zap_domain.empty()) socket.set(zmq::sockopt::zap_domain, options.zap_domain);
}

void set_options(zmq::socket_t& socket, SocketKind kind, const SocketOptions& options) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::reconnect_ivl, -1);
  socket.set(zmq::sockopt::ipv6, 0);
  socket.set(zmq::sockopt::sndhwm, options.send_messages_max);
  socket.set(zmq::sockopt::rcvhwm, options.receive_messages_max);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(options.frame_bytes_max));
  socket.set(zmq::sockopt::affinity,
             options.io_thread ? std::uint64_t{1} << *options.io_thread : std::uint64_t{0});
  socket.set(zmq::sockopt::backlog, options.backlog);
  socket.set(zmq::sockopt::immediate, options.immediate ? 1 : 0);
  socket.set(zmq::sockopt::connect_timeout, milliseconds_of(options.connect_timeout));
  socket.set(zmq::sockopt::handshake_ivl, milliseconds_of(options.handshake_timeout));
  socket.set(zmq::sockopt::heartbeat_ivl, 0);  // the control plane has beats of its own
  if (kind == SocketKind::router) {
    socket.set(zmq::sockopt::router_mandatory, 1);
    socket.set(zmq::sockopt::router_handover, 0);
  }
  if (kind == SocketKind::xpub) {
    socket.set(zmq::sockopt::xpub_verbose, options.xpub_verbose ? 1 : 0);
  }
}

void check_path(const char* verb, const std::string& endpoint) {
  if (endpoint.compare(0, kIpcScheme.size(), kIpcScheme) != 0) return;
  const std::size_t bytes = endpoint.size() - kIpcScheme.size();
  if (bytes <= kIpcPathBytesMax) return;
  throw Exception(Errc::invalid, std::string("cannot ") + verb + " '" + endpoint +
                                     "': the path of a socket may have " +
                                     std::to_string(kIpcPathBytesMax) + " bytes, this one has " +
                                     std::to_string(bytes) + "; use a shorter folder");
}

SendResult send_parts(Pollable& socket, const wire::Message& message) {
  zmq::message_t header = frame_of(message.header);
  if (!socket.send_frame(header, !message.frames.empty())) {
    return zmq_errno() == EHOSTUNREACH ? SendResult::unroutable : SendResult::would_block;
  }
  for (std::size_t i = 0; i < message.frames.size(); ++i) {
    zmq::message_t frame = frame_of(message.frames[i]);
    // Once begun, a message is taken as a whole, or dropped as one when the connection broke.
    RH_CHECK(socket.send_frame(frame, i + 1 < message.frames.size()));
  }
  return SendResult::sent;
}

Receipt receive_parts(Socket::Impl& socket, PeerId& peer, wire::Message& into) {
  into.header = Buffer();
  into.frames.clear();
  bool foreign = false;
  if (socket.kind == SocketKind::router) {
    if (!socket.next_frame(socket.source)) return Receipt::nothing;
    foreign = !read_routing_id(socket.source, peer);
  }
  zmq::message_t frame;
  if (!socket.next_frame(frame)) return Receipt::nothing;
  bool more = frame.more();
  bool oversized = false;
  // When a poll has looked into the socket, libzmq before 4.3.5 hands the routing id over without
  // the properties of its message (its pull request 4317); the frame behind has them.
  if (socket.kind == SocketKind::router &&
      zmq_msg_gets(socket.source.handle(), "Peer-Address") == nullptr)
    socket.source.copy(frame);
  if (!foreign) into.header = keep(frame);
  while (more) {
    RH_CHECK(socket.next_frame(frame));  // ZeroMQ hands over whole messages only
    more = frame.more();
    oversized = oversized || into.frames.size() >= socket.frames_max;
    if (oversized) into.frames.clear();
    if (!oversized && !foreign) into.frames.push_back(keep(frame));
  }
  if (!foreign && !oversized) return Receipt::message;
  into.header = Buffer();
  into.frames.clear();
  return foreign ? Receipt::foreign : Receipt::oversized;
}

}  // namespace

Context::Context(const ContextOptions& options) : impl_(std::make_unique<Impl>()) {
  impl_->context.set(zmq::ctxopt::io_threads, options.io_threads);
  impl_->context.set(zmq::ctxopt::max_sockets, options.sockets_max);
  impl_->context.set(zmq::ctxopt::blocky, 0);
}

Context::~Context() = default;

Socket::Socket(Context& context, SocketKind kind, const SocketOptions& options)
    : impl_(std::make_shared<Impl>()) {
  impl_->kind = kind;
  impl_->frames_max = options.frames_max;
  try {
    impl_->socket = zmq::socket_t(context.impl().context, type_of(kind));
    set_options(impl_->socket, kind, options);
    impl_->fd = impl_->socket.get(zmq::sockopt::fd);
  } catch (const zmq::error_t& error) {
    throw_failure("cannot make a socket", error.num());
  }
  try {
    set_curve(impl_->socket, options);
  } catch (const zmq::error_t& error) {
    throw Exception(Errc::config, std::string("bad CURVE key or ZAP domain: ") + error.what());
  }
}

Socket::Socket(Socket&& other) noexcept = default;

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this == &other) return *this;
  close();
  impl_ = std::move(other.impl_);
  return *this;
}

Socket::~Socket() {
  close();
}

std::string Socket::bind(const std::string& endpoint) {
  check_path("bind to", endpoint);
  impl_->drained = false;
  impl_->bound = true;
  try {
    impl_->socket.bind(endpoint);
    return impl_->socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& error) {
    throw_failure("cannot bind to '" + endpoint + "'", error.num());
  }
}

void Socket::connect(const std::string& endpoint) {
  check_path("connect to", endpoint);
  impl_->drained = false;
  try {
    impl_->socket.connect(endpoint);
  } catch (const zmq::error_t& error) {
    throw_failure("cannot connect to '" + endpoint + "'", error.num());
  }
}

SendResult Socket::send(PeerId peer, const wire::Message& message) {
  RH_CHECK(impl_->kind == SocketKind::router);
  zmq::message_t id = routing_id_of(peer);
  if (!impl_->send_frame(id, true)) {
    return zmq_errno() == EHOSTUNREACH ? SendResult::unroutable : SendResult::would_block;
  }
  return send_parts(*impl_, message);
}

SendResult Socket::send(const wire::Message& message) {
  RH_CHECK(impl_->kind == SocketKind::dealer);
  return send_parts(*impl_, message);
}

Receipt Socket::receive(Incoming& into) {
  RH_CHECK(impl_->kind == SocketKind::router || impl_->kind == SocketKind::dealer);
  return receive_parts(*impl_, into.peer, into.message);
}

Receipt Socket::receive(wire::Message& into) {
  RH_CHECK(impl_->kind == SocketKind::dealer);
  PeerId nobody;
  return receive_parts(*impl_, nobody, into);
}

void Socket::publish(std::string_view topic, const Buffer& body) {
  RH_CHECK(impl_->kind == SocketKind::xpub);
  zmq::message_t first(topic.data(), topic.size());
  zmq::message_t second = frame_of(body);
  RH_CHECK(impl_->send_frame(first, true) && impl_->send_frame(second, false));
}

std::optional<Subscription> Socket::next_subscription() {
  RH_CHECK(impl_->kind == SocketKind::xpub);
  zmq::message_t frame;
  while (impl_->next_frame(frame)) {
    // A subscriber can also send ordinary messages upstream; nobody asked for those.
    const bool single = !frame.more();
    const std::string_view bytes = frame.to_string_view();
    const bool change = !bytes.empty() && (bytes[0] == '\0' || bytes[0] == '\1');
    impl_->source.copy(frame);
    if (single && change) return Subscription{bytes[0] == '\1', std::string(bytes.substr(1))};
    for (bool more = !single; more; more = frame.more()) RH_CHECK(impl_->next_frame(frame));
  }
  return std::nullopt;
}

void Socket::subscribe(std::string_view topic) {
  RH_CHECK(impl_->kind == SocketKind::sub);
  impl_->drained = false;
  impl_->socket.set(zmq::sockopt::subscribe, std::string(topic));
}

void Socket::unsubscribe(std::string_view topic) {
  RH_CHECK(impl_->kind == SocketKind::sub);
  impl_->drained = false;
  impl_->socket.set(zmq::sockopt::unsubscribe, std::string(topic));
}

bool Socket::receive(Notification& into) {
  RH_CHECK(impl_->kind == SocketKind::sub);
  zmq::message_t frame;
  while (impl_->next_frame(frame)) {
    into.topic.assign(frame.to_string_view());
    std::size_t parts = 1;
    for (bool more = frame.more(); more; more = frame.more(), ++parts) {
      RH_CHECK(impl_->next_frame(frame));
      if (parts == 1) into.body = keep(frame);
    }
    if (parts == 2) return true;
  }
  return false;
}

int Socket::source_fd() const {
  return zmq_msg_get(impl_->source.handle(), ZMQ_SRCFD);
}

std::string Socket::source_property(const char* name) const {
  const char* value = zmq_msg_gets(impl_->source.handle(), name);
  return value == nullptr ? std::string() : std::string(value);
}

bool Socket::drained() const {
  return impl_->drained;
}

void Socket::close(std::chrono::milliseconds flush) {
  if (!impl_ || impl_->closed) return;
  impl_->closed = true;
  impl_->stop_monitor();
  impl_->source.rebuild();
  impl_->socket.set(zmq::sockopt::linger, milliseconds_of(flush));
  impl_->socket.close();
}

}  // namespace roundhouse::net
