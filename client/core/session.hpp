// CORE. Session: one client's life with the hub, across connections and hubs.
//
// Pure: events and `now` in, an Outbox out. It never waits and never gives up: when a connection is
// lost it asks for another, after 20 ms first and 150 ms at most, sends again what the hub has not
// got, and drops outcomes that it has already, so that a program notices a restart of the hub as a
// pause at most. Only a fatal `refused` ends it.
//
//   Session session(options, now);
//   session.on_tick(now, out);                         // out.connect: open a link, then
//   session.on_link_up(wire::Plane::task, now, out);   // per plane: `hello` is in the outbox
//   session.on_link_up(wire::Plane::control, now, out);
//   std::uint64_t task = session.submit(record);       // any time, connected or not
//   session.flush(now, out);                           // once per turn: what may be sent now
//   session.on_message(plane, message, now, out);      // out.outcomes, out.replies
//
// A turn: drain the planes, on_tick, flush, carry out the outbox. Requests and engines are of the
// control and notification planes, submissions and outcomes of the task plane.
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/core/engine_list.hpp"
#include "client/core/module_shelf.hpp"
#include "client/core/outbox.hpp"
#include "client/core/outcome_table.hpp"
#include "client/core/submission_log.hpp"
#include "client/core/template_table.hpp"
#include "shared/message.hpp"
#include "shared/records.hpp"
#include "shared/time.hpp"
#include <roundhouse/error.hpp>
#include <roundhouse/ids.hpp>

namespace roundhouse::client {

struct SessionOptions {
  SessionId session;
  Uuid secret;
  std::uint64_t seed = 1;  // of the connection numbers
  std::uint32_t pid = 0;
  std::string host;
  std::string label;
  Duration backoff_min = std::chrono::milliseconds{20};
  // Well below the grace of a new hub, which waits for clients, too: they know their outcomes.
  Duration backoff_max = std::chrono::milliseconds{150};
  // From connecting to the welcome, doubled with each try.
  Duration welcome_min = std::chrono::seconds{1};
  Duration welcome_max = std::chrono::seconds{8};
};

// What became odd so far; for tests and for `status`.
struct SessionCounters {
  std::uint64_t connections = 0;       // asked for
  std::uint64_t welcomes = 0;          // connections that became usable
  std::uint64_t duplicates = 0;        // outcomes dropped because they were known
  std::uint64_t malformed = 0;         // messages of the hub that were dropped
  std::uint64_t lost_submissions = 0;  // tasks that the hub forgot and nobody can send again
  std::uint64_t silences = 0;          // connections closed because the hub was silent
};

// Whether a request may be sent again on a new connection when its answer did not come.
enum class Repeat : std::uint8_t { yes, no };

class Session {
 public:
  Session(const SessionOptions& options, TimePoint now);

  // This plane of the link that the last `connect` asked for is there: what is sent from now on
  // arrives, or is lost with the link. (Also right when sends wait for the connection.)
  void on_link_up(wire::Plane plane, TimePoint now, Outbox& out);
  // A plane is gone, and with it the link: `close` is in the outbox when others are left.
  void on_link_down(wire::Plane plane, std::string_view reason, TimePoint now, Outbox& out);
  // Anything that came from the hub, not yet decoded.
  void on_message(wire::Plane plane, const wire::Message& message, TimePoint now, Outbox& out);
  // Time has passed. Call after the control plane was drained: silence counts only then.
  void on_tick(TimePoint now, Outbox& out);

  // The number of a template, interned. Precondition: is_room_for().
  std::uint32_t define(wire::Define define);

  // Whether a session may have one more template, of so many bytes.
  [[nodiscard]] bool is_room_for(std::size_t bytes) const { return templates_.is_room_for(bytes); }

  [[nodiscard]] const wire::Define& template_of(std::uint32_t number) const {
    return templates_.get(number);
  }

  // Takes a task, or a run of them, and returns its (first) sequence. Nothing is sent before
  // flush(). Precondition: !failure().
  std::uint64_t submit(wire::SubmitRecord record);

  // Ships a module to the hub: see ModuleShelf.
  void ship(ShippedModule module, Outbox& out) {
    shelf_.ship(std::move(module), task_usable(), out);
  }

  void pin(const ContentHash& build, std::vector<std::string> tasks) {
    shelf_.pin(build, std::move(tasks));
  }

  // Asks the hub; the answer comes in out.replies under the number returned. Sent at once when the
  // connection is usable, else when it is; again on each new connection as `repeat` says. With
  // Reply::more set, others follow under the same number.
  std::uint64_t request(std::string verb, wire::Raw body, Repeat repeat, Outbox& out);
  // Nobody waits for this answer any longer.
  void forget_request(std::uint64_t id);
  // Sends what credit allows, in as few messages as possible, and confirms outcomes when it is
  // time. At most kFlushMessagesMax messages: ask wants_flush() for more.
  void flush(TimePoint now, Outbox& out);

  // This client has shut the hub down: when the connection ends, so does the session.
  void hub_will_stop() { hub_stops_ = true; }

  // Leaves for good: `goodbye` and close; no connection follows.
  void leave(std::string reason, Outbox& out);

  // When to be ticked if nothing else happens; nothing once it left or failed.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  // When to flush, though nothing was submitted; before next_deadline() usually.
  [[nodiscard]] std::optional<TimePoint> flush_deadline() const;

  // Whether flush() would send submissions now.
  [[nodiscard]] bool wants_flush() const { return task_usable() && log_.ready(); }

  // Number of the connection that `connect` asked for last: subscribe to "engines" and then to
  // peer_topic() on its notification plane.
  [[nodiscard]] std::uint64_t connection() const { return connection_; }

  [[nodiscard]] std::string peer_topic() const;

  // Both planes of the connection are welcome.
  [[nodiscard]] bool usable() const { return task_usable() && control_welcome_; }

  // Why the session ended for good.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  [[nodiscard]] SessionId id() const { return options_.session; }

  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }  // of the hub last seen

  [[nodiscard]] const EngineList& engines() const { return engines_; }

  // Asks for the list anew, unless that is under way. The answer is of no earlier time than any
  // reply that came before this call.
  void ask_engines(Outbox& out);

  [[nodiscard]] bool asks_engines() const { return engines_request_ != 0; }

  [[nodiscard]] const SubmissionLog& log() const { return log_; }

  [[nodiscard]] const OutcomeTable& outcomes() const { return outcomes_; }

  [[nodiscard]] const ModuleShelf& shelf() const { return shelf_; }

  [[nodiscard]] const SessionCounters& counters() const { return counters_; }

  // Tasks submitted that have no outcome yet.
  [[nodiscard]] std::uint64_t outstanding() const { return log_.last() - outcomes_.count(); }

  // What a person is told when nothing answers: "lost: connection refused".
  [[nodiscard]] const std::string& link_reason() const { return link_reason_; }

  // Why the hub takes no tasks at present, though it is there: its database cannot be written. What
  // was submitted is kept and sent when it can; nothing when tasks are taken.
  [[nodiscard]] const std::optional<Error>& pause() const { return pause_; }

  // Aborts the process when the tables contradict each other; for tests and simulation.
  void check_invariants() const;

  static constexpr std::size_t kFlushMessagesMax = 16;
  static constexpr std::uint32_t kRefusalsMax = 8;  // in a row, without progress: then it is fatal

 private:
  struct Pending {
    std::string verb;
    wire::Raw body;
    Repeat repeat = Repeat::yes;
    bool sent = false;
    bool own = false;  // asked by the session itself
  };

  // Waiting to connect: until `retry_at_`. Else connecting, and usable once welcome.
  enum class State : std::uint8_t { waiting, connecting, up, over };

  [[nodiscard]] bool task_usable() const { return state_ == State::up && task_welcome_; }

  void on_task(const wire::Message& message, wire::Kind kind, TimePoint now, Outbox& out);
  void on_control(const wire::Message& message, wire::Kind kind, TimePoint now, Outbox& out);
  void on_welcome(wire::Plane plane, const wire::Message& message, TimePoint now, Outbox& out);
  void on_refused(const wire::Message& message, TimePoint now, Outbox& out);
  void on_outcomes(const wire::Message& message, TimePoint now, Outbox& out);
  void on_module_message(const wire::Message& message, wire::Kind kind, TimePoint now, Outbox& out);
  void on_reply(const wire::Message& message, TimePoint now, Outbox& out);
  void on_hint(const wire::Message& message, Outbox& out);
  void on_malformed(const Error& error, TimePoint now, Outbox& out);
  void conclude_lost(TimePoint now, Outbox& out);
  void send_request(std::uint64_t id, Pending& pending, Outbox& out);
  // Gives up the link and plans the next one.
  void drop_link(std::string_view reason, TimePoint now, Outbox& out);
  void fail(Error error, Outbox& out);
  void beat(TimePoint now, Outbox& out);
  [[nodiscard]] wire::Hello hello() const;
  std::uint64_t draw();

  const SessionOptions options_;
  State state_ = State::waiting;
  bool hub_stops_ = false;
  std::optional<Error> failure_;
  std::optional<Error> pause_;
  std::string link_reason_;
  std::uint64_t epoch_ = 0;
  std::uint64_t connection_ = 0;
  std::uint64_t random_state_;
  SubmissionLog log_;
  OutcomeTable outcomes_;
  TemplateTable templates_;
  EngineList engines_;
  ModuleShelf shelf_;
  SessionCounters counters_;
  std::map<std::uint64_t, Pending> requests_;
  std::uint64_t next_request_ = 1;
  std::uint64_t engines_request_ = 0;  // the one under way; 0: none
  wire::Batch<wire::OutcomeRecord> batch_;
  wire::BatchWriter<wire::SubmitRecord> writer_;  // empty between calls of flush()
  // Of this connection.
  bool link_open_ = false;
  bool task_welcome_ = false;
  bool control_welcome_ = false;
  std::uint64_t beat_number_ = 0;
  Duration heartbeat_ = std::chrono::milliseconds{1000};
  Duration dead_ = std::chrono::milliseconds{3000};
  TimePoint retry_at_;    // waiting
  TimePoint give_up_at_;  // connecting
  TimePoint heard_at_;    // up
  TimePoint beat_at_;     // up: the next one
  TimePoint ticked_at_;   // to know whether this process was stopped
  Duration backoff_;
  Duration patience_;  // with the next hello
  std::uint32_t refusals_ = 0;
};

}  // namespace roundhouse::client
