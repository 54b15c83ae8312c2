// OS. What a benchmark runs in: a folder of its own, clusters of its own, and a look at their hubs
// from outside. All of it is gone with these objects. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "cli/interrupt.hpp"
#include "shared/time.hpp"
#include <roundhouse/client.hpp>
#include <roundhouse/cluster.hpp>

namespace roundhouse::cli {

// This program's own file.
[[nodiscard]] std::string own_program();

// A folder in which this process and those that it starts keep run directories and databases.
// Throws Exception (io_failed).
class BenchPlace {
 public:
  BenchPlace();
  BenchPlace(const BenchPlace&) = delete;
  BenchPlace& operator=(const BenchPlace&) = delete;
  // Removes the folder with everything in it.
  ~BenchPlace();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A cluster in the present BenchPlace, and a client of it. Throws as Cluster and Client.
class BenchCluster {
 public:
  explicit BenchCluster(const ClusterOptions& options);

  [[nodiscard]] const Client& client() const { return client_; }

  // Processor time that the hub has used, in all its threads.
  [[nodiscard]] Duration hub_cpu_time() const;

  // Its resident memory.
  [[nodiscard]] double hub_resident_bytes() const;

  [[nodiscard]] const std::string& name() const { return cluster_.name(); }

  // Both return when they have registered, or are gone.
  void add_engines(std::size_t count) { cluster_.add_engines(count); }

  // All of them. Throws TimeoutError.
  void remove_engines(Duration patience) const;

  // Kills the hub as it is now, with SIGKILL: its supervisor starts the next one, of which the two
  // above know nothing.
  void kill_hub() const;

  // Waits until the hub has committed everything that the client has submitted so far. Throws
  // TimeoutError, and when interrupted.
  void wait_until_taken_over(const Interrupt& interrupt) const;

 private:
  [[nodiscard]] pid_t find_hub() const;

  Cluster cluster_;
  Client client_;
  pid_t hub_ = 0;
};

}  // namespace roundhouse::cli
