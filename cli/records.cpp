#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "cli/json_value.hpp"
#include "cli/watch.hpp"
#include "shared/clock.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::cli {

namespace {

struct Found {
  std::vector<Json> records;  // in the order asked for
  std::vector<std::string> missing;
};

// With the result as the value that it is, where it can be read.
Json readable(const TaskRecord& record) {
  Json out = Json::parse(record.json, nullptr, false);
  if (!record.result) return out;
  try {
    out["result"] = decode_result<JsonValue>(*record.result, {}, "result").json;
  } catch (const Exception&) {  // its bytes, then
  }
  return out;
}

Found find_records(const Client& client, const std::vector<std::string>& ids) {
  std::map<std::string, Json> by_id;
  for (const TaskRecord& record : client.result(ids).records)
    by_id[record.metadata.msg_id] = readable(record);
  Found found;
  for (const std::string& id : ids) {
    const auto record = by_id.find(id);
    if (record == by_id.end())
      found.missing.push_back(id);
    else
      found.records.push_back(record->second);
  }
  return found;
}

std::string text_at(const Json& record, const std::string& key) {
  const auto value = record.find(key);
  return value == record.end() ? std::string("-") : cell_text(*value);
}

std::optional<std::int64_t> number_at(const Json& record, const std::string& key) {
  const auto value = record.find(key);
  if (value == record.end() || !value->is_number_integer()) return std::nullopt;
  return value->get<std::int64_t>();
}

std::string duration_at(const Json& record) {
  const auto nanoseconds = number_at(record, "duration_ns");
  return nanoseconds ? short_duration(Duration{*nanoseconds}) : "-";
}

// What the task ended with, more exactly than "error"; its state while it has not ended.
Cell outcome_cell(const Json& record) {
  const std::string status = text_at(record, "status");
  if (status == "ok") return {status, Style::good};
  if (status != "error") return {status};
  return {record.contains("outcome") ? text_at(record, "outcome") : status, Style::bad};
}

bool is_time(const std::string& key) {
  return key == "submitted" || key == "started" || key == "completed" || key == "received";
}

std::string value_text(const std::string& key, const Json& value) {
  if (is_time(key) && value.is_number_integer())
    return to_string(WallTime{value.get<std::int64_t>()});
  if (key == "duration_ns" && value.is_number_integer())
    return short_duration(Duration{value.get<std::int64_t>()});
  if (key == "result" && value.is_object() && value.contains("base64"))
    return "packed, as base64: " + cell_text(value["base64"]);
  return cell_text(value);
}

// Not for people: what is empty (targets of a call on one engine are), what is said already.
bool is_noise(const Json& record, const std::string& key, const Json& value) {
  if (value == "" || value == Json::array()) return true;
  return key == "outcome" && record.contains("status") && value == record["status"];
}

// Of a task that was tried more than once.
void print_attempts(const Json& error, Output& out) {
  const auto attempts = error.find("attempts");
  if (attempts == error.end() || !attempts->is_array() || attempts->empty()) return;
  Table table({{"ATTEMPT ON", Align::right}, {"LIVES", Align::right}, {"ENDED"}, {"WITH"}});
  for (const Json& attempt : *attempts)
    table.row({cell_text(attempt.value("engine", Json())),
               cell_text(attempt.value("incarnation", Json())), text_at(attempt, "ended"),
               text_at(attempt, "name") + ": " + text_at(attempt, "value")});
  out.table(table);
}

void print_record(const Json& record, Output& out) {
  Table table({{""}, {"", Align::left, 100}});
  std::size_t width = 0;
  for (const auto& [key, value] : record.items()) {
    if (key == "error" || is_noise(record, key, value)) continue;
    const std::string name = key == "duration_ns" ? "duration" : key;
    width = std::max(width, name.size());
    table.row({name, value_text(key, value)});
  }
  out.table(table);
  const auto error = record.find("error");
  if (error == record.end() || !error->is_object()) return;
  // As the table's lines, but never cut.
  out.line("error" + std::string(std::max<std::size_t>(width, 5) - 3, ' ') +
               printable(text_at(*error, "name") + ": " + text_at(*error, "value")),
           Style::bad);
  if (const auto trace = error->find("traceback"); trace != error->end() && !trace->empty())
    out.line(printable_lines(cell_text(*trace)));
  print_attempts(*error, out);
}

// What both lists of tasks show.
const std::vector<std::string> kListed{
    "msg_id",    "function", "label",     "status",  "outcome", "engine_id", "duration_ns",
    "submitted", "started",  "completed", "attempt", "view",    "error_name"};

// Programs get all there is.
std::vector<std::string> listed(const Output& out) {
  return out.json() ? std::vector<std::string>{} : kListed;
}

std::vector<Json> ask_records(const Client& client, const TaskQuery& query) {
  std::vector<Json> out;
  for (const TaskRecord& record : client.db_query(query))
    out.push_back(Json::parse(record.json, nullptr, false));
  return out;
}

void print_list(const std::vector<Json>& records, Output& out) {
  Table table({{"TASK"},
               {"FUNCTION"},
               {"LABEL", Align::left, 24},
               {"STATUS"},
               {"ENGINE", Align::right},
               {"SUBMITTED (UTC)"},
               {"DURATION", Align::right}});
  for (const Json& record : records)
    table.row({text_at(record, "msg_id"), text_at(record, "function"), text_at(record, "label"),
               outcome_cell(record), text_at(record, "engine_id"),
               short_time({number_at(record, "submitted").value_or(0)}), duration_at(record)});
  out.table(table);
}

[[noreturn]] void raise_missing(const std::vector<std::string>& missing) {
  const std::size_t others = missing.size() - 1;
  raise({Errc::unknown_task, "the hub has no record of task " + missing.front() +
                                 (others > 0 ? " and " + std::to_string(others) + " more" : "") +
                                 ": it was purged, or never was; see `roundhouse history`"});
}

// Engines that left may have records, others had better be here.
void require_known(const Client& client, const std::string& selector) {
  if (selector.empty()) return;
  const std::vector<int> here = known_engines(client);
  for (const int engine : select_engines(selector, here))
    if (std::ranges::find(here, engine) == here.end() &&
        client.db_query({.where = fields::engine_id == engine, .limit = 1, .fields = {"msg_id"}})
            .empty())
      raise({Errc::unknown_engine,
             "there is no engine " + std::to_string(engine) +
                 ", nor a record of a task that it ran; see `roundhouse engines`"});
}

std::string advice_for(const std::string& id) {
  return ", and they go on: `roundhouse result " + id + " --wait` waits for them";
}

}  // namespace

void tasks(const TasksOptions& options, Output& out) {
  const Client client = connect(options.ask);
  const Condition unfinished = fields::status.in({"pending", "running"});
  const Condition wanted = condition_of(options.filter, known_engines(client), wall_now());
  // One more, to know whether there are more.
  std::vector<Json> records = ask_records(
      client, {.where = unfinished && wanted, .limit = options.limit + 1, .fields = listed(out)});
  const bool more = records.size() > options.limit;
  if (more) records.pop_back();
  if (records.empty()) require_known(client, options.filter.engines);
  if (out.json()) return out.document(Json(records));
  if (records.empty())
    return out.line(options.filter.empty() ? "nothing waits or runs"
                                           : "no such task waits or runs");
  print_list(records, out);
  if (more)
    out.line("and more: roundhouse tasks --limit " + std::to_string(10 * options.limit),
             Style::faint);
}

void history(const HistoryOptions& options, Output& out) {
  const Client client = connect(options.ask);
  std::string before = options.before;
  if (!before.empty()) before = resolve_ids(client, {&before, 1}).back();
  std::vector<Json> records =
      ask_records(client, {.where = condition_of(options.filter, known_engines(client), wall_now()),
                           .order = newest_first,
                           .limit = options.limit + 1,
                           .after = before,
                           .fields = listed(out)});
  const bool more = records.size() > options.limit;
  if (more) records.pop_back();
  if (records.empty()) require_known(client, options.filter.engines);
  if (out.json()) return out.document(Json(records));
  if (records.empty()) return out.line("no tasks");
  print_list(records, out);
  if (more)
    out.line(
        "older ones: roundhouse history --before " + printable(text_at(records.back(), "msg_id")),
        Style::faint);
}

void result(const ResultOptions& options, Output& out) {
  if (options.ids.empty()) throw UsageError("which tasks? Give their ids, last or last:N");
  const Client client = connect(options.ask);
  const std::vector<std::string> ids = resolve_ids(client, options.ids);
  if (!options.wait.empty())
    await_ends(client, options.ask, client.get_result<void>(Jobs(ids)), options.wait,
               advice_for(joined(options.ids)));
  const Found found = find_records(client, ids);
  if (out.json()) {
    out.document(Json(found.records));
  } else {
    for (std::size_t i = 0; i < found.records.size(); ++i) {
      if (i > 0) out.line("");
      print_record(found.records[i], out);
    }
  }
  if (!found.missing.empty()) raise_missing(found.missing);
}

void explain(const ExplainOptions& options, Output& out) {
  const Client client = connect(options.ask);
  const std::vector<std::string> ids = resolve_ids(client, {&options.id, 1});
  if (ids.size() != 1) throw UsageError("one task at a time: give its id, or last");
  const Explanation told = client.explain(ids.front());
  if (out.json()) return out.document(Json::parse(told.json, nullptr, false));
  out.line(printable(told.msg_id + " (" + told.state + "): " + told.why));
  if (!told.waits_for.empty()) {
    Table others({{"WAITS FOR"}, {"STATE"}});
    for (const WaitsFor& other : told.waits_for) others.row({other.msg_id, other.state});
    out.table(others);
  }
  if (told.engines.empty()) return;
  Table table({{"ENGINE", Align::right}, {"WHY NOT", Align::left, 100}});
  for (const EngineReason& reason : told.engines)
    table.row({std::to_string(reason.engine),
               Cell{reason.text, reason.code.empty() ? Style::good : Style::plain}});
  out.table(table);
}

void purge(const PurgeCommand& options, Output& out) {
  const int ways = (options.ids.empty() ? 0 : 1) + (options.engines.empty() ? 0 : 1) +
                   (options.older_than ? 1 : 0) + (options.where.empty() ? 0 : 1) +
                   (options.all ? 1 : 0);
  if (ways != 1)
    throw UsageError("purge what? Give ids, or one of --engine, --older-than, --where and --all");
  const Client client = connect(options.ask);
  std::uint64_t purged = 0;
  if (options.all) {
    purged = client.purge_results(all);
  } else if (!options.ids.empty()) {
    purged = client.purge_results(Jobs(resolve_ids(client, options.ids)));
  } else {
    PurgeOptions what;
    if (!options.engines.empty())
      what.engines = select_engines(options.engines, known_engines(client));
    what.older_than = options.older_than;
    if (!options.where.empty())
      what.where = condition_of({.where = options.where}, known_engines(client), wall_now());
    purged = client.purge_results(what);
    if (purged == 0) require_known(client, options.engines);
  }
  if (out.json()) return out.document(Json{{"purged", purged}});
  out.line("purged " + with_commas(purged) + (purged == 1 ? " record" : " records"));
}

void resubmit(const ResubmitOptions& options, Output& out) {
  if (options.ids.empty()) throw UsageError("which tasks? Give their ids, last or last:N");
  const Client client = connect(options.ask);
  const AsyncResult<void> again = client.resubmit(Jobs(resolve_ids(client, options.ids)));
  const std::vector<std::string> ids = again.msg_ids();
  await_ends(client, options.ask, again, options.wait, advice_for(joined(ids)));
  if (out.json() && options.wait.empty()) {
    Json list = Json::array();
    for (const std::string& id : ids) list.push_back({{"msg_id", id}});
    return out.document(list);
  }
  if (options.wait.empty()) {
    for (const std::string& id : ids) out.line(id);
    return;
  }
  const Found found = find_records(client, ids);
  if (out.json()) return out.document(Json(found.records));
  print_list(found.records, out);
}

}  // namespace roundhouse::cli
