#include "hub/sqlite_endings.hpp"

#include <algorithm>

#include "hub/schema.hpp"

namespace roundhouse::hub {

SqliteEndings::SqliteEndings(sql::Database& db)
    : db_(db),
      // The runs that touch first..last.
      find_(db.prepare("SELECT id, last FROM endings WHERE id <= ?2 + 1 AND "
                       "id >= coalesce((SELECT max(id) FROM endings WHERE id <= ?1), ?1) AND "
                       "last >= ?1 - 1 ORDER BY id")),
      insert_(db.prepare("INSERT OR REPLACE INTO endings VALUES (?1,?2)")),
      erase_(db.prepare("DELETE FROM endings WHERE id = ?1")) {}

// Runs never cross sessions: no task has the sequence 0.
void SqliteEndings::keep(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> joined;
  find_.bind(1, first), find_.bind(2, last);
  while (find_.next()) {
    joined.push_back(find_.integer(0));
    first = std::min(first, find_.integer(0));
    last = std::max(last, find_.integer(1));
  }
  for (const std::int64_t run : joined) {
    erase_.bind(1, run);
    erase_.run();
  }
  insert_.bind(1, first), insert_.bind(2, last);
  insert_.run();
}

void SqliteEndings::keep_all() {
  std::vector<std::pair<std::int64_t, std::int64_t>> runs;
  sql::Statement rows =
      db_.prepare("SELECT id FROM errors WHERE id NOT IN (SELECT id FROM purged) ORDER BY id");
  while (rows.next()) {
    const std::int64_t key = rows.integer(0);
    if (!runs.empty() && runs.back().second + 1 == key)
      runs.back().second = key;
    else
      runs.emplace_back(key, key);
  }
  for (const auto& [first, last] : runs) keep(first, last);
}

void SqliteEndings::restore(std::vector<Restored::Session>& sessions) {
  for (const char* text :
       {"SELECT id, last FROM endings ORDER BY id", "SELECT id, id FROM errors"}) {
    sql::Statement rows = db_.prepare(text);
    while (rows.next()) {
      const SessionNumber number = session_of(rows.integer(0));
      const auto session =
          std::ranges::lower_bound(sessions, number, {}, &Restored::Session::number);
      if (session == sessions.end() || session->number != number) continue;
      const wire::Range run{sequence_of(rows.integer(0)), sequence_of(rows.integer(1))};
      if (!session->failed.empty() && session->failed.back().last + 1 == run.first)
        session->failed.back().last = run.last;
      else
        session->failed.push_back(run);
    }
  }
}

}  // namespace roundhouse::hub
