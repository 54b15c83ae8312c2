#include "hub/sqlite_store.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "shared/log.hpp"
#include "shared/printed.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::uint64_t kCommitsPerSweep = 1024;

bool fits_row(const Payload& payload) {
  return payload.frame_count() == 0 && payload.inline_size() <= wire::kInlineBytesMax;
}

std::string_view uuid_bytes(const Uuid& uuid) {
  return {reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()};
}

}  // namespace

SqliteStore::SqliteStore(const StoreOptions& options)
    : options_(options),
      lock_(options.path),
      blobs_(options.path + ".blobs", options.durability == Durability::commit),
      modules_(options.path + ".modules", options.durability == Durability::commit),
      db_(options.path),
      large_arguments_(options.large_arguments_bytes_max),
      fold_above_(options.log_bytes) {
  prepare_database(db_, options_.path, options_.durability);
  begin_ = db_.prepare("BEGIN IMMEDIATE");
  commit_ = db_.prepare("COMMIT");
  insert_session_ = db_.prepare(
      "INSERT OR REPLACE INTO sessions(number, id, secret, label, opened) VALUES (?1,?2,?3,?4,?5)");
  update_session_ = db_.prepare(
      "UPDATE sessions SET accepted = ?2, delivered = ?3, deliveries = ?4, received = ?5, "
      "undelivered_from = ?6 WHERE number = ?1");
  insert_template_ =
      db_.prepare("INSERT OR REPLACE INTO templates VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)");
  insert_engine_ = db_.prepare(
      "INSERT OR REPLACE INTO engines(id, uuid, incarnation, slots, host, pid, joined) "
      "VALUES (?1,?2,?3,?4,?5,?6,?7)");
  leave_engine_ = db_.prepare(
      "UPDATE engines SET left = ?3, reason = ?4, gone = ?5 WHERE id = ?1 AND incarnation = ?2");
  insert_pending_ = db_.prepare("INSERT OR REPLACE INTO pending VALUES (?1,?2,?3,?4,?5)");
  delete_pending_ = db_.prepare("DELETE FROM pending WHERE id = ?1");
  insert_task_ = db_.prepare(
      "INSERT OR REPLACE INTO tasks VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?13,?12)");
  insert_attempts_ = db_.prepare("INSERT OR REPLACE INTO attempts VALUES (?1,?2)");
  erase_attempts_ = db_.prepare("DELETE FROM attempts WHERE id = ?1");
  insert_output_ = db_.prepare("INSERT OR REPLACE INTO outputs VALUES (?1,?2,?3)");
  erase_output_ = db_.prepare("DELETE FROM outputs WHERE id = ?1");
  insert_error_ = db_.prepare("INSERT OR REPLACE INTO errors VALUES (?1,?2,?3,?4)");
  insert_blob_ = db_.prepare("INSERT OR REPLACE INTO blobs VALUES (?1,?2)");
  insert_receipt_ = db_.prepare("INSERT OR REPLACE INTO receipts VALUES (?1,?2,?3)");
  insert_rules_ = db_.prepare("INSERT OR REPLACE INTO template_rules VALUES (?1,?2)");
  insert_builds_ = db_.prepare("INSERT OR REPLACE INTO template_builds VALUES (?1,?2)");
  insert_module_ = db_.prepare("INSERT OR REPLACE INTO modules VALUES (?1,?2,?3,?4,?5)");
  delete_module_ = db_.prepare("DELETE FROM modules WHERE build = ?1");
  insert_verdict_ = db_.prepare("INSERT OR REPLACE INTO module_verdicts VALUES (?1,?2,?3,?4)");
  delete_verdict_ = db_.prepare("DELETE FROM module_verdicts WHERE build = ?1");
  erase_task_ = db_.prepare("DELETE FROM tasks WHERE id = ?1");
  erase_error_ = db_.prepare("DELETE FROM errors WHERE id = ?1");
  erase_purged_ = db_.prepare("DELETE FROM purged WHERE id = ?1");
  erase_blob_ = db_.prepare("DELETE FROM blobs WHERE id = ?1 RETURNING bytes");
  retention_.emplace(
      db_, RetentionLimits{options_.keep_records, options_.keep_bytes, options_.keep_age});
  records_.emplace(db_);
  endings_.emplace(db_);
}

std::uint64_t SqliteStore::begin_epoch() {
  db_.execute("PRAGMA synchronous = FULL");
  db_.execute("UPDATE meta SET value = value + 1 WHERE name = 'epoch'");
  if (options_.durability != Durability::commit) db_.execute("PRAGMA synchronous = NORMAL");
  return static_cast<std::uint64_t>(db_.integer("SELECT value FROM meta WHERE name = 'epoch'"));
}

Result<void> SqliteStore::commit(FactBatches batches) {
  try {
    if (std::exchange(stale_, true)) (void)restore();
    check_log();
    write(batches);
    stale_ = false;
    return {};
  } catch (const Exception& failure) {
    db_.rollback();
    for (const std::int64_t key : written_) blobs_.remove(BlobKind::result, key);
    return Error{Errc::store_failed, failure.what()};
  }
}

void SqliteStore::write(FactBatches batches) {
  written_.clear(), dropped_.clear(), dropped_modules_.clear(), complete_.clear();
  begin_.run();
  // What a client has received needs no room in the quota; to know it first changes nothing else.
  std::uint64_t ended = 0;
  for (const std::vector<Fact>& facts : batches)
    for (const Fact& fact : facts) {
      if (const auto* delivered = std::get_if<Delivered>(&fact)) ledger_.on_delivered(*delivered);
      ended += std::holds_alternative<Ended>(fact) ? 1U : 0U;
    }
  for (const std::vector<Fact>& facts : batches)
    for (const Fact& fact : facts) std::visit([this](const auto& f) { apply(f); }, fact);
  for (Ledger::Session* session : ledger_.changed()) {
    insert_pending(*session);
    update(*session);
  }
  for (const auto& [key, frames] : complete_) {
    delete_pending_.bind(1, key);
    delete_pending_.run();
  }
  commit_.run();
  ++commits_;
  retention_->on_inserted(ended);
  ledger_.finish_transaction();
  for (const auto& [key, frames] : complete_)
    if (frames) blobs_.remove(BlobKind::submission, key);
  for (const std::int64_t key : dropped_) blobs_.remove(BlobKind::result, key);
  for (const ContentHash& build : dropped_modules_) modules_.remove(build);
}

void SqliteStore::apply(const SessionOpened& fact) {
  insert_session_.bind(1, fact.number);
  insert_session_.bind(2, signed_of(fact.id.value));
  insert_session_.bind_blob(3, uuid_bytes(fact.secret));
  insert_session_.bind_text(4, fact.label);
  insert_session_.bind(5, fact.at_us);
  insert_session_.run();
  (void)ledger_.session(fact.number);
  numbers_[fact.id.value] = fact.number;
  ids_[fact.number] = fact.id.value;
}

void SqliteStore::apply(const TemplateDefined& fact) {
  std::string targets;
  for (const std::uint32_t target : fact.define->targets)
    for (unsigned shift = 0; shift < 32; shift += 8)
      targets.push_back(static_cast<char>(target >> shift));
  insert_template_.bind(1, fact.number);
  insert_template_.bind(2, fact.session);
  insert_template_.bind(3, fact.define->number);
  insert_template_.bind_text(4, fact.define->function);
  insert_template_.bind_text(5, fact.define->signature);
  insert_template_.bind_text(6, fact.define->view);
  insert_template_.bind_text(7, fact.define->label);
  insert_template_.bind_blob(8, targets);
  insert_template_.bind(9, fact.define->retries);
  insert_template_.bind(10, fact.define->priority);
  insert_template_.run();
  if (fact.define->has_rules() || !fact.define->source.empty()) {
    const wire::Message define = wire::encode(*fact.define);
    insert_rules_.bind(1, fact.number);
    insert_rules_.bind_blob(2, define.header.view());
    insert_rules_.run();
  }
  if (fact.define->builds.empty()) return;
  std::string builds;
  for (const ContentHash& build : fact.define->builds) builds += bytes_of(build);
  insert_builds_.bind(1, fact.number);
  insert_builds_.bind_blob(2, builds);
  insert_builds_.run();
}

void SqliteStore::apply(const Ended& fact) {
  const std::int64_t key = make_key(fact.session, fact.sequence);
  const Ledger::Batch* batch = ledger_.on_ended(fact);
  if (batch != nullptr) complete_.emplace_back(make_key(fact.session, batch->first), batch->frames);
  insert_task_.bind(1, key);
  insert_task_.bind(2, fact.template_number);
  insert_task_.bind(3, static_cast<std::int64_t>(fact.ending));
  insert_task_.bind(4, fact.submitted_us);
  if (fact.started_us != 0) {
    insert_task_.bind(5, fact.started_us - fact.submitted_us);
    insert_task_.bind(6, signed_of(fact.duration_ns));
  } else {
    insert_task_.bind_null(5), insert_task_.bind_null(6);
  }
  if (fact.engine)
    insert_task_.bind(7, fact.engine->value);
  else
    insert_task_.bind_null(7);
  insert_task_.bind(8, fact.incarnation);
  insert_task_.bind(9, fact.attempt);
  insert_task_.bind(10, signed_of(fact.delivery));
  std::string depends;
  if (!fact.depends.empty() || !fact.depends.whole) {
    depends = encode_depends(fact.depends);
    insert_task_.bind_blob(13, depends);
  } else {
    insert_task_.bind_null(13);
  }
  std::string joined_arguments;
  keep_arguments(fact, key, joined_arguments);
  std::string joined;
  if (!fits_row(fact.payload)) {
    insert_task_.bind_null(11);
    write_blob(key, fact);
  } else if (fact.payload.tail_size == 0) {
    insert_task_.bind_blob(11, fact.payload.head());
  } else {
    joined = fact.payload.body();
    insert_task_.bind_blob(11, joined);
  }
  insert_task_.run();
  if (fact.ending != wire::Ending::ok) insert_error(key, fact);
  if (fact.printed.size == 0) return;
  const wire::Printed printed = wire::decode_printed(fact.printed.view());
  const std::string out = printed.out.text(), err = printed.err.text();
  insert_output_.bind(1, key);
  insert_output_.bind_text(2, out);
  insert_output_.bind_text(3, err);
  insert_output_.run();
}

// `joined` has to last until the statement has run.
void SqliteStore::keep_arguments(const Ended& fact, std::int64_t key, std::string& joined) {
  if (fact.arguments && fact.arguments->frame_count() > 0) {
    large_arguments_.add(key, *fact.arguments);
    return insert_task_.bind_null(12);
  }
  const std::size_t size = fact.arguments ? fact.arguments->inline_size() : 0;
  if (!fact.arguments || size > options_.arguments_bytes_max || options_.arguments_bytes_max == 0)
    return insert_task_.bind_null(12);
  if (fact.arguments->tail_size == 0) return insert_task_.bind_blob(12, fact.arguments->head());
  joined.append(fact.arguments->head()).append(fact.arguments->tail());
  insert_task_.bind_blob(12, joined);
}

void SqliteStore::insert_error(std::int64_t key, const Ended& fact) {
  const wire::ErrorValue error = wire::decode_error(fact.payload.body());
  insert_error_.bind(1, key);
  insert_error_.bind_text(2, error.name);
  insert_error_.bind_text(3, error.value);
  insert_error_.bind_text(4, error.traceback);
  insert_error_.run();
  if (error.attempts.empty()) return;
  const std::string packed = wire::encode_attempts(error.attempts);
  insert_attempts_.bind(1, key);
  insert_attempts_.bind_blob(2, packed);
  insert_attempts_.run();
}

bool SqliteStore::write_blob(std::int64_t key, const Ended& fact) {
  const std::uint64_t bytes = fact.payload.size();
  if (blob_bytes_ + bytes > options_.blob_bytes_max) make_room(bytes);
  if (blob_bytes_ + bytes > options_.blob_bytes_max) {
    if (ledger_.delivered(fact.session, fact.delivery)) return false;
    throw Exception(Errc::store_failed,
                    "large results that no client has received take " +
                        std::to_string(blob_bytes_) +
                        " bytes: receive or purge them, or raise store.blob_bytes_max");
  }
  static const Frames kNone;
  std::string body(fact.payload.head());
  body.append(fact.payload.tail());
  written_.push_back(key);
  const Frames& frames = fact.payload.frames ? *fact.payload.frames : kNone;
  blobs_.write(BlobKind::result, key, body, fact.payload.spill, frames);
  insert_blob_.bind(1, key);
  insert_blob_.bind(2, signed_of(bytes));
  insert_blob_.run();
  blob_bytes_ += bytes;
  return true;
}

void SqliteStore::make_room(std::uint64_t bytes) {
  std::vector<std::pair<std::int64_t, std::uint64_t>> found;
  std::uint64_t freed = 0;
  sql::Statement oldest = db_.prepare(
      "SELECT b.id, b.bytes, t.delivery FROM blobs b JOIN tasks t ON t.id = b.id ORDER BY b.id");
  while (blob_bytes_ + bytes > options_.blob_bytes_max + freed && oldest.next()) {
    const auto delivery = static_cast<std::uint64_t>(oldest.integer(2));
    if (!ledger_.delivered(session_of(oldest.integer(0)), delivery)) continue;
    found.emplace_back(oldest.integer(0), static_cast<std::uint64_t>(oldest.integer(1)));
    freed += found.back().second;
  }
  oldest.reset();
  sql::Statement erase = db_.prepare("DELETE FROM blobs WHERE id = ?1");
  for (const auto& [key, size] : found) {
    erase.bind(1, key);
    erase.run();
    dropped_.push_back(key);
    blob_bytes_ -= size;
  }
}

void SqliteStore::apply(const EngineJoined& fact) {
  insert_engine_.bind(1, fact.id.value);
  insert_engine_.bind_blob(2, uuid_bytes(fact.uuid));
  insert_engine_.bind(3, fact.incarnation);
  insert_engine_.bind(4, fact.slots);
  insert_engine_.bind_text(5, fact.host);
  insert_engine_.bind(6, fact.pid);
  insert_engine_.bind(7, fact.at_us);
  insert_engine_.run();
}

void SqliteStore::apply(const EngineLeft& fact) {
  leave_engine_.bind(1, fact.id.value);
  leave_engine_.bind(2, fact.incarnation);
  leave_engine_.bind(3, fact.at_us);
  leave_engine_.bind_text(4, fact.reason);
  leave_engine_.bind(5, fact.gone ? 1 : 0);
  leave_engine_.run();
  if (!fact.given_up.empty()) note_given_up(fact);
}

// The fresh batches are at the end. Those that are finished already are never written.
void SqliteStore::insert_pending(Ledger::Session& session) {
  for (auto batch = session.batches.rbegin();
       batch != session.batches.rend() && batch->fresh != nullptr; ++batch) {
    if (batch->left > 0) insert_batch(session.number, *batch);
    batch->fresh = nullptr;
  }
}

void SqliteStore::insert_batch(SessionNumber session, Ledger::Batch& batch) {
  const std::int64_t key = make_key(session, batch.first);
  const wire::Message& message = batch.fresh->batch;
  // Frames are kept only where `accepted` promises the disk; else the client still has them.
  batch.frames = options_.durability == Durability::commit && !message.frames.empty();
  if (batch.frames) blobs_.write(BlobKind::submission, key, {}, 0, message.frames);
  insert_pending_.bind(1, key);
  insert_pending_.bind(2, signed_of(batch.last));
  insert_pending_.bind(3, batch.fresh->at_us);
  insert_pending_.bind(4, batch.frames ? 1 : 0);
  insert_pending_.bind_blob(5, message.header.view());
  insert_pending_.run();
  batch.stored = true;
}

void SqliteStore::update(const Ledger::Session& session) {
  update_session_.bind(1, session.number);
  update_session_.bind(2, signed_of(session.accepted));
  update_session_.bind(3, signed_of(session.delivered));
  update_session_.bind(4, signed_of(session.deliveries));
  update_session_.bind(5, session.received_us);
  update_session_.bind(6, signed_of(session.undelivered_from));
  update_session_.run();
  if (!session.received) return;
  insert_receipt_.bind(1, session.number);
  insert_receipt_.bind(2, signed_of(session.delivered));
  insert_receipt_.bind(3, session.received_us);
  insert_receipt_.run();
}

void SqliteStore::check_log() {
  if (db_.log_bytes() <= options_.log_bytes_max) return;
  (void)db_.checkpoint(false);
  if (db_.log_bytes() <= options_.log_bytes_max) return;
  throw Exception(Errc::store_failed, "a program has been reading the results database '" +
                                          options_.path + "' for so long that its log has " +
                                          std::to_string(db_.log_bytes()) +
                                          " bytes: end it (fuser " + options_.path + " names it)");
}

void SqliteStore::maintain(bool idle) {
  try {
    if (!stale_ && (idle || commits_ >= kCommitsPerSweep)) {
      commits_ = 0;
      ledger_.raise_undelivered_from();
      if (purged_ > 0) sweep_purged();
    }
    if (!stale_) keep_within_limits();
    const bool large = db_.log_bytes() > fold_above_;
    if (!large && !(idle && db_.log_bytes() > 0)) return;
    (void)db_.checkpoint(idle);
    // With a reader in the way, to try again at once would cost the same and help no more.
    fold_above_ = db_.log_bytes() + options_.log_bytes;
  } catch (const Exception& failure) {
    db_.rollback();
    stale_ = true;
    log::warn("store_upkeep_failed", {{"reason", failure.what()}});
  }
}

}  // namespace roundhouse::hub
