#pragma once

// DISK. RAII over SQLite: a Database and its prepared Statements. sqlite.cpp is the one door of
// sqlite3.h.
//
//   sql::Database db("/path/default.db");
//   sql::Statement insert = db.prepare("INSERT INTO t VALUES (?1, ?2)");
//   insert.bind(1, 7), insert.bind_text(2, "x"), insert.run();
//   sql::Statement rows = db.prepare("SELECT a FROM t");
//   while (rows.next()) use(rows.integer(0));
//
// Everything throws sql::Failure unless it says otherwise. Thread rule: one thread at a time.

#include <cstdint>
#include <string>
#include <string_view>

#include <roundhouse/error.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace roundhouse::hub::sql {

// What SQLite said, with advice where there is some.
class Failure : public Exception {
 public:
  Failure(int code, const std::string& text) : Exception(Errc::store_failed, text), code_(code) {}

  // The primary result code. `foreign`: the file is no database. `corrupt`: it was one.
  [[nodiscard]] int code() const { return code_; }

  [[nodiscard]] bool foreign() const;
  [[nodiscard]] bool corrupt() const;

 private:
  int code_;
};

class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* db, std::string_view text);
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters count from 1 and keep their value until they are bound anew. Texts and blobs are
  // borrowed until the statement has run.
  void bind(int at, std::int64_t value);
  void bind_text(int at, std::string_view value);
  void bind_blob(int at, std::string_view value);
  void bind_null(int at);

  // Runs a statement that returns no rows, and makes it ready for the next run.
  void run();
  // Steps to the next row; false, and ready for the next run, when there is none.
  [[nodiscard]] bool next();
  // Ends a query before its last row. Never throws.
  void reset() noexcept;

  // Columns of the present row, from 0. Views are valid until the next step.
  [[nodiscard]] std::int64_t integer(int column) const;

  [[nodiscard]] std::uint32_t integer32(int column) const {  // as it was written
    return static_cast<std::uint32_t>(integer(column));
  }

  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::string_view blob(int column) const;
  [[nodiscard]] bool null(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
};

// The log after a checkpoint, in pages.
struct Checkpoint {
  int log = 0;     // pages in it
  int folded = 0;  // of those, in the database by now
};

class Database {
 public:
  // Opens, or creates with mode 0600, the file. Statements are prepared before it is closed and die
  // before it.
  explicit Database(const std::string& path);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // Any number of statements without results.
  void execute(const std::string& text);
  // First column of the first row; 0 when there is none.
  [[nodiscard]] std::int64_t integer(std::string_view text);

  [[nodiscard]] Statement prepare(std::string_view text) { return Statement(db_, text); }

  // Rows that the statement run last changed.
  [[nodiscard]] std::int64_t changes() const;
  // Ends a transaction that failed, if one is open. Never throws.
  void rollback() noexcept;

  // Bytes in the write-ahead log after the last commit, as far as they are not folded.
  [[nodiscard]] std::uint64_t log_bytes() const { return log_bytes_; }

  // Folds the log into the database as far as readers allow. Never waits for them.
  Checkpoint checkpoint(bool truncate);

 private:
  static int on_commit(void* self, sqlite3* db, const char* name, int pages);

  sqlite3* db_ = nullptr;
  std::uint64_t log_bytes_ = 0;
};

}  // namespace roundhouse::hub::sql
