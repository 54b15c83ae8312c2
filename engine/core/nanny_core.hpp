#pragma once

// CORE. NannyCore: the brain of the process above the engine's. It starts the engine process,
// notices its death, tells the hub what the page of the dead says (its last will), and starts the
// next incarnation, which begins only after the will was delivered, so that the hub sees the two
// in order. While the process lives it is its keeper: by a connection of its own it hears what
// clients want of a process that may be busy or frozen: a signal, another process, the end.
//
//   nanny.start(now, out);                          // out.start: start this incarnation
//   nanny.on_process_ended(ended, now, out);        // waitpid; with what the page says
//   nanny.on_link(...), on_link_lost, on_message    // the keeper's link, or that of the will
//   nanny.on_stop(now, out);                        // SIGTERM: out.terminate, later out.kill
//
// Pure, as Session; thread rule: one thread.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/hub_contact.hpp"
#include "engine/core/outbox.hpp"
#include "engine/core/outcome_log.hpp"
#include "shared/content_hash.hpp"
#include "shared/message.hpp"
#include "shared/printed.hpp"
#include "shared/records.hpp"
#include "shared/time.hpp"

namespace roundhouse::engine {

struct NannyOptions {
  Uuid uuid = {};
  std::uint32_t slots = 1;
  std::uint32_t pid = 0;
  std::string host = {};
  std::string label = {};
  std::optional<Duration> hub_timeout = {};  // nothing: wait for the hub for ever
  std::uint32_t crashes_max = 5;             // so many within crash_window: give up
  Duration crash_window = std::chrono::seconds{60};
  Duration stop_grace = std::chrono::seconds{2};    // from SIGTERM to SIGKILL
  Duration farewell_max = std::chrono::seconds{1};  // for the will of an engine that was stopped
  // From the hub's goodbye to SIGKILL: the process has heard it, too, unless it is frozen.
  Duration dismissal_max = std::chrono::seconds{1};
  // The will counts as heard when the hub has said that it is stored, or when so much time has
  // passed and the link is still there; the same for the outcomes.
  Duration stored_max = std::chrono::seconds{2};
};

// How the engine process ended, and what it left behind.
struct ProcessEnded {
  std::int32_t signal = 0;  // 0: it exited
  std::int32_t exit_code = 0;
  std::optional<Farewell> farewell = {};  // it ended on purpose: written to the page before exiting
  std::optional<std::string> output = {};  // the last that was written, as Died has it
  // Of the page: outcomes not confirmed, dense from `first_outcome`, and what its slots ran.
  std::uint64_t first_outcome = 1;
  std::vector<wire::FinishedRecord> outcomes = {};
  std::vector<wire::RunRef> running = {};
  std::vector<wire::Printed> printed = {};  // of each of them, or none
  std::uint64_t next_number = 1;            // one more than the highest number that was started
  ContentHash loading = {};  // a module that a client shipped; empty: it was loading none
};

struct NannyOutbox : Outbox {
  std::optional<std::uint32_t> start;  // start the engine process of this incarnation
  bool terminate = false;              // ask the engine process to stop (SIGTERM)
  bool kill = false;                   // SIGKILL
  std::vector<int> signals;            // for the engine process, before the two
  bool ready = false;                  // tell the launcher, once

  [[nodiscard]] bool empty() const {
    return Outbox::empty() && !start && !terminate && !kill && !ready && signals.empty();
  }

  void clear() {
    Outbox::clear();
    start.reset();
    signals.clear();
    terminate = kill = ready = false;
  }
};

class NannyCore {
 public:
  enum class State : std::uint8_t {
    starting,  // the process runs, and was not welcome yet
    running,   // it was
    will,      // it died: the hub is being told
    over,      // Outbox::exit was given
  };

  NannyCore(NannyOptions options, TimePoint now);

  void start(TimePoint now, NannyOutbox& out);
  // The engine process was welcomed by a hub of this epoch.
  void on_ready(std::uint64_t epoch, TimePoint now, NannyOutbox& out);
  // The engine process has seen a hub of this epoch.
  void note_epoch(std::uint64_t epoch);
  // Precondition: the process was started and has not ended.
  void on_process_ended(ProcessEnded ended, TimePoint now, NannyOutbox& out);
  // The process could not even be started.
  void on_start_failed(std::string text, NannyOutbox& out);
  void on_stop(TimePoint now, NannyOutbox& out);

  void on_link(std::uint64_t connection, TimePoint now, NannyOutbox& out);
  void on_link_lost(TimePoint now, NannyOutbox& out);
  void on_message(wire::Plane plane, const wire::Message& message, TimePoint now, NannyOutbox& out);
  void on_tick(TimePoint now, NannyOutbox& out);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  [[nodiscard]] State state() const { return state_; }

  [[nodiscard]] std::uint32_t incarnation() const { return incarnation_; }

  // Of the hub last seen; 0: none. The next incarnation is told.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

  // Crashes within the window.
  [[nodiscard]] std::size_t crashes() const { return crashes_.size(); }

  void check_invariants() const;

 private:
  // What is being told to the hub.
  struct Will {
    HubContact contact;
    OutcomeLog outcomes;
    wire::Died died;
    std::uint64_t next_number = 1;
    std::optional<TimePoint> died_sent;   // on the present connection
    bool heard = false;                   // the hub has stored it
    std::optional<TimePoint> give_up_at;  // of an engine that was stopped
    std::optional<Farewell> then;         // how the nanny ends; nothing: the next incarnation
  };

  // nanny_keeper.cpp
  void keep(TimePoint now, NannyOutbox& out);
  void stop_keeping(NannyOutbox& out);
  void on_keeper_message(wire::Plane plane, const wire::Message& message, TimePoint now,
                         NannyOutbox& out);
  void on_act(const wire::Act& act, NannyOutbox& out);
  void begin_will(ProcessEnded ended, std::optional<Farewell> then, TimePoint now,
                  NannyOutbox& out);
  void end_will(TimePoint now, NannyOutbox& out);
  void begin_incarnation(TimePoint now, NannyOutbox& out);
  void end(Farewell farewell, NannyOutbox& out);
  // A death while a module is loaded does not count: the hub is told, and offers the module to
  // nobody any more.
  [[nodiscard]] std::optional<Farewell> count_crash(const ProcessEnded& ended, TimePoint now);
  void tell(TimePoint now, NannyOutbox& out);
  [[nodiscard]] bool delivered(TimePoint now) const;
  void settle(TimePoint now, NannyOutbox& out);
  [[nodiscard]] wire::Hello hello(wire::Role role) const;

  NannyOptions options_;
  State state_ = State::starting;
  std::uint32_t incarnation_ = 0;
  bool told_ready_ = false;
  bool stopping_ = false;
  std::uint64_t epoch_ = 0;  // the highest that is known
  std::optional<TimePoint> kill_at_;
  std::optional<HubContact> keeper_;  // while the process lives, unless the hub wants none
  bool restart_asked_ = false;        // by a client: the process is being killed
  int signal_asked_ = 0;              // the last that a client sent to this process
  std::deque<TimePoint> crashes_;
  std::optional<Will> will_;
};

}  // namespace roundhouse::engine
