#pragma once

// SHELL. Hub: a whole hub in an object. Owns the sockets, the router and the recorder, and turns
// the crank: bytes in, events to the router, its outbox out.
//
//   hub::Hub hub(config);                      // bound and reachable, or an exception
//   std::jthread loop([&] { hub.run(); });
//   Client client(hub.client_file());          // or hub.connect(Side::client), inside the process
//   hub.stop();                                // any thread, or a signal handler
//
// The constructor does, in this order: the run directory and its lock, the leftovers of a hub that
// was killed, the store, the new epoch on disk, the sockets, the connection files. run() ends in
// reverse: the files go first, engines are told to leave, the recorder commits what is left.
// Thread rule: one thread, but stop() and connect().

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/config.hpp"
#include "hub/core/outbox.hpp"
#include "hub/core/router.hpp"
#include "hub/doors.hpp"
#include "hub/recorder.hpp"
#include "shared/connection_file.hpp"
#include "shared/mailbox.hpp"
#include "shared/net/link.hpp"
#include "shared/net/poll.hpp"
#include "shared/paths.hpp"

namespace roundhouse::hub {

class Hub {
 public:
  static constexpr std::size_t kTaskMessagesPerTurn = 64;  // of each side
  static constexpr std::size_t kTaskBytesPerTurn = 512U << 10U;
  static constexpr std::size_t kControlMessagesPerTurn = 4096;
  static constexpr std::chrono::milliseconds kFarewell{1000};  // for engines to leave in good order
  static constexpr std::chrono::milliseconds kFlush{300};      // for the last words to be sent

  // Throws Exception; the text is one line that says what to do. in_use: another hub has the run
  // directory, the database or a port. permission, store_failed, config, io_failed.
  explicit Hub(const HubConfig& config);
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;
  // Ends in good order if run() has not.
  ~Hub();

  // Serves until stop(), until a client asks the hub to stop, or until `stop_fd` is readable (a
  // signalfd; -1: none).
  void run(int stop_fd = -1);

  // Makes run() return soon. Any thread; safe in a signal handler.
  void stop() noexcept { stop_.wake(); }

  // What clients, or engines, need to know.
  [[nodiscard]] ConnectionInfo connection(Role role) const;

  // The connection file: where connection() is written.
  [[nodiscard]] std::string file(Role role) const { return run_dir_.connection_file(role); }

  [[nodiscard]] const RunDir& run_dir() const { return run_dir_; }

  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

  // A link for a client or an engine in this process, without sockets. Any thread; until the hub
  // is destroyed.
  [[nodiscard]] std::unique_ptr<net::Link> connect(Side side) { return doors_->connect(side); }

 private:
  [[nodiscard]] static Now read_clocks();
  void turn(bool wait);
  void drain(Side side, wire::Plane plane, Now now);
  void take_mail(Now now);
  void confirm_subscriptions();
  void carry_out(Now now);
  void write_files() const;
  void finish();
  [[nodiscard]] std::optional<Duration> patience(Now now);

  HubConfig config_;
  RunDir run_dir_;
  RunDirLock lock_;
  WakeFd stop_;
  std::uint64_t epoch_ = 0;
  std::optional<CurveKeys> client_keys_;
  std::optional<CurveKeys> engine_keys_;
  std::unique_ptr<Doors> doors_;
  std::unique_ptr<Router> router_;
  std::unique_ptr<Recorder> recorder_;
  std::vector<net::PollItem> items_;
  Outbox out_;
  std::vector<LinkId> gone_;  // scratch of carry_out
  bool recorder_behind_ = false;
  bool stopping_ = false;
  bool finished_ = false;
};

}  // namespace roundhouse::hub
