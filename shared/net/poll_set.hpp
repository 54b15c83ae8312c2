// SHELL. PollSet: poll (poll.hpp) for any number of sockets, monitors and descriptors, of which few
// are ready at a time: what is silent costs nothing.
//
//   net::PollSet set;
//   set.add(link.task_item(), 7);
//   for (const std::uint32_t tag : set.wait(timeout)) ...   // receive from its sockets
//
// Where poll tells of a state, this tells of changes: after its tag came, and after each send, a
// socket is received from until there is nothing, or what it still has is not told of again. Thread
// rule: one thread, that of the sockets.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "shared/fd.hpp"
#include "shared/net/poll.hpp"

namespace roundhouse::net {

struct Pollable;

class PollSet {
 public:
  // Throws Exception (io_failed).
  PollSet();

  // Its tag comes at the first wait, too, if there is something. Precondition: it waits to read,
  // and is not in the set. Throws Exception (io_failed).
  void add(const PollItem& item, std::uint32_t tag);
  // Before its socket is closed.
  void remove(const PollItem& item);

  // Waits as poll does. The tags of what has changed, each perhaps several times; valid until the
  // next call.
  [[nodiscard]] std::span<const std::uint32_t> wait(
      std::optional<std::chrono::nanoseconds> timeout);

 private:
  struct Entry {
    Pollable* socket = nullptr;  // null: a descriptor
    std::uint32_t tag = 0;
  };

  Fd epoll_;
  std::unordered_map<int, Entry> entries_;  // by descriptor
  std::vector<std::uint32_t> fresh_;        // tags that were just added
  std::vector<std::uint32_t> ready_;
};

}  // namespace roundhouse::net
