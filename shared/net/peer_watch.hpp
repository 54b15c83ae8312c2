// SHELL. Which peers of a ROUTER have lost their connection: joins the descriptors in the events of
// its monitor with those in the messages of its peers.
//
//   if (is_hello(in.message) && !watch.add(in.peer, door.source_fd())) peer_is_gone(in.peer);
//   while (auto peer = watch.next_lost()) peer_is_gone(*peer);       // when its poll item is ready
//   watch.break_silent(now, patience);                               // when all was received
//
// What a lost peer sent before it was lost may still wait in the socket: receive until there is
// nothing before acting on next_lost(). Thread rule: as the ROUTER, one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "shared/net/monitor.hpp"
#include "shared/net/poll.hpp"
#include "shared/time.hpp"

namespace roundhouse::net {

class PeerWatch {
 public:
  // Monitors `router`; made before it is bound.
  PeerWatch(Context& context, Socket& router);

  // `peer` said hello by the connection with this descriptor (Socket::source_fd). Returns false,
  // and forgets it, when that connection is gone already. A peer that is known stays as it is.
  [[nodiscard]] bool add(PeerId peer, int fd);

  // Each peer that was added is returned once when its connection was lost.
  [[nodiscard]] std::optional<PeerId> next_lost();

  // Breaks the connection of a peer that was added, for one that does not take what is sent to it;
  // next_lost() reports it soon after. Returns false when it is gone already. (ZeroMQ has no call
  // for this: the descriptor is shut down. If the peer vanishes in the same microsecond, a newcomer
  // may be hit instead, and connects again.)
  bool disconnect(PeerId peer);

  // Something was received by the connection with this descriptor; add() says so, too. For an XPUB,
  // whose peers have no number.
  void heard(int fd);

  // Breaks the connections that nothing was heard of for so long, in ZeroMQ's handshake or behind
  // it, and returns how many they are. Call it often: time that passes between two calls beyond
  // kTurnMax is the fault of this process, not of its peers. What came before `now` has been
  // received.
  std::size_t break_silent(TimePoint now, Duration patience);
  static constexpr std::chrono::seconds kTurnMax{1};

  // Connections now open, hello or not.
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

  // What the owner of the ROUTER polls beside it.
  [[nodiscard]] PollItem poll_item() const { return PollItem::of(monitor_); }

 private:
  struct Connection {
    std::uint64_t number = 0;  // counts them: descriptors are used again
    bool heard = false;
    std::optional<PeerId> peer;
  };

  struct Newcomer {
    int fd = -1;
    std::uint64_t number = 0;
    std::optional<TimePoint> since;  // its first break_silent()
  };

  void drain();
  void lose(PeerId peer);

  Monitor monitor_;
  std::unordered_map<int, Connection> connections_;  // by descriptor
  std::uint64_t accepted_ = 0;
  std::deque<Newcomer> newcomers_;  // in the order of their coming; some have spoken, or are gone
  TimePoint looked_;                // at the newcomers
  std::unordered_map<PeerId, int> descriptors_;
  std::deque<PeerId> lost_;
};

}  // namespace roundhouse::net
