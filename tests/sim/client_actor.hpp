#pragma once

// ClientActor: a program with one session, the production core in a simulated shell. It submits
// tasks of all kinds now and then and hands what it gets to the checker. Thread rule: one thread.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "client/core/session.hpp"
#include "tests/sim/checker.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/timeline.hpp"
#include "tests/sim/trace.hpp"

namespace roundhouse::sim {

class ClientActor : public PeerEnd {
 public:
  struct Parts {
    Timeline& timeline;
    const WorldOptions& options;
    Network& network;
    Checker& checker;
    Trace& trace;
  };

  ClientActor(const Parts& parts, unsigned number, Prng prng);

  void start();
  void kill();
  void leave();
  void freeze_until(TimePoint time);

  [[nodiscard]] bool gone() const { return gone_; }

  [[nodiscard]] const client::Session& session() const { return session_; }

  [[nodiscard]] std::optional<ConnectionId> link() const { return link_; }

  // It will submit no more.
  [[nodiscard]] bool done() const { return gone_ || left_ == 0; }

  void submit_rest();
  // Nothing is left to be told or kept; empty when so.
  [[nodiscard]] std::string unrest() const;

  void on_plane_message(ConnectionId connection, wire::Plane plane,
                        const wire::Message& message) override;
  void on_plane_down(ConnectionId connection, wire::Plane plane) override;

  [[nodiscard]] TimePoint frozen_until() const override { return frozen_until_; }

 protected:
  // One of its tasks has ended.
  virtual void on_ended(std::uint64_t /*sequence*/) {}

  [[nodiscard]] Body draw_body();
  [[nodiscard]] std::optional<EngineId> draw_engine();
  void settle();

  Parts parts_;
  Prng prng_;
  client::Session session_;
  unsigned left_ = 0;

 private:
  void work();
  void submit_some();
  void ship_something();
  [[nodiscard]] std::uint32_t draw_template(bool direct, Duration timeout, std::uint32_t& retries);
  [[nodiscard]] Depends draw_depends();
  [[nodiscard]] wire::TaskRange draw_range();
  [[nodiscard]] wire::DependencyMode draw_mode();
  void submit_one(bool direct);
  void submit_run(bool direct);
  void ask_something();
  void abort_something();
  void on_abort_answer(const wire::Reply& reply);
  void steer_something();
  void on_steer_answer(const wire::Reply& reply);
  void carry_out();
  void watch(wire::Plane plane, const wire::Message& message, bool incoming);
  void plan_tick();

  Prng depends_prng_;  // of its own: worlds without dependencies are what they were
  Prng aborts_prng_;   // likewise
  Prng steers_prng_;   // likewise
  Prng nested_prng_;   // likewise
  std::uint64_t submitted_ = 0;
  std::string name_;
  client::Outbox out_;
  std::optional<ConnectionId> link_;
  std::optional<TimePoint> planned_;
  TimePoint frozen_until_;
  bool gone_ = false;
  std::uint64_t next_token_ = 1;
  std::set<std::uint64_t> asked_;
  std::map<std::uint64_t, Abort> aborts_;  // by request
  std::set<std::uint64_t> steers_;         // requests
};

}  // namespace roundhouse::sim
