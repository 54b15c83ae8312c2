// SHELL. The one hand-over between threads: a bounded, mutexed queue whose owner sleeps in poll.
//
//   Mailbox<Job> inbox(kJobsMax);
//   if (!inbox.try_push(std::move(job))) refuse(job);        // any thread; full: `job` is
//   untouched net::PollItem item = net::PollItem::readable(inbox.fd());  // the owner sleeps on
//   this ... inbox.take_all(jobs);                                    // ... and empties the box
//
// Values cross under a mutex, so that the thread sanitizer sees what orders the two threads; the
// eventfd only wakes. It is written once per change from empty to not empty, however many items
// follow before the owner looks.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "shared/check.hpp"

namespace roundhouse {

// An eventfd that makes a thread leave its poll. Not movable: other threads know its address.
class WakeFd {
 public:
  // Throws Exception(io_failed) when the process has no descriptor left.
  WakeFd();
  WakeFd(const WakeFd&) = delete;
  WakeFd& operator=(const WakeFd&) = delete;
  ~WakeFd();

  // Makes fd() readable until clear(). Any thread; safe in a signal handler. Never blocks.
  void wake() const noexcept;
  // Takes all wake-ups so far. Returns false when there was none.
  bool clear() const noexcept;
  // Blocks until the next wake-up, or until `timeout` is over (negative: for ever), and clears
  // nothing. For threads that wait for nothing else. Returns false when the time was up.
  [[nodiscard]] bool wait(std::chrono::milliseconds timeout) const noexcept;

  // Readable while a wake-up is pending.
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

// `T` is movable. try_push from any thread; everything else by the owner, one thread at a time.
template <class T>
class Mailbox {
 public:
  // At most `capacity` items wait at a time. Precondition: capacity > 0.
  explicit Mailbox(std::size_t capacity) : capacity_(capacity) { RH_CHECK(capacity > 0); }

  // False when the box is full: then `item` is left as it was, and the caller decides what that
  // means.
  [[nodiscard]] bool try_push(T&& item) {
    const std::lock_guard lock(mutex_);
    if (items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    if (items_.size() == 1) wake_.wake();
    return true;
  }

  [[nodiscard]] bool try_push(const T& item) { return try_push(T(item)); }

  // Everything pushed so far, oldest first, in place of what `items` held. The storage that
  // `items` brings is used for what comes next: hand in the same vector each time and nothing is
  // allocated once it has grown.
  void take_all(std::vector<T>& items) {
    items.clear();
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return;
    items.swap(items_);
    wake_.clear();
  }

  [[nodiscard]] std::vector<T> take_all() {
    std::vector<T> items;
    take_all(items);
    return items;
  }

  // Blocks until something is in the box, or until `timeout` is over (negative: for ever): for an
  // owner that has nothing else to poll. Returns false when the time was up.
  [[nodiscard]] bool wait(std::chrono::milliseconds timeout) const { return wake_.wait(timeout); }

  // Readable while something is in the box.
  [[nodiscard]] int fd() const noexcept { return wake_.fd(); }

 private:
  const std::size_t capacity_;
  WakeFd wake_;
  std::mutex mutex_;
  std::vector<T> items_;  // guarded by mutex_
};

}  // namespace roundhouse
