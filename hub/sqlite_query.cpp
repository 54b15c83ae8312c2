// SqliteStore, the part that answers questions.

#include <algorithm>
#include <queue>
#include <tuple>
#include <utility>

#include "hub/sqlite_store.hpp"
#include "shared/log.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::uint64_t kSequenceMax = (std::uint64_t{1} << kSequenceBits) - 1;

// The next finished task of one session, going back in time; ordered by time, then by key.
struct Cursor {
  std::int64_t submitted = 0;
  std::int64_t key = 0;
  friend auto operator<=>(const Cursor&, const Cursor&) = default;
};

std::optional<Uuid> read_uuid(std::string_view bytes) {
  Uuid out;
  if (bytes.size() != out.bytes.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.bytes.data()));
  return out;
}

// The columns of select_record_ from 9 on: what template and engine say.
void read_context(const sql::Statement& row, Record& out) {
  out.function = row.text(9);
  out.label = row.text(10);
  out.view = row.text(11);
  const std::string_view targets = row.blob(12);
  for (std::size_t at = 0; at + 4 <= targets.size(); at += 4) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value |= std::uint32_t{static_cast<unsigned char>(targets[at + i])} << (8 * i);
    out.targets.push_back(value);
  }
  out.engine_uuid = read_uuid(row.blob(13)).value_or(Uuid{});
  out.error = {std::string(row.text(15)), std::string(row.text(16)), std::string(row.text(17))};
}

}  // namespace

wire::Reply SqliteStore::answer(const Query& query) {
  const auto question = parse_question(query);
  if (!question) return make_error(query, question.error());
  try {
    if (stale_) (void)restore();
    if (query.verb == "history") return answer_history(query, *question);
    if (query.verb == "result") return answer_result(query, *question);
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

bool SqliteStore::hidden(std::int64_t key) {
  if (purged_ == 0) return false;
  select_hidden_.bind(1, key);
  const bool found = select_hidden_.next();
  select_hidden_.reset();
  return found;
}

// Within a session sequence and time of submission go together, so that the newest of all sessions
// are found by merging, with a step of the table's own order each, and no index on time.
wire::Reply SqliteStore::answer_history(const Query& query, const Question& question) {
  HistoryAnswer answer(query, question);
  Cursor before{INT64_MAX, INT64_MAX};
  if (question.before) {
    const auto key = find_key(*question.before);
    select_newest_.bind(1, key.value_or(0)), select_newest_.bind(2, key.value_or(0) + 1);
    if (!key || !select_newest_.next())
      return make_error(query, {Errc::unknown_task,
                                "no finished task has the id " + to_string(*question.before)});
    before = {select_newest_.integer(1), *key};
    select_newest_.reset();
  }
  std::priority_queue<Cursor> newest;
  const auto push_older = [&](SessionNumber session, std::int64_t end) {
    do {
      select_newest_.bind(1, make_key(session, 0)), select_newest_.bind(2, end);
      if (!select_newest_.next()) return;
      const Cursor found{select_newest_.integer(1), select_newest_.integer(0)};
      select_newest_.reset();
      if (found < before && !hidden(found.key)) return newest.push(found);
      end = found.key;
    } while (true);
  };
  for (const auto& [number, id] : ids_) {
    const bool same = question.before && session_of(before.key) == number;
    push_older(number, same ? before.key : make_key(number, kSequenceMax));
  }
  while (!newest.empty() && answer.add(task_of(newest.top().key))) {
    const std::int64_t key = newest.top().key;
    newest.pop();
    push_older(session_of(key), key);
  }
  return answer.take();
}

wire::Reply SqliteStore::answer_result(const Query& query, const Question& question) {
  ResultAnswer answer(query, question);
  for (const TaskId task : answer.wanted()) {
    if (answer.full()) {
      answer.add_more(task);
      continue;
    }
    if (const auto record = find_record(task))
      answer.add(*record);
    else
      answer.add_missing(task);
  }
  return answer.take();
}

std::optional<Record> SqliteStore::find_record(TaskId task) {
  const auto key = find_key(task);
  if (!key || hidden(*key)) return std::nullopt;
  sql::Statement& row = select_record_;
  row.bind(1, *key);
  if (!row.next()) return std::nullopt;
  Record out;
  out.task = task;
  out.ending = static_cast<wire::Ending>(row.integer(0));
  out.submitted_us = row.integer(1);
  if (!row.null(2)) out.started_us = out.submitted_us + row.integer(2);
  out.duration_ns = static_cast<std::uint64_t>(row.integer(3));
  if (!row.null(4)) out.engine = EngineId{static_cast<std::uint32_t>(row.integer(4))};
  out.incarnation = static_cast<std::uint32_t>(row.integer(5));
  out.attempt = static_cast<std::uint32_t>(row.integer(6));
  const auto delivery = static_cast<std::uint64_t>(row.integer(7));
  read_context(row, out);
  if (out.ending == wire::Ending::ok && !row.null(8)) out.result = std::string(row.blob(8));
  if (!row.null(14))
    out.result_bytes = static_cast<std::uint64_t>(row.integer(14));
  else if (out.result)
    out.result_bytes = out.result->size();
  row.reset();
  out.received_us = received_at(session_of(*key), delivery);
  return out;
}

std::int64_t SqliteStore::received_at(SessionNumber session, std::uint64_t delivery) {
  if (!ledger_.delivered(session, delivery)) return 0;
  select_receipt_.bind(1, session);
  select_receipt_.bind(2, static_cast<std::int64_t>(delivery));
  const std::int64_t at = select_receipt_.next() ? select_receipt_.integer(0) : 0;
  select_receipt_.reset();
  return at;
}

wire::Reply SqliteStore::answer_purge(const Query& query, const Question& question) {
  std::vector<std::int64_t> keys;
  for (const TaskId task : question.ids)
    if (const auto key = find_key(task)) keys.push_back(*key);
  if (!question.engines.empty()) {
    sql::Statement rows = db_.prepare("SELECT id FROM tasks WHERE engine = ?1");
    for (const std::uint32_t engine : question.engines) {
      rows.bind(1, engine);
      while (rows.next()) keys.push_back(rows.integer(0));
    }
  }
  dropped_.clear();
  begin_.run();
  const std::uint64_t count = question.all ? purge_all() : purge(keys);
  commit_.run();
  for (const std::int64_t key : dropped_) blobs_.remove(BlobKind::result, key);
  blob_bytes_ =
      static_cast<std::uint64_t>(db_.integer("SELECT coalesce(sum(bytes), 0) FROM blobs"));
  purged_ = static_cast<std::uint64_t>(db_.integer("SELECT count(*) FROM purged"));
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
    if (ledger_.delivered(session, delivery) && !ledger_.pending(session, sequence_of(key))) {
      if (!hidden(key)) ++count;
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
  // Without a WHERE clause SQLite drops whole pages.
  const bool some = db_.integer("SELECT count(*) FROM purged") > 0;
  const std::string rest = some ? " WHERE id NOT IN (SELECT id FROM purged)" : "";
  db_.execute("DELETE FROM tasks" + rest);
  count += static_cast<std::uint64_t>(db_.changes());
  db_.execute("DELETE FROM errors" + rest);
  db_.execute("DELETE FROM blobs" + rest);
  if (!some) db_.execute("DELETE FROM receipts");
  return count;
}

void SqliteStore::erase_row(std::int64_t key) {
  for (sql::Statement* erase : {&erase_task_, &erase_error_, &erase_purged_, &erase_blob_}) {
    erase->bind(1, key);
    erase->run();
  }
  if (db_.changes() > 0) dropped_.push_back(key);  // the last of them was the blob's row
}

void SqliteStore::sweep_purged() {
  std::vector<std::int64_t> due;
  sql::Statement rows =
      db_.prepare("SELECT p.id, t.delivery FROM purged p LEFT JOIN tasks t ON t.id = p.id");
  while (rows.next()) {
    const std::int64_t key = rows.integer(0);
    const SessionNumber session = session_of(key);
    if (ledger_.delivered(session, static_cast<std::uint64_t>(rows.integer(1))) &&
        !ledger_.pending(session, sequence_of(key)))
      due.push_back(key);
  }
  if (due.empty()) return;
  dropped_.clear();
  begin_.run();
  for (const std::int64_t key : due) erase_row(key);
  commit_.run();
  for (const std::int64_t key : dropped_) blobs_.remove(BlobKind::result, key);
  purged_ -= due.size();
}

}  // namespace roundhouse::hub
