#include "shared/mailbox.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <roundhouse/error.hpp>

namespace roundhouse {

WakeFd::WakeFd() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) {
    throw Exception(Errc::io_failed,
                    "cannot create an eventfd: too many open files; raise the limit (ulimit -n)");
  }
}

WakeFd::~WakeFd() {
  ::close(fd_);
}

void WakeFd::wake() const noexcept {
  const int saved = errno;  // a signal handler must not change it
  const std::uint64_t one = 1;
  // EAGAIN means that the counter is full: then it is readable, which is all that we want.
  while (::write(fd_, &one, sizeof one) < 0 && errno == EINTR) continue;
  errno = saved;
}

bool WakeFd::clear() const noexcept {
  std::uint64_t count = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd_, &count, sizeof count);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof count);
}

bool WakeFd::wait(std::chrono::milliseconds timeout) const noexcept {
  constexpr std::int64_t kForever = -1;
  const auto bounded =
      std::clamp<std::int64_t>(timeout.count(), kForever, std::numeric_limits<int>::max());
  pollfd item{fd_, POLLIN, 0};
  return ::poll(&item, 1, static_cast<int>(bounded)) > 0;
}

}  // namespace roundhouse
