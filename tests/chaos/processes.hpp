#pragma once

// The processes of a cluster, as /proc shows them. Plain functions; any thread.

#include <string>
#include <vector>

#include <sys/types.h>

namespace roundhouse::chaos {

struct EngineProcesses {
  pid_t nanny = 0;
  pid_t engine = 0;  // 0: there is none at this moment
};

struct ClusterProcesses {
  pid_t hub = 0;  // 0: there is none at this moment
  std::vector<EngineProcesses> engines;
};

// What this supervisor has started and still lives.
[[nodiscard]] ClusterProcesses processes_of(pid_t supervisor);

// Those whose environment mentions this folder, but for ourselves.
[[nodiscard]] std::vector<pid_t> processes_with(const std::string& folder);

}  // namespace roundhouse::chaos
