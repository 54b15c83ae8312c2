#pragma once

// HubActor: the production router in a simulated shell: one life of a hub after the other over the
// same store. A turn takes some of what has arrived, ticks, schedules once and carries the outbox
// out. Thread rule: one thread.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "hub/core/router.hpp"
#include "tests/sim/checker.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/store.hpp"
#include "tests/sim/timeline.hpp"
#include "tests/sim/trace.hpp"

namespace roundhouse::sim {

class HubActor final : public HubEnd {
 public:
  struct Parts {
    Timeline& timeline;
    const WorldOptions& options;
    Network& network;
    StoreActor& store;
    Checker& checker;
    Trace& trace;
  };

  HubActor(const Parts& parts, Prng prng) : parts_(parts), prng_(prng) {}

  void start();
  void kill();  // and everything that it had not handed out is gone
  void freeze_until(TimePoint time);

  [[nodiscard]] bool alive() const { return router_ != nullptr; }

  [[nodiscard]] const hub::Router& router() const { return *router_; }

  [[nodiscard]] TimePoint frozen_until() const { return frozen_until_; }

  [[nodiscard]] std::uint64_t lives() const { return life_; }

  void on_arrival(hub::LinkId link, const wire::Message& message) override;
  void on_down(hub::LinkId link) override;
  void on_subscription(ConnectionId connection, const std::string& topic) override;

 private:
  using Event = std::function<void(hub::Now)>;

  void enqueue(Event event);
  void plan_turn(TimePoint at);
  void turn();
  void carry_out();
  void answer(const hub::Query& query);
  void read_module(const ContentHash& build);
  void find_places(const hub::PlaceQuestion& question);
  void handle(hub::LinkId link, const EngineKey& key, const wire::Message& message, hub::Now now);
  void watch_incoming(hub::LinkId link, const EngineKey& key, const wire::Message& message);
  void watch_outgoing(const hub::Send& send);
  StoreActor::Mail mail();

  Parts parts_;
  Prng prng_;
  std::unique_ptr<hub::Router> router_;
  hub::Outbox out_;
  std::uint64_t life_ = 0;
  std::deque<Event> inbox_;
  std::optional<TimePoint> planned_;
  std::optional<TimePoint> frozen_since_;  // until its next turn
  TimePoint frozen_until_;
  std::map<std::pair<EngineKey, std::uint32_t>, SessionId> templates_;  // said to engines
  std::set<ConnectionId> welcome_;  // of engines: usable, and none of its planes is lost
  std::unordered_map<hub::LinkId, wire::Hello> client_hellos_;  // that came, by task link
};

}  // namespace roundhouse::sim
