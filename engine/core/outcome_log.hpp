#pragma once

// CORE. OutcomeLog: outcomes of this incarnation that the hub has not confirmed. Numbers them,
// sends them in batches, again on each new connection, and forgets them when `stored` covers them.
// Thread rule: plain value of its core.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "engine/core/outbox.hpp"
#include "shared/records.hpp"
#include "shared/time.hpp"

namespace roundhouse::engine {

// An outcome that could be sent waits no longer than this for company.
inline constexpr Duration kGatherMax = std::chrono::microseconds{500};
// Nor longer than this where at least so much work is left that the hub need not send more yet.
inline constexpr Duration kGatherLong = std::chrono::milliseconds{10};
inline constexpr Duration kEnoughLeft = std::chrono::milliseconds{2};

class OutcomeLog {
 public:
  // Keeps an outcome and returns its number: dense from 1.
  std::uint64_t add(wire::FinishedRecord outcome, TimePoint now);
  // As add, for numbers that somebody else gave (the nanny, from the page). Precondition: `number`
  // is one more than the last, or the first at all.
  void restore(std::uint64_t number, wire::FinishedRecord outcome);
  // Forgets what the hub has stored. Numbers never given count as the last one given.
  void confirm(std::uint64_t through);
  // A new connection knows all through `stored`: everything after it is unsent again.
  void rewind(std::uint64_t stored);
  // Sends all that is unsent, in batches.
  void send(Outbox& out);
  // Enough for a full batch.
  [[nodiscard]] bool is_full() const;
  // Since when the oldest unsent one waits; 0: there is none.
  [[nodiscard]] Duration waited(TimePoint now) const;

  // What is unsent may wait for kGatherLong.
  void be_patient() { patience_ = kGatherLong; }

  // is_full(), or the oldest unsent one has waited for kGatherMax, or as be_patient() said.
  [[nodiscard]] bool due(TimePoint now) const;
  [[nodiscard]] std::optional<TimePoint> deadline() const;  // when due() if nothing is added

  [[nodiscard]] std::size_t unsent() const { return static_cast<std::size_t>(last() - sent_); }

  [[nodiscard]] std::size_t unconfirmed() const { return records_.size(); }

  [[nodiscard]] std::uint64_t last() const { return confirmed_ + records_.size(); }

  [[nodiscard]] std::uint64_t confirmed() const { return confirmed_; }

  [[nodiscard]] std::size_t bytes() const { return bytes_; }  // of payload, kept

  void check_invariants() const;

 private:
  std::deque<wire::FinishedRecord> records_;  // confirmed_ + 1 to last()
  std::uint64_t confirmed_ = 0;
  std::uint64_t sent_ = 0;  // on this connection; confirmed_ to last()
  std::size_t bytes_ = 0;
  std::size_t unsent_bytes_ = 0;
  TimePoint oldest_unsent_;         // while unsent() > 0
  Duration patience_ = kGatherMax;  // the same
  wire::BatchWriter<wire::FinishedRecord> writer_;
};

}  // namespace roundhouse::engine
