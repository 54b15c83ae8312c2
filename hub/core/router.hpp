#pragma once

// CORE. Router: the hub's brain. Who is speaking, what do they want, whom do we answer.
//
// Pure: events and `Now` in, an Outbox out. The shell (hub/hub.cpp) or a simulator calls, in each
// turn: the events of that turn, then schedule() once, then carries out the outbox.
// It owns the tables (sessions, engines, tasks) and holds the rules of PROTOCOL 5 to 8; the nouns
// hold the state. Peers' mistakes are answered, never asserted on.
// Thread rule: one thread.
//
//   router.on_message(link, message, now, out);   // or on_link_down, on_stored, ...
//   router.on_tick(now, out);
//   router.schedule(now, out);
//   carry_out(out);

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/core/link.hpp"
#include "hub/core/options.hpp"
#include "hub/core/outbox.hpp"
#include "hub/core/places.hpp"
#include "shared/message.hpp"
#include "shared/time.hpp"

namespace roundhouse::hub {

// One reading of both clocks per turn: steady for decisions, UTC microseconds for the record.
struct Now {
  TimePoint steady;
  std::int64_t wall_us = 0;
};

struct Counters {
  std::uint64_t submitted = 0, finished = 0, assigned = 0, revoked = 0;
  std::uint64_t stale_fence = 0, duplicates = 0, gaps = 0, malformed = 0, unknown_tasks = 0;
  std::uint64_t facts = 0;  // emitted; the number of the last one
};

class Router {
 public:
  // `restored.epoch` is that of the hub before; this one's is one more, and the shell has committed
  // it. With engines or tasks restored nothing is assigned before all known engines returned or
  // `grace` has passed since `now`.
  Router(const RouterOptions& options, Restored restored, Now now);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // Whatever came from `link`, not yet decoded. Decodes, bounds, checks the door, acts.
  void on_message(LinkId link, const wire::Message& message, Now now, Outbox& out);
  // The connection of that plane is gone (monitor, or a send was unroutable, or the shell closed
  // it).
  void on_link_down(LinkId link, Now now, Outbox& out);
  // Facts up to this number have committed (with store `memory`: are in it).
  void on_stored(std::uint64_t facts_through, Now now, Outbox& out);
  // The database cannot be written: from now on submissions are refused, with this reason, until
  // on_store_recovered(). Nothing that was acknowledged depends on it.
  void on_store_failed(const std::string& reason, Now now, Outbox& out);
  void on_store_recovered(Now now, Outbox& out);
  // The answer to a fetch: the bytes of a module, in parts as they travel.
  void on_module_read(const ContentHash& build, Result<Frames> parts, Now now, Outbox& out);
  // The answer to a PlaceQuestion, in any order.
  void on_places(std::uint64_t question, std::vector<RanOn> answer, Now now, Outbox& out);
  // The answer to a Query: sent when its link still exists.
  void on_answer(LinkId link, const wire::Reply& reply, Outbox& out);

  void on_tick(Now now, Outbox& out);
  // Places what can be placed, delivers what can be delivered, fills the batches. Once per turn.
  void schedule(Now now, Outbox& out);
  // When to be ticked if nothing else happens; a time that has passed: there is work left over for
  // the next turn at once.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  [[nodiscard]] std::uint64_t epoch() const;
  [[nodiscard]] const Counters& counters() const;
  [[nodiscard]] std::size_t unfinished() const;   // tasks accepted that have no outcome yet
  [[nodiscard]] std::size_t undelivered() const;  // outcomes that clients have not received
  [[nodiscard]] std::size_t engines_online() const;
  // Engines that are here, or whose end has not been told yet: zero after dismiss_engines() means
  // that all have gone and that what they left behind has arrived.
  [[nodiscard]] std::size_t engines_present() const;
  // Tells all engines to stop (an orderly shutdown of the cluster).
  void dismiss_engines(Outbox& out);
  // Aborts the process when the tables contradict each other; for tests and simulation.
  void check_invariants() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace roundhouse::hub
