#include "hub/sqlite_records.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "shared/content_hash.hpp"

namespace roundhouse::hub {
namespace {

// The outcomes of a session were received up to `through` when the receipt was written.
constexpr std::string_view kSelectRecord =
    "SELECT t.status, t.submitted, t.wait, t.duration, t.engine, t.incarnation, t.attempt, "
    "length(t.result), b.bytes, f.function, f.label, f.view, f.targets, e.uuid, "
    "x.name, x.value, x.traceback, "
    "(SELECT r.received FROM receipts r WHERE r.session = t.id >> 40 AND r.through >= t.delivery "
    "ORDER BY r.through LIMIT 1), f.signature, a.packed, t.more, o.out, o.err "
    "FROM tasks t LEFT JOIN templates f ON f.number = t.template "
    "LEFT JOIN engines e ON e.id = t.engine LEFT JOIN blobs b ON b.id = t.id "
    "LEFT JOIN errors x ON x.id = t.id LEFT JOIN attempts a ON a.id = t.id "
    "LEFT JOIN outputs o ON o.id = t.id WHERE t.id = ?1";

void read_uuid(std::string_view bytes, Uuid& out) {
  if (bytes.size() == out.bytes.size())
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.bytes.data()));
}

void read_targets(std::string_view bytes, std::vector<std::uint32_t>& out) {
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    out.push_back(value);
  }
}

std::vector<ContentHash> read_hashes(std::string_view bytes) {
  constexpr std::size_t kBytes = sizeof(ContentHash::bytes);
  std::vector<ContentHash> out(bytes.size() / kBytes);
  for (std::size_t i = 0; i < out.size(); ++i)
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * kBytes), kBytes,
                reinterpret_cast<char*>(out[i].bytes.data()));
  return out;
}

}  // namespace

wire::Define read_template(const sql::Statement& row, int at) {
  wire::Define out;
  if (!row.null(at + 8)) {  // with what the columns do not say
    auto define = wire::decode_as<wire::Define>({Buffer::copy(row.blob(at + 8)), {}});
    if (!define)
      throw Exception(Errc::store_failed, "a template is unreadable: " + define.error().text);
    out = *std::move(define);
  }
  out.function = row.text(at);
  out.signature = row.text(at + 1);
  out.view = row.text(at + 2);
  out.label = row.text(at + 3);
  out.targets.clear();
  read_targets(row.blob(at + 4), out.targets);
  out.retries = row.integer32(at + 5);
  out.priority = static_cast<std::int32_t>(row.integer(at + 6));
  out.builds = read_hashes(row.blob(at + 7));
  return out;
}

SqliteRecords::SqliteRecords(sql::Database& db)
    : select_record_(db.prepare(kSelectRecord)),
      select_result_(db.prepare("SELECT result FROM tasks WHERE id = ?1")),
      select_purged_(db.prepare("SELECT 1 FROM purged WHERE id = ?1")) {}

bool SqliteRecords::purged(std::int64_t key) {
  select_purged_.bind(1, key);
  const bool found = select_purged_.next();
  select_purged_.reset();
  return found;
}

std::optional<Record> SqliteRecords::find(std::int64_t key, TaskId task, bool with_result) {
  sql::Statement& row = select_record_;
  row.bind(1, key);
  if (!row.next()) return std::nullopt;
  Record out;
  out.task = task;
  out.set_ending(static_cast<wire::Ending>(row.integer(0)));
  out.submitted_us = row.integer(1);
  if (!row.null(2)) out.started_us = out.submitted_us + row.integer(2);
  out.duration_ns = static_cast<std::uint64_t>(row.integer(3));
  if (!row.null(4)) out.engine = EngineId{row.integer32(4)};
  out.incarnation = row.integer32(5);
  out.attempt = row.integer32(6);
  const bool ok = out.ending == wire::Ending::ok;
  const bool in_row = ok && !row.null(7);
  if (!row.null(8))
    out.result_bytes = static_cast<std::uint64_t>(row.integer(8));
  else if (in_row)
    out.result_bytes = static_cast<std::uint64_t>(row.integer(7));
  out.function = row.text(9);
  out.label = row.text(10);
  out.view = row.text(11);
  read_targets(row.blob(12), out.targets);
  read_uuid(row.blob(13), out.engine_uuid);
  out.error = {std::string(row.text(14)), std::string(row.text(15)), std::string(row.text(16)), {}};
  if (!row.null(19)) out.error.attempts = wire::decode_attempts(row.blob(19));
  out.received_us = row.integer(17);
  out.signature = row.text(18);
  if (!row.null(20)) out.depends = decode_depends(row.blob(20));
  out.printed_out = row.text(21), out.printed_err = row.text(22);
  row.reset();
  if (purged(key)) return std::nullopt;
  if (!with_result || !in_row) return out;
  select_result_.bind(1, key);
  if (select_result_.next()) out.result = std::string(select_result_.blob(0));
  select_result_.reset();
  return out;
}

}  // namespace roundhouse::hub
