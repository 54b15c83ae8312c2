#pragma once

// DISK. Retention: which finished tasks a database forgets by itself, because there are more of
// them, or they take more room, or are older than its owner wants.
//
// The oldest go first, by when they were submitted. It finds them by their key, session by session
// (within one, a lower sequence was submitted earlier), so that no index is needed: a look costs a
// few steps in the table's tree, whatever its size. What a restarted hub still needs is passed by.
// Thread rule: one thread at a time.

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/sqlite.hpp"
#include "shared/time.hpp"

namespace roundhouse::hub {

// Nothing is forgotten for the sake of a limit that is 0.
struct RetentionLimits {
  std::uint64_t records = 0;  // finished tasks
  std::uint64_t bytes = 0;    // of the database and its files of large results
  Duration age{0};            // since they ended, or were submitted if they never ran

  [[nodiscard]] bool any() const { return records > 0 || bytes > 0 || age.count() > 0; }
};

class Retention {
 public:
  // Whether this task may be forgotten, by its key and its delivery number.
  using MayGo = std::function<bool(std::int64_t key, std::uint64_t delivery)>;

  // The tables are there.
  Retention(sql::Database& db, const RetentionLimits& limits);

  [[nodiscard]] const RetentionLimits& limits() const { return limits_; }

  // The table is counted anew before the next step: a transaction failed, or another hub wrote it.
  void restart();

  // So many rows came, by a transaction that has committed.
  void on_inserted(std::uint64_t rows) { rows_ += rows; }

  // So many rows went.
  void on_erased(std::uint64_t rows);

  // Keys of tasks to be forgotten now, oldest first, a bounded number; empty when there is nothing
  // to do. `used`: bytes in use. Throws sql::Failure.
  [[nodiscard]] std::vector<std::int64_t> take_due(std::int64_t now_us, TimePoint now,
                                                   std::uint64_t used, const MayGo& may_go);

  // Whether take_due() stopped before it was done.
  [[nodiscard]] bool more() const { return more_; }

 private:
  struct Place {
    std::int64_t submitted_us = 0;
    std::int64_t key = 0;
    std::int64_t ended_us = 0;
    std::uint64_t delivery = 0;

    friend bool operator>(const Place& a, const Place& b) {
      return a.submitted_us != b.submitted_us ? a.submitted_us > b.submitted_us : a.key > b.key;
    }
  };

  // Puts the first row from `key` on into the queue, and returns its key; nothing when there is
  // none, or it is of another session than `session` (0: any will do).
  std::optional<std::int64_t> look(std::int64_t key, SessionNumber session = 0);
  void begin_round(TimePoint now);

  sql::Database& db_;
  const RetentionLimits limits_;
  sql::Statement first_;
  std::priority_queue<Place, std::vector<Place>, std::greater<>> oldest_;  // one of each session
  std::uint64_t rows_ = 0;
  bool counted_ = false;
  bool in_round_ = false;
  bool more_ = false;
  TimePoint round_began_;
};

}  // namespace roundhouse::hub
