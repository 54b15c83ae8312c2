// OS. Child processes, as the supervisor and whoever starts one need them.
//
// Thread rule: plain functions; spawn() may be called by a program with threads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "shared/fd.hpp"

namespace roundhouse::detail {

using roundhouse::Fd;

struct Pipe {
  Fd read;
  Fd write;
};

// Close-on-exec at both ends. Throws Exception(io_failed).
[[nodiscard]] Pipe make_pipe();

// A process, told apart from a later one with the same pid.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  // of /proc/<pid>/stat, in ticks since boot

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

// Nothing when there is no such process, or it is a zombie.
[[nodiscard]] std::optional<ProcessIdentity> identity_of(pid_t pid);
[[nodiscard]] bool is_alive(const ProcessIdentity& process);

// "1234 567890", as a pid file holds it; nothing when it cannot be read.
void write_pid_file(int fd, const ProcessIdentity& process);
[[nodiscard]] std::optional<ProcessIdentity> read_pid_file(const std::string& path);

// The program of this name: in $ROUNDHOUSE_BINDIR if that is set, else beside this program or in
// $PATH. Throws Exception(not_connected), which names the places.
[[nodiscard]] std::string find_program(const std::string& name);

struct SpawnOptions {
  std::vector<std::string> argv;                   // argv[0]: its path
  std::map<std::string, std::string> environment;  // beside what it inherits
  int in = -1;                                     // -1: /dev/null
  int out = -1;                                    // -1: /dev/null
  int err = -1;                                    // -1: /dev/null
  std::vector<int> keep;          // descriptors that it inherits under the same number
  bool own_group = false;         // a process group of its own
  bool own_session = false;       // a session of its own, and no parent: the pid is not known
  bool dies_with_parent = false;  // SIGTERM when the thread that spawned it ends
};

// Runs a program, with all other descriptors closed and the default signal mask. Throws
// Exception(io_failed) when it cannot be run. Returns 0 with own_session.
pid_t spawn(const SpawnOptions& options);

// The last `lines` lines of a file from `offset` on; empty when there are none.
[[nodiscard]] std::string tail_of(const std::string& path, std::uint64_t offset, std::size_t lines);
[[nodiscard]] std::uint64_t size_of(const std::string& path);

}  // namespace roundhouse::detail
