#pragma once

// CORE. Session: the engine's brain: its life with the hub, what to run next, which outcomes to
// send when.
//
// Pure: events and `now` in, an Outbox out. A shell (engine/engine.hpp) or a simulator does
//
//   session.start(now, out);                             // out.connect: make a link, then
//   session.on_link(fresh_random_number, now, out);      // ... say so; hellos go out
//   session.on_message(plane, message, now, out);        // everything that comes by that link
//   while (auto run = session.take_next(slot, now)) {    // whenever a slot is idle
//     execute(*run);
//     session.on_finished(slot, *run, finish, now, out);
//   }
//   session.on_tick(now, out);                           // at next_deadline(), after draining
//
// and carries the outbox out after each. Work goes on while the hub is away; outcomes are kept
// until the hub has stored them. Thread rule: one thread at a time (the shell's lease).

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/hub_contact.hpp"
#include "engine/core/module_intake.hpp"
#include "engine/core/outbox.hpp"
#include "engine/core/outcome_log.hpp"
#include "engine/core/run_queue.hpp"
#include "engine/core/time_limits.hpp"
#include "shared/message.hpp"
#include "shared/time.hpp"

namespace roundhouse::engine {

struct SessionOptions {
  Uuid uuid = {};
  std::uint32_t incarnation = 1;
  std::uint32_t slots = 1;
  std::uint32_t pid = 0;
  std::string host = {};
  std::string label = {};
  HubContact::Terms terms = {};
  // A nanny speaks the last word: when asked to stop, say no goodbye, because the nanny delivers
  // outcomes, what ran and what did not, and then says it.
  bool has_nanny = false;
  // What clients ship is loaded; else refused.
  bool shipped_modules = true;
  Duration limit_grace = std::chrono::seconds{1};  // for a task that was asked to stop
  Duration idle_timeout{0};                        // without work for so long it leaves; 0: never
  std::vector<wire::Have> modules = {};            // that it was started with
};

// When runs wait for others and nothing that is deeper comes for so long, others may begin, too.
inline constexpr Duration kLimitPatience = std::chrono::milliseconds{50};

// How a run ended.
struct Finish {
  wire::Ending ending = wire::Ending::ok;
  Payload payload = {};  // the result, or wire::encode_error
  std::int64_t started_us = 0;
  std::uint64_t duration_ns = 0;
  Slice printed = {};  // what the task wrote: shared/printed.hpp
};

struct SessionCounters {
  std::uint64_t assigned = 0, finished = 0, revoked = 0;
  std::uint64_t duplicates = 0;  // assignments with a number that came before
  std::uint64_t violations = 0;  // the hub broke a rule: a gap, a template not defined
  std::uint64_t strays = 0;      // messages that came without a link, or before the welcome
};

class Session {
 public:
  Session(SessionOptions options, TimePoint now);

  void start(TimePoint now, Outbox& out);
  // `connection`: random, fresh, not zero.
  void on_link(std::uint64_t connection, TimePoint now, Outbox& out);
  // Lost, or could not be made.
  void on_link_lost(TimePoint now, Outbox& out);
  void on_message(wire::Plane plane, const wire::Message& message, TimePoint now, Outbox& out);
  // The transport dropped a message over its bounds.
  void on_oversized(wire::Plane plane, TimePoint now, Outbox& out);
  // Both of the following.
  void on_tick(TimePoint now, Outbox& out);
  // Beats, silence, connecting, time limits: what a shell's control thread does. Call after
  // draining control.
  void on_control_tick(TimePoint now, Outbox& out);
  // Sends outcomes that waited long enough; with `all`, every one: a long task is running.
  void on_outcome_tick(TimePoint now, Outbox& out, bool all = false);
  // A module of Outbox::loads is loaded, or cannot be.
  void on_module_loaded(wire::Have have, TimePoint now, Outbox& out);

  // A thread begins what Outbox::clears asked for,
  void on_clearing() { ++clearing_; }

  // and has done it; Act::id of each.
  void on_cleared(const std::vector<std::uint64_t>& acts, Outbox& out);
  // Somebody wants the engine to end, in order. Ends with Outbox::exit, at once.
  void on_stop(std::string reason, TimePoint now, Outbox& out);

  // Work for this seat (run_queue.hpp), or nothing. Precondition: it is free.
  [[nodiscard]] std::optional<Run> take_next(std::uint32_t slot, TimePoint now);
  // What a run that ends now ends with: one past its time limit with `timed_out`, one that was to
  // be stopped with `aborted`, whatever it says.
  [[nodiscard]] Finish judge(std::uint32_t slot, Finish finish, TimePoint now) const;
  // The run that take_next gave to `slot` has ended, as judged. Returns the number of its outcome.
  std::uint64_t on_finished(std::uint32_t slot, const Run& run, Finish finish, TimePoint now,
                            Outbox& out);

  // The run waits for other tasks: its slot is lent. False, and nothing done, when kLentMax are.
  [[nodiscard]] bool lend(std::uint32_t slot, TimePoint now, Outbox& out);

  // It waits no more: nothing begins before it has a slot again, which take_back() asks for, again
  // and again. One that was asked to stop, or is past its time limit, goes on without.
  void want_back(std::uint32_t slot) { queue_.want_back(slot); }

  [[nodiscard]] bool take_back(std::uint32_t slot, TimePoint now, Outbox& out);

  // One of Outbox::overdue: its run ends as timed out, or aborted, in the outcome that is returned
  // and has the highest number now, though its thread goes on until the process ends.
  [[nodiscard]] wire::FinishedRecord end_overdue(std::uint32_t slot, std::int64_t started_us,
                                                 std::uint64_t duration_ns, Slice printed,
                                                 TimePoint now);

  // All of them are ended, and kept safe: sends what there is and ends, at once.
  void on_overrun(Outbox& out) { end_process("a task that was to stop went on", out); }

  // When to be ticked if nothing else happens.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  // The same for on_control_tick alone.
  [[nodiscard]] std::optional<TimePoint> control_deadline() const;

  // Some idle slot would find work.
  [[nodiscard]] bool has_work() const { return !over_ && queue_.ready(); }

  // Both planes are usable.
  [[nodiscard]] bool connected() const { return contact_.state() == HubContact::State::welcome; }

  [[nodiscard]] bool over() const { return over_; }

  [[nodiscard]] EngineId engine_id() const { return contact_.welcome().engine; }

  [[nodiscard]] const HubContact& contact() const { return contact_; }

  [[nodiscard]] const RunQueue& queue() const { return queue_; }

  [[nodiscard]] const OutcomeLog& outcomes() const { return outcomes_; }

  [[nodiscard]] const ModuleIntake& modules() const { return modules_; }

  [[nodiscard]] std::uint64_t next_number() const { return next_number_; }

  [[nodiscard]] const SessionCounters& counters() const { return counters_; }

  [[nodiscard]] const SessionOptions& options() const { return options_; }

  void check_invariants() const;

 private:
  [[nodiscard]] wire::Hello hello() const;
  void on_welcome(Outbox& out);
  void on_task_plane(wire::Kind kind, const wire::Message& message, TimePoint now, Outbox& out);
  void on_define(const wire::Message& message, TimePoint now, Outbox& out);
  void on_assign(const wire::Message& message, TimePoint now, Outbox& out);
  void on_stored(const wire::Message& message, TimePoint now, Outbox& out);
  void on_offer(const wire::Message& message, TimePoint now, Outbox& out);
  void on_part(const wire::Message& message, TimePoint now, Outbox& out);
  void on_revoke(const wire::Message& message, TimePoint now, Outbox& out);
  // session_stops.cpp: assignments that are aborted
  void on_stop_asked(const wire::Message& message, TimePoint now, Outbox& out);
  [[nodiscard]] bool was_stopped_ahead(const Run& run);
  void promise(std::vector<std::uint64_t> numbers, Outbox& out);
  // session_lending.cpp: runs that wait for others
  void say_lent(Outbox& out);
  void lift_limit(TimePoint now, Outbox& out);
  [[nodiscard]] std::optional<TimePoint> limit_deadline() const;
  [[nodiscard]] bool wait_for_company(const Run& run, TimePoint now);
  [[nodiscard]] Payload end_text(std::uint32_t slot, bool with_process) const;
  // session_acts.cpp: what clients ask of this engine, and leaving for want of work
  void on_act(const wire::Message& message, TimePoint now, Outbox& out);
  void interrupt(const wire::Act& act, TimePoint now, Outbox& out);
  void note_ended(TaskId task, Fence fence);
  void say_interrupted(Outbox& out);
  void say_acted(const wire::Acted& acted, Outbox& out) const;
  [[nodiscard]] std::optional<TimePoint> idle_deadline() const;
  [[nodiscard]] std::optional<TimePoint> clear_deadline() const;
  // The hub broke a rule: told so, and the connection begins anew, which puts things straight.
  void violation(std::string text, TimePoint now, Outbox& out);
  void end(Exit exit, std::string text, Outbox& out);
  void end_process(const std::string& why, Outbox& out);
  void send_holding(Outbox& out);

  SessionOptions options_;
  HubContact contact_;
  RunQueue queue_;
  OutcomeLog outcomes_;
  ModuleIntake modules_;
  TimeLimits limits_;
  // By the hub's number; of this connection.
  std::unordered_map<std::uint32_t, std::shared_ptr<Template>> templates_;
  wire::Batch<wire::AssignRecord> batch_;  // keeps its capacity
  // Assignments of this connection that are to be stopped and have not come yet, by number.
  std::map<std::uint64_t, wire::AssignmentRef> stopped_ahead_;
  wire::Lent said_lent_;   // on this connection
  TimePoint progress_at_;  // while slots are lent: when a run began, ended, waited or went on

  // Runs that are to be interrupted, and who asked for it.
  struct Interrupt {
    std::uint64_t act = 0;
    std::uint64_t count = 0;
    std::vector<wire::RunRef> left;
    bool of_clear = false;  // and what forgets names
  };

  std::vector<Interrupt> interrupts_;
  std::uint32_t clearing_ = 0;            // threads that forget names
  std::optional<TimePoint> clear_until_;  // after this the process ends that still does
  TimePoint idle_since_;
  std::uint64_t next_number_ = 1;
  SessionCounters counters_;
  bool over_ = false;
};

}  // namespace roundhouse::engine
