// OS. The supervisor of a cluster: one process that starts the hub and the engines, starts the hub
// again when it dies, and ends everything when it is told to.
//
// In the run directory it keeps supervisor.pid (its pid and start time, locked while it lives),
// supervisor.sock (see cluster_control.hpp) and the logs of all. Engines look after themselves: a
// nanny starts its engine again. When the supervisor is killed, hub and engines get SIGTERM.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/paths.hpp"
#include <roundhouse/cluster.hpp>

namespace roundhouse {

inline constexpr std::string_view kSupervisorPidFile = "supervisor.pid";
inline constexpr std::string_view kSupervisorSocket = "supervisor.sock";

struct SupervisorOptions {
  ClusterOptions cluster;  // its name is not empty; timeout: for starting
  // Where it writes "ready\n" when all is up, or "CODE TEXT\n" (an Errc's name) before it ends
  // without; -1: nowhere.
  int ready_fd = -1;
  // When its other end is closed, the cluster is stopped; a byte before that says that it is not.
  // -1: none.
  int lifeline_fd = -1;
};

// Starts the cluster and stays until it has been stopped: by SIGTERM or SIGINT, by the end of the
// lifeline, by a hub that was asked to shut down, or because the hub died too often
// (ClusterOptions::hub_starts_max). Everything it made is gone then. For the main thread of a
// program of its own, which `roundhouse start --foreground` is, too. Returns the exit code: 0, or 1
// when something went wrong, which it has told on ready_fd, or else on standard error.
[[nodiscard]] int supervise(const SupervisorOptions& options);

// The command line of the hidden command `roundhouse supervise`, and the other way round. Throws
// Exception(invalid) for anything that supervisor_arguments() does not make.
[[nodiscard]] std::vector<std::string> supervisor_arguments(const SupervisorOptions& options);
[[nodiscard]] SupervisorOptions parse_supervisor_arguments(const std::vector<std::string>& words);

// The whole of `roundhouse supervise`, given what follows on its command line.
[[nodiscard]] int supervise_main(int argc, char** argv);

}  // namespace roundhouse
