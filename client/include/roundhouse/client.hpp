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
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/hub_info.hpp>
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

  // Tasks of this client that have no outcome yet.
  [[nodiscard]] std::uint64_t outstanding() const;

  // Questions to the hub. Each throws TimeoutError after ClientOptions::timeout, and the error that
  // the hub answers with as Exception.
  [[nodiscard]] std::vector<EngineInfo> engines() const;
  [[nodiscard]] QueueStatus queue_status(Targets targets = all, bool verbose = false) const;
  // Ids of the newest tasks, also of other clients, below `before` if it is given.
  [[nodiscard]] HistoryPage history(std::size_t limit = 100, std::string_view before = {}) const;
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
