// SHELL. Who may touch a task socket, and the core behind it, now.
//
// One mutex guards the core. Whoever holds it may also use the socket, unless somebody is asleep in
// net::poll on that socket with the mutex released: that somebody *holds the lease*. A thread is
// either a *primary* (its latency matters: an engine's task thread, a user's thread that waits for
// a result) or the *standby* (it tends the socket when no primary does: an engine's control
// thread, a client's I/O thread). One poller at a time; primaries displace the standby.
//
// A primary that waits for something (a client's user thread; an engine's idle task thread):
//
//   auto guard = lease.lock();
//   while (!done()) {
//     if (!guard.displace_standby()) { guard.follow(deadline); continue; }  // another leads
//     flush_and_drain();                                   // the socket is ours: mutex held
//     if (done() || !guard.begin_poll(Lease::Holder::primary)) continue;
//     net::poll(items, timeout);                           // items: the socket and lease.wake_fd()
//     guard.end_poll();
//     drain();
//     guard.wake_followers();                              // their results may have come too
//   }
//   guard.wake_followers();                                // leaving: one of them leads now
//
// The standby, beside its own sockets (it has them whatever happens to the lease):
//
//   auto guard = lease.lock();
//   const bool tend = idle_for_5_ms() && guard.begin_poll(Lease::Holder::standby);
//   if (!tend) guard.unlock();
//   net::poll(tend ? all_items : own_items, timeout);
//   if (tend) guard.end_poll(); else guard.relock();
//   if (guard.free()) drain();                             // nobody polls: the socket is ours
//
// Nobody wakes a standby that does not tend when the last primary leaves. As long as answers are
// outstanding it comes back by a timeout and looks, or the primary wakes it by a WakeFd of its own.
//
// A thread that has something to send and does not wait (a submission, a finished outcome):
//
//   auto guard = lease.lock();
//   append(work);
//   if (guard.free()) flush(); else guard.wake_holder();   // leave it to the poller, which flushes
//
// A thread that must use the socket itself, shortly, whoever polls (closing, sending a last word):
// guard.take(), then use it and let go.
//
// Costs: lock, unlock, begin_poll and end_poll are a mutex's lock and unlock and no system call,
// unless another thread wants something. Decisions (who, when, for how long idle) are the callers'.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "shared/mailbox.hpp"
#include "shared/time.hpp"

namespace roundhouse {

class Lease {
 public:
  enum class Holder : std::uint8_t { nobody, standby, primary };

  class Guard;

  Lease() = default;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  // Precondition: no guard is left.
  ~Lease() = default;

  // Mutual exclusion for the core. Does not wait for a poller: ask free() before using the socket.
  [[nodiscard]] Guard lock();

  // What everyone who polls with the lease has among the items: readable when another thread wants
  // the poller to come back. end_poll clears it.
  [[nodiscard]] int wake_fd() const { return wake_.fd(); }

 private:
  std::mutex mutex_;
  std::condition_variable turn_;  // the poller came back, or a taker is done waiting
  std::condition_variable news_;  // for followers
  WakeFd wake_;
  // All guarded by mutex_.
  Holder holder_ = Holder::nobody;  // who polls
  bool woken_ = false;              // wake_ was written since that poll began
  std::uint32_t takers_ = 0;        // threads inside take()
  std::uint32_t displacers_ = 0;    // threads inside displace_standby()
  std::uint32_t followers_ = 0;     // threads inside follow()
};

// The mutex, held; and what its holder may do with the lease. Every call but relock and end_poll
// needs the mutex held; those that wait release it meanwhile, so that the core may have changed
// when they return. Lives in the thread that made it.
class Lease::Guard {
 public:
  explicit Guard(Lease& lease) : lease_(&lease), lock_(lease.mutex_) {}

  Guard(Guard&&) noexcept = default;
  Guard& operator=(Guard&&) = delete;
  // Releases the mutex if it is held. Precondition: not between begin_poll and end_poll.
  ~Guard();

  // Nobody polls: until the mutex is released, the socket may be used.
  [[nodiscard]] bool free() const { return lease_->holder_ == Holder::nobody; }

  [[nodiscard]] Holder holder() const { return lease_->holder_; }

  // Makes the poller come back soon, because there is work for it: sockets to flush, an earlier
  // deadline. At most one system call per poll. Returns false, and does nothing, when nobody polls:
  // then the work is the caller's own.
  bool wake_holder();

  // Makes the poller come back, whoever it is, and waits for that. Afterwards free(). For short
  // uses: the poller does not begin again before the mutex was released.
  void take();

  // The same against the standby only. Returns true when free(); false when a primary polls: then
  // follow it.
  [[nodiscard]] bool displace_standby();

  // Begins to hold the lease and releases the mutex: now poll, then end_poll. Returns false, with
  // the mutex held (as it is, or again), when
  //   another thread polls;
  //   threads were waiting in take(): they have passed, and the core may have changed;
  //   this is the standby and a primary is waiting to displace it.
  // So look again at what you wait for before the next try. Precondition: `as` is not `nobody`.
  [[nodiscard]] bool begin_poll(Holder as);

  // Takes the mutex again and gives the lease back. Returns true when it was asked to come back
  // (wake_holder, take, displace_standby).
  bool end_poll();

  // Waits until wake_followers, or until `deadline`. Returns false when the time was up. May also
  // return for no reason: ask again for what you wait for. When no primary polls nobody would wake
  // us, so that is a reason to lead, not to follow: then it returns true at once.
  bool follow(std::optional<TimePoint> deadline = std::nullopt);

  // Wakes all threads in follow(): results came, or the leader leaves. Free when there are none.
  void wake_followers();

  // For work that needs neither core nor socket, or another condition variable.
  void unlock() { lock_.unlock(); }

  void relock() { lock_.lock(); }

  [[nodiscard]] std::unique_lock<std::mutex>& native() { return lock_; }

 private:
  Lease* lease_;
  bool polling_ = false;  // between begin_poll and end_poll of this guard
  std::unique_lock<std::mutex> lock_;
};

inline Lease::Guard Lease::lock() {
  return Guard(*this);
}

}  // namespace roundhouse
