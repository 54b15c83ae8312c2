#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "shared/paths.hpp"

namespace roundhouse::cli {

namespace {

Json parsed(const std::string& text) {
  return Json::parse(text, nullptr, false);
}

Json engine_list(const Client& client) {
  Json list = Json::array();
  for (const EngineInfo& engine : client.engines()) {
    list.push_back(parsed(engine.json));
    if (engine.pid == 0) list.back()["pid"] = nullptr;
  }
  return list;
}

// "engine 3 on host was given up: ...", a line each.
void tell_given_up(const HubStatus& status, Output& out) {
  for (const EngineGivenUp& engine : status.given_up)
    out.line("engine " + std::to_string(engine.id) + " on " + engine.host +
             " was given up: " + engine.text);
  if (!status.given_up.empty()) out.line("`roundhouse engines add N` starts others");
}

Cell state_cell(const std::string& state) {
  return {state, state == "online" ? Style::good : Style::bad};
}

Table engine_table(const std::vector<EngineInfo>& engines) {
  Table table({{"ENGINE", Align::right},
               {"STATE"},
               {"SLOTS", Align::right},
               {"QUEUE", Align::right},
               {"RUNNING", Align::right},
               {"COMPLETED", Align::right},
               {"LIVES", Align::right},
               {"PID", Align::right},
               {"HOST"}});
  for (const EngineInfo& engine : engines) {
    table.row({std::to_string(engine.id), state_cell(engine.state), std::to_string(engine.slots),
               std::to_string(engine.queue), std::to_string(engine.running),
               with_commas(engine.completed), std::to_string(engine.incarnation),
               engine.pid == 0 ? "-" : std::to_string(engine.pid), engine.host});
  }
  return table;
}

// A line of the table, and what its help says of it.
struct StatusLine {
  std::string_view group;
  std::string_view name;
  std::string_view key;  // in the hub's answer
  std::string_view meaning;
};

constexpr std::array<StatusLine, 20> kLines{{
    {"hub", "process", "pid", "its number"},
    {"hub", "up", "uptime_ms", "since it was started"},
    {"hub", "starts", "epoch", "how often a hub was started on these records"},
    {"hub", "records", "store", "ok, or why the database fails"},
    {"engines", "online", "engines", "how many can be given tasks"},
    {"engines", "policy", "policy", "which of those with room is given one"},
    {"clients", "known", "sessions", "those that are here, or may come back for outcomes"},
    {"clients", "to be fetched", "undelivered", "outcomes that their clients have not confirmed"},
    {"tasks", "unfinished", "unfinished", "all that wait or run, those of the next five lines too"},
    {"tasks", "for any engine", "ready", "wait until some engine is free"},
    {"tasks", "for others", "waiting", "wait until those have ended that they depend on"},
    {"tasks", "to be retried", "resting", "failed, and wait a while before they are tried again"},
    {"tasks", "for one engine", "in_lanes", "wait for the engine that they were called on"},
    {"tasks", "on engines", "assigned",
     "sent to an engine: they run there, or are the next to run"},
    {"since start", "submitted", "submitted", "tasks that clients called"},
    {"since start", "finished", "finished", "tasks that ended, however they did"},
    {"since start", "taken back", "revoked",
     "tasks sent to an engine, not begun, given to another"},
    {"since start", "came late", "stale_fence",
     "outcomes of attempts that no longer count: dropped"},
    {"since start", "came twice", "duplicates",
     "what was here already, after lost connections: dropped"},
    {"since start", "malformed", "malformed", "messages that made no sense: refused"},
}};

std::string value_text(std::string_view key, const Json& value) {
  if (key == "uptime_ms" && value.is_number_unsigned())
    return short_duration(std::chrono::milliseconds{value.get<std::uint64_t>()});
  if (value.is_number_unsigned() && key != "pid") return with_commas(value.get<std::uint64_t>());
  return cell_text(value);
}

Table status_table(const std::string& cluster, const Json& answer) {
  Table table({{""}, {""}, {"", Align::left, 100}});
  std::string group = "hub";
  table.row({group, "cluster", cluster});
  const auto add = [&](std::string_view in, std::string_view name, std::string_view key,
                       const Json& value) {
    table.row({in == group ? "" : in, name, value_text(key, value)});
    group = in;
  };
  for (const StatusLine& line : kLines)
    if (const auto value = answer.find(line.key); value != answer.end())
      add(line.group, line.name, line.key, *value);
  // What a later hub says besides.
  for (const auto& [key, value] : answer.items())
    if (std::ranges::find(kLines, key, &StatusLine::key) == kLines.end() && key != "given_up")
      add("besides", key, key, value);
  return table;
}

}  // namespace

void status(const AskOptions& options, Output& out) {
  const Client client = connect(options);
  const std::string cluster = options.cluster.empty() ? default_cluster() : options.cluster;
  const HubStatus status = client.status();
  const Json answer = parsed(status.json);
  if (out.json()) {
    Json document{{"cluster", cluster}};
    document.update(answer);
    document["engine_list"] = engine_list(client);
    return out.document(document);
  }
  out.table(status_table(cluster, answer));
  const std::vector<EngineInfo> engines = client.engines();
  out.line("");
  if (engines.empty())
    out.line("no engines: add some with `roundhouse engines add N`");
  else
    out.table(engine_table(engines));
  tell_given_up(status, out);
}

void policy(const PolicyOptions& options, Output& out) {
  const Client client = connect(options.ask);
  if (!options.name.empty()) client.set_policy(options.name);
  const Json answer = parsed(client.request("policy").json());
  if (out.json()) return out.document(answer);
  out.line(answer.value("policy", std::string()));
}

void engines(const AskOptions& options, Output& out) {
  const Client client = connect(options);
  const HubStatus status = client.status();
  if (out.json()) {
    Json list = engine_list(client);
    for (const EngineGivenUp& engine : status.given_up)
      list.push_back({{"id", engine.id},
                      {"state", "given up"},
                      {"host", engine.host},
                      {"reason", engine.text}});
    return out.document(list);
  }
  const std::vector<EngineInfo> engines = client.engines();
  if (engines.empty())
    out.line("no engines: add some with `roundhouse engines add N`");
  else
    out.table(engine_table(engines));
  tell_given_up(status, out);
}

std::string status_words() {
  Table table({{""}, {""}, {""}, {"", Align::left, 0}});
  table.row({"  OF THE", "LINE", "--json", "IS"});
  std::string_view group;
  for (const StatusLine& line : kLines) {
    table.row({line.group == group ? "" : "  " + std::string(line.group), line.name, line.key,
               line.meaning});
    group = line.group;
  }
  return "What the table says, and its keys with --json:\n" + table.text(false) +
         "Below are engines that their nannies do not start again: given_up in JSON.\n"
         "Of an engine QUEUE is what waits for it or in it, RUNNING what runs, and LIVES\n"
         "(incarnation) how often its process was started.";
}

}  // namespace roundhouse::cli
