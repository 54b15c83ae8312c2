// Client: a program's connection to a hub.
//
//   rh::Client client;                              // the default cluster
//   rh::Client other({.cluster = "night", .timeout = 30s});
//   client.wait_for_engines(4);
//   int lines = client[0].apply_sync(count_lines, path);
//   std::vector<int> all = client[rh::all].apply_sync(count_lines, path);
//   auto any = client.load_balanced_view();
//
// The constructor returns when the hub has answered. From then on a lost connection, or a hub that
// is started again, is a pause and nothing else: calls wait, and nothing is lost or run twice.
// The destructor waits a moment (ClientOptions::linger) until the hub has taken over what was
// submitted; tasks go on without their client.
//
// Thread-safe. In the child of a fork every call throws ForkedError: make a new Client there.
// Everything but the constructor throws ConnectionError once the hub has refused this client.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/abort.hpp>
#include <roundhouse/apply_message.hpp>
#include <roundhouse/control.hpp>
#include <roundhouse/engine_event.hpp>
#include <roundhouse/held_results.hpp>
#include <roundhouse/hub_info.hpp>
#include <roundhouse/hub_query.hpp>
#include <roundhouse/hub_result.hpp>
#include <roundhouse/jobs.hpp>
#include <roundhouse/modules.hpp>
#include <roundhouse/msg_ids.hpp>
#include <roundhouse/options.hpp>
#include <roundhouse/result_type.hpp>
#include <roundhouse/targets.hpp>
#include <roundhouse/view.hpp>

namespace roundhouse {

namespace detail {
struct ClientAccess;

// Jobs, and no engines.
template <class T>
concept NamesTasks = std::convertible_to<const T&, Jobs> && !std::convertible_to<const T&, Targets>;
}  // namespace detail

class Client {
 public:
  // Throws ConnectionError: no hub is running (within the timeout), it speaks another version or
  // refused; Exception (permission, malformed) for a connection file that is not to be trusted.
  explicit Client(const ClientOptions& options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Leaves the hub, as the destructor does. Whoever waits for a result gets a ConnectionError;
  // results that have come can still be read. Idempotent.
  void close();

  // Ids of the engines that are there now, ascending.
  [[nodiscard]] std::vector<int> ids() const;

  // How many there are.
  [[nodiscard]] std::size_t size() const { return ids().size(); }

  // Waits until there are at least `count`. Throws TimeoutError, which says how many there are.
  void wait_for_engines(std::size_t count, Timeout timeout = {}) const;

  // The engine with this id, also one whose process has ended and that is being started again: its
  // calls wait for it, 10 s at most. Negative: counted from the end of ids().
  // Throws Exception (unknown_engine).
  [[nodiscard]] EngineView operator[](int id) const;

  // Several: rh::all, {0, 2}, a vector of ids, rh::slice(0, rh::end, 2).
  // Throws Exception (unknown_engine); rh::all may be empty until a call is made.
  [[nodiscard]] DirectView operator[](All) const { return direct_view(all); }

  [[nodiscard]] DirectView operator[](std::initializer_list<int> ids) const {
    return direct_view(std::vector<int>(ids));
  }

  [[nodiscard]] DirectView operator[](std::vector<int> ids) const {
    return direct_view(std::move(ids));
  }

  [[nodiscard]] DirectView operator[](IndexSlice slice) const { return direct_view(slice); }

  [[nodiscard]] DirectView direct_view(Targets targets = all) const;

  // The scheduler chooses; with targets, among these. Throws Exception (unknown_engine).
  [[nodiscard]] LoadBalancedView load_balanced_view(Targets targets = all) const;

  // Ids of all tasks that this client submitted, in order: history()[-1] is the last.
  [[nodiscard]] MsgIds history() const;

  // Those that have no outcome yet; outstanding().size() counts them.
  [[nodiscard]] MsgIds outstanding() const;

  // What this client has of its tasks: results are kept while there is a handle on them (for
  // everything else ask the hub). metadata() throws Exception (unknown_task) when it has nothing.
  [[nodiscard]] HeldResults results() const;
  [[nodiscard]] Metadata metadata(std::string_view msg_id) const;

  // Delivers what has arrived. Never waits for the network, and is never needed: an I/O thread, or
  // whoever waits, does it all the time.
  void spin() const;

  // Waits until these tasks are done, whatever they ended with; without any, all that are
  // outstanding now. Returns whether they are. Throws Exception: invalid for what is no id,
  // unknown_task for ids of other clients (results that they gave are right).
  bool wait(const Jobs& jobs, Timeout timeout = {}) const;
  bool wait(Timeout timeout = {}) const;

  // The same, showing how many are done.
  bool wait_interactive(const Jobs& jobs, const InteractiveOptions& options = {}) const;
  bool wait_interactive(const InteractiveOptions& options = {}) const;

  // Calls `call` when an engine joins, leaves or is started anew: see engine_event.hpp.
  Subscription on_engine(std::function<void(const EngineEvent&)> call) const;

  // What every call of every view is sent by, for views that a program makes for itself: one task
  // per engine, or, where the scheduler chooses, one per list of arguments (encode_values() makes
  // them; they are moved from). Throws Exception (invalid) when there are neither one list nor one
  // for each engine.
  [[nodiscard]] AsyncTasks send_apply_message(const ApplyMessage& message,
                                              std::span<Encoded> arguments) const;

  // Ships a module of tasks to all engines, also to those that join later: see modules.hpp. Those
  // whose process is being started again load it then. With no engine there the hub keeps it, and
  // the result is an empty list.
  AsyncListResult<LoadedModule> load(const std::string& path) const;
  // From now on the tasks of this client run in this build, which somebody else has shipped (the
  // first digits suffice), as if it had been shipped here. Throws Exception (unknown_module).
  ModuleRecord pin(std::string_view build) const;
  // The modules that the hub and its engines have, in the order of their coming.
  [[nodiscard]] std::vector<ModuleRecord> modules() const;
  // Makes the hub forget the module with this build (its first 8 digits suffice, where they are of
  // one only): engines that join do not get it, nor does a client that has shipped it mean it any
  // longer. Engines that have loaded it keep it. Returns the build. Throws Exception
  // (unknown_module; invalid: too few digits).
  std::string remove_module(std::string_view build) const;

  // Questions to the hub. Each throws TimeoutError after ClientOptions::timeout, and the error that
  // the hub answers with as Exception. What this client has submitted before is known to the
  // answer, unless it waits for room at the hub. Of other clients' tasks those count that the hub
  // has heard of: all that they submitted before a question of their own was answered.
  [[nodiscard]] std::vector<EngineInfo> engines() const;
  [[nodiscard]] QueueStatus queue_status(Targets targets = all, bool verbose = false) const;
  // Which of these have ended; own ones that the hub has not heard of are pending. For Jobs here
  // and below, ids of other clients' tasks are right; ids come before results.
  [[nodiscard]] ResultStatus result_status(const Jobs& jobs) const;
  // Why a task waits, runs or failed, whoever submitted it: what it waits for, and which engine
  // lacks what. Throws Exception (unknown_task) for an id that nobody submitted, and for a record
  // that was purged.
  [[nodiscard]] Explanation explain(std::string_view msg_id) const;
  // Records of tasks by msg_id, of unfinished ones as well.
  [[nodiscard]] TaskRecords result(std::span<const std::string> ids) const;
  // Records of tasks that are like this: see hub_query.hpp.
  [[nodiscard]] std::vector<TaskRecord> db_query(const TaskQuery& query) const;
  // Ids of all tasks, whoever submitted them, in the order of submission; or of the newest ones.
  [[nodiscard]] std::vector<std::string> hub_history(std::optional<std::size_t> newest = {}) const;
  [[nodiscard]] HubStatus status() const;
  // Which of the engines with room the hub gives a load-balanced task: "least_loaded", "lru",
  // "weighted_random", "two_choices", "random" or "pure"; config/hub.json says what they do.
  [[nodiscard]] std::string policy() const;
  // Another one from now on, for all clients, until the cluster is stopped: also under a hub that
  // takes the place of one that died. Throws Exception (invalid), whose text has the names.
  void set_policy(std::string_view name) const;

  // The result of any task, also of another client's, and of one that has not ended: from what this
  // client has at hand, or else from the hub, and then it is an AsyncHubResult (hub_result.hpp).
  // A piece of a map has a list; any result can be waited for as void.
  // Throws Exception: unknown_task, when the hub knows no such task, or it was purged;
  // wrong_signature, when the task gives no T.
  template <class T, std::convertible_to<std::string_view> Id>
  [[nodiscard]] AsyncResult<T> get_result(const Id& msg_id) const {
    return find_results(Jobs(std::string_view(msg_id)), detail::result_type<T>()).template as<T>();
  }

  // By its place in history(): -1 is the last call of this client. Throws std::out_of_range.
  template <class T>
  [[nodiscard]] AsyncResult<T> get_result(int index) const {
    return get_result<T>(history()[index]);
  }

  // Of several, as a list.
  template <class T>
  [[nodiscard]] AsyncListResult<T> get_result(const Jobs& jobs) const {
    return AsyncListResult<T>(find_results(jobs, detail::result_type<T>()).tasks_);
  }

  // Calls the same functions with the same arguments again, as tasks of this client with ids of
  // their own: on the same engine, or wherever the scheduler chooses, under the same settings and
  // after the same tasks. Throws Exception: payload_lost, when the hub no longer has the arguments
  // (it keeps small ones, and in memory the newest large ones: see config/hub.json) or all of what
  // they depended on, unknown_task, unknown_engine, wrong_signature; then none of them is called.
  AsyncResult<void> resubmit(const Jobs& jobs) const;

  template <class T, std::convertible_to<std::string_view> Id>
  AsyncResult<T> resubmit(const Id& msg_id) const {
    return resubmit_all(Jobs(std::string_view(msg_id)), detail::result_type<T>()).template as<T>();
  }

  template <class T>
  AsyncListResult<T> resubmit(const Jobs& jobs) const {
    return AsyncListResult<T>(resubmit_all(jobs, detail::result_type<T>()).tasks_);
  }

  // Deletes the hub's records of finished tasks, whoever submitted them. Returns how many.
  std::uint64_t purge_results(const PurgeOptions& what) const;

  // By what Jobs can be made of; a list in braces is a PurgeOptions.
  template <std::convertible_to<Jobs> J>
  std::uint64_t purge_results(const J& jobs) const {
    return purge_jobs(jobs);
  }

  std::uint64_t purge_results(All) const;
  // Lets go of results that this client keeps because there is a handle on them: get() throws
  // Exception (payload_lost) from then on. Returns how many. Throws Exception (invalid) when one of
  // the tasks has not ended.
  std::size_t purge_local(const Jobs& jobs) const;
  std::size_t purge_local(All) const;
  // Both, of all there is, and the history of this client. Throws Exception (invalid) while tasks
  // of this client are outstanding.
  void purge_everything() const;
  // Ends these tasks before their time, whoever submitted them, or all that are outstanding of this
  // client, or all that the hub has: see abort.hpp. Returns when the hub has them on record as
  // aborted, which does not wait for any task that runs.
  AbortReport abort(const Jobs& jobs) const;
  AbortReport abort() const;
  AbortReport abort(All) const;
  // All unfinished tasks of a session: the first 16 digits of its tasks' ids.
  AbortReport abort_session(std::string_view session) const;

  // What is done to engines, whatever they do: control.hpp says what comes of it. Each throws
  // Exception (unknown_engine), having done nothing, for an id that never was.

  // What runs there is asked to stop by its stop token, and ends as aborted. If it goes on for the
  // engine's `limit_grace` its process is replaced, with the id and without the names. A clear
  // whose destructors do not end counts as what runs.
  ControlReport interrupt(const Targets& targets = all, const ControlOptions& options = {}) const;

  // Of these tasks, those that run.
  template <detail::NamesTasks J>
  ControlReport interrupt(const J& jobs, const ControlOptions& options = {}) const {
    return interrupt_jobs(jobs, options);
  }

  // To the engine's process, by its nanny. SIGINT is interrupt(); SIGTERM ends the engine; one that
  // kills the process has another one started, as restart() does.
  ControlReport send_signal(int signal, const Targets& targets = all,
                            const ControlOptions& options = {}) const;
  // Forgets names, and what source has declared: between two tasks of the engine.
  ControlReport clear(const Targets& targets = all, const ControlOptions& options = {}) const;
  // Another process in the place of each, whatever it does: what runs there ends with EngineError,
  // names are gone, and what was queued for the engine itself is, too.
  ControlReport restart(const Targets& targets = all, const ControlOptions& options = {}) const;
  // Ends engines, with `hub` also the hub and this client. What runs ends with EngineError.
  ControlReport shutdown(const Targets& targets = all, const ShutdownOptions& options = {}) const;

  // Any verb of PROTOCOL 9; `body` is one msgpack map, or nothing.
  HubReply request(std::string_view verb, std::string_view body = {}) const;

 private:
  friend struct detail::ClientAccess;
  explicit Client(std::shared_ptr<detail::Shell> shell);

  [[nodiscard]] detail::Shell& shell() const;
  std::uint64_t purge_jobs(const Jobs& jobs) const;
  ControlReport interrupt_jobs(const Jobs& jobs, const ControlOptions& options) const;
  [[nodiscard]] AsyncTasks find_results(const Jobs& jobs, const detail::ResultType& wanted) const;
  [[nodiscard]] AsyncTasks resubmit_all(const Jobs& jobs, const detail::ResultType& wanted) const;

  std::shared_ptr<detail::Shell> shell_;  // shared by the client, its views and its handles
};

}  // namespace roundhouse
