// SqliteStore, the part that answers questions.

#include <utility>

#include "hub/sqlite_search.hpp"
#include "hub/sqlite_store.hpp"
#include "hub/sqlite_where.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::uint64_t kSequenceMax = (std::uint64_t{1} << kSequenceBits) - 1;

}  // namespace

std::unique_ptr<StoreSearch> SqliteStore::open_search() {
  return std::make_unique<SqliteSearch>(options_.path);
}

wire::Reply SqliteStore::answer(const Query& query) {
  try {
    if (query.verb == "db_query") {
      if (!own_search_) own_search_ = open_search();
      return own_search_->answer(query);
    }
    const auto question = read_request(query.body);
    if (!question) return make_error(query, question.error());
    if (stale_) (void)restore();
    if (query.verb == "result") return answer_result(query, *question);
    if (query.verb == "payload") return answer_payload(query, *question);
    if (query.verb == "purge_results") return answer_purge(query, *question);
    return make_error(query, {Errc::invalid, "the database does not know '" + query.verb + "'"});
  } catch (const Exception& failure) {
    db_.rollback();
    return make_error(query, {Errc::store_failed, failure.what()});
  }
}

std::optional<std::int64_t> SqliteStore::find_key(TaskId task) const {
  const auto number = numbers_.find(task.session.value);
  if (number == numbers_.end() || task.sequence > kSequenceMax) return std::nullopt;
  return make_key(number->second, task.sequence);
}

TaskId SqliteStore::task_of(std::int64_t key) const {
  const auto id = ids_.find(session_of(key));
  return {SessionId{id == ids_.end() ? 0 : id->second}, sequence_of(key)};
}

wire::Reply SqliteStore::answer_result(const Query& query, const RequestBody& question) {
  ResultAnswer answer(query, question);
  for (const TaskId task : answer.wanted()) {
    if (answer.full()) {
      answer.add_more(task);
      continue;
    }
    const auto key = find_key(task);
    const auto record = key ? records_->find(*key, task, true) : std::optional<Record>{};
    record ? answer.add(*record) : answer.add_missing(task);
  }
  return answer.take();
}

wire::Reply SqliteStore::answer_payload(const Query& query, const RequestBody& question) {
  if (question.ids.size() != 1)
    return make_error(query, {Errc::invalid, "the payload of one task is asked for at a time"});
  const TaskId task = question.ids.front();
  const auto key = find_key(task);
  const auto record = key ? records_->find(*key, task, false) : std::optional<Record>{};
  if (!record) return make_error(query, no_such_payload(question.of, task, false));
  if (question.of == PayloadOf::arguments)
    return answer_arguments(query, *key, task, question.offset);
  if (record->ending != wire::Ending::ok) return make_error(query, ended_badly(*record));
  const auto part = find_result(*key, task, question.offset);
  return part ? make_part(query, *part) : make_error(query, part.error());
}

Result<PayloadPart> SqliteStore::find_result(std::int64_t key, TaskId task, std::uint64_t offset) {
  sql::Statement row = db_.prepare("SELECT result FROM tasks WHERE id = ?1");
  row.bind(1, key);
  if (row.next() && !row.null(0)) return begin_part(std::string(row.blob(0)), 0, offset);
  sql::Statement file = db_.prepare("SELECT 1 FROM blobs WHERE id = ?1");
  file.bind(1, key);
  if (!file.next()) return no_such_payload(PayloadOf::result, task, true);
  try {
    return blobs_.read_part(BlobKind::result, key, offset);
  } catch (const Exception& failure) {
    return Error{Errc::payload_lost, failure.what()};
  }
}

wire::Reply SqliteStore::answer_arguments(const Query& query, std::int64_t key, TaskId task,
                                          std::uint64_t offset) {
  sql::Statement row =
      db_.prepare("SELECT t.arguments, t.engine, t.more, " + std::string(kTemplateColumns) +
                  " FROM tasks t JOIN templates f ON f.number = t.template" +
                  std::string(kTemplateJoins) + "WHERE t.id = ?1");
  row.bind(1, key);
  const bool known = row.next();
  const Payload* large = known && row.null(0) ? large_arguments_.find(key) : nullptr;
  if (!known || (row.null(0) && large == nullptr))
    return make_error(query, no_such_payload(PayloadOf::arguments, task, true));
  const wire::Define define = read_template(row, 3);
  PayloadPart part =
      large != nullptr ? part_of(*large, offset) : begin_part(std::string(row.blob(0)), 0, offset);
  part.define = &define;
  if (define.view == "direct" && !row.null(1))
    part.engine = EngineId{static_cast<std::uint32_t>(row.integer(1))};
  if (!row.null(2)) part.depends = decode_depends(row.blob(2));
  if (!part.depends.whole) return make_error(query, depends_left_out(task));
  return make_part(query, part);
}

std::vector<std::int64_t> SqliteStore::purgeable(const Query& query, const RequestBody& question) {
  std::vector<std::int64_t> keys;
  for (const TaskId task : question.ids)
    if (const auto key = find_key(task)) keys.push_back(*key);
  const auto collect = [&](sql::Statement& rows) {
    while (rows.next()) keys.push_back(rows.integer(0));
  };
  if (!question.engines.empty()) {
    sql::Statement rows = db_.prepare("SELECT id FROM tasks WHERE engine = ?1");
    for (const std::uint32_t engine : question.engines) {
      rows.bind(1, engine);
      collect(rows);
    }
  }
  if (question.older_than_us) {
    sql::Statement rows = db_.prepare(
        "SELECT id FROM tasks "
        "WHERE coalesce(submitted + wait + duration / 1000, submitted) < ?1");
    rows.bind(1, time_before(query, *question.older_than_us));
    collect(rows);
  }
  if (question.where) {
    SqliteWhere where(1, [this](TaskId task) { return find_key(task); });
    const std::string condition = where.condition(*question.where);
    sql::Statement rows =
        db_.prepare("SELECT t.id" + std::string(kSqliteFrom) + " WHERE " + condition);
    where.bind(rows);
    collect(rows);
  }
  return keys;
}

wire::Reply SqliteStore::answer_purge(const Query& query, const RequestBody& question) {
  const std::vector<std::int64_t> keys = purgeable(query, question);
  dropped_.clear();
  begin_.run();
  const std::uint64_t count = question.all ? purge_all() : purge(keys);
  commit_.run();
  for (const std::int64_t key : dropped_) blobs_.remove(BlobKind::result, key);
  blob_bytes_ =
      static_cast<std::uint64_t>(db_.integer("SELECT coalesce(sum(bytes), 0) FROM blobs"));
  purged_ = static_cast<std::uint64_t>(db_.integer("SELECT count(*) FROM purged"));
  retention_->restart();
  return make_purged(query, count);
}

// A row that a restarted hub still needs (its client has not received the outcome, or other tasks
// of its submit message are unfinished) is only hidden; sweep_purged() deletes it in due time.
std::uint64_t SqliteStore::purge(const std::vector<std::int64_t>& keys) {
  std::uint64_t count = 0;
  sql::Statement find = db_.prepare("SELECT delivery FROM tasks WHERE id = ?1");
  sql::Statement hide = db_.prepare("INSERT OR IGNORE INTO purged VALUES (?1)");
  for (const std::int64_t key : keys) {
    find.bind(1, key);
    if (!find.next()) continue;
    const auto delivery = static_cast<std::uint64_t>(find.integer(0));
    find.reset();
    const SessionNumber session = session_of(key);
    if (ledger_.done_with(session, sequence_of(key), delivery)) {
      if (!records_->purged(key)) ++count;
      erase_row(key);
      continue;
    }
    hide.bind(1, key);
    hide.run();
    count += static_cast<std::uint64_t>(db_.changes());
  }
  return count;
}

std::uint64_t SqliteStore::purge_all() {
  large_arguments_.clear();
  std::uint64_t count = 0;
  sql::Statement hide_batch =
      db_.prepare("INSERT OR IGNORE INTO purged SELECT id FROM tasks WHERE id BETWEEN ?1 AND ?2");
  sql::Statement hide =
      db_.prepare("INSERT OR IGNORE INTO purged SELECT id FROM tasks WHERE id = ?1");
  for (const auto& [number, session] : ledger_.sessions()) {
    for (const Ledger::Batch& batch : session.batches) {
      if (batch.left == 0) continue;
      hide_batch.bind(1, make_key(number, batch.first));
      hide_batch.bind(2, make_key(number, batch.last));
      hide_batch.run();
      count += static_cast<std::uint64_t>(db_.changes());
    }
    for (const auto& [delivery, sequence] : session.undelivered) {
      hide.bind(1, make_key(number, sequence));
      hide.run();
      count += static_cast<std::uint64_t>(db_.changes());
    }
  }
  sql::Statement files =
      db_.prepare("SELECT id FROM blobs WHERE id NOT IN (SELECT id FROM purged)");
  while (files.next()) dropped_.push_back(files.integer(0));
  endings_->keep_all();
  // Without a WHERE clause SQLite drops whole pages.
  const bool some = db_.integer("SELECT count(*) FROM purged") > 0;
  const std::string rest = some ? " WHERE id NOT IN (SELECT id FROM purged)" : "";
  db_.execute("DELETE FROM tasks" + rest);
  count += static_cast<std::uint64_t>(db_.changes());
  db_.execute("DELETE FROM errors" + rest);
  db_.execute("DELETE FROM attempts" + rest);
  db_.execute("DELETE FROM outputs" + rest);
  db_.execute("DELETE FROM blobs" + rest);
  if (!some) db_.execute("DELETE FROM receipts");
  return count;
}

void SqliteStore::erase_row(std::int64_t key) {
  large_arguments_.erase(key);
  erase_error_.bind(1, key);
  erase_error_.run();
  if (db_.changes() > 0) endings_->keep(key);
  for (sql::Statement* erase : {&erase_task_, &erase_attempts_, &erase_output_, &erase_purged_}) {
    erase->bind(1, key);
    erase->run();
  }
  purged_ -= static_cast<std::uint64_t>(db_.changes());  // the last of them is hidden no more
  erase_blob_.bind(1, key);
  if (!erase_blob_.next()) return;
  blob_bytes_ -= static_cast<std::uint64_t>(erase_blob_.integer(0));
  erase_blob_.reset();
  dropped_.push_back(key);
}

std::vector<RanOn> SqliteStore::places(const PlaceQuestion& question) {
  std::vector<RanOn> out;
  sql::Statement rows = db_.prepare(
      "SELECT t.id, t.engine FROM tasks t WHERE t.id BETWEEN ?1 AND ?2 "
      "AND NOT EXISTS (SELECT 1 FROM purged p WHERE p.id = t.id) ORDER BY t.id");
  for (const PlaceQuestion::Tasks& tasks : question.tasks) {
    rows.bind(1, make_key(tasks.session, tasks.first));
    rows.bind(2, make_key(tasks.session, tasks.last));
    while (rows.next()) {
      std::optional<EngineId> engine;
      if (!rows.null(1)) engine = EngineId{static_cast<std::uint32_t>(rows.integer(1))};
      append_place(out, tasks.session, sequence_of(rows.integer(0)), engine);
    }
  }
  return out;
}

void SqliteStore::sweep_purged() {
  std::vector<std::int64_t> due;
  sql::Statement rows =
      db_.prepare("SELECT p.id, t.delivery FROM purged p LEFT JOIN tasks t ON t.id = p.id");
  while (rows.next()) {
    const std::int64_t key = rows.integer(0);
    if (ledger_.done_with(session_of(key), sequence_of(key),
                          static_cast<std::uint64_t>(rows.integer(1))))
      due.push_back(key);
  }
  if (due.empty()) return;
  forget(due);
}

// Nobody needs these rows any more.
void SqliteStore::forget(const std::vector<std::int64_t>& keys) {
  dropped_.clear();
  begin_.run();
  for (const std::int64_t key : keys) erase_row(key);
  forget_receipts(keys);
  commit_.run();
  for (const std::int64_t key : dropped_) blobs_.remove(BlobKind::result, key);
  retention_->on_erased(keys.size());
}

}  // namespace roundhouse::hub
