#include <string>

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
  for (const EngineInfo& engine : client.engines()) list.push_back(parsed(engine.json));
  return list;
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
               std::to_string(engine.pid), engine.host});
  }
  return table;
}

std::string value_text(const std::string& key, const Json& value) {
  if (key == "uptime_ms" && value.is_number_unsigned())
    return short_duration(std::chrono::milliseconds{value.get<std::uint64_t>()});
  if (value.is_number_unsigned() && key != "pid") return with_commas(value.get<std::uint64_t>());
  return cell_text(value);
}

}  // namespace

void status(const AskOptions& options, Output& out) {
  const Client client = connect(options);
  const std::string cluster = options.cluster.empty() ? default_cluster() : options.cluster;
  const Json answer = parsed(client.status().json);
  if (out.json()) {
    Json document{{"cluster", cluster}};
    document.update(answer);
    document["engine_list"] = engine_list(client);
    return out.document(document);
  }
  Table table({{""}, {"", Align::left, 100}});
  table.row({"cluster", cluster});
  for (const auto& [key, value] : answer.items()) {
    if (value.is_object()) {
      for (const auto& [inner, number] : value.items())
        table.row({key + " " + inner, value_text(inner, number)});
    } else {
      table.row({key == "uptime_ms" ? "uptime" : key, value_text(key, value)});
    }
  }
  out.table(table);
  const std::vector<EngineInfo> engines = client.engines();
  if (engines.empty()) return out.line("\nno engines: add some with `roundhouse engines add N`");
  out.line("");
  out.table(engine_table(engines));
}

void engines(const AskOptions& options, Output& out) {
  const Client client = connect(options);
  if (out.json()) return out.document(engine_list(client));
  const std::vector<EngineInfo> engines = client.engines();
  if (engines.empty()) return out.line("no engines: add some with `roundhouse engines add N`");
  out.table(engine_table(engines));
}

}  // namespace roundhouse::cli
