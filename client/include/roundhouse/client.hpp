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

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/apply_message.hpp>
#include <roundhouse/engine_event.hpp>
#include <roundhouse/held_results.hpp>
#include <roundhouse/hub_info.hpp>
#include <roundhouse/jobs.hpp>
#include <roundhouse/msg_ids.hpp>
#include <roundhouse/options.hpp>
#include <roundhouse/targets.hpp>
#include <roundhouse/view.hpp>

namespace roundhouse {

namespace detail {
struct ClientAccess;
}

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

  // The engine with this id; negative: counted from the end of ids().
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

  // Questions to the hub. Each throws TimeoutError after ClientOptions::timeout, and the error that
  // the hub answers with as Exception.
  [[nodiscard]] std::vector<EngineInfo> engines() const;
  [[nodiscard]] QueueStatus queue_status(Targets targets = all, bool verbose = false) const;
  // Ids of the newest tasks, also of other clients, below `before` if it is given.
  [[nodiscard]] HistoryPage hub_history(std::size_t limit = 100,
                                        std::string_view before = {}) const;
  // Records of tasks by msg_id, from the results database.
  [[nodiscard]] TaskRecords result(std::span<const std::string> ids) const;
  [[nodiscard]] HubStatus status() const;
  // Deletes records of finished tasks. Returns how many.
  std::uint64_t purge_results(std::span<const std::string> ids) const;
  std::uint64_t purge_results(std::span<const int> engines) const;
  std::uint64_t purge_results(All) const;
  // Ends engines, and with `hub` the hub itself. What runs there ends with EngineError.
  void shutdown(Targets targets = all, bool hub = false) const;

  // Any verb of PROTOCOL 9; `body` is one msgpack map, or nothing.
  HubReply request(std::string_view verb, std::string_view body = {}) const;

 private:
  friend struct detail::ClientAccess;
  explicit Client(std::shared_ptr<detail::Shell> shell);

  [[nodiscard]] detail::Shell& shell() const;

  std::shared_ptr<detail::Shell> shell_;  // shared by the client, its views and its handles
};

}  // namespace roundhouse
