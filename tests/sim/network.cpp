#include "tests/sim/network.hpp"

#include <algorithm>

#include "shared/check.hpp"

namespace roundhouse::sim {

using wire::Plane;

Network::Network(Timeline& timeline, const WorldOptions& options, Prng prng)
    : timeline_(timeline), options_(options), prng_(prng) {}

Duration Network::delay() {
  Duration max = options_.delay_max;
  if (!healed_ && prng_.chance(options_.slow_percent)) max *= 50;
  return prng_.duration(std::chrono::microseconds{1}, max);
}

Network::Connection* Network::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : &found->second;
}

ConnectionId Network::connect(hub::Side side, PeerEnd& peer) {
  const ConnectionId id = next_connection_++;
  Connection& made = connections_[id];
  made.side = side;
  made.peer = &peer;
  for (const Plane plane : {Plane::task, Plane::control, Plane::notify}) {
    if (plane == Plane::notify && side == hub::Side::engine) continue;
    auto line = std::make_shared<Line>();
    line->connection = id;
    line->plane = plane;
    line->link = {side, plane, 0};
    line->key = peer.engine_key();
    made.lines[static_cast<std::size_t>(plane)] = line;
    timeline_.after(delay(), [this, line] { establish(line); });
  }
  return id;
}

// Each plane on its own: a hub that is restarted meanwhile may have only some of them.
void Network::establish(const std::shared_ptr<Line>& line) {
  if (!line->peer_open || line->broken) return;
  if (hub_ == nullptr) {
    line->broken = true;
    line->up.items.clear();
    line->down.ends = true;
    plan_pump(line, false, timeline_.now());
    return;
  }
  line->linked = line->hub_open = true;
  line->link.peer = next_peer_++;
  links_[line->link] = line;
  origins_[line->link] = {line->key, line->connection};
  for (Item& item : line->up.items) {
    item.at = std::max(line->up.last, timeline_.now() + delay());
    line->up.last = item.at;
  }
  if (!line->up.items.empty()) plan_pump(line, true, line->up.items.front().at);
}

void Network::put(const std::shared_ptr<Line>& line, bool upwards, const wire::Message& message) {
  if (line->broken) return;
  Pipe& pipe = upwards ? line->up : line->down;
  pipe.last = std::max(pipe.last, timeline_.now() + delay());
  pipe.items.push_back({pipe.last, message});
  if (line->linked) plan_pump(line, upwards, pipe.items.front().at);
}

void Network::plan_pump(const std::shared_ptr<Line>& line, bool upwards, TimePoint at) {
  Pipe& pipe = upwards ? line->up : line->down;
  if (pipe.pumping) return;
  pipe.pumping = true;
  timeline_.at(at, [this, line, upwards] { pump(line, upwards); });
}

void Network::pump(const std::shared_ptr<Line>& line, bool upwards) {
  Pipe& pipe = upwards ? line->up : line->down;
  pipe.pumping = false;
  Connection* connection = find(line->connection);
  const bool receives =
      upwards ? line->hub_open && hub_ != nullptr : line->peer_open && connection != nullptr;
  if (!receives) {
    pipe.items.clear();
    return forget_if_over(line);
  }
  if (!upwards && connection->peer->frozen_until() > timeline_.now())
    return plan_pump(line, upwards, connection->peer->frozen_until());
  if (pipe.items.empty()) {
    if (pipe.ends) deliver_end(line, upwards);
    return;
  }
  if (pipe.items.front().at > timeline_.now())
    return plan_pump(line, upwards, pipe.items.front().at);
  const wire::Message message = std::move(pipe.items.front().message);
  pipe.items.pop_front();
  if (!pipe.items.empty())
    plan_pump(line, upwards, pipe.items.front().at);
  else if (pipe.ends)
    plan_pump(line, upwards, timeline_.now() + delay());
  if (upwards)
    hub_->on_arrival(line->link, message);
  else
    connection->peer->on_plane_message(line->connection, line->plane, message);
}

void Network::deliver_end(const std::shared_ptr<Line>& line, bool upwards) {
  if (upwards) {
    line->hub_open = false;
    links_.erase(line->link);
    if (line->plane != Plane::notify) hub_->on_down(line->link);
  } else {
    Connection* connection = find(line->connection);
    line->peer_open = false;
    connection->peer->on_plane_down(line->connection, line->plane);
  }
  forget_if_over(line);
}

void Network::send(ConnectionId id, Plane plane, const wire::Message& message) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  const auto& line = connection->lines[static_cast<std::size_t>(plane)];
  if (line != nullptr && line->peer_open) put(line, true, message);
}

void Network::subscribe(ConnectionId id, const std::string& topic) {
  timeline_.after(delay() + options_.delay_max, [this, id, topic] {
    Connection* connection = find(id);
    if (connection == nullptr || hub_ == nullptr) return;
    const auto& line = connection->lines[static_cast<std::size_t>(Plane::notify)];
    if (!line->linked || !line->hub_open || line->broken) return;
    connection->topics.push_back(topic);
    hub_->on_subscription(id, topic);
  });
}

void Network::publish(const std::string& topic, const wire::Message& message) {
  for (auto& [id, connection] : connections_) publish_to(id, topic, message);
}

void Network::publish_to(ConnectionId id, const std::string& topic, const wire::Message& message) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  const auto& topics = connection->topics;
  if (std::find(topics.begin(), topics.end(), topic) == topics.end()) return;
  const auto& line = connection->lines[static_cast<std::size_t>(Plane::notify)];
  if (!line->hub_open || (!healed_ && prng_.chance(options_.hint_loss_percent))) return;
  put(line, false, message);
}

// Loses a suffix, or nothing.
void Network::cut(Pipe& pipe, bool all_arrives) {
  if (!all_arrives && prng_.chance(60)) pipe.items.resize(prng_.below(pipe.items.size() + 1));
  pipe.ends = true;
}

void Network::close(ConnectionId id, bool lingers) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  for (const auto& line : connection->lines) {
    if (line == nullptr || !line->peer_open) continue;
    line->peer_open = false;
    line->down.items.clear();
    if (!line->broken) {
      line->broken = true;
      cut(line->up, lingers);
    }
    if (line->hub_open) plan_pump(line, true, timeline_.now() + delay());
  }
  connections_.erase(id);
}

void Network::bind(HubEnd* hub) {
  hub_ = hub;
  if (hub != nullptr) return;
  for (auto& [id, connection] : connections_) {
    connection.topics.clear();
    for (const auto& line : connection.lines) {
      if (line == nullptr || !line->linked) continue;
      const bool was_broken = std::exchange(line->broken, true);
      line->up.items.clear();
      if (!line->peer_open || (was_broken && line->down.ends)) continue;
      if (!was_broken) cut(line->down, false);
      line->down.ends = true;
      plan_pump(line, false, timeline_.now() + delay());
    }
  }
  for (auto& [link, line] : links_) line->hub_open = false;
  links_.clear();
}

bool Network::send_to_peer(hub::LinkId link, const wire::Message& message) {
  const auto found = links_.find(link);
  if (found == links_.end()) return false;
  put(found->second, false, message);
  return true;
}

void Network::close_link(hub::LinkId link) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  const std::shared_ptr<Line> line = found->second;
  line->up.items.clear();
  line->up.ends = true;
  if (!line->broken) {
    line->broken = true;
    cut(line->down, prng_.chance(70));
  }
  if (line->peer_open) plan_pump(line, false, timeline_.now() + delay());
  plan_pump(line, true, timeline_.now() + delay());
}

EngineKey Network::engine_of(hub::LinkId link) const {
  return origins_.at(link).first;
}

ConnectionId Network::connection_of(hub::LinkId link) const {
  return origins_.at(link).second;
}

void Network::break_plane(ConnectionId id, Plane plane, bool silent) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  const auto& line = connection->lines[static_cast<std::size_t>(plane)];
  if (line == nullptr || line->broken || (!line->linked && !silent)) return;
  line->broken = true;
  cut(line->up, false);
  cut(line->down, false);
  line->up.ends = line->down.ends = !silent;
  if (silent) return;
  plan_pump(line, true, timeline_.now() + delay());
  plan_pump(line, false, timeline_.now() + delay());
}

std::vector<ConnectionId> Network::connections() const {
  std::vector<ConnectionId> out;
  for (const auto& [id, connection] : connections_) out.push_back(id);
  return out;
}

void Network::forget_if_over(const std::shared_ptr<Line>& line) {
  if (!line->hub_open && line->linked) links_.erase(line->link);
}

}  // namespace roundhouse::sim
