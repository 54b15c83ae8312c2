#include "hub/sqlite_search.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <queue>
#include <utility>
#include <vector>

#include "hub/schema.hpp"
#include "hub/sqlite_where.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::int64_t kBlock = 64;  // rows of a session that are read at a time

// What is left of one session, in order.
struct Rest {
  struct Row {
    std::int64_t key = 0;
    std::int64_t submitted = 0;
  };

  SessionNumber session = 0;
  std::int64_t low = 0;   // keys from here
  std::int64_t high = 0;  // to before here have not been read
  std::deque<Row> rows;
  bool begun = false;
};

// Whether a condition that must hold names the tasks wanted one by one.
bool names_tasks(const Condition& condition) {
  if (condition.kind == Condition::Kind::compare)
    return condition.field == Field::msg_id &&
           (condition.compare == Compare::eq || condition.compare == Compare::in);
  return condition.kind == Condition::Kind::all &&
         std::ranges::any_of(condition.parts, names_tasks);
}

// The only session that can have such tasks, if a condition says so.
std::optional<SessionId> only_session(const Condition& condition) {
  if (condition.kind == Condition::Kind::compare) {
    const bool same = condition.field == Field::session && condition.compare == Compare::eq &&
                      condition.values.front().kind == FieldValue::Kind::id;
    return same ? std::optional(condition.values.front().id.session) : std::nullopt;
  }
  if (condition.kind != Condition::Kind::all) return std::nullopt;
  for (const Condition& part : condition.parts)
    if (const auto found = only_session(part)) return found;
  return std::nullopt;
}

// Whether a condition that must hold is one that no finished task meets: those are not in the
// database.
bool excludes_finished(const Condition& condition) {
  if (condition.kind == Condition::Kind::all)
    return std::ranges::any_of(condition.parts, excludes_finished);
  if (condition.kind != Condition::Kind::compare ||
      (condition.compare != Compare::eq && condition.compare != Compare::in))
    return false;
  return std::ranges::all_of(condition.values, [&](const QueryValue& value) {
    if (condition.field == Field::outcome) return value.kind == FieldValue::Kind::none;
    return condition.field == Field::status && value.text != "ok" && value.text != "error";
  });
}

}  // namespace

SqliteSearch::SqliteSearch(const std::string& path) : db_(path), records_(db_) {
  db_.execute("PRAGMA query_only = 1");
}

wire::Reply SqliteSearch::answer(const Query& query) {
  const auto asked = parse_task_query(query.body.bytes);
  if (!asked) return make_error(query, asked.error());
  try {
    // One snapshot for all statements of the answer.
    db_.execute("BEGIN");
    learn_sessions();
    PageAnswer page(query, *asked);
    const bool by_time = asked->order == Field::submitted && !names_tasks(asked->where);
    if (!excludes_finished(asked->where))
      by_time ? merge_sessions(*asked, page) : look_everywhere(*asked, page);
    db_.execute("COMMIT");
    return page.take();
  } catch (const Exception& failure) {
    db_.rollback();
    return make_error(query, {Errc::store_failed, failure.what()});
  }
}

// A session never leaves the table; its number may be lower than those that came before it.
void SqliteSearch::learn_sessions() {
  if (db_.integer("SELECT count(*) FROM sessions") == static_cast<std::int64_t>(ids_.size()))
    return;
  sql::Statement rows = db_.prepare("SELECT number, id FROM sessions");
  while (rows.next()) {
    const auto number = static_cast<SessionNumber>(rows.integer(0));
    const auto id = static_cast<std::uint64_t>(rows.integer(1));
    numbers_[id] = number;
    ids_[number] = id;
  }
}

std::optional<std::int64_t> SqliteSearch::find_key(TaskId task) const {
  const auto number = numbers_.find(task.session.value);
  if (number == numbers_.end() || task.sequence >= kSequenceEnd) return std::nullopt;
  return make_key(number->second, task.sequence);
}

TaskId SqliteSearch::task_of(std::int64_t key) const {
  const auto id = ids_.find(session_of(key));
  return {SessionId{id == ids_.end() ? 0 : id->second}, sequence_of(key)};
}

std::string SqliteSearch::not_purged() {
  if (db_.integer("SELECT count(*) FROM purged") == 0) return {};
  return " AND NOT EXISTS (SELECT 1 FROM purged p WHERE p.id = t.id)";
}

void SqliteSearch::offer(const TaskQuery& asked, const FieldValue& value, std::int64_t key,
                         PageAnswer& page) {
  const TaskId task = task_of(key);
  page.add(value, task, [&] { return records_.find(key, task, asked.fields.has(Field::result)); });
}

void SqliteSearch::look_everywhere(const TaskQuery& asked, PageAnswer& page) {
  SqliteWhere where(2, [this](TaskId task) { return find_key(task); });
  const std::string way = asked.descending ? " DESC" : "";
  std::string text = "SELECT t.id, " + sqlite_expression(asked.order);
  text.append(kSqliteFrom).append(" WHERE ").append(where.condition(asked.where));
  text.append(" AND ").append(where.behind(asked)).append(not_purged());
  // By value, then by msg_id, whose order is that of unsigned numbers.
  text += " ORDER BY 2" + way + ", s.id < 0" + way + ", s.id" + way + ", t.id" + way + " LIMIT ?1";
  sql::Statement rows = db_.prepare(text);
  rows.bind(1, static_cast<std::int64_t>(asked.wanted()));
  where.bind(rows);
  while (!page.done() && rows.next())
    offer(asked, sqlite_value(rows, 1, asked.order), rows.integer(0), page);
  rows.reset();
}

// The first key in low..high that was submitted at this time or later; high when there is none.
std::int64_t SqliteSearch::first_since(std::int64_t low, std::int64_t high, std::int64_t time) {
  sql::Statement next =
      db_.prepare("SELECT id, submitted FROM tasks WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 1");
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    next.bind(1, middle), next.bind(2, high);
    const bool some = next.next();
    const std::int64_t key = some ? next.integer(0) : high;
    const bool late = !some || next.integer(1) >= time;
    next.reset();
    if (late)
      high = middle;
    else
      low = key + 1;
  }
  return low;
}

void SqliteSearch::merge_sessions(const TaskQuery& asked, PageAnswer& page) {
  SqliteWhere where(4, [this](TaskId task) { return find_key(task); });
  std::string text = "SELECT t.id, t.submitted";
  text.append(kSqliteFrom).append(" WHERE t.id >= ?1 AND t.id < ?2 AND ");
  text.append(where.condition(asked.where)).append(" AND ").append(where.behind(asked));
  text.append(not_purged()).append(asked.descending ? " ORDER BY t.id DESC" : " ORDER BY t.id");
  text.append(" LIMIT ?3");
  sql::Statement block = db_.prepare(text);
  where.bind(block);
  std::deque<Rest> rests;
  const auto refill = [&](Rest& rest) {
    if (!rest.rows.empty() || rest.low >= rest.high) return;
    block.bind(1, rest.low), block.bind(2, rest.high);
    // Of many sessions most have nothing that comes soon.
    block.bind(3, std::exchange(rest.begun, true) ? kBlock : 1);
    while (block.next()) rest.rows.push_back({block.integer(0), block.integer(1)});
    if (rest.rows.empty())
      rest.low = rest.high;
    else if (asked.descending)
      rest.high = rest.rows.back().key;
    else
      rest.low = rest.rows.back().key + 1;
  };
  // Greater: comes later.
  const auto later = [&](const Rest* a, const Rest* b) {
    const TaskId task = task_of(b->rows.front().key);
    const QueryPlace place{QueryValue::of(FieldValue::of(b->rows.front().submitted)), task};
    return place_of(asked, FieldValue::of(a->rows.front().submitted), task_of(a->rows.front().key),
                    place) > 0;
  };
  std::priority_queue<Rest*, std::vector<Rest*>, decltype(later)> heads(later);
  const auto only = only_session(asked.where);
  for (const auto& [number, id] : ids_) {
    if (only && only->value != id) continue;
    Rest& rest = rests.emplace_back();
    rest = {number, make_key(number, 0), make_key(number, kSequenceEnd - 1), {}, false};
    if (asked.after) {
      const std::int64_t from = first_since(rest.low, rest.high, asked.after->value.number);
      asked.descending ? rest.high = first_since(from, rest.high, asked.after->value.number + 1)
                       : rest.low = from;
    }
    refill(rest);
    if (!rest.rows.empty()) heads.push(&rest);
  }
  while (!heads.empty() && !page.done()) {
    Rest* rest = heads.top();
    heads.pop();
    const Rest::Row row = rest->rows.front();
    rest->rows.pop_front();
    offer(asked, FieldValue::of(row.submitted), row.key, page);
    refill(*rest);
    if (!rest->rows.empty()) heads.push(rest);
  }
}

}  // namespace roundhouse::hub
