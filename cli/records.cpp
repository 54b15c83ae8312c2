#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::cli {

namespace {

constexpr std::size_t kIdsPerQuestion = 500;

struct Found {
  std::vector<Json> records;  // in the order asked for
  std::vector<std::string> missing;
};

Found find_records(const Client& client, const std::vector<std::string>& ids) {
  std::map<std::string, Json> by_id;
  for (std::size_t at = 0; at < ids.size(); at += kIdsPerQuestion) {
    const std::size_t count = std::min(kIdsPerQuestion, ids.size() - at);
    for (const TaskRecord& record : client.result(std::span(ids).subspan(at, count)).records)
      by_id[record.metadata.msg_id] = Json::parse(record.json, nullptr, false);
  }
  Found found;
  for (const std::string& id : ids) {
    const auto record = by_id.find(id);
    if (record == by_id.end()) {
      found.missing.push_back(id);
    } else {
      found.records.push_back(record->second);
    }
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

void print_record(const Json& record, Output& out) {
  Table table({{""}, {"", Align::left, 100}});
  for (const auto& [key, value] : record.items()) {
    if (key == "error" || (value.is_string() && value.get<std::string>().empty())) continue;
    table.row({key == "duration_ns" ? "duration" : key, value_text(key, value)});
  }
  out.table(table);
  const auto error = record.find("error");
  if (error == record.end() || !error->is_object()) return;
  out.line("error  " + printable(text_at(*error, "name") + ": " + text_at(*error, "value")),
           Style::bad);
  if (const auto trace = error->find("traceback"); trace != error->end() && !trace->empty())
    out.line(printable_lines(cell_text(*trace)));
}

}  // namespace

void history(const HistoryOptions& options, Output& out) {
  const Client client = connect(options.ask);
  std::string before = options.before;
  if (!before.empty()) before = resolve_ids(client, {&before, 1}).back();
  const HistoryPage page = client.hub_history(options.limit, before);
  const Found found = find_records(client, page.ids);
  if (out.json()) return out.document(Json(found.records));
  if (page.ids.empty()) return out.line("no tasks");
  Table table({{"TASK"},
               {"FUNCTION"},
               {"LABEL", Align::left, 24},
               {"STATUS"},
               {"ENGINE", Align::right},
               {"SUBMITTED (UTC)"},
               {"DURATION", Align::right}});
  for (const Json& record : found.records) {
    table.row({text_at(record, "msg_id"), text_at(record, "function"), text_at(record, "label"),
               outcome_cell(record), text_at(record, "engine_id"),
               short_time({number_at(record, "submitted").value_or(0)}), duration_at(record)});
  }
  out.table(table);
  if (page.more)
    out.line("older ones: roundhouse history --before " + printable(page.ids.back()), Style::faint);
}

void result(const ResultOptions& options, Output& out) {
  if (options.ids.empty()) throw UsageError("which tasks? Give their ids, last or last:N");
  const Client client = connect(options.ask);
  const Found found = find_records(client, resolve_ids(client, options.ids));
  if (out.json()) {
    out.document(Json(found.records));
  } else {
    for (std::size_t i = 0; i < found.records.size(); ++i) {
      if (i > 0) out.line("");
      print_record(found.records[i], out);
    }
  }
  if (found.missing.empty()) return;
  const std::size_t others = found.missing.size() - 1;
  raise({Errc::unknown_task, "the hub has no record of task " + found.missing.front() +
                                 (others > 0 ? " and " + std::to_string(others) + " more" : "") +
                                 ": it was purged, or never was; see `roundhouse history`"});
}

void purge(const PurgeOptions& options, Output& out) {
  const int ways =
      (options.ids.empty() ? 0 : 1) + (options.engines.empty() ? 0 : 1) + (options.all ? 1 : 0);
  if (ways != 1) throw UsageError("purge what? Give either ids, --engine N or --all");
  const Client client = connect(options.ask);
  std::uint64_t purged = 0;
  if (options.all) {
    purged = client.purge_results(all);
  } else if (!options.engines.empty()) {
    purged = client.purge_results(std::span<const int>(options.engines));
  } else {
    const std::vector<std::string> ids = resolve_ids(client, options.ids);
    purged = client.purge_results(std::span<const std::string>(ids));
  }
  if (out.json()) return out.document(Json{{"purged", purged}});
  out.line("purged " + with_commas(purged) + (purged == 1 ? " record" : " records"));
}

}  // namespace roundhouse::cli
