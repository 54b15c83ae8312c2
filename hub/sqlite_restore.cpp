// SqliteStore, the part that reads what earlier hubs left.

#include <algorithm>
#include <set>

#include "hub/sqlite_store.hpp"
#include "shared/log.hpp"
#include "shared/printed.hpp"

namespace roundhouse::hub {
namespace {

std::uint64_t unsigned_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

Uuid read_uuid(std::string_view bytes) {
  Uuid out;
  if (bytes.size() != out.bytes.size()) return out;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.bytes.data()));
  return out;
}

ContentHash read_hash(std::string_view bytes) {
  ContentHash out;
  if (bytes.size() != out.bytes.size()) return out;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.bytes.data()));
  return out;
}

}  // namespace

Restored SqliteStore::restore() {
  Restored out;
  ledger_ = Ledger{};
  numbers_.clear();
  ids_.clear();
  out.epoch = unsigned_of(db_.integer("SELECT value FROM meta WHERE name = 'epoch'"));
  blob_bytes_ = unsigned_of(db_.integer("SELECT coalesce(sum(bytes), 0) FROM blobs"));
  purged_ = unsigned_of(db_.integer("SELECT count(*) FROM purged"));
  retention_->restart();
  restore_sessions(out);
  restore_templates(out);
  restore_engines(out);
  restore_modules(out);
  restore_policy(out);
  restore_pending(out);
  restore_aborts(out);
  restore_undelivered(out);
  endings_->restore(out.sessions);
  sweep_blobs();
  stale_ = false;
  return out;
}

void SqliteStore::restore_sessions(Restored& out) {
  sql::Statement rows = db_.prepare(
      "SELECT number, id, secret, label, accepted, delivered, deliveries, received, "
      "undelivered_from FROM sessions ORDER BY number");
  while (rows.next()) {
    Restored::Session session;
    session.number = rows.integer32(0);
    session.id = SessionId{unsigned_of(rows.integer(1))};
    session.secret = read_uuid(rows.blob(2));
    session.label = rows.text(3);
    session.accepted = unsigned_of(rows.integer(4));
    session.delivered = unsigned_of(rows.integer(5));
    session.deliveries = unsigned_of(rows.integer(6));
    Ledger::Session& known = ledger_.session(session.number);
    known.accepted = session.accepted;
    known.delivered = session.delivered;
    known.deliveries = session.deliveries;
    known.received_us = rows.integer(7);
    known.undelivered_from = unsigned_of(rows.integer(8));
    numbers_[session.id.value] = session.number;
    ids_[session.number] = session.id.value;
    out.sessions.push_back(std::move(session));
  }
}

void SqliteStore::restore_templates(Restored& out) {
  sql::Statement rows =
      db_.prepare("SELECT f.number, f.session, f.define, " + std::string(kTemplateColumns) +
                  " FROM templates f" + std::string(kTemplateJoins) + "ORDER BY f.number");
  while (rows.next()) {
    TemplateDefined fact;
    fact.define = std::make_shared<wire::Define>(read_template(rows, 3));
    fact.number = rows.integer32(0);
    fact.session = rows.integer32(1);
    fact.define->number = rows.integer32(2);
    if (const auto id = ids_.find(fact.session); id != ids_.end())
      fact.define->session = SessionId{id->second};
    out.templates.push_back(std::move(fact));
  }
}

void SqliteStore::restore_engines(Restored& out) {
  sql::Statement rows = db_.prepare(
      "SELECT e.id, e.uuid, e.incarnation, e.slots, e.gone, e.host, g.why FROM engines e "
      "LEFT JOIN engines_given_up g ON g.id = e.id ORDER BY e.id");
  while (rows.next()) {
    Restored::Engine engine;
    engine.id = EngineId{rows.integer32(0)};
    engine.uuid = read_uuid(rows.blob(1));
    engine.incarnation = rows.integer32(2);
    engine.slots = rows.integer32(3);
    engine.gone = rows.integer(4) != 0;
    engine.host = rows.text(5);
    if (engine.gone) engine.given_up = rows.text(6);
    out.engines.push_back(engine);
  }
}

void SqliteStore::restore_modules(Restored& out) {
  sql::Statement rows = db_.prepare(
      "SELECT m.build, m.name, m.size, m.loaded, m.everywhere, v.loaded, v.trouble_code, "
      "v.trouble_text FROM modules m LEFT JOIN module_verdicts v ON v.build = m.build "
      "ORDER BY m.loaded");
  std::set<ContentHash> known;
  while (rows.next()) {
    ModuleKept module;
    module.build = read_hash(rows.blob(0));
    module.name = rows.text(1);
    module.size = unsigned_of(rows.integer(2));
    module.order = unsigned_of(rows.integer(3));
    module.everywhere = rows.integer(4) != 0;
    module.loaded = rows.integer(5) != 0;
    module.trouble_code = rows.text(6);
    module.trouble_text = rows.text(7);
    known.insert(module.build);
    out.modules.push_back(std::move(module));
  }
  modules_.sweep([&](const ContentHash& build) { return known.contains(build); });
}

std::vector<wire::Range> SqliteStore::ended_in(std::int64_t first, std::int64_t last) {
  std::vector<wire::Range> out;
  sql::Statement rows = db_.prepare("SELECT id FROM tasks WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
  rows.bind(1, first), rows.bind(2, last);
  while (rows.next()) {
    const std::uint64_t sequence = sequence_of(rows.integer(0));
    if (!out.empty() && out.back().last + 1 == sequence)
      out.back().last = sequence;
    else
      out.push_back({sequence, sequence});
  }
  return out;
}

void SqliteStore::restore_pending(Restored& out) {
  sql::Statement rows =
      db_.prepare("SELECT id, last, submitted, frames, header FROM pending ORDER BY id");
  while (rows.next()) {
    const std::int64_t key = rows.integer(0);
    Restored::Pending pending;
    pending.session = session_of(key);
    pending.first = sequence_of(key);
    pending.last = unsigned_of(rows.integer(1));
    pending.at_us = rows.integer(2);
    pending.batch.header = Buffer::copy(rows.blob(4));
    pending.ended = ended_in(key, make_key(pending.session, pending.last));
    Ledger::Batch batch;
    batch.first = pending.first;
    batch.last = pending.last;
    batch.left = pending.last - pending.first + 1;
    for (const wire::Range& range : pending.ended) batch.left -= range.last - range.first + 1;
    batch.stored = true;
    batch.frames = rows.integer(3) != 0;
    if (batch.frames) pending.batch.frames = blobs_.read(BlobKind::submission, key).frames;
    ledger_.add_stored(pending.session, batch);
    out.pending.push_back(std::move(pending));
  }
}

namespace {

// What was left out is said in the texts.
Slice restore_printed(std::string_view out, std::string_view err) {
  return Slice{Buffer::take(wire::encode_printed(
      {{std::string(out), {}, out.size()}, {std::string(err), {}, err.size()}}))};
}

}  // namespace

void SqliteStore::restore_undelivered(Restored& out) {
  sql::Statement rows = db_.prepare(
      "SELECT t.id, t.template, t.status, t.submitted, t.wait, t.duration, t.engine, "
      "t.incarnation, t.attempt, t.delivery, t.result, b.bytes, o.out, o.err FROM tasks t "
      "LEFT JOIN blobs b ON b.id = t.id LEFT JOIN outputs o ON o.id = t.id "
      "WHERE t.id >= ?1 AND t.id < ?2 AND t.delivery > ?3 ORDER BY t.delivery");
  for (auto& [number, session] : ledger_.sessions()) {
    if (session.deliveries <= session.delivered) continue;
    rows.bind(1, make_key(number, session.undelivered_from));
    rows.bind(2, make_key(number, kSequenceEnd - 1));
    rows.bind(3, static_cast<std::int64_t>(session.delivered));
    while (rows.next()) {
      const std::int64_t key = rows.integer(0);
      Ended fact;
      fact.session = number;
      fact.sequence = sequence_of(key);
      fact.template_number = rows.integer32(1);
      fact.ending = static_cast<wire::Ending>(rows.integer(2));
      fact.submitted_us = rows.integer(3);
      if (!rows.null(4)) fact.started_us = fact.submitted_us + rows.integer(4);
      fact.duration_ns = unsigned_of(rows.integer(5));
      if (!rows.null(6)) fact.engine = EngineId{rows.integer32(6)};
      fact.incarnation = rows.integer32(7);
      fact.attempt = rows.integer32(8);
      fact.delivery = unsigned_of(rows.integer(9));
      if (!rows.null(12)) fact.printed = restore_printed(rows.text(12), rows.text(13));
      fact.payload = restore_payload(key, fact, rows);
      session.undelivered.emplace_back(fact.delivery, fact.sequence);
      out.undelivered.push_back(std::move(fact));
    }
  }
}

// A result whose file somebody deleted becomes an error, so that its client is not left waiting.
Payload SqliteStore::restore_payload(std::int64_t key, Ended& fact, const sql::Statement& row) {
  if (!row.null(10)) return Payload::of(std::string(row.blob(10)));
  try {
    BlobFolder::Blob blob = blobs_.read(BlobKind::result, key);
    Payload out = Payload::of(std::move(blob.body));
    out.spill = blob.spill;
    if (!blob.frames.empty()) out.frames = std::make_shared<const Frames>(std::move(blob.frames));
    return out;
  } catch (const Exception& failure) {
    log::error("result_lost", {{"task", to_string(task_of(key))}, {"reason", failure.what()}});
    fact.ending = wire::Ending::error;
    return Payload::of(wire::encode_error({"PayloadLost", failure.what(), ""}));
  }
}

void SqliteStore::sweep_blobs() {
  sql::Statement result = db_.prepare("SELECT 1 FROM blobs WHERE id = ?1");
  sql::Statement submission = db_.prepare("SELECT 1 FROM pending WHERE id = ?1 AND frames <> 0");
  blobs_.sweep([&](BlobKind kind, std::int64_t key) {
    sql::Statement& rows = kind == BlobKind::result ? result : submission;
    rows.bind(1, key);
    const bool known = rows.next();
    rows.reset();
    return known;
  });
}

}  // namespace roundhouse::hub
