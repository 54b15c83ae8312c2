// SqliteStore, the part that remembers what clients have said that holds from then on: until the
// cluster is stopped, or of tasks until they have ended.

#include <algorithm>
#include <iterator>
#include <utility>

#include "hub/sqlite_store.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::size_t kAbortsKept = 1000;  // ranges that were asked for, between two such looks

}  // namespace

void SqliteStore::apply(const PolicySet& fact) {
  sql::Statement set = db_.prepare("INSERT OR REPLACE INTO settings VALUES ('policy', ?1)");
  set.bind_text(1, fact.policy);
  set.run();
}

void SqliteStore::apply(const HubStopped& /*fact*/) {
  db_.execute("DELETE FROM settings");
  db_.execute("DELETE FROM engines_given_up");
}

void SqliteStore::note_given_up(const EngineLeft& fact) {
  sql::Statement note = db_.prepare("INSERT OR REPLACE INTO engines_given_up VALUES (?1, ?2)");
  note.bind(1, fact.id.value);
  note.bind_text(2, fact.given_up);
  note.run();
}

void SqliteStore::restore_policy(Restored& out) {
  sql::Statement row = db_.prepare("SELECT value FROM settings WHERE name = 'policy'");
  if (row.next()) out.policy = row.text(0);
}

void SqliteStore::apply(const AbortAsked& fact) {
  sql::Statement set = db_.prepare(
      "INSERT INTO aborts VALUES (?1, ?2) ON CONFLICT(id) DO UPDATE SET last = max(last, ?2)");
  for (const wire::Range& range : fact.tasks) {
    set.bind(1, make_key(fact.session, range.first));
    set.bind(2, static_cast<std::int64_t>(range.last));
    set.run();
  }
  aborts_added_ += fact.tasks.size();
  if (aborts_added_ >= kAbortsKept) forget_aborts();
}

// Those whose tasks have ended, now and then: so they are as many as have not, and some more.
void SqliteStore::forget_aborts() {
  aborts_added_ = 0;
  std::vector<std::int64_t> over;
  sql::Statement rows = db_.prepare("SELECT id, last FROM aborts");
  while (rows.next()) {
    const auto last = static_cast<std::uint64_t>(rows.integer(1));
    if (!ledger_.unfinished(session_of(rows.integer(0)), sequence_of(rows.integer(0)), last))
      over.push_back(rows.integer(0));
  }
  forget_aborts(over);
}

void SqliteStore::forget_aborts(const std::vector<std::int64_t>& over) {
  sql::Statement forget = db_.prepare("DELETE FROM aborts WHERE id = ?1");
  for (const std::int64_t id : over) {
    forget.bind(1, id);
    forget.run();
  }
}

// Those are forgotten whose tasks have ended.
void SqliteStore::restore_aborts(Restored& out) {
  std::vector<std::int64_t> over;
  sql::Statement rows = db_.prepare("SELECT id, last FROM aborts ORDER BY id");
  while (rows.next()) {
    const SessionNumber number = session_of(rows.integer(0));
    const wire::Range range{sequence_of(rows.integer(0)),
                            static_cast<std::uint64_t>(rows.integer(1))};
    const auto session =
        std::ranges::lower_bound(out.sessions, number, {}, &Restored::Session::number);
    const bool is_known = session != out.sessions.end() && session->number == number;
    const bool may_come = is_known && range.last > session->accepted;
    // Those that wait do not overlap: the last that begins within the range, or before it, decides.
    const auto behind = std::ranges::upper_bound(out.pending, std::pair{number, range.last}, {},
                                                 [](const Restored::Pending& pending) {
                                                   return std::pair{pending.session, pending.first};
                                                 });
    const bool waits = behind != out.pending.begin() && std::prev(behind)->session == number &&
                       std::prev(behind)->last >= range.first;
    if (may_come || waits)
      out.aborts.push_back({number, {range}});
    else
      over.push_back(rows.integer(0));
  }
  forget_aborts(over);
}

}  // namespace roundhouse::hub
