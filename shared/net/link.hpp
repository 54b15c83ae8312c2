// SHELL. Link: what a client or an engine holds to its hub: the task, the control and (clients) the
// notification plane of one connection. Two kinds: ZmqLink over sockets, and what a MailboxDoor
// gives inside the hub's own process; the shells above do not know which.
//
//   std::unique_ptr<net::Link> link = net::ZmqLink::connect(context, info);
//   link->send(wire::Plane::task, hello);  link->send(wire::Plane::control, hello);   // at once
//   items = {link->task_item(), net::PollItem::readable(lease.wake_fd())};             // poll,
//   then while (link->receive(wire::Plane::task, message) != net::Receipt::nothing) ...     //
//   drain
//
// Thread rule: a link has two sides that share no mutable state and may be used at the same time,
// each by one thread at a time:
//   task side      send and receive on Plane::task, task_item       (a Lease says whose it is)
//   control side   everything else but close and the destructor     (the control or I/O thread)
// close and the destructor need both sides to themselves.
//
// Receiving is driven by poll: after `nothing`, a plane gives nothing more before net::poll was
// called with its items. So it costs nothing to ask every plane in every turn.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/net/poll.hpp"
#include "shared/net/socket.hpp"

namespace roundhouse::net {

enum class LinkState : std::uint8_t {
  connecting,  // what is sent waits for the connection
  up,          // every plane is connected and shook hands
  down,        // lost, refused or closed: for good. Make a new link.
};

class Link {
 public:
  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  virtual ~Link() = default;

  // Plane::task or Plane::control. Never blocks. `sent` means queued; messages arrive in order,
  // and if the link breaks only a suffix of them is lost. Soon after a loss it is would_block or
  // unroutable; until then `sent` goes nowhere.
  [[nodiscard]] virtual SendResult send(wire::Plane plane, const wire::Message& message) = 0;

  // Plane::task or Plane::control. Overwrites `into`; `oversized` is a message that was dropped.
  [[nodiscard]] virtual Receipt receive(wire::Plane plane, wire::Message& into) = 0;

  // Control side: the notification plane, where the link has one. Notifications are hints: some
  // may be missing.
  virtual void subscribe(std::string_view topic) = 0;
  virtual void unsubscribe(std::string_view topic) = 0;
  [[nodiscard]] virtual bool receive(Notification& into) = 0;

  // What the task side polls for.
  [[nodiscard]] virtual PollItem task_item() const = 0;
  // Appends what the control side polls for: control, notifications, and the loss of any plane,
  // the task plane included. At most kControlItemsMax; the same for the life of the link.
  virtual void add_control_items(std::vector<PollItem>& items) const = 0;

  // Control side: takes the events that came since. Ask after each poll. On a change to down,
  // messages that came before may still be there to be received.
  // A tcp name that cannot be resolved gives no event at all: put a time limit on the hello.
  [[nodiscard]] virtual LinkState state() = 0;

  // Control side: why the link is down, for people; empty otherwise.
  [[nodiscard]] virtual const std::string& reason() const = 0;

  // Lets what was sent leave for at most `flush`, in the background, and goes down. Idempotent.
  virtual void close(std::chrono::milliseconds flush) = 0;

  static constexpr std::size_t kControlItemsMax = 5;
};

}  // namespace roundhouse::net
