#include "shared/net/poll.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include <poll.h>

#include "shared/check.hpp"
#include "shared/net/impl.hpp"

namespace roundhouse::net {

namespace {

// The ZeroMQ socket behind an item; null for a descriptor, and for a socket that was closed.
Pollable* pollable_of(const PollItem& item) {
  if (item.monitor != nullptr) return &item.monitor->impl();
  if (item.socket == nullptr || !item.socket->impl() || item.socket->impl()->closed) return nullptr;
  return item.socket->impl().get();
}

// poll(2), with nanoseconds. Says how many are ready; a signal counts as nothing.
int wait_for(std::span<pollfd> fds, std::optional<std::chrono::nanoseconds> timeout) {
  timespec limit{};
  if (timeout) {
    const auto positive = std::max(*timeout, std::chrono::nanoseconds{0});
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(positive);
    limit.tv_sec = whole.count();
    limit.tv_nsec = (positive - whole).count();
  }
  const int count = ::ppoll(fds.data(), fds.size(), timeout ? &limit : nullptr, nullptr);
  RH_CHECK(count >= 0 || errno == EINTR);
  return std::max(count, 0);
}

}  // namespace

std::size_t poll(std::span<PollItem> items, std::optional<std::chrono::nanoseconds> timeout) {
  RH_CHECK(items.size() <= kPollItemsMax);
  std::array<pollfd, kPollItemsMax> fds{};
  std::size_t ready = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    PollItem& item = items[i];
    Pollable* const socket = pollable_of(item);
    // ZeroMQ's descriptor tells of changes, not of a state: only for a drained socket does its
    // silence mean that there is nothing.
    item.ready = socket != nullptr && !socket->drained && socket->has_input();
    if (item.ready) ++ready;
    const short events = item.write ? POLLOUT : POLLIN;
    fds[i] = {item.ready ? -1 : (socket != nullptr ? socket->fd : item.fd), events, 0};
  }
  if (ready > 0) timeout = std::chrono::nanoseconds{0};
  if (wait_for(std::span(fds).first(items.size()), timeout) == 0) return ready;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (fds[i].revents == 0) continue;
    items[i].ready = true;
    ++ready;
    if (Pollable* const socket = pollable_of(items[i])) socket->drained = false;
  }
  return ready;
}

}  // namespace roundhouse::net
