#include "hub/schema.hpp"

#include <sys/stat.h>

#include "shared/check.hpp"

namespace roundhouse::hub {
namespace {

// `tasks` is the hot table: one insert per finished task and no index beside its key. `wait` is
// started - submitted (two clocks), so that it takes few bytes; `result` is the inline result, or
// the packed error; `more` is for what is seldom there; `arguments` is last, because tasks that are
// only counted or listed need not be read so far.
constexpr const char* kTables = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions(number INTEGER PRIMARY KEY, id INTEGER NOT NULL, secret BLOB NOT NULL,
  label TEXT NOT NULL, opened INTEGER NOT NULL, accepted INTEGER NOT NULL DEFAULT 0,
  delivered INTEGER NOT NULL DEFAULT 0, deliveries INTEGER NOT NULL DEFAULT 0,
  received INTEGER NOT NULL DEFAULT 0, undelivered_from INTEGER NOT NULL DEFAULT 1);
CREATE UNIQUE INDEX sessions_by_id ON sessions(id);
CREATE TABLE templates(number INTEGER PRIMARY KEY, session INTEGER NOT NULL,
  define INTEGER NOT NULL,
  function TEXT NOT NULL, signature TEXT NOT NULL, view TEXT NOT NULL, label TEXT NOT NULL,
  targets BLOB NOT NULL, retries INTEGER NOT NULL, priority INTEGER NOT NULL);
CREATE TABLE engines(id INTEGER PRIMARY KEY, uuid BLOB NOT NULL, incarnation INTEGER NOT NULL,
  slots INTEGER NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, joined INTEGER NOT NULL,
  left INTEGER, reason TEXT, gone INTEGER NOT NULL DEFAULT 0);
CREATE TABLE pending(id INTEGER PRIMARY KEY, last INTEGER NOT NULL, submitted INTEGER NOT NULL,
  frames INTEGER NOT NULL, header BLOB NOT NULL);
CREATE TABLE tasks(id INTEGER PRIMARY KEY, template INTEGER, status INTEGER, submitted INTEGER,
  wait INTEGER, duration INTEGER, engine INTEGER, incarnation INTEGER, attempt INTEGER,
  delivery INTEGER, result BLOB, more BLOB, arguments BLOB);
CREATE TABLE errors(id INTEGER PRIMARY KEY, name TEXT, value TEXT, traceback TEXT);
CREATE TABLE blobs(id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
CREATE TABLE receipts(session INTEGER, through INTEGER, received INTEGER,
  PRIMARY KEY(session, through)) WITHOUT ROWID;
CREATE TABLE purged(id INTEGER PRIMARY KEY);
CREATE TABLE endings(id INTEGER PRIMARY KEY, last INTEGER NOT NULL);
)sql";

// Came later than the others, and need no new version: an older hub leaves them alone.
constexpr const char* kLaterTables = R"sql(
CREATE TABLE IF NOT EXISTS modules(build BLOB PRIMARY KEY, name TEXT NOT NULL,
  size INTEGER NOT NULL, loaded INTEGER NOT NULL, everywhere INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS module_verdicts(build BLOB PRIMARY KEY, loaded INTEGER NOT NULL,
  trouble_code TEXT NOT NULL, trouble_text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS template_builds(number INTEGER PRIMARY KEY, builds BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS attempts(id INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS template_rules(number INTEGER PRIMARY KEY, define BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS engines_given_up(id INTEGER PRIMARY KEY, why TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outputs(id INTEGER PRIMARY KEY, out TEXT NOT NULL, err TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS aborts(id INTEGER PRIMARY KEY, last INTEGER NOT NULL);
)sql";

// For people and their tools: what the tables pack, in words.
constexpr const char* kViews = R"sql(
CREATE VIEW results AS SELECT
  printf('%016x%016x', s.id, t.id & 0xffffffffff) AS msg_id,
  f.label AS label, f.function AS function, f.view AS view,
  CASE t.status WHEN 0 THEN 'ok' ELSE 'error' END AS status,
  CASE t.status WHEN 0 THEN 'ok' WHEN 1 THEN 'error' WHEN 2 THEN 'aborted' WHEN 3 THEN 'timed_out'
    WHEN 4 THEN 'engine_lost' END AS outcome,
  strftime('%Y-%m-%dT%H:%M:%S', t.submitted / 1000000, 'unixepoch')
    || printf('.%06dZ', t.submitted % 1000000) AS submitted,
  strftime('%Y-%m-%dT%H:%M:%S', (t.submitted + t.wait) / 1000000, 'unixepoch')
    || printf('.%06dZ', (t.submitted + t.wait) % 1000000) AS started,
  t.duration / 1e9 AS seconds,
  t.engine AS engine, lower(hex(e.uuid)) AS engine_uuid, t.incarnation AS incarnation,
  t.attempt AS attempt, x.name AS error_name, x.value AS error_value,
  coalesce(b.bytes, length(t.result)) AS result_bytes,
  o.out AS stdout, o.err AS stderr
FROM tasks t
JOIN sessions s ON s.number = t.id >> 40
LEFT JOIN templates f ON f.number = t.template
LEFT JOIN engines e ON e.id = t.engine
LEFT JOIN errors x ON x.id = t.id
LEFT JOIN blobs b ON b.id = t.id
LEFT JOIN outputs o ON o.id = t.id
WHERE NOT EXISTS (SELECT 1 FROM purged p WHERE p.id = t.id);
CREATE VIEW unfinished AS SELECT
  printf('%016x%016x', s.id, p.id & 0xffffffffff) AS first_msg_id,
  printf('%016x%016x', s.id, p.last) AS last_msg_id,
  strftime('%Y-%m-%dT%H:%M:%S', p.submitted / 1000000, 'unixepoch')
    || printf('.%06dZ', p.submitted % 1000000) AS submitted
FROM pending p JOIN sessions s ON s.number = p.id >> 40;
)sql";

[[noreturn]] void refuse(const std::string& text) {
  throw Exception(Errc::store_failed, text);
}

void check_whole(sql::Database& db, const std::string& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) return;

  struct stat log {};

  const bool has_log = ::stat((path + "-wal").c_str(), &log) == 0 && log.st_size > 0;
  const std::int64_t pages = db.integer("PRAGMA page_count");
  const std::int64_t bytes = pages * db.integer("PRAGMA page_size");
  if (!has_log && bytes > status.st_size)
    refuse("the results database '" + path + "' is torn: it has " + std::to_string(status.st_size) +
           " of " + std::to_string(bytes) + " bytes; move it away, or restore a copy");
}

void check_ours(sql::Database& db, const std::string& path) {
  const std::int64_t application = db.integer("PRAGMA application_id");
  if (application != kApplicationId)
    refuse("'" + path + "' is a database of another program: name another file with --database");
  const std::int64_t version = db.integer("PRAGMA user_version");
  if (version > kSchemaVersion)
    refuse("the results database '" + path + "' was written by a newer Roundhouse (schema " +
           std::to_string(version) + ", this one knows " + std::to_string(kSchemaVersion) +
           "): use that one, or name another file with --database");
  check_whole(db, path);
}

void make_tables(sql::Database& db) {
  db.execute("BEGIN IMMEDIATE");
  db.execute(kTables);
  db.execute(kViews);
  db.execute("INSERT INTO meta VALUES ('epoch', 0)");
  db.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
  db.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  db.execute("COMMIT");
}

// Schema 1 kept no arguments; 2 forgot how tasks ended when they were purged, and its hubs would
// run pending tasks before what they depend on.
void update_tables(sql::Database& db) {
  const std::int64_t version = db.integer("PRAGMA user_version");
  if (version >= kSchemaVersion) return;
  db.execute("BEGIN IMMEDIATE");
  if (version < 2) db.execute("ALTER TABLE tasks ADD COLUMN arguments BLOB");
  db.execute("CREATE TABLE endings(id INTEGER PRIMARY KEY, last INTEGER NOT NULL)");
  db.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  db.execute("COMMIT");
}

}  // namespace

std::int64_t make_key(SessionNumber session, std::uint64_t sequence) {
  RH_CHECK(session < (1U << (63 - kSequenceBits)));
  RH_CHECK(sequence < (std::uint64_t{1} << kSequenceBits));
  return static_cast<std::int64_t>((std::uint64_t{session} << kSequenceBits) | sequence);
}

SessionNumber session_of(std::int64_t key) {
  return static_cast<SessionNumber>(static_cast<std::uint64_t>(key) >> kSequenceBits);
}

std::uint64_t sequence_of(std::int64_t key) {
  return static_cast<std::uint64_t>(key) & ((std::uint64_t{1} << kSequenceBits) - 1);
}

void prepare_database(sql::Database& db, const std::string& path, Durability durability) {
  try {
    const bool fresh = db.integer("SELECT count(*) FROM sqlite_schema") == 0 &&
                       db.integer("PRAGMA application_id") == 0;
    if (!fresh) check_ours(db, path);
    db.execute("PRAGMA journal_mode = WAL");
    db.execute(durability == Durability::commit ? "PRAGMA synchronous = FULL"
                                                : "PRAGMA synchronous = NORMAL");
    db.execute("PRAGMA cache_size = -16384");
    db.execute("PRAGMA temp_store = MEMORY");
    fresh ? make_tables(db) : update_tables(db);
    db.execute(kLaterTables);
  } catch (const sql::Failure& failure) {
    if (failure.foreign())
      refuse("'" + path + "' is no results database: name another file with --database");
    throw;
  }
}

}  // namespace roundhouse::hub
