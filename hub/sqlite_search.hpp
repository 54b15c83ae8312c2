#pragma once

// DISK. SqliteSearch: answers `db_query` from the database of the SQLite store, by a connection of
// its own, so that a question that takes long holds nothing up: SQLite lets it read what was
// committed when it began. Thread rule: one thread, any but the store's.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "hub/answers.hpp"
#include "hub/core/fact.hpp"
#include "hub/sqlite.hpp"
#include "hub/sqlite_records.hpp"
#include "hub/store.hpp"

namespace roundhouse::hub {

class SqliteSearch final : public StoreSearch {
 public:
  // The database exists, with its tables. Throws sql::Failure.
  explicit SqliteSearch(const std::string& path);

  [[nodiscard]] wire::Reply answer(const Query& query) override;

 private:
  // Sorted by SQLite: for any order.
  void look_everywhere(const TaskQuery& asked, PageAnswer& page);
  // In the order of submission, which is that of the keys within a session: one of each is at hand,
  // and the first of those is next.
  void merge_sessions(const TaskQuery& asked, PageAnswer& page);
  void offer(const TaskQuery& asked, const FieldValue& value, std::int64_t key, PageAnswer& page);
  void learn_sessions();
  [[nodiscard]] std::int64_t first_since(std::int64_t low, std::int64_t high, std::int64_t time);
  [[nodiscard]] std::optional<std::int64_t> find_key(TaskId task) const;
  [[nodiscard]] TaskId task_of(std::int64_t key) const;
  // What hides purged records from a statement.
  [[nodiscard]] std::string not_purged();

  sql::Database db_;
  SqliteRecords records_;
  std::unordered_map<std::uint64_t, SessionNumber> numbers_;  // by session id
  std::unordered_map<SessionNumber, std::uint64_t> ids_;
};

}  // namespace roundhouse::hub
