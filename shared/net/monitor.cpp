#include "shared/net/monitor.hpp"

#include <cstring>
#include <string_view>
#include <utility>

#include "shared/check.hpp"
#include "shared/net/impl.hpp"

namespace roundhouse::net {

namespace {

constexpr int kHandshakeFailed = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
// Without ZMQ_EVENT_ACCEPT_FAILED: a process that is out of descriptors gets it without end.
constexpr int kWanted = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CLOSED |
                        ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | kHandshakeFailed;

MonitorEvent::Kind kind_of(int event, bool bound) {
  using Kind = MonitorEvent::Kind;
  switch (event) {
    case ZMQ_EVENT_ACCEPTED: return Kind::accepted;
    case ZMQ_EVENT_CONNECTED: return Kind::connected;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return Kind::handshake_succeeded;
    case ZMQ_EVENT_DISCONNECTED: return Kind::disconnected;
    // ZeroMQ has one event for a connect that came to nothing and for the end of listening.
    case ZMQ_EVENT_CLOSED: return bound ? Kind::closed : Kind::connect_failed;
    default: RH_CHECK((event & kHandshakeFailed) != 0); return Kind::handshake_failed;
  }
}

bool has_fd(MonitorEvent::Kind kind) {
  using Kind = MonitorEvent::Kind;
  return kind == Kind::accepted || kind == Kind::connected || kind == Kind::disconnected;
}

}  // namespace

Monitor::Monitor(Context& context, Socket& socket) : impl_(std::make_unique<Impl>()) {
  RH_CHECK(!socket.impl()->monitored && !socket.impl()->closed);
  const std::string endpoint =
      "inproc://roundhouse-monitor-" + std::to_string(context.impl().monitors++);
  try {
    impl_->socket = zmq::socket_t(context.impl().context, zmq::socket_type::pair);
    impl_->socket.set(zmq::sockopt::linger, 0);
    // No limit: at a limit the I/O thread itself would wait for us. Must be set before connecting.
    impl_->socket.set(zmq::sockopt::rcvhwm, 0);
    impl_->fd = impl_->socket.get(zmq::sockopt::fd);
    if (zmq_socket_monitor(socket.impl()->socket.handle(), endpoint.c_str(), kWanted) != 0) {
      throw zmq::error_t();
    }
    socket.impl()->monitored = true;
    impl_->socket.connect(endpoint);
  } catch (const zmq::error_t& error) {
    socket.impl()->stop_monitor();
    throw_failure("cannot monitor a socket", error.num());
  }
  impl_->watched = socket.impl();
}

Monitor::~Monitor() {
  if (!impl_->watched->closed) impl_->watched->stop_monitor();
}

std::optional<MonitorEvent> Monitor::next() {
  zmq::message_t frame;
  if (!impl_->next_frame(frame)) return std::nullopt;
  std::uint16_t number = 0;
  std::int32_t value = 0;
  RH_CHECK(frame.size() == sizeof number + sizeof value && frame.more());
  const char* const bytes = static_cast<const char*>(frame.data());
  std::memcpy(&number, bytes, sizeof number);
  std::memcpy(&value, bytes + sizeof number, sizeof value);
  RH_CHECK(impl_->next_frame(frame));
  MonitorEvent event;
  event.kind = kind_of(number, impl_->watched->bound);
  if (has_fd(event.kind)) event.fd = value;
  event.endpoint.assign(frame.to_string_view());
  return event;
}

bool Monitor::drained() const {
  return impl_->drained;
}

}  // namespace roundhouse::net
