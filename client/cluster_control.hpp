// OS. Starting, stopping and listing the clusters of this user on this machine: what rh::Cluster
// and `roundhouse start`, `stop`, `list` and `engines add` have in common.
//
// Throws Exception as the public header cluster.hpp says. Thread rule: plain functions.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "client/process.hpp"
#include "shared/paths.hpp"
#include <roundhouse/cluster.hpp>

namespace roundhouse {

// Starts a supervisor, hub and engines, and returns when all are ready. With `lifeline`, they are
// stopped when the descriptor that is returned is closed, unless a byte was written to it before.
// Precondition: the name is not empty.
detail::Fd start_cluster(const ClusterOptions& options, bool lifeline);

// Stops a cluster and returns when all of it is gone. Throws not_connected when there is none;
// TimeoutError when something would not go even when killed.
void stop_cluster(const std::string& name, std::chrono::nanoseconds timeout);

// Starts further engines with the settings that the cluster was started with. Returns when they are
// ready. Throws not_connected when there is no supervisor, TimeoutError.
void add_engines(const std::string& name, std::size_t count, std::chrono::nanoseconds timeout);

// The supervisor of this run directory, when it lives. What a dead one left is no supervisor.
[[nodiscard]] std::optional<detail::ProcessIdentity> find_supervisor(const RunDir& run_dir);

struct ClusterInfo {
  std::string name;
  pid_t supervisor = 0;  // 0: none lives
  pid_t hub = 0;         // 0: none lives
  std::string run_dir;
};

// Every cluster with a run directory, by name; those whose processes are all dead included.
[[nodiscard]] std::vector<ClusterInfo> find_clusters();

// Deletes what a cluster left whose processes are all dead. Does nothing when one lives.
void remove_leftovers(const std::string& name);

}  // namespace roundhouse
