// A cluster of real daemons in folders of its own, with the test module `process_tasks` loaded.
#pragma once

#include <chrono>
#include <string>

#include "tests/support/patience.hpp"
#include "tests/support/temp_dir.hpp"
#include <roundhouse/cluster.hpp>

#ifndef RH_BINARY_DIR
#error "process tests are built with RH_BINARY_DIR"
#endif

namespace roundhouse::test {

class RealCluster {
 public:
  explicit RealCluster(std::size_t engines, ClusterOptions options = {})
      : cluster_(completed(engines, std::move(options))) {}

  [[nodiscard]] Client connect() const { return cluster_.connect({.timeout = kPatience}); }

  [[nodiscard]] Cluster& cluster() { return cluster_; }

  // The folder of the test, gone afterwards.
  [[nodiscard]] std::string file(std::string_view name) const { return dir_.file(name); }

  [[nodiscard]] static std::string module_path(const std::string& name) {
    return std::string(RH_BINARY_DIR) + "/lib/" + name + ".so";
  }

 private:
  static ClusterOptions completed(std::size_t engines, ClusterOptions options) {
    options.engines = engines;
    options.modules.push_back(module_path("process_tasks"));
    options.timeout = 3 * kPatience;
    return options;
  }

  // In this order: the environment has to be right before the cluster starts.
  TempDir dir_;
  ScopedEnv run_dir_{"ROUNDHOUSE_DIR", dir_.file("run")};
  ScopedEnv state_dir_{"XDG_STATE_HOME", dir_.file("state")};
  ScopedEnv programs_{"ROUNDHOUSE_BINDIR", std::string(RH_BINARY_DIR) + "/bin"};
  Cluster cluster_;
};

}  // namespace roundhouse::test
