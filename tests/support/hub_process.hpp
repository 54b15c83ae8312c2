// The process of a cluster's hub, and what the system says of it.
#pragma once

#include <csignal>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/types.h>

#include <doctest/doctest.h>

#include "tests/support/patience.hpp"
#include "tests/support/real_cluster.hpp"
#include "tests/support/roundhouse_command.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse::test {

// Asked by another process, so that this one has no threads yet.
inline pid_t hub_pid(RealCluster& cluster) {
  const Ended status =
      run({kBin + "/roundhouse", "--json", "status", "--cluster", cluster.cluster().name()});
  REQUIRE_MESSAGE(status.exit == 0, status.err);
  return Json::parse(status.out)["pid"].get<pid_t>();
}

// Of /proc/PID/status: kilobytes in "VmRSS" now, and in "VmHWM" at most; -1 when it is gone.
inline long kilobytes_of(pid_t pid, std::string_view what) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  const std::string wanted = std::string(what) + ":";
  for (std::string word; status >> word;) {
    if (word != wanted) continue;
    long kilobytes = -1;
    status >> kilobytes;
    return kilobytes;
  }
  return -1;
}

// Kills it, and returns when the next one answers.
inline void kill_hub(const Client& client) {
  const auto pid = static_cast<pid_t>(client.status().pid);
  REQUIRE(pid > 0);
  REQUIRE(::kill(pid, SIGKILL) == 0);
  REQUIRE(comes_true([&] {
    try {
      return static_cast<pid_t>(client.status().pid) != pid;
    } catch (const Exception&) {
      return false;
    }
  }));
}

}  // namespace roundhouse::test
