#pragma once

// Network: ZeroMQ's transport, exactly. Each plane of each connection is first in first out per
// direction; loss is only a suffix, when a connection breaks; old and new connections and different
// planes interleave at will; nothing is duplicated; every connection gets a new peer number at the
// hub's door. Hints may be lost singly (a full queue drops them). Thread rule: one thread.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hub/core/link.hpp"
#include "shared/message.hpp"
#include "shared/time.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/prng.hpp"
#include "tests/sim/timeline.hpp"

namespace roundhouse::sim {

using ConnectionId = std::uint64_t;

// Which process of which engine; for the checkers.
struct EngineKey {
  Uuid uuid;
  std::uint32_t incarnation = 0;
  friend auto operator<=>(const EngineKey&, const EngineKey&) = default;
};

// A peer's side of its connections. It outlives them.
class PeerEnd {
 public:
  PeerEnd() = default;
  PeerEnd(const PeerEnd&) = delete;
  PeerEnd& operator=(const PeerEnd&) = delete;
  virtual ~PeerEnd() = default;
  virtual void on_plane_message(ConnectionId connection, wire::Plane plane,
                                const wire::Message& message) = 0;
  virtual void on_plane_down(ConnectionId connection, wire::Plane plane) = 0;
  // Nothing reaches a stopped process before it goes on.
  [[nodiscard]] virtual TimePoint frozen_until() const = 0;

  [[nodiscard]] virtual EngineKey engine_key() const { return {}; }
};

// The hub's side.
class HubEnd {
 public:
  HubEnd() = default;
  HubEnd(const HubEnd&) = delete;
  HubEnd& operator=(const HubEnd&) = delete;
  virtual ~HubEnd() = default;
  virtual void on_arrival(hub::LinkId link, const wire::Message& message) = 0;
  virtual void on_down(hub::LinkId link) = 0;
  virtual void on_subscription(ConnectionId connection, const std::string& topic) = 0;
};

class Network {
 public:
  Network(Timeline& timeline, const WorldOptions& options, Prng prng);

  // --- the peer's side
  // All planes of a new connection. What is sent waits until it is there.
  ConnectionId connect(hub::Side side, PeerEnd& peer);
  void send(ConnectionId connection, wire::Plane plane, const wire::Message& message);
  void subscribe(ConnectionId connection, const std::string& topic);
  // The peer closes, or its process is gone. Nothing comes back. What was sent arrives up to some
  // message: all of it when `lingers`.
  void close(ConnectionId connection, bool lingers);

  // --- the hub's side
  // A hub binds; or is gone (null) with everything that it held.
  void bind(HubEnd* hub);
  // False: unroutable, the connection is known to be gone.
  bool send_to_peer(hub::LinkId link, const wire::Message& message);
  void close_link(hub::LinkId link);
  void publish(const std::string& topic, const wire::Message& message);
  void publish_to(ConnectionId connection, const std::string& topic, const wire::Message& message);
  // Whose the link is or was, for the checkers: also when it is gone.
  [[nodiscard]] EngineKey engine_of(hub::LinkId link) const;
  [[nodiscard]] ConnectionId connection_of(hub::LinkId link) const;

  // --- faults
  // Breaks one plane. `silent`: neither side is told.
  void break_plane(ConnectionId connection, wire::Plane plane, bool silent);
  [[nodiscard]] std::vector<ConnectionId> connections() const;

  // From now on nothing is slow or lost.
  void heal() { healed_ = true; }

 private:
  struct Item {
    TimePoint at;
    wire::Message message;
  };

  struct Pipe {
    std::deque<Item> items;
    TimePoint last;        // nothing overtakes
    bool ends = false;     // behind the last item the receiver learns that it is down
    bool pumping = false;  // an event is planned
  };

  // One plane of one connection.
  struct Line {
    ConnectionId connection = 0;
    wire::Plane plane = wire::Plane::task;
    hub::LinkId link;
    EngineKey key;
    bool linked = false;    // the hub has accepted it
    bool peer_open = true;  // the peer holds its socket
    bool hub_open = false;  // the hub's side has not learned that it is down
    bool broken = false;    // takes nothing more
    Pipe up;
    Pipe down;
  };

  struct Connection {
    hub::Side side = hub::Side::client;
    PeerEnd* peer = nullptr;
    std::array<std::shared_ptr<Line>, 3> lines;
    std::vector<std::string> topics;  // that the hub knows of
  };

  void establish(const std::shared_ptr<Line>& line);
  void put(const std::shared_ptr<Line>& line, bool upwards, const wire::Message& message);
  void pump(const std::shared_ptr<Line>& line, bool upwards);
  void plan_pump(const std::shared_ptr<Line>& line, bool upwards, TimePoint at);
  void deliver_end(const std::shared_ptr<Line>& line, bool upwards);
  void cut(Pipe& pipe, bool all_arrives);
  void forget_if_over(const std::shared_ptr<Line>& line);
  Duration delay();
  [[nodiscard]] Connection* find(ConnectionId id);

  Timeline& timeline_;
  const WorldOptions& options_;
  Prng prng_;
  HubEnd* hub_ = nullptr;
  std::uint64_t hub_life_ = 0;
  bool healed_ = false;
  ConnectionId next_connection_ = 1;
  std::uint32_t next_peer_ = 1;
  std::map<ConnectionId, Connection> connections_;
  std::unordered_map<hub::LinkId, std::shared_ptr<Line>> links_;
  std::unordered_map<hub::LinkId, std::pair<EngineKey, ConnectionId>> origins_;
};

}  // namespace roundhouse::sim
