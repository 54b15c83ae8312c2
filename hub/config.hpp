#pragma once

// HubConfig: everything that an operator may set, with its default. flag > environment > file >
// default; config/hub.json lists every key with the reason why one would change it, and a test
// holds that file against this one. Environment: ROUNDHOUSE_HUB_ and the key in capitals, '_' for
// '.'; beside them ROUNDHOUSE_CLUSTER and ROUNDHOUSE_DIR, as for all programs.

#include <cstdint>
#include <string>
#include <vector>

#include "hub/core/options.hpp"
#include "hub/store.hpp"
#include "shared/json_config.hpp"
#include "shared/log.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::hub {

struct HubConfig {
  std::string cluster;  // empty: ROUNDHOUSE_CLUSTER, or "default"
  std::string dir;      // folder of run directories; empty: ROUNDHOUSE_DIR, or the user's own
  // "ipc": sockets in the run directory; or "tcp://ADDRESS" with free ports, or
  // "tcp://ADDRESS:PORT" with PORT and the four above it.
  std::string listen = "ipc";
  // tcp without encryption, on loopback alone: for measuring what encryption costs.
  bool insecure_loopback = false;

  StoreOptions store;  // its path: empty: the cluster's database in the state folder
  std::string policy = "least_loaded";  // as parse_policy() knows them; router.policy follows
  std::string durability = "relaxed";   // "none", "relaxed" or "commit"; store.durability follows
  RouterOptions router;

  std::string log_level = "info";
  std::string log_file;  // empty: standard error

  // Binds every key to its field.
  void bind(JsonConfig& table);
  // What only several keys together say: durability against kind, times against one another; and
  // the policy's name. Also derives store.durability, router.durability and router.policy.
  [[nodiscard]] Result<void> finish();
};

// The environment's prefix for all keys.
inline constexpr const char* kHubEnvironment = "ROUNDHOUSE_HUB_";

// Defaults, then the file (none when `path` is empty), the environment and the flags. Fails with
// `config`; the text names the key and its place.
[[nodiscard]] Result<HubConfig> load_config(const std::string& path,
                                            const JsonConfig::Settings& flags = {});

// Where the hub's five sockets bind.
struct BindEndpoints {
  std::string client_task, client_control, engine_task, engine_control, notify;
};

// "tcp://127.0.0.1:7000" becomes five endpoints with ports from 7000 on; without a port each is
// chosen freely. Fails with `config`: no tcp address, a port out of range, an address that is not
// loopback although that is what `insecure_loopback` is for.
[[nodiscard]] Result<BindEndpoints> tcp_endpoints(const std::string& listen);

// Whether "tcp://ADDRESS..." is reachable from this host alone.
[[nodiscard]] bool is_loopback(const std::string& listen);

}  // namespace roundhouse::hub
