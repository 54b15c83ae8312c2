#pragma once

// SHELL. Doors: everything at which peers arrive. Four ROUTERs (clients and engines, task and
// control), an XPUB, and a MailboxDoor per side for peers in the hub's own process. Gives every
// connection of a plane a LinkId, whichever way it came, so that the loop and the router know
// nothing of transports.
//
//   doors.look();                                         // once per turn, after poll
//   while (auto in = doors.receive(Side::engine, wire::Plane::task, budget))
//   router.on_message(...); for (LinkId lost : doors.take_lost()) router.on_link_down(lost, ...);
//   if (doors.send(link, message) == Doors::Sent::gone) router.on_link_down(link, ...);
//
// Thread rule: the loop's, but connect().

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hub/config.hpp"
#include "hub/core/link.hpp"
#include "hub/descriptors.hpp"
#include "shared/message.hpp"
#include "shared/net/mailbox_link.hpp"
#include "shared/net/peer_watch.hpp"
#include "shared/net/poll.hpp"
#include "shared/net/socket.hpp"
#include "shared/net/zap.hpp"
#include "shared/time.hpp"

namespace roundhouse::hub {

class Doors {
 public:
  static constexpr int kControlMessagesMax = 1000;  // waiting for a peer that does not read
  static constexpr int kNotifyMessagesMax = 1000;
  static constexpr int kOversizedMax = 16;  // then the connection is closed
  // A connection that the router closed is cut so much later, that its last word can be read.
  static constexpr std::chrono::milliseconds kLastWord{500};
  // A connection that nothing comes by for so long after it was made is cut.
  static constexpr std::chrono::seconds kSilence{5};

  // Of one side's doors. With CURVE nobody comes in but who has the peers' key.
  struct Key {
    net::CurveOptions door;    // not enabled: in clear, and for everybody
    std::string peers_public;  // Z85
  };

  struct Keys {
    Key clients;
    Key engines;
  };

  // Binds. Throws Exception as net::Socket::bind does.
  Doors(const BindEndpoints& endpoints, const Keys& keys);
  Doors(const Doors&) = delete;
  Doors& operator=(const Doors&) = delete;

  // Where they really are.
  [[nodiscard]] const BindEndpoints& endpoints() const { return endpoints_; }

  // A link to this hub for a client or an engine in its own process. Any thread.
  [[nodiscard]] std::unique_ptr<net::Link> connect(Side side);

  // Notes which connections were lost until now: take_lost() reports them when what they had sent
  // has been received. Once per turn, before receive().
  void look();

  struct Received {
    LinkId link;
    const wire::Message* message;  // valid until the next receive
  };

  // How a message comes in. Each has to be asked in every turn.
  enum class Way : std::uint8_t { sockets, mailboxes };

  // The next message of a side and plane; nothing when there is none now, or when the budget is
  // used up. Messages of connections that are closed or gone are dropped on the way; each of those
  // and of the others takes one from the budget.
  [[nodiscard]] std::optional<Received> receive(Way way, Side side, wire::Plane plane,
                                                std::size_t& budget);

  enum class Sent : std::uint8_t { yes, gone };

  // A peer on control that does not take what is sent to it counts as gone, and is cut off.
  [[nodiscard]] Sent send(LinkId link, const wire::Message& message);
  void publish(const std::string& topic, const wire::Message& message);

  // Topics subscribed to since the last call.
  [[nodiscard]] std::vector<std::string> take_subscriptions();

  // Forgets a connection: what it still sends is dropped, and it is cut soon.
  void close(LinkId link, TimePoint now);
  // Cuts what is due. The next time at which there is something to cut.
  std::optional<TimePoint> cut_closed(TimePoint now);
  // Cuts who came and has said nothing for kSilence. Once per turn, after receive(). Tells the log
  // now and then how many there were, and how many were refused.
  void cut_silent(TimePoint now);

  // Connections that went away, once each, when all that they had sent was received. After
  // receive().
  [[nodiscard]] std::vector<LinkId> take_lost();

  // What to poll. The items stay the same.
  [[nodiscard]] std::vector<net::PollItem> poll_items() const;

  // Lets what was sent leave for at most `flush`, in the background.
  void shut(std::chrono::milliseconds flush);

 private:
  // One socket of peers, with the connections it has.
  struct Door {
    Door(net::Context& context, Side of_side, wire::Plane of_plane, const net::SocketOptions& o)
        : side(of_side),
          plane(of_plane),
          socket(context, net::SocketKind::router, o),
          watch(context, socket) {}

    Side side;
    wire::Plane plane;
    net::Socket socket;
    net::PeerWatch watch;
    std::unordered_map<net::PeerId, std::uint32_t> numbers;
    net::PeerId last_peer;            // looked up last
    std::uint32_t last_number = 0;    // 0: none
    bool drained = false;             // the last receive found nothing
    std::vector<std::uint32_t> lost;  // until it is drained
  };

  // How a connection is reached. `door` null: by the mailbox of its side.
  struct Route {
    Door* door = nullptr;
    net::PeerId peer;
    Side side = Side::client;
    bool closed = false;
    bool cut = false;  // takes nothing any more
    int oversized = 0;
  };

  struct Mailboxes {
    net::MailboxDoor door;
    std::unordered_map<net::PeerId, std::uint32_t> numbers;
    std::array<bool, 2> drained{};    // by plane
    std::vector<std::uint32_t> lost;  // until both are drained
  };

  Door& door(Side side, wire::Plane plane) const;
  std::uint32_t number_of(Door& from, net::PeerId peer);
  std::uint32_t number_of(Mailboxes& from, Side side, net::PeerId peer);
  std::uint32_t make_number(const Route& route);
  std::optional<Received> receive_socket(Door& from, std::size_t& budget);
  std::optional<Received> receive_mail(Side side, wire::Plane plane, std::size_t& budget);
  void tell_of_refused(TimePoint now);
  void refuse_oversized(Door& from, std::uint32_t number);
  void cut(std::uint32_t number);
  // Appends the links of a connection that is gone, unless it was closed, and forgets it.
  void report(std::uint32_t number, std::vector<LinkId>& lost);

  ConnectionCap cap_;
  std::optional<TimePoint> full_said_;       // when the log last told of refused connections
  std::optional<TimePoint> silent_said_;     // and of silent ones
  std::size_t silent_ = 0;                   // cut since then
  std::optional<TimePoint> strangers_said_;  // and of those with a key that is not for their door
  std::uint64_t strangers_ = 0;              // refused since then
  net::Context context_;
  std::unique_ptr<net::ZapHandler> zap_;  // there before what is bound, and gone after it
  std::array<std::unique_ptr<Door>, 4> doors_;
  net::Socket notify_;
  net::PeerWatch notify_watch_;
  std::array<Mailboxes, 2> mailboxes_;
  BindEndpoints endpoints_;
  std::unordered_map<std::uint32_t, Route> routes_;
  std::uint32_t next_number_ = 1;
  std::deque<std::pair<TimePoint, std::uint32_t>> closing_;
  net::Incoming incoming_;
};

}  // namespace roundhouse::hub
