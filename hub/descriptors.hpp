// SHELL. Descriptors: how many this process may have open, and who is turned away when they run
// short.
//
//   raise_descriptor_limit();          // in main
//   ConnectionCap cap;                 // while doors are open
//   if (cap.take_refused() > 0) log::warn(...);
//
// ZeroMQ 4.3 ends the process when a descriptor for a newcomer at an ipc door cannot be had. So the
// newcomer is turned away before: this file has the accept4 of the program, which closes at once
// what comes in beyond the cap, on the I/O thread that accepts it. No burst is too quick for that.
#pragma once

#include <cstddef>
#include <cstdint>

namespace roundhouse::hub {

// Raises the soft limit of open files to the hard one. Returns what holds now.
std::size_t raise_descriptor_limit();

// From its making on, connections are refused that would leave less than kReserve descriptors for
// the database, the log and everything else. At most one at a time; without one nobody is refused.
class ConnectionCap {
 public:
  static constexpr std::size_t kReserve = 24;

  ConnectionCap();
  ConnectionCap(const ConnectionCap&) = delete;
  ConnectionCap& operator=(const ConnectionCap&) = delete;
  ~ConnectionCap();

  // How many newcomers were refused since the last call.
  [[nodiscard]] std::uint64_t take_refused();
};

}  // namespace roundhouse::hub
