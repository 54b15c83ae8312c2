#include "hub/descriptors.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <limits>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

// The kernel gives the lowest free number, so that a high one tells that so many are taken. Atomic:
// written by the thread that owns the cap, read by ZeroMQ's I/O threads.
std::atomic<int> refused_from{std::numeric_limits<int>::max()};
std::atomic<std::uint64_t> refused{0};

}  // namespace

// Stands in front of the C library's, for ZeroMQ and everybody else in the process. ECONNABORTED is
// what accept says of a peer that has gone again, which ZeroMQ takes without a word.
extern "C" int accept4(int door, sockaddr* address, socklen_t* size, int flags) {
  const auto fd = static_cast<int>(::syscall(SYS_accept4, door, address, size, flags));
  if (fd >= 0 && fd < refused_from.load(std::memory_order_relaxed)) return fd;
  if (fd < 0 && errno != EMFILE && errno != ENFILE) return fd;
  if (fd >= 0) ::close(fd);
  refused.fetch_add(1, std::memory_order_relaxed);
  errno = ECONNABORTED;
  return -1;
}

namespace roundhouse::hub {

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit wanted{limit.rlim_max, limit.rlim_max};
  if (limit.rlim_cur < limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  return limit.rlim_cur;
}

ConnectionCap::ConnectionCap() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto most = std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<int>::max());
  refused_from = static_cast<int>(most > kReserve ? most - kReserve : 0);
}

ConnectionCap::~ConnectionCap() {
  refused_from = std::numeric_limits<int>::max();
}

std::uint64_t ConnectionCap::take_refused() {
  return refused.exchange(0, std::memory_order_relaxed);
}

}  // namespace roundhouse::hub
