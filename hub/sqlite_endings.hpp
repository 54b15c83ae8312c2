#pragma once

// SqliteEndings: which tasks did not end ok, for ever: others may depend on them (PROTOCOL 14). A
// failure that is on record has a row in `errors`; when that is purged it goes into a run of
// failures in `endings`. So a task costs nothing here, and a failure when it is purged.
// Thread rule: as Store. Throws sql::Failure.

#include <cstdint>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/sqlite.hpp"

namespace roundhouse::hub {

class SqliteEndings {
 public:
  // The tables are there.
  explicit SqliteEndings(sql::Database& db);

  // The failed task with this key loses its record. In a transaction.
  void keep(std::int64_t key) { keep(key, key); }

  // All that have lost it but those in `purged`. In a transaction, before they do.
  void keep_all();
  // Adds failures to the sessions, which are sorted by number.
  void restore(std::vector<Restored::Session>& sessions);

 private:
  void keep(std::int64_t first, std::int64_t last);

  sql::Database& db_;
  sql::Statement find_, insert_, erase_;
};

}  // namespace roundhouse::hub
