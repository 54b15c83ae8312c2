#include "hub/sqlite.hpp"

#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

namespace roundhouse::hub::sql {
namespace {

constexpr int kBusyMilliseconds = 2000;
constexpr std::uint64_t kPageBytes = 4096;  // SQLite's default, which nothing here changes

std::string advice(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL: return " (make room on the disk)";
    case SQLITE_IOERR: return " (make room on the disk, or raise the limit of its files' size)";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return " (check the owner and the permissions of the file and its folder)";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return " (another program holds a write lock on it: end that program)";
    case SQLITE_CORRUPT:
      return " (the file is damaged: move it away, or restore a copy of it and of its -wal file)";
    case SQLITE_NOTADB: return " (the file is no SQLite database: name another one)";
    default: return {};
  }
}

[[noreturn]] void fail(sqlite3* db, int code) {
  const char* words = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  throw Failure(code & 0xff, std::string("the results database: ") + words + advice(code));
}

// SQLite gives its log and index files the mode of the database, so only that one must be right.
void create_private(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

}  // namespace

bool Failure::foreign() const {
  return code_ == SQLITE_NOTADB;
}

bool Failure::corrupt() const {
  return code_ == SQLITE_CORRUPT;
}

Statement::Statement(sqlite3* db, std::string_view text) {
  const int code = sqlite3_prepare_v3(db, text.data(), static_cast<int>(text.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) fail(db, code);
}

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

void Statement::bind(int at, std::int64_t value) {
  sqlite3_bind_int64(statement_, at, value);
}

void Statement::bind_text(int at, std::string_view value) {
  sqlite3_bind_text(statement_, at, value.data() == nullptr ? "" : value.data(),
                    static_cast<int>(value.size()), SQLITE_STATIC);
}

void Statement::bind_blob(int at, std::string_view value) {
  sqlite3_bind_blob(statement_, at, value.data() == nullptr ? "" : value.data(),
                    static_cast<int>(value.size()), SQLITE_STATIC);
}

void Statement::bind_null(int at) {
  sqlite3_bind_null(statement_, at);
}

void Statement::run() {
  const int code = sqlite3_step(statement_);
  sqlite3_reset(statement_);
  if (code != SQLITE_DONE && code != SQLITE_ROW) fail(sqlite3_db_handle(statement_), code);
}

bool Statement::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  sqlite3_reset(statement_);
  if (code != SQLITE_DONE) fail(sqlite3_db_handle(statement_), code);
  return false;
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(statement_, column);
  return {reinterpret_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  return {static_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Statement::null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Database::Database(const std::string& path) {
  create_private(path);
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &db_, flags, nullptr);
  if (code != SQLITE_OK) {
    sqlite3_close_v2(std::exchange(db_, nullptr));
    throw Failure(code & 0xff, "cannot open the results database '" + path +
                                   "': " + sqlite3_errstr(code) + advice(code));
  }
  sqlite3_busy_timeout(db_, kBusyMilliseconds);
  sqlite3_wal_hook(db_, &Database::on_commit, this);
}

int Database::on_commit(void* self, sqlite3* /*db*/, const char* /*name*/, int pages) {
  static_cast<Database*>(self)->log_bytes_ = static_cast<std::uint64_t>(pages) * kPageBytes;
  return SQLITE_OK;
}

Database::~Database() {
  sqlite3_close_v2(db_);
}

void Database::execute(const std::string& text) {
  const int code = sqlite3_exec(db_, text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(db_, code);
}

std::int64_t Database::integer(std::string_view text) {
  Statement statement(db_, text);
  return statement.next() ? statement.integer(0) : 0;
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(db_);
}

void Database::rollback() noexcept {
  if (sqlite3_get_autocommit(db_) == 0) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Checkpoint Database::checkpoint(bool truncate) {
  Checkpoint out;
  sqlite3_busy_timeout(db_, 0);
  const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, mode, &out.log, &out.folded);
  sqlite3_busy_timeout(db_, kBusyMilliseconds);
  if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED) fail(db_, code);
  // A log that is folded whole is written from its beginning next time.
  if (code == SQLITE_OK && out.folded >= out.log) log_bytes_ = 0;
  return out;
}

}  // namespace roundhouse::hub::sql
