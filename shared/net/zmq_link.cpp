#include "shared/net/zmq_link.hpp"

#include <utility>

#include "shared/check.hpp"

namespace roundhouse::net {

// The monitor is made before the socket connects, so that it misses nothing.
struct ZmqLink::Channel {
  Channel(Context& context, SocketKind kind, const SocketOptions& options, std::string where)
      : socket(context, kind, options), monitor(context, socket), endpoint(std::move(where)) {}

  Socket socket;
  Monitor monitor;
  const std::string endpoint;
  bool up = false;  // control side
};

namespace {

SocketOptions options_of(const ConnectionInfo& info, const LinkOptions& link) {
  SocketOptions options;
  if (info.curve) {
    options.curve.server_key = info.curve->hub_public;
    options.curve.public_key = info.curve->own_public;
    options.curve.secret_key = info.curve->own_secret;
  }
  options.connect_timeout = link.connect_timeout;
  return options;
}

}  // namespace

std::unique_ptr<ZmqLink> ZmqLink::connect(Context& context, const ConnectionInfo& info,
                                          const LinkOptions& options) {
  std::unique_ptr<ZmqLink> link(new ZmqLink);
  SocketOptions socket = options_of(info, options);
  link->task_ = std::make_unique<Channel>(context, SocketKind::dealer, socket, info.endpoints.task);
  socket.send_messages_max = options.control_messages_max;
  link->control_ =
      std::make_unique<Channel>(context, SocketKind::dealer, socket, info.endpoints.control);
  if (!info.endpoints.notify.empty()) {
    socket.receive_messages_max = options.notify_messages_max;
    link->notify_ =
        std::make_unique<Channel>(context, SocketKind::sub, socket, info.endpoints.notify);
  }
  for (Channel* channel : {link->task_.get(), link->control_.get(), link->notify_.get()}) {
    if (channel != nullptr) channel->socket.connect(channel->endpoint);
  }
  return link;
}

ZmqLink::~ZmqLink() = default;

ZmqLink::Channel& ZmqLink::channel(wire::Plane plane) const {
  RH_CHECK(plane == wire::Plane::task || plane == wire::Plane::control);
  return plane == wire::Plane::task ? *task_ : *control_;
}

SendResult ZmqLink::send(wire::Plane plane, const wire::Message& message) {
  if (closed_) return SendResult::unroutable;
  return channel(plane).socket.send(message);
}

Receipt ZmqLink::receive(wire::Plane plane, wire::Message& into) {
  Socket& socket = channel(plane).socket;
  if (closed_ || socket.drained()) return Receipt::nothing;
  return socket.receive(into);
}

void ZmqLink::subscribe(std::string_view topic) {
  if (notify_ && !closed_) notify_->socket.subscribe(topic);
}

void ZmqLink::unsubscribe(std::string_view topic) {
  if (notify_ && !closed_) notify_->socket.unsubscribe(topic);
}

bool ZmqLink::receive(Notification& into) {
  if (!notify_ || closed_ || notify_->socket.drained()) return false;
  return notify_->socket.receive(into);
}

PollItem ZmqLink::task_item() const {
  return PollItem::of(task_->socket);
}

void ZmqLink::add_control_items(std::vector<PollItem>& items) const {
  items.push_back(PollItem::of(control_->socket));
  items.push_back(PollItem::of(control_->monitor));
  items.push_back(PollItem::of(task_->monitor));
  if (!notify_) return;
  items.push_back(PollItem::of(notify_->socket));
  items.push_back(PollItem::of(notify_->monitor));
}

LinkState ZmqLink::state() {
  bool up = true;
  for (Channel* channel : {task_.get(), control_.get(), notify_.get()}) {
    if (channel == nullptr) continue;
    take_events(*channel);
    up = up && channel->up;
  }
  if (up && state_ == LinkState::connecting) state_ = LinkState::up;
  return state_;
}

void ZmqLink::take_events(Channel& channel) {
  using Kind = MonitorEvent::Kind;
  const auto down = [this, &channel](const char* what) {
    if (state_ != LinkState::down) reason_ = what + channel.endpoint;
    state_ = LinkState::down;
  };
  if (channel.monitor.drained()) return;
  while (const auto event = channel.monitor.next()) {
    switch (event->kind) {
      case Kind::handshake_succeeded: channel.up = true; break;
      case Kind::connect_failed: down("no hub listens at "); break;
      case Kind::handshake_failed:
        down("the keys or the protocol do not match, or the hub has no room, at ");
        break;
      case Kind::disconnected: down("lost the connection to "); break;
      default: break;
    }
  }
}

void ZmqLink::close(std::chrono::milliseconds flush) {
  if (closed_) return;
  closed_ = true;
  for (Channel* channel : {task_.get(), control_.get(), notify_.get()}) {
    if (channel != nullptr) channel->socket.close(flush);
  }
  if (state_ != LinkState::down) reason_ = "closed";
  state_ = LinkState::down;
}

}  // namespace roundhouse::net
