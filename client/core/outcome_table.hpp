// CORE. OutcomeTable: which tasks of a session have their outcome, and what of that the hub knows.
//
// All that it remembers of finished tasks is a number, the gaps above it, and which failed.
// Outcomes are numbered densely per connection; what arrived is confirmed cumulatively, a little
// later, so that a synchronous call costs no message of its own. Live output is confirmed with
// them, and without when it was much. Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "shared/intervals.hpp"
#include "shared/message.hpp"
#include "shared/time.hpp"

namespace roundhouse::client {

class OutcomeTable {
 public:
  // Confirming waits so long, or for so many outcomes.
  static constexpr Duration kConfirmDelay = std::chrono::milliseconds{20};
  static constexpr std::uint64_t kConfirmOutcomesMax = 512;
  static constexpr std::uint64_t kConfirmOutputMax = wire::kOutputUnreadMax / 64;

  // A new connection: its outcomes are numbered from 1.
  void restart();

  // `count` outcomes numbered from `first` on have come. False when that is not the next number,
  // which a hub never does.
  [[nodiscard]] bool on_batch(std::uint64_t first, std::uint64_t count, TimePoint now);

  // A part of live output of this cost has come.
  void on_output(std::size_t cost, TimePoint now);

  // Notes the outcome of one task, and whether that is ok; false when it was known, and this one is
  // to be dropped.
  [[nodiscard]] bool add(std::uint64_t sequence, bool ok);
  [[nodiscard]] bool contains(std::uint64_t sequence) const;

  // What to confirm now, if it is time.
  [[nodiscard]] std::optional<wire::Received> take_received(TimePoint now);
  // When it will be.
  [[nodiscard]] std::optional<TimePoint> deadline() const;

  // All sequences up to this have their outcome ...
  [[nodiscard]] std::uint64_t settled() const { return settled_; }

  // ... and these above it, lowest first; at most `limit` ranges.
  [[nodiscard]] std::vector<wire::Range> ended(std::size_t limit) const;

  // Those that did not end ok, lowest first, at most `limit` ranges (1 or more). Where there are
  // more, the last one goes up to the highest: of what cannot be told a failure is assumed.
  [[nodiscard]] std::vector<wire::Range> failed(std::size_t limit) const;

  // How many tasks have their outcome.
  [[nodiscard]] std::uint64_t count() const { return count_; }

  // Ranges kept above settled().
  [[nodiscard]] std::size_t gap_count() const { return above_.size(); }

  void check_invariants() const;

 private:
  bool note(std::uint64_t sequence);
  bool add_above(std::uint64_t sequence);

  std::uint64_t settled_ = 0;
  std::map<std::uint64_t, std::uint64_t> above_;  // first -> last, none of them next to another
  IntervalSet failed_;
  std::uint64_t highest_ = 0;
  std::uint64_t count_ = 0;
  // Of this connection.
  std::uint64_t received_ = 0;
  std::uint64_t confirmed_ = 0;
  std::optional<TimePoint> since_;  // something is to be confirmed
  std::uint64_t output_ = 0;
  std::uint64_t output_confirmed_ = 0;
};

}  // namespace roundhouse::client
