// SHELL. The Link for a client or an engine inside the hub's own process, and the door at which the
// hub finds it. Messages change hands as Buffers, without a copy or a socket.
//
//   net::MailboxDoor door;                                  // the hub; polls door.poll_items()
//   std::unique_ptr<net::Link> link = door.connect();       // any thread; the other end
//   while (door.receive(wire::Plane::task, in) == net::Receipt::message) ...
//   door.send(wire::Plane::task, in.peer, answer);
//   while (auto peer = door.next_lost()) ...
//
// The door behaves as a ROUTER per plane, an XPUB and a PeerWatch do, with one PeerId for all
// planes of a link. The task plane has no limit; control and notifications have one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/net/link.hpp"

namespace roundhouse::net {

struct DoorOptions {
  std::size_t control_messages_max = 10'000;  // per link towards it; of all links towards the hub
  std::size_t notify_messages_max = 10'000;   // per link
};

class MailboxDoor {
 public:
  explicit MailboxDoor(const DoorOptions& options = {});
  MailboxDoor(const MailboxDoor&) = delete;
  MailboxDoor& operator=(const MailboxDoor&) = delete;
  // Links that are left go down.
  ~MailboxDoor();

  // Thread-safe, but not while the door is destroyed. The link may outlive the door.
  [[nodiscard]] std::unique_ptr<Link> connect();

  // The rest belongs to one thread: the hub's loop.

  // Plane::task or Plane::control. unroutable: this peer is gone.
  [[nodiscard]] SendResult send(wire::Plane plane, PeerId peer, const wire::Message& message);
  // Plane::task or Plane::control. Overwrites `into`; message or nothing.
  [[nodiscard]] Receipt receive(wire::Plane plane, Incoming& into);
  // To the links that subscribed to a prefix of `topic`; those over their limit miss it.
  void publish(std::string_view topic, const Buffer& body);
  // The next change of a subscription and whose it is.
  [[nodiscard]] std::optional<std::pair<PeerId, Subscription>> next_subscription();
  // Each link that went away, once. What it sent before may still be there to be received.
  [[nodiscard]] std::optional<PeerId> next_lost();
  // The link of this peer goes down, and next_lost reports it. False when it is gone already.
  bool disconnect(PeerId peer);

  // What the loop polls beside its sockets. When one is ready, ask both planes, next_subscription
  // and next_lost, each until there is nothing.
  [[nodiscard]] std::vector<PollItem> poll_items() const;

 private:
  struct Peer;    // one link: shared with it
  struct Shared;  // with all links
  class End;      // the Link

  // Mail that was taken and not yet handed out; its vector goes back and forth to the mailbox.
  struct Inbox {
    std::vector<Incoming> mail;
    std::size_t next = 0;
  };

  void take_events();

  const DoorOptions options_;
  const std::shared_ptr<Shared> shared_;
  // Owned by the loop.
  std::unordered_map<PeerId, std::shared_ptr<Peer>> peers_;
  Inbox task_;
  Inbox control_;
  std::deque<std::pair<PeerId, Subscription>> subscriptions_;
  std::deque<PeerId> lost_;
};

}  // namespace roundhouse::net
