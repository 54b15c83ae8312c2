#pragma once

// DISK. SqliteRecords: reading records out of the database, by key. The store has one on its
// connection, a search one on its own. Everything throws sql::Failure. Thread rule: that of its
// Database.

#include <cstdint>
#include <optional>
#include <string_view>

#include "hub/core/record.hpp"
#include "hub/sqlite.hpp"
#include "shared/content_hash.hpp"
#include "shared/message.hpp"

namespace roundhouse::hub {

// As columns have them.
[[nodiscard]] inline std::int64_t signed_of(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

[[nodiscard]] inline std::string_view bytes_of(const ContentHash& hash) {
  return {reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()};
}

// What read_template() reads, of templates f.
inline constexpr std::string_view kTemplateColumns =
    "f.function, f.signature, f.view, f.label, f.targets, f.retries, f.priority, b.builds, "
    "r.define";
inline constexpr std::string_view kTemplateJoins =
    " LEFT JOIN template_builds b ON b.number = f.number "
    "LEFT JOIN template_rules r ON r.number = f.number ";

// The template in the columns from `at` on, without its numbers. Throws Exception (store_failed)
// when it is unreadable.
[[nodiscard]] wire::Define read_template(const sql::Statement& row, int at);

class SqliteRecords {
 public:
  explicit SqliteRecords(sql::Database& db);

  // The record under this key, which is the key of `task`; nothing when there is none, or when it
  // was purged. `with_result`: with the bytes of the result, if it is in its row.
  [[nodiscard]] std::optional<Record> find(std::int64_t key, TaskId task, bool with_result);

  [[nodiscard]] bool purged(std::int64_t key);

 private:
  sql::Statement select_record_, select_result_, select_purged_;
};

}  // namespace roundhouse::hub
