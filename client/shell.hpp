// SHELL. Shell: what is behind a Client: the session core, the link, and the threads that use them.
//
// One I/O thread has the control and the notification plane, makes and drops links, and tends the
// task socket when nobody else does. A user's thread that waits for a task takes the lease of the
// task socket, sends what is to be sent and polls for itself, so that a synchronous call costs no
// thread switch; see shared/lease.hpp. The lease's mutex guards the core, the slab and everything
// that is marked so; it is never held while something waits for I/O.
// Thread-safe. Throws as the public headers say.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "client/core/session.hpp"
#include "client/dispatcher.hpp"
#include "client/hub_results.hpp"
#include "client/slab.hpp"
#include "shared/lease.hpp"
#include "shared/mailbox.hpp"
#include "shared/net/link.hpp"
#include <roundhouse/engine_event.hpp>
#include <roundhouse/jobs.hpp>
#include <roundhouse/map_call.hpp>
#include <roundhouse/msg_ids.hpp>
#include <roundhouse/options.hpp>
#include <roundhouse/pending.hpp>
#include <roundhouse/result_type.hpp>
#include <roundhouse/submission.hpp>

namespace roundhouse::detail {

// Makes a link to the hub of the moment. Throws Exception: not_connected when there is none (the
// shell tries again), anything else when trying again is no use before somebody did something.
using Connector = std::function<std::unique_ptr<net::Link>()>;

// What the hub answered; an error is thrown instead.
struct HubAnswer {
  std::string body;
};

struct EngineSummary {
  int id = 0;
  std::uint32_t slots = 1;
};

using EngineListener = std::function<void(const EngineEvent&)>;

using Engines = std::map<EngineId, client::EngineEntry>;

// What happened from one list of engines to the next, by id. `seen`: all that were in earlier ones.
[[nodiscard]] std::vector<EngineEvent> engine_events(const Engines& before, const Engines& after,
                                                     const Engines& seen);

// How tasks are submitted.
struct Manner {
  std::uint32_t settings = 0;                     // Shell::settings_number()
  const std::shared_ptr<const Depends>& depends;  // as ViewSettings has it
  Urgency urgency = Urgency::later;
  std::uint32_t view = 0;  // Shell::next_view()
};

// Whether a task is meant, by the slot of its group's first and its own.
using SlotFilter = std::function<bool(const Slot& head, const Slot& slot)>;

class Shell {
 public:
  // Returns when the hub has welcomed the session and told its engines. Throws as Client does.
  [[nodiscard]] static std::shared_ptr<Shell> open(const ClientOptions& options,
                                                   Connector connector);

  Shell(const ClientOptions& options, Connector connector);
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;
  // Precondition: closed, or in the child of a fork, where it must not be called at all.
  ~Shell();

  // See Client::close.
  void close() noexcept;
  // Throws ForkedError in the child of a fork.
  void require_same_process() const;
  [[nodiscard]] bool in_other_process() const;

  // Tasks: the one way on which they leave. `self` is this, for the handle.
  [[nodiscard]] Pending send_apply_message(const std::shared_ptr<Shell>& self,
                                           const Function& function, std::span<const int> engines,
                                           std::span<Encoded> bodies, const Manner& manner);
  // The number of these settings, for send_apply_message().
  [[nodiscard]] std::uint32_t settings_number(const TaskSettings& settings);

  // A number for another view.
  [[nodiscard]] std::uint32_t next_view() { return next_view_.fetch_add(1); }

  // Ships a module and returns its build, in hexadecimal digits, when the hub has it. Throws what
  // read_module() fails with, and why the hub refuses it.
  [[nodiscard]] std::string ship(const std::string& path, bool everywhere);

  // Tasks of these names run in this build from now on. Throws Exception (invalid).
  void pin(std::string_view build, std::vector<std::string> tasks);

  // All that it submits is of tasks, whatever thread does it.
  void serve_tasks() { depth_min_ = 1; }

  // For handles. `done` is asked under the lock, and may use slot().
  bool wait(const std::function<bool()>& done, Timeout timeout);

  // `read` under the lock, with nothing awaited.
  template <class F>
  void look(F&& read) {
    require_same_process();
    const auto guard = lease_.lock();
    read();
  }

  // Calls `call` on the dispatcher when the tasks of `head` (null: none) are done, or never will
  // be. Throws ConnectionError when the client is closed.
  void on_done(Slot* head, std::uint64_t first, std::function<void()> call);

  // Calls `call` on the dispatcher with what the tasks of `head` (null: none) have written, and
  // will write. Throws ConnectionError when the client is closed.
  void on_output(Slot* head, std::uint64_t first, std::function<void(const OutputPart&)> call);

  // What a handle calls its tasks: sequences of this client's, or places, with this bit.
  static constexpr std::uint64_t kPlaceBit = std::uint64_t{1} << 63U;

  [[nodiscard]] static bool is_place(std::uint64_t sequence) { return (sequence & kPlaceBit) != 0; }

  // Of a task of this client, or of a place of find_results().
  [[nodiscard]] Slot& slot(std::uint64_t sequence) {
    return is_place(sequence) ? hub_slab_.get(sequence & ~kPlaceBit) : slab_.get(sequence);
  }

  void abandon(Slot& head, std::uint64_t first) noexcept;
  [[nodiscard]] Metadata metadata(const Slot& head, const Slot& slot, std::uint64_t sequence);
  [[nodiscard]] std::string msg_id(std::uint64_t sequence) const;
  // The error, or the result, of a task that is done.
  [[nodiscard]] RemoteErrorInfo error_of(const Slot& slot, std::uint64_t sequence) const;
  // The same as what get() throws; null when it ended well.
  [[nodiscard]] std::exception_ptr failure_of(const Slot& slot, std::uint64_t sequence) const;
  [[nodiscard]] static ResultBytes bytes_of(const Slot& slot);

  // Tasks of this client by id. Throw Exception: invalid for what is no id, unknown_task for those
  // of other clients and, find_task() alone, those of which nothing is kept.
  [[nodiscard]] std::uint64_t sequence_of(std::string_view id) const;
  [[nodiscard]] std::uint64_t find_task(std::string_view id);
  // Waits until all of them are done, in time. Throws as sequence_of.
  bool wait_for(SessionId session, MsgIds::Range range, std::optional<TimePoint> deadline);
  // How many of them are. Throws as sequence_of.
  [[nodiscard]] std::size_t done_of(SessionId session, MsgIds::Range range);
  // Appends the ids of the tasks that a handle calls by these numbers. Throws ConnectionError when
  // this client is closed or was refused.
  void append_ids(std::uint64_t first, std::size_t count, std::vector<MsgIds::Ids>& out);
  // Returns when the hub has all tasks up to this, or does not take them at present.
  void await_acceptance(std::uint64_t last);
  [[nodiscard]] MsgIds history();
  [[nodiscard]] MsgIds outstanding();
  // Those of them that are meant.
  [[nodiscard]] MsgIds outstanding(const SlotFilter& is_meant);
  [[nodiscard]] bool is_direct(const Slot& head) const;
  // As Pending::pause().
  [[nodiscard]] std::string pause();
  // Those that are done and of which something is kept.
  [[nodiscard]] MsgIds finished();
  // Takes what has arrived; see Client::spin.
  void spin();

  // Any tasks by id, as one handle: those that this client has at hand, and the others by asking
  // the hub, now and when they end. Throws Exception (unknown_task; wrong_signature: one of them
  // gives another type), and as ask().
  [[nodiscard]] Pending find_results(const std::shared_ptr<Shell>& self,
                                     const std::vector<TaskId>& tasks, const ResultType& wanted);
  // Throws Exception (wrong_signature) when this task of the client's own gives another type.
  void require_type(const Slot& head, std::uint64_t sequence, const ResultType& wanted) const;
  // Whether some of the tasks that begin with this place came by the hub.
  [[nodiscard]] bool from_hub(std::uint64_t first);
  // Lets go of results before their handles. Throws Exception (invalid) when one has not come.
  std::size_t purge(const Jobs& jobs);
  // Of all of them, and of the history. Throws Exception (invalid) when tasks are outstanding.
  void purge_everything();

  // The hub, within ClientOptions::timeout.
  // `longer`: how much later than others it may come.
  [[nodiscard]] HubAnswer ask(std::string verb, std::string body, client::Repeat repeat,
                              Duration longer = {});
  // Hears of what has just become of engines, rather than a moment later.
  void refresh_engines();
  // See Session.
  void hub_will_stop();
  [[nodiscard]] std::vector<EngineSummary> engines();
  // What targets are resolved by: the ids of those, and where targets are ids, also of engines that
  // are being started again.
  [[nodiscard]] std::vector<int> engines_for(const Targets& targets);
  // True when there are so many in time.
  [[nodiscard]] bool wait_for_engines(std::size_t count, Timeout timeout);
  // Calls `call` on the dispatcher for each change, for as long as somebody else holds what is
  // returned.
  [[nodiscard]] std::shared_ptr<void> on_engine(std::function<void(const EngineEvent&)> call);

  [[nodiscard]] const ClientOptions& options() const { return options_; }

  // For tests: slots and submissions that are kept.
  [[nodiscard]] std::size_t kept();

  // For tests: the hub has stored the submissions up to this sequence.
  [[nodiscard]] std::uint64_t stored();

 private:
  using OutputHearer = std::shared_ptr<const std::function<void(const OutputPart&)>>;

  struct KnownTemplate {
    std::string name;
    std::string signature;
    std::uint32_t settings = 0;
    std::uint32_t depth = 0;
    CallKind kind = CallKind::call;
    std::string build;
    std::string source;
    std::uint32_t number = 0;
  };

  // A place of find_results(): what stands there, beside its slot.
  struct Place {
    TaskId task;
    Metadata metadata;  // from before it ended
    bool from_hub = false;
  };

  // The thread.
  void run();
  void drain_control(Lease::Guard& guard, TimePoint now);
  void act(Lease::Guard& guard, TimePoint now);
  void connect(Lease::Guard& guard, TimePoint now);
  void disconnect(Lease::Guard& guard);
  [[nodiscard]] bool needs_tending() const;
  [[nodiscard]] std::optional<Duration> until_next_turn(TimePoint now, bool tending);
  void wake_io();

  // With the mutex held.
  void await_welcome();
  void absorb(Lease::Guard& guard, TimePoint now);
  // Sends and receives on the task plane. Precondition: guard.free().
  void tend(Lease::Guard& guard, TimePoint now);
  void send_tasks();
  // Lets somebody send what is ready.
  void ask_to_flush(Lease::Guard& guard);
  void poll_as_primary(Lease::Guard& guard, std::optional<TimePoint> deadline, TimePoint now);
  bool wait_locked(Lease::Guard& guard, const std::function<bool()>& done,
                   std::optional<TimePoint> deadline);
  // The same in a task of an engine: it lends its slot meanwhile. Throws Exception (aborted) when
  // it is asked to stop, (over_quota) when too many tasks wait.
  bool wait_lending(Lease::Guard& guard, const std::function<bool()>& done,
                    std::optional<TimePoint> deadline);
  void wait_for_room(Lease::Guard& guard);
  // Until the hub has heard of what was submitted before a question about tasks, which goes another
  // way; or until it is not going to, for now.
  void wait_for_acceptance(Lease::Guard& guard, std::uint64_t last);
  // Until an answer of the control plane has come, in time, or never will.
  void wait_for_news(Lease::Guard& guard, const std::function<bool()>& came, TimePoint deadline);
  // Places. Their number comes without its bit.
  [[nodiscard]] std::map<TaskId, std::string> look_up(const std::vector<TaskId>& tasks);
  void open_places(const std::vector<TaskId>& tasks, const std::map<TaskId, std::string>& records);
  void abandon_places(Slot& head, std::uint64_t first);
  bool take_hub_answers(TimePoint now);
  void mirror(const wire::OutcomeRecord& outcome, TimePoint now);
  void finish_place(wire::OutcomeRecord outcome, TimePoint now, WallTime received);
  void tell_ending(Metadata& out, const Slot& slot, std::uint64_t sequence) const;
  // Callbacks: those of the tasks that begin with `first`, or of all that are not done.
  void tell_output(const OutputHearer& hearer, const Slot& slot, const HeardOutput::Texts& texts);
  void tell_hearers(std::uint64_t first, const Slot& slot, const HeardOutput::Texts& texts);
  void hear(const wire::Output& part);
  void hear_rest(Slab& slab, const wire::OutcomeRecord& outcome, std::uint64_t bit);
  void call_watchers(std::uint64_t first);
  void call_all_watchers();
  void tell_engine_changes();
  [[nodiscard]] std::uint32_t depth_of_calls() const;
  [[nodiscard]] std::uint32_t template_number(const Function& function, std::uint32_t settings);
  [[nodiscard]] std::vector<ContentHash> builds_of(const Function& function) const;
  void require_open() const;
  // Throws Exception (unknown_task) for tasks that are not of this client.
  void require_own(SessionId session, MsgIds::Range range) const;

  const ClientOptions options_;
  const Connector connector_;
  const std::uint32_t fork_generation_;
  std::atomic<std::uint32_t> depth_min_{0};
  std::atomic<std::uint32_t> next_view_{1};
  Lease lease_;
  WakeFd io_wake_;
  // Guarded by the lease's mutex.
  client::Session session_;
  client::Outbox out_;
  Slab slab_;
  // Places: a slab of their own, in which other clients' tasks have slots as well.
  Slab hub_slab_;
  HubResults hub_results_;
  std::unordered_map<std::uint64_t, Place> places_;
  std::unordered_multimap<std::uint64_t, std::uint64_t> mirrors_;  // own sequence, place
  std::uint64_t next_place_ = 1;
  // What groups of tasks depend on, by the first of them; only of those that do.
  std::unordered_map<std::uint64_t, std::shared_ptr<const Depends>> depends_;
  std::uint64_t forgotten_ = 0;             // history() begins behind this
  std::vector<wire::Message> task_out_;     // to be sent when the task socket is free
  std::vector<wire::Message> control_out_;  // to be sent by the I/O thread
  bool close_wanted_ = false;
  bool connect_wanted_ = false;
  std::thread::id io_thread_;
  bool io_woken_ = false;
  bool io_attentive_ = false;  // the I/O thread looks again within milliseconds
  bool flush_asked_ = false;
  bool stopping_ = false;
  std::optional<Error> connect_error_;  // of the last attempt
  TimePoint primary_at_{};              // when a user's thread last used the task socket
  std::map<std::uint64_t, std::optional<wire::Reply>> answers_;
  Engines seen_;  // every engine, as it was last
  std::map<TaskSettings, std::uint32_t> settings_numbers_;
  std::vector<const TaskSettings*> settings_;  // by number; in settings_numbers_
  std::unordered_multimap<std::size_t, KnownTemplate> templates_;
  std::uint64_t templates_generation_ = 0;  // of the shelf of modules, when they were made
  std::condition_variable changed_;         // replies, engines, usable, failure
  // Callbacks, by the first of their tasks.
  std::unordered_multimap<std::uint64_t, std::function<void()>> watchers_;
  std::unordered_multimap<std::uint64_t, OutputHearer> hearers_;  // until their tasks are done
  std::vector<std::weak_ptr<EngineListener>> engine_listeners_;   // owned by their Subscription
  Engines engines_told_;                                          // what the listeners know
  Dispatcher dispatcher_;                                         // its own lock
  // Made and dropped by the I/O thread after guard.take(); its task side belongs to the lease, its
  // control side to the I/O thread.
  std::unique_ptr<net::Link> link_;
  wire::Message incoming_;  // of the task plane; keeps its memory
  std::jthread thread_;     // last: joined before anything it uses is destroyed
};

}  // namespace roundhouse::detail
