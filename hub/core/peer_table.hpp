#pragma once

// CORE. PeerTable: the connections at the doors. A peer is a task link and a control link whose
// hellos carried the same connection number. Thread rule: the router's thread.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "hub/core/link.hpp"
#include "hub/core/task_table.hpp"
#include "shared/message.hpp"
#include "shared/time.hpp"

namespace roundhouse::hub {

using PeerIndex = std::uint32_t;
inline constexpr PeerIndex kNoPeer = 0xffffffffU;

struct Peer {
  wire::Hello hello;
  Side side = Side::client;
  std::optional<LinkId> task_link;
  std::optional<LinkId> control_link;
  TimePoint last_heard;
  bool usable = false;              // both hellos came and it was welcomed
  SessionNumber session = 0;        // of a usable client
  EngineIndex engine = kNoEngine;   // of a usable engine or nanny
  std::vector<wire::Message> will;  // outcomes that a nanny has told, until she tells of the death
  std::size_t will_bytes = 0;
};

class PeerTable {
 public:
  struct Link {
    PeerIndex peer = kNoPeer;        // none before its hello
    unsigned malformed = 0;          // messages that made no sense, or came before hello
    bool doomed = false;             // told to go: whatever it still sends is dropped
    std::optional<TimePoint> since;  // the first look at one that has not said hello
  };

  [[nodiscard]] Link& link(LinkId id) { return links_[id]; }

  [[nodiscard]] Link* find_link(LinkId id) {
    const auto found = links_.find(id);
    return found == links_.end() ? nullptr : &found->second;
  }

  [[nodiscard]] Peer* find(LinkId id) {
    const Link* known = find_link(id);
    return known == nullptr || known->peer == kNoPeer ? nullptr : &peers_.at(known->peer);
  }

  // The peer that said hello with this connection number at this side; made when there is none.
  PeerIndex of_connection(Side side, std::uint64_t connection) {
    const auto [place, fresh] = by_connection_.try_emplace({side, connection}, next_);
    if (fresh) peers_[next_++].side = side;
    return place->second;
  }

  [[nodiscard]] Peer& get(PeerIndex index) { return peers_.at(index); }

  // Forgets the peer. Its links are doomed until they are down, and returned, to be closed.
  std::vector<LinkId> remove(PeerIndex index) {
    std::vector<LinkId> gone;
    const Peer& peer = peers_.at(index);
    for (const auto& link : {peer.task_link, peer.control_link}) {
      if (!link) continue;
      gone.push_back(*link);
      links_[*link].peer = kNoPeer, links_[*link].doomed = true;
    }
    by_connection_.erase({peer.side, peer.hello.connection});
    peers_.erase(index);
    return gone;
  }

  void forget_link(LinkId id) { links_.erase(id); }

  template <class F>
  void each(F&& f) {
    for (auto& [index, peer] : peers_) f(index, peer);
  }

  // Links that have spoken and not said hello.
  template <class F>
  void each_stranger(F&& f) {
    for (auto& [id, link] : links_)
      if (link.peer == kNoPeer && !link.doomed) f(id, link);
  }

  [[nodiscard]] std::size_t size() const { return peers_.size(); }

 private:
  std::unordered_map<LinkId, Link> links_;
  std::map<PeerIndex, Peer> peers_;
  std::map<std::pair<Side, std::uint64_t>, PeerIndex> by_connection_;
  PeerIndex next_ = 0;
};

}  // namespace roundhouse::hub
