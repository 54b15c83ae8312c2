#pragma once

// SHELL. Crowd: many engines that run nothing, in one thread: each a Session with a link of its own
// that answers every task at once with an empty result. To measure what many engines cost a hub.
//
//   Crowd crowd(links, 500);
//   crowd.run();   // until stop(), or until none of them is left
//
// Thread rule: one thread, but for stop().

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/core/session.hpp"
#include "engine/hub_link.hpp"
#include "shared/mailbox.hpp"
#include "shared/net/link.hpp"
#include "shared/net/poll_set.hpp"

namespace roundhouse::engine {

class Crowd {
 public:
  // Sockets that a context has to have room for, and descriptors, for each of them.
  static constexpr std::size_t kSocketsEach = 6;
  static constexpr std::size_t kDescriptorsEach = 8;

  // What `links` needs outlives it. Throws Exception (io_failed).
  Crowd(LinkMaker links, std::size_t count);
  ~Crowd();

  // Throws Exception (io_failed) when descriptors run short.
  void run();

  // run() returns soon. Signal-safe; any thread.
  void stop() noexcept;

 private:
  struct Member {
    explicit Member(Session brain) : session(std::move(brain)) {}

    Session session;
    std::unique_ptr<net::Link> link;
    std::vector<net::PollItem> items;  // in the poll set
    bool over = false;
  };

  void serve(std::uint32_t index, TimePoint now);
  [[nodiscard]] bool receive(Member& member, TimePoint now);
  void finish_tasks(Member& member, TimePoint now);
  // Carries the outbox out. Whether something was sent.
  bool carry_out(std::uint32_t index, TimePoint now);
  void connect(std::uint32_t index, TimePoint now);
  void drop_link(Member& member);

  const LinkMaker links_;
  Payload result_;
  net::PollSet set_;
  WakeFd stop_;
  std::atomic<bool> stop_asked_{false};
  std::vector<Member> members_;
  std::size_t left_ = 0;
  wire::Message incoming_;  // keeps its memory
  Outbox out_;
};

}  // namespace roundhouse::engine
