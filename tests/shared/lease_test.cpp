#include "shared/lease.hpp"

#include <chrono>
#include <deque>
#include <future>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "shared/clock.hpp"
#include "shared/net/poll.hpp"

using roundhouse::Lease;
using roundhouse::net::PollItem;
using Holder = roundhouse::Lease::Holder;

namespace {

// Sleeps as a holder of the lease does; returns when somebody wants it back.
void poll_with(Lease& lease) {
  PollItem item = PollItem::readable(lease.wake_fd());
  roundhouse::net::poll({&item, 1}, std::nullopt);
}

// A thread that polls with the lease once, from before the constructor returns until it is asked
// to come back.
class Poller {
 public:
  Poller(Lease& lease, Holder as)
      : thread_([this, &lease, as] {
          auto guard = lease.lock();
          const bool began = guard.begin_poll(as);
          started_.set_value(began);
          if (!began) return;
          poll_with(lease);
          asked = guard.end_poll();
        }) {
    REQUIRE(started_.get_future().get());
  }

  void join() { thread_.join(); }

  bool asked = false;  // read after join

 private:
  std::promise<bool> started_;
  std::jthread thread_;
};

}  // namespace

TEST_CASE("without a poller the socket is free to whoever holds the mutex") {
  Lease lease;
  auto guard = lease.lock();
  CHECK(guard.free());
  CHECK_FALSE(guard.wake_holder());
  CHECK(guard.displace_standby());
  guard.take();
  CHECK(guard.free());
}

TEST_CASE("polling releases the mutex but keeps the socket") {
  Lease lease;
  Poller poller(lease, Holder::primary);
  {
    auto guard = lease.lock();
    CHECK(guard.holder() == Holder::primary);
    CHECK_FALSE(guard.free());
    CHECK_FALSE(guard.begin_poll(Holder::primary));
    CHECK_FALSE(guard.begin_poll(Holder::standby));
    CHECK_FALSE(guard.displace_standby());
    CHECK(guard.wake_holder());
    CHECK(guard.wake_holder());
  }
  poller.join();
  CHECK(poller.asked);
  CHECK(lease.lock().free());
}

TEST_CASE("a poll that ends by itself was not asked for, and leaves no wake-up behind") {
  Lease lease;
  auto guard = lease.lock();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(guard.begin_poll(Holder::primary));
    PollItem item = PollItem::readable(lease.wake_fd());
    CHECK(roundhouse::net::poll({&item, 1}, std::chrono::nanoseconds{0}) == 0);
    CHECK_FALSE(guard.end_poll());
  }
}

TEST_CASE("a primary displaces the standby") {
  Lease lease;
  Poller standby(lease, Holder::standby);
  auto guard = lease.lock();
  CHECK(guard.displace_standby());
  CHECK(guard.free());
  guard.unlock();
  standby.join();
  CHECK(standby.asked);
}

TEST_CASE("taking sends even a primary away, which comes back only afterwards") {
  Lease lease;
  bool used = false;  // guarded by the lease
  std::promise<void> polling;
  std::jthread primary([&] {
    auto guard = lease.lock();
    REQUIRE(guard.begin_poll(Holder::primary));
    polling.set_value();
    poll_with(lease);
    CHECK(guard.end_poll());
    CHECK_FALSE(guard.begin_poll(Holder::primary));  // lets the taker pass
    CHECK(used);
    REQUIRE(guard.begin_poll(Holder::primary));
    CHECK_FALSE(guard.end_poll());
  });
  polling.get_future().wait();
  auto guard = lease.lock();
  guard.take();
  CHECK(guard.free());
  used = true;
}

TEST_CASE("following ends with the leader's news, with the deadline, or when nobody leads") {
  Lease lease;
  {
    auto guard = lease.lock();
    CHECK(guard.follow());
  }
  Poller leader(lease, Holder::primary);
  {
    auto guard = lease.lock();
    CHECK_FALSE(guard.follow(roundhouse::steady_now() + std::chrono::milliseconds{1}));
  }
  std::promise<void> about_to_follow;
  bool news = false;  // guarded by the lease
  std::jthread follower([&] {
    auto guard = lease.lock();
    about_to_follow.set_value();  // the mutex is ours until follow waits
    while (!news) guard.follow();
  });
  about_to_follow.get_future().wait();
  auto guard = lease.lock();
  news = true;
  guard.wake_followers();
  guard.wake_holder();
  guard.unlock();
  leader.join();
}

namespace {

// A hub that answers with what it was sent, as an eventfd and two queues guarded by a mutex of its
// own; the client side counts on the lease alone.
struct EchoClient {
  Lease lease;
  roundhouse::Mailbox<int> to_hub{1000};
  roundhouse::Mailbox<int> from_hub{1000};
  // Guarded by the lease.
  std::vector<int> outgoing;
  std::vector<bool> answered = std::vector<bool>(1000, false);
  bool closed = false;
  // Only the one who may use the socket touches this: the thread sanitizer checks that.
  int socket_uses = 0;

  void use_socket() {
    ++socket_uses;
    for (const int number : outgoing) CHECK(to_hub.try_push(number));
    outgoing.clear();
    for (const int number : from_hub.take_all()) answered[static_cast<std::size_t>(number)] = true;
  }

  void poll(Lease::Guard& guard) {
    std::array items{PollItem::readable(from_hub.fd()), PollItem::readable(lease.wake_fd())};
    roundhouse::net::poll(items, std::nullopt);
    guard.end_poll();
  }

  // What a user's thread does.
  void call(int number) {
    auto guard = lease.lock();
    outgoing.push_back(number);
    if (guard.holder() == Holder::primary) guard.wake_holder();
    while (!answered[static_cast<std::size_t>(number)]) {
      if (!guard.displace_standby()) {
        guard.follow();
        continue;
      }
      use_socket();
      if (answered[static_cast<std::size_t>(number)]) break;
      if (!guard.begin_poll(Holder::primary)) continue;
      poll(guard);
      use_socket();
      guard.wake_followers();
    }
    guard.wake_followers();
  }

  // What the I/O thread does.
  void tend() {
    auto guard = lease.lock();
    while (!closed) {
      if (guard.begin_poll(Holder::standby)) {
        poll(guard);
        use_socket();
      } else {
        guard.unlock();
        std::this_thread::yield();
        guard.relock();
      }
    }
  }
};

}  // namespace

TEST_CASE("threads that lead, follow and tend answer every call, one of them at the socket") {
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  EchoClient client;
  std::jthread hub([&client](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!client.to_hub.wait(std::chrono::milliseconds{10})) continue;
      for (const int number : client.to_hub.take_all()) CHECK(client.from_hub.try_push(number));
    }
  });
  std::jthread standby([&client] { client.tend(); });
  {
    std::vector<std::jthread> users;
    for (int t = 0; t < kThreads; ++t) {
      users.emplace_back([&client, t] {
        for (int i = 0; i < kEach; ++i) client.call(t * kEach + i);
      });
    }
  }
  auto guard = client.lease.lock();
  guard.take();
  client.closed = true;
  for (int i = 0; i < kThreads * kEach; ++i) CHECK(client.answered[static_cast<std::size_t>(i)]);
}
