#include "hub/doors.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "shared/log.hpp"

namespace roundhouse::hub {
namespace {

// I/O threads: the task plane must not make control wait.
constexpr unsigned kTaskThread = 0;
constexpr unsigned kControlThread = 1;

constexpr std::chrono::seconds kSayAgain{10};  // what would otherwise fill the log

constexpr const char* kClientDomain = "clients";
constexpr const char* kEngineDomain = "engines";

net::SocketOptions guarded(const Doors::Key& key, const char* domain) {
  net::SocketOptions out;
  out.curve = key.door;
  if (key.door.enabled()) out.zap_domain = domain;
  return out;
}

net::SocketOptions door_options(Side side, wire::Plane plane, const Doors::Keys& keys) {
  net::SocketOptions out = side == Side::client ? guarded(keys.clients, kClientDomain)
                                                : guarded(keys.engines, kEngineDomain);
  if (plane == wire::Plane::task) {
    out.io_thread = kTaskThread;
    return out;
  }
  out.io_thread = kControlThread;
  out.send_messages_max = Doors::kControlMessagesMax;
  out.receive_messages_max = Doors::kControlMessagesMax;
  out.frame_bytes_max = wire::kHeaderBytesMax;
  out.frames_max = 0;
  return out;
}

net::SocketOptions notify_options(const Doors::Keys& keys) {
  net::SocketOptions out = guarded(keys.clients, kClientDomain);
  out.io_thread = kControlThread;
  out.send_messages_max = Doors::kNotifyMessagesMax;
  out.frame_bytes_max = wire::kHeaderBytesMax;
  return out;
}

// The role is the key's: engines do not get in where clients do.
std::unique_ptr<net::ZapHandler> make_handler(net::Context& context, const Doors::Keys& keys) {
  std::vector<net::ZapDomain> domains;
  if (keys.clients.door.enabled()) domains.push_back({kClientDomain, {keys.clients.peers_public}});
  if (keys.engines.door.enabled()) domains.push_back({kEngineDomain, {keys.engines.peers_public}});
  if (domains.empty()) return nullptr;
  return std::make_unique<net::ZapHandler>(context, domains);
}

std::size_t index_of(Side side, wire::Plane plane) {
  return static_cast<std::size_t>(side) * 2 + static_cast<std::size_t>(plane);
}

}  // namespace

Doors::Doors(const BindEndpoints& endpoints, const Keys& keys)
    : context_({.io_threads = 2}),
      zap_(make_handler(context_, keys)),
      notify_(context_, net::SocketKind::xpub, notify_options(keys)),
      notify_watch_(context_, notify_) {
  for (const Side side : {Side::client, Side::engine})
    for (const wire::Plane plane : {wire::Plane::task, wire::Plane::control})
      doors_[index_of(side, plane)] =
          std::make_unique<Door>(context_, side, plane, door_options(side, plane, keys));
  const auto bind = [this](Side side, wire::Plane plane, const std::string& endpoint) {
    return door(side, plane).socket.bind(endpoint);
  };
  endpoints_.client_task = bind(Side::client, wire::Plane::task, endpoints.client_task);
  endpoints_.client_control = bind(Side::client, wire::Plane::control, endpoints.client_control);
  endpoints_.engine_task = bind(Side::engine, wire::Plane::task, endpoints.engine_task);
  endpoints_.engine_control = bind(Side::engine, wire::Plane::control, endpoints.engine_control);
  endpoints_.notify = notify_.bind(endpoints.notify);
}

Doors::Door& Doors::door(Side side, wire::Plane plane) const {
  return *doors_[index_of(side, plane)];
}

std::unique_ptr<net::Link> Doors::connect(Side side) {
  return mailboxes_[static_cast<std::size_t>(side)].door.connect();
}

std::uint32_t Doors::make_number(const Route& route) {
  while (next_number_ == 0 || routes_.contains(next_number_)) ++next_number_;
  routes_.emplace(next_number_, route);
  return next_number_++;
}

// Zero: the connection is gone already, or closed.
std::uint32_t Doors::number_of(Door& from, net::PeerId peer) {
  if (from.last_number != 0 && from.last_peer == peer) return from.last_number;
  std::uint32_t number = 0;
  if (const auto found = from.numbers.find(peer); found != from.numbers.end()) {
    number = found->second;
    if (routes_.at(number).closed) return 0;
  } else {
    if (!from.watch.add(peer, from.socket.source_fd())) return 0;
    number = make_number({.door = &from, .peer = peer, .side = from.side});
    from.numbers.emplace(peer, number);
  }
  from.last_peer = peer;
  from.last_number = number;
  return number;
}

std::uint32_t Doors::number_of(Mailboxes& from, Side side, net::PeerId peer) {
  const auto found = from.numbers.find(peer);
  if (found != from.numbers.end()) return routes_.at(found->second).closed ? 0 : found->second;
  const std::uint32_t number = make_number({.door = nullptr, .peer = peer, .side = side});
  from.numbers.emplace(peer, number);
  return number;
}

void Doors::look() {
  for (const auto& door : doors_)
    while (const auto peer = door->watch.next_lost())
      if (const auto found = door->numbers.find(*peer); found != door->numbers.end())
        door->lost.push_back(found->second);
  for (Mailboxes& box : mailboxes_)
    while (const auto peer = box.door.next_lost())
      if (const auto found = box.numbers.find(*peer); found != box.numbers.end())
        box.lost.push_back(found->second);
}

std::optional<Doors::Received> Doors::receive(Way way, Side side, wire::Plane plane,
                                              std::size_t& budget) {
  return way == Way::sockets ? receive_socket(door(side, plane), budget)
                             : receive_mail(side, plane, budget);
}

std::optional<Doors::Received> Doors::receive_socket(Door& from, std::size_t& budget) {
  from.drained = false;
  while (budget > 0) {
    const net::Receipt receipt = from.socket.receive(incoming_);
    if (receipt == net::Receipt::nothing) {
      from.drained = true;
      break;
    }
    --budget;
    if (receipt == net::Receipt::foreign) continue;
    const std::uint32_t number = number_of(from, incoming_.peer);
    if (number == 0) continue;
    if (receipt == net::Receipt::oversized) {
      refuse_oversized(from, number);
      continue;
    }
    return Received{{from.side, from.plane, number}, &incoming_.message};
  }
  return std::nullopt;
}

std::optional<Doors::Received> Doors::receive_mail(Side side, wire::Plane plane,
                                                   std::size_t& budget) {
  Mailboxes& from = mailboxes_[static_cast<std::size_t>(side)];
  bool& drained = from.drained[static_cast<std::size_t>(plane)];
  drained = false;
  while (budget > 0) {
    if (from.door.receive(plane, incoming_) != net::Receipt::message) {
      drained = true;
      break;
    }
    --budget;
    const std::uint32_t number = number_of(from, side, incoming_.peer);
    if (number != 0) return Received{{side, plane, number}, &incoming_.message};
  }
  return std::nullopt;
}

void Doors::refuse_oversized(Door& from, std::uint32_t number) {
  Route& route = routes_.at(number);
  const bool enough = ++route.oversized >= kOversizedMax;
  const wire::Refused refused{"too_large", "the message has more frames than a message may have",
                              enough};
  (void)from.socket.send(route.peer, wire::encode(refused));
  if (enough) cut(number);
}

Doors::Sent Doors::send(LinkId link, const wire::Message& message) {
  const auto found = routes_.find(link.peer);
  if (found == routes_.end() || found->second.closed || found->second.cut) return Sent::gone;
  const Route& route = found->second;
  const net::SendResult result = route.door != nullptr
                                     ? route.door->socket.send(route.peer, message)
                                     : mailboxes_[static_cast<std::size_t>(route.side)].door.send(
                                           link.plane, route.peer, message);
  if (result == net::SendResult::sent) return Sent::yes;
  if (result == net::SendResult::would_block) {
    log::warn("peer_does_not_read", {{"peer", link.peer}});
    cut(link.peer);
  }
  return Sent::gone;
}

void Doors::publish(const std::string& topic, const wire::Message& message) {
  notify_.publish(topic, message.header);
  for (Mailboxes& box : mailboxes_) box.door.publish(topic, message.header);
}

std::vector<std::string> Doors::take_subscriptions() {
  std::vector<std::string> out;
  while (auto change = notify_.next_subscription()) {
    notify_watch_.heard(notify_.source_fd());
    if (change->subscribe) out.push_back(std::move(change->topic));
  }
  for (Mailboxes& box : mailboxes_)
    while (auto change = box.door.next_subscription())
      if (change->second.subscribe) out.push_back(std::move(change->second.topic));
  return out;
}

void Doors::close(LinkId link, TimePoint now) {
  const auto found = routes_.find(link.peer);
  if (found == routes_.end() || found->second.closed) return;
  found->second.closed = true;
  if (found->second.door != nullptr) found->second.door->last_number = 0;
  closing_.emplace_back(now + kLastWord, link.peer);
}

std::optional<TimePoint> Doors::cut_closed(TimePoint now) {
  for (; !closing_.empty() && closing_.front().first <= now; closing_.pop_front())
    cut(closing_.front().second);
  if (closing_.empty()) return std::nullopt;
  return closing_.front().first;
}

void Doors::cut_silent(TimePoint now) {
  silent_ += notify_watch_.break_silent(now, kSilence);
  for (const auto& door : doors_)
    if (door->drained) silent_ += door->watch.break_silent(now, kSilence);
  // Not said of each: there can be thousands, and who is refused comes again at once.
  if (silent_ > 0 && (!silent_said_ || now - *silent_said_ >= kSayAgain)) {
    log::warn("silent_connections_cut", {{"count", std::exchange(silent_, 0)}});
    silent_said_ = now;
  }
  tell_of_refused(now);
}

void Doors::tell_of_refused(TimePoint now) {
  if (zap_) strangers_ += zap_->take_refused();
  if (strangers_ > 0 && (!strangers_said_ || now - *strangers_said_ >= kSayAgain)) {
    log::warn("connections_refused",
              {{"count", std::exchange(strangers_, 0)},
               {"reason", "their key is in no connection file for that door"}});
    strangers_said_ = now;
  }
  if (full_said_ && now - *full_said_ < kSayAgain) return;
  if (const std::uint64_t refused = cap_.take_refused(); refused > 0) {
    log::error("too_many_connections",
               {{"refused", refused}, {"advice", "raise the limit of open files (ulimit -n)"}});
    full_said_ = now;
  }
}

void Doors::cut(std::uint32_t number) {
  const auto found = routes_.find(number);
  if (found == routes_.end() || found->second.cut) return;
  Route& route = found->second;
  route.cut = true;
  if (route.door == nullptr) {
    mailboxes_[static_cast<std::size_t>(route.side)].door.disconnect(route.peer);
  } else {
    route.door->watch.disconnect(route.peer);
    route.door->last_number = 0;
  }
}

std::vector<LinkId> Doors::take_lost() {
  std::vector<LinkId> out;
  for (const auto& door : doors_) {
    if (!door->drained) continue;
    for (const std::uint32_t number : door->lost) report(number, out);
    door->lost.clear();
  }
  for (Mailboxes& box : mailboxes_) {
    if (!box.drained[0] || !box.drained[1]) continue;
    for (const std::uint32_t number : box.lost) report(number, out);
    box.lost.clear();
  }
  return out;
}

void Doors::report(std::uint32_t number, std::vector<LinkId>& lost) {
  const auto found = routes_.find(number);
  if (found == routes_.end()) return;
  const Route route = found->second;
  routes_.erase(found);
  if (route.door != nullptr) {
    route.door->numbers.erase(route.peer);
    route.door->last_number = 0;
    if (!route.closed) lost.push_back({route.side, route.door->plane, number});
    return;
  }
  mailboxes_[static_cast<std::size_t>(route.side)].numbers.erase(route.peer);
  if (route.closed) return;
  lost.push_back({route.side, wire::Plane::task, number});
  lost.push_back({route.side, wire::Plane::control, number});
}

std::vector<net::PollItem> Doors::poll_items() const {
  std::vector<net::PollItem> out;
  for (const auto& door : doors_) {
    out.push_back(net::PollItem::of(door->socket));
    out.push_back(door->watch.poll_item());
  }
  out.push_back(net::PollItem::of(notify_));
  out.push_back(notify_watch_.poll_item());
  for (const Mailboxes& box : mailboxes_) {
    const auto items = box.door.poll_items();
    out.insert(out.end(), items.begin(), items.end());
  }
  return out;
}

void Doors::shut(std::chrono::milliseconds flush) {
  for (const auto& door : doors_) door->socket.close(flush);
  notify_.close(flush);
}

}  // namespace roundhouse::hub
