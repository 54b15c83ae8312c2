// Cluster: starts and stops a hub and engines on this machine, from a program.
//
//   rh::Cluster cluster({.engines = 4, .modules = {"./survey.so"}});   // stopped by the destructor
//   rh::Client client = cluster.connect();
//
// It runs what `roundhouse start` runs: a supervisor, which starts the hub again if it dies, the
// hub and the engines. They end with this program, however it ends, unless it called detach(). The
// programs are looked for in $ROUNDHOUSE_BINDIR if that is set, else beside this program and in
// $PATH.
// Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <roundhouse/client.hpp>
#include <roundhouse/options.hpp>

namespace roundhouse {

struct ClusterOptions {
  // Empty: a name of its own, so that several can run. (`roundhouse start` passes "default".)
  std::string name{};
  std::size_t engines = 1;
  std::uint32_t slots = 1;             // tasks that an engine runs at a time
  std::vector<std::string> modules{};  // paths of modules for every engine
  std::string store{};                 // "sqlite", "memory", "none"; empty: the hub's default
  std::string durability{};            // "relaxed", "commit", "none"; empty: the hub's default
  std::string listen{};                // "ipc", "tcp://address"; empty: the hub's default
  std::string hub_config{};            // files; empty: none
  std::string engine_config{};
  std::vector<std::string> hub_flags{};  // further ones, as on the command line
  std::vector<std::string> engine_flags{};
  // A hub that died so often within a minute is not started again: the cluster ends.
  std::size_t hub_starts_max = 10;
  // Of all processes, beside what they inherit: {"KEY", "value"}.
  std::map<std::string, std::string> environment{};
  std::chrono::nanoseconds timeout = std::chrono::seconds{30};  // for starting, and for stopping
};

class Cluster {
 public:
  // Starts and returns when the hub answers and every engine has registered. Throws Exception, with
  // the last lines of the log of what failed: in_use when a cluster of this name runs,
  // not_connected when a program is missing or ends early; TimeoutError. What was started is
  // stopped then.
  explicit Cluster(const ClusterOptions& options = {});
  Cluster(Cluster&&) noexcept;
  Cluster& operator=(Cluster&&) noexcept;
  // As stop(), without throwing.
  ~Cluster();

  [[nodiscard]] const std::string& name() const { return name_; }

  // A client of this cluster. Throws as Client's constructor.
  [[nodiscard]] Client connect(ClientOptions options = {}) const;

  // Starts further engines, as the first ones. Returns when they have registered. Throws as the
  // constructor.
  void add_engines(std::size_t count);

  // Stops engines, hub and supervisor and waits until they are gone. Idempotent. Throws
  // TimeoutError when something would not go even when killed.
  void stop();

  // Leaves it running: stop() and the destructor do nothing from now on.
  void detach();

 private:
  std::string name_;
  std::chrono::nanoseconds timeout_{};
  int owner_ = 0;           // the process that started it
  int lifeline_ = -1;       // open while we live; its end stops the cluster
  bool temporary_ = false;  // the name is its own: nothing is to remain
  bool running_ = false;
};

}  // namespace roundhouse
