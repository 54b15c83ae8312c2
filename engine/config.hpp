#pragma once

// EngineConfig: everything that an operator may set of an engine, with its default. flag >
// environment > file > default; config/engine.json lists every key with the reason why one would
// change it, and a test holds that file against this one. Environment: ROUNDHOUSE_ENGINE_ and the
// key in capitals; beside them ROUNDHOUSE_CLUSTER and ROUNDHOUSE_DIR, as for all programs.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/core/run_queue.hpp"
#include "shared/json_config.hpp"
#include "shared/time.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::engine {

struct EngineConfig {
  std::string cluster;          // empty: ROUNDHOUSE_CLUSTER, or "default"
  std::string connection_file;  // empty: engine.json of the cluster's run directory
  std::string name;             // a label for people
  std::uint32_t slots = 1;      // tasks at a time
  std::vector<std::string> modules;
  bool shipped_modules = true;  // loads what clients ship
  bool source = true;           // compiles and runs source that clients send
  bool commands = true;         // runs external programs
  Duration wait{0};             // for a hub, at the start
  Duration hub_timeout{0};      // without the hub; 0: for ever
  Duration idle_timeout{0};     // without work; 0: for ever
  std::uint32_t crashes_max = 5;
  Duration crash_window = std::chrono::seconds{60};
  Duration stop_grace = std::chrono::seconds{2};
  Duration limit_grace = std::chrono::seconds{1};
  std::uint64_t page_bytes = 64U << 20U;
  std::string log_level = "warn";
  std::string log_file;  // empty: standard error

  // Binds every key to its field.
  void bind(JsonConfig& table);
  // The connection file to use: the one that was given, or that of the cluster's run directory.
  // Fails with invalid on a bad cluster name.
  [[nodiscard]] Result<std::string> connection_path() const;
};

// The environment's prefix for all keys.
inline constexpr const char* kEngineEnvironment = "ROUNDHOUSE_ENGINE_";

// Defaults, then the file (none when `path` is empty), the environment and the flags. Fails with
// `config`; the text names the key and its place.
[[nodiscard]] Result<EngineConfig> load_config(const std::string& path,
                                               const JsonConfig::Settings& flags = {});

}  // namespace roundhouse::engine
