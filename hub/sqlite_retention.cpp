// SqliteStore, the part that forgets without being asked.

#include <algorithm>
#include <limits>
#include <map>

#include "hub/sqlite_store.hpp"
#include "shared/clock.hpp"

namespace roundhouse::hub {
namespace {

constexpr int kStepsPerUpkeep = 8;
constexpr std::chrono::milliseconds kSoon{10};
constexpr std::chrono::milliseconds kAgeLook{1000};

}  // namespace

std::uint64_t SqliteStore::used_bytes() {
  const std::int64_t pages =
      db_.integer("PRAGMA page_count") - db_.integer("PRAGMA freelist_count");
  return static_cast<std::uint64_t>(pages * db_.integer("PRAGMA page_size")) + blob_bytes_;
}

// Each step is a transaction of its own, so that commits wait for one at
// most.
void SqliteStore::keep_within_limits() {
  if (!retention_->limits().any()) return;
  for (int step = 0; step < kStepsPerUpkeep; ++step) {
    const std::uint64_t used = retention_->limits().bytes > 0 ? used_bytes() : 0;
    const std::vector<std::int64_t> due = retention_->take_due(
        wall_now().microseconds, steady_now(), used,
        [this](std::int64_t key, std::uint64_t delivery) {
          return ledger_.done_with(session_of(key), sequence_of(key), delivery);
        });
    if (due.empty()) return;
    forget(due);
  }
}

// A receipt says when outcomes up to a delivery number had been received. Once the oldest tasks of
// a session are gone, those below what the next ones have say nothing any more.
void SqliteStore::forget_receipts(const std::vector<std::int64_t>& keys) {
  std::map<SessionNumber, std::int64_t> last;
  for (const std::int64_t key : keys) {
    std::int64_t& highest = last[session_of(key)];
    highest = std::max(highest, key);
  }
  sql::Statement lowest = db_.prepare(
      "SELECT min(delivery) FROM (SELECT delivery FROM tasks WHERE id >= ?1 AND id < ?2 "
      "ORDER BY id LIMIT 1000)");
  sql::Statement erase = db_.prepare(
      "DELETE FROM receipts WHERE session = ?1 AND through < ?2 AND through < "
      "(SELECT max(through) FROM receipts WHERE session = ?1)");
  for (const auto& [session, key] : last) {
    lowest.bind(1, make_key(session, 0));
    lowest.bind(2, make_key(session + 1, 0));
    const bool some = lowest.next() && !lowest.null(0);
    const std::int64_t from = some ? lowest.integer(0) : std::numeric_limits<std::int64_t>::max();
    lowest.reset();
    erase.bind(1, session);
    erase.bind(2, from);
    erase.run();
  }
}

std::chrono::milliseconds SqliteStore::upkeep_within() const {
  if (retention_->more()) return kSoon;
  return retention_->limits().any() ? kAgeLook : std::chrono::milliseconds{-1};
}

}  // namespace roundhouse::hub
