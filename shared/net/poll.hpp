// SHELL. Waiting for sockets, monitors and descriptors together.
//
//   std::array items{net::PollItem::of(door), net::PollItem::of(monitor),
//                    net::PollItem::readable(inbox.fd())};
//   net::poll(items, next_deadline - now);
//   if (items[0].ready) while (door.receive(in) != net::Receipt::nothing) ...
//
// Cheaper than zmq_poll: a socket that was received from until it had nothing costs no system call
// of its own, so that one poll(2) is all that a turn with many idle sockets pays.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

namespace roundhouse::net {

class Monitor;
class Socket;

inline constexpr std::size_t kPollItemsMax = 64;

// One thing to wait for. Plain value; borrows what it was made of.
struct PollItem {
  const Socket* socket = nullptr;  // at most one of these two; else a descriptor
  const Monitor* monitor = nullptr;
  int fd = -1;         // negative: never ready
  bool write = false;  // wait until the descriptor takes bytes, not until it has some
  bool ready = false;  // set by poll: worth a receive, which may still find nothing

  [[nodiscard]] static PollItem of(const Socket& socket) { return {.socket = &socket}; }

  [[nodiscard]] static PollItem of(const Monitor& monitor) { return {.monitor = &monitor}; }

  [[nodiscard]] static PollItem readable(int fd) { return {.fd = fd}; }

  [[nodiscard]] static PollItem writable(int fd) { return {.fd = fd, .write = true}; }
};

// Waits until at least one item is ready (a descriptor also when it has an error or its other end
// hung up), until `timeout` is over (nothing: for ever; zero or less: not at all), or until a
// signal was handled. Sets `ready` of every item and returns how many are.
// The calling thread must be the one that may use the sockets. At most kPollItemsMax items.
std::size_t poll(std::span<PollItem> items, std::optional<std::chrono::nanoseconds> timeout);

}  // namespace roundhouse::net
