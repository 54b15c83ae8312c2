#pragma once

// OS. What this process does on signals, as far as its programs must not inherit it: which it
// ignores or handles. To set all 64 to their default, before every program, takes twice as long as
// to look which have changed; so what was seen is believed for a while, and forgotten when code of
// others has run.
// Thread rule: any thread.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "shared/time.hpp"

namespace roundhouse::engine {

// A set of signals: bit 0 is signal 1.
using SignalSet = std::uint64_t;

inline constexpr SignalSet kAllSignals = ~SignalSet{0};
// For so long it is believed. What no task does (threads, a clear) is noticed that much later.
inline constexpr Duration kDispositionsKept = std::chrono::milliseconds{100};

class Dispositions {
 public:
  // Signals that do not do what they do by default, as they are or were kDispositionsKept before
  // `now` at most. All of them when the system does not say.
  [[nodiscard]] SignalSet changed(TimePoint now);

  // They may have been changed: the next question is answered anew.
  void forget() noexcept { changes_.fetch_add(1, std::memory_order_acq_rel); }

 private:
  std::atomic<std::uint64_t> changes_{1};
  std::mutex mutex_;  // of what was seen
  SignalSet seen_ = kAllSignals;
  std::uint64_t seen_after_ = 0;  // changes_ before it was looked
  TimePoint seen_at_{};
};

}  // namespace roundhouse::engine
