#include "shared/net/poll_set.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <sys/epoll.h>

#include "shared/check.hpp"
#include "shared/net/impl.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::net {

namespace {

constexpr std::size_t kEventsMax = 256;  // taken at a time

Pollable* socket_of(const PollItem& item) {
  if (item.monitor != nullptr) return &item.monitor->impl();
  return item.socket != nullptr ? item.socket->impl().get() : nullptr;
}

int milliseconds_of(std::optional<std::chrono::nanoseconds> timeout) {
  if (!timeout) return -1;
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(*timeout);
  return static_cast<int>(std::clamp<std::int64_t>(whole.count(), 0, 1'000'000));
}

}  // namespace

PollSet::PollSet() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) raise({Errc::io_failed, std::string("cannot poll: ") + std::strerror(errno)});
}

void PollSet::add(const PollItem& item, std::uint32_t tag) {
  RH_CHECK(!item.write);
  Pollable* const socket = socket_of(item);
  const int fd = socket != nullptr ? socket->fd : item.fd;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  RH_CHECK(entries_.try_emplace(fd, Entry{socket, tag}).second);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    entries_.erase(fd);
    raise({Errc::io_failed, std::string("cannot poll: ") + std::strerror(errno)});
  }
  if (socket == nullptr) return;
  socket->drained = false;
  fresh_.push_back(tag);
}

void PollSet::remove(const PollItem& item) {
  Pollable* const socket = socket_of(item);
  const int fd = socket != nullptr ? socket->fd : item.fd;
  RH_CHECK(entries_.erase(fd) == 1);
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const std::uint32_t> PollSet::wait(std::optional<std::chrono::nanoseconds> timeout) {
  ready_.clear();
  ready_.swap(fresh_);
  if (!ready_.empty()) timeout = std::chrono::nanoseconds{0};
  std::array<epoll_event, kEventsMax> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsMax, milliseconds_of(timeout));
  RH_CHECK(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    const Entry& entry = entries_.at(events.at(static_cast<std::size_t>(i)).data.fd);
    if (entry.socket != nullptr) entry.socket->drained = false;
    ready_.push_back(entry.tag);
  }
  return ready_;
}

}  // namespace roundhouse::net
