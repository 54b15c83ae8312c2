#include "engine/config.hpp"

#include "shared/paths.hpp"

namespace roundhouse::engine {

void EngineConfig::bind(JsonConfig& table) {
  table.key("cluster", cluster);
  table.key("connection_file", connection_file);
  table.key("name", name);
  table.key("slots", slots, {.min = 1, .max = kSlotsMax});
  table.key("modules", modules);
  table.key("shipped_modules", shipped_modules);
  table.key("source", source);
  table.key("commands", commands);
  table.key("wait", wait);
  table.key("hub_timeout", hub_timeout);
  table.key("idle_timeout", idle_timeout);
  table.key("crashes_max", crashes_max, {.min = 1});
  table.key("crash_window", crash_window);
  table.key("stop_grace", stop_grace);
  table.key("limit_grace", limit_grace);
  table.key("page_bytes", page_bytes, {.min = 65536, .max = 1099511627776.0});
  table.key("log.level", log_level, {.choices = {"debug", "info", "warn", "error", "off"}});
  table.key("log.file", log_file);
}

Result<std::string> EngineConfig::connection_path() const {
  if (!connection_file.empty()) return connection_file;
  const auto run_dir = RunDir::locate(cluster);
  if (!run_dir) return run_dir.error();
  return run_dir->connection_file(Role::engine);
}

Result<EngineConfig> load_config(const std::string& path, const JsonConfig::Settings& flags) {
  EngineConfig config;
  JsonConfig table(kEngineEnvironment);
  config.bind(table);
  if (const auto loaded = table.load(path, flags); !loaded) return loaded.error();
  return config;
}

}  // namespace roundhouse::engine
