#include "hub/config.hpp"

#include <charconv>
#include <optional>

namespace roundhouse::hub {
namespace {

constexpr std::string_view kTcp = "tcp://";
constexpr unsigned kPorts = 5;

std::string address_of(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  const bool has_port = colon != std::string::npos && colon >= kTcp.size();
  return listen.substr(0, has_port ? colon : std::string::npos);
}

// Nothing when there is none; zero when it is not a port.
std::optional<unsigned> port_of(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos || colon < kTcp.size()) return std::nullopt;
  const std::string text = listen.substr(colon + 1);
  if (text == "*") return std::nullopt;
  unsigned port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool good =
      read.ec == std::errc{} && read.ptr == text.data() + text.size() && port + kPorts - 1 <= 65535;
  return good ? port : 0U;
}

Error wrong(const std::string& text) {
  return {Errc::config, text};
}

}  // namespace

void HubConfig::bind(JsonConfig& table) {
  const KeyRules positive{.min = 0.001};
  table.key("cluster", cluster);
  table.key("dir", dir);
  table.key("listen", listen);
  table.key("insecure_loopback", insecure_loopback);
  table.key("store.kind", store.kind, {.choices = {"sqlite", "memory", "none"}});
  table.key("store.durability", durability, {.choices = {"none", "relaxed", "commit"}});
  table.key("store.database", store.path);
  table.key("store.arguments_bytes_max", store.arguments_bytes_max, {.max = 16384});
  table.key("store.large_arguments_bytes_max", store.large_arguments_bytes_max);
  table.key("store.memory_records_max", store.memory_records_max);
  table.key("store.memory_bytes_max", store.memory_bytes_max);
  table.key("store.blob_bytes_max", store.blob_bytes_max);
  table.key("store.keep_records", store.keep_records);
  table.key("store.keep_bytes", store.keep_bytes);
  table.key("store.keep_age", store.keep_age);
  table.key("store.log_bytes", store.log_bytes, {.min = 65536});
  table.key("store.log_bytes_max", store.log_bytes_max, {.min = 1048576});
  table.key("heartbeat", router.heartbeat, positive);
  table.key("dead", router.dead, positive);
  table.key("grace", router.grace);
  table.key("orphan", router.orphan);
  table.key("session.tasks_max", router.session_tasks_max, {.min = 1});
  table.key("session.bytes_max", router.session_bytes_max, {.min = 1});
  table.key("session.undelivered_max", router.undelivered_max, {.min = 1});
  table.key("session.undelivered_bytes_max", router.undelivered_bytes_max, {.min = 1});
  table.key("modules.bytes_max", router.modules_bytes_max);
  table.key("schedule.policy", policy);
  table.key("schedule.window_max", router.window_max, {.min = 1});
  table.key("schedule.window_total", router.window_total, {.min = 1});
  table.key("schedule.lookahead", router.lookahead);
  table.key("schedule.retry_delay", router.retry_delay);
  table.key("schedule.retry_delay_max", router.retry_delay_max);
  table.key("log.level", log_level, {.choices = {"debug", "info", "warn", "error", "off"}});
  table.key("log.file", log_file);
}

Result<void> HubConfig::finish() {
  if (store.kind != "sqlite") {
    if (durability == "commit")
      return wrong("store.durability 'commit' needs store.kind 'sqlite': '" + store.kind +
                   "' keeps nothing on disk");
    durability = "none";
  }
  router.durability = durability == "none"     ? Durability::none
                      : durability == "commit" ? Durability::commit
                                               : Durability::relaxed;
  store.durability = router.durability;
  const Result<PolicyName> named = parse_policy(policy);
  if (!named) return wrong("schedule.policy: " + named.error().text);
  router.policy = *named;
  if (router.dead < 2 * router.heartbeat)
    return wrong("dead (" + to_string(router.dead) + ") must be at least twice the heartbeat (" +
                 to_string(router.heartbeat) + "), or one late beat loses a peer");
  if (listen == "ipc") return {};
  if (!listen.starts_with(kTcp))
    return wrong("listen is 'ipc' or 'tcp://ADDRESS[:PORT]', not '" + listen + "'");
  if (insecure_loopback && !is_loopback(listen))
    return wrong("insecure_loopback is for 127.0.0.1 alone, not for '" + listen +
                 "': leave it out there");
  if (const auto endpoints = tcp_endpoints(listen); !endpoints) return endpoints.error();
  return {};
}

Result<HubConfig> load_config(const std::string& path, const JsonConfig::Settings& flags) {
  HubConfig config;
  JsonConfig table(kHubEnvironment);
  config.bind(table);
  if (auto loaded = table.load(path, flags); !loaded) return loaded.error();
  if (auto finished = config.finish(); !finished) return finished.error();
  return config;
}

Result<BindEndpoints> tcp_endpoints(const std::string& listen) {
  const std::string address = address_of(listen);
  const auto port = port_of(listen);
  if (address.size() <= kTcp.size()) return wrong("'" + listen + "' has no address");
  if (port && *port == 0)
    return wrong("'" + listen + "' has no usable port: 1 to " + std::to_string(65536 - kPorts) +
                 ", and the four above it, are");
  const auto endpoint = [&](unsigned offset) {
    return address + ':' + (port ? std::to_string(*port + offset) : std::string("*"));
  };
  return BindEndpoints{endpoint(0), endpoint(1), endpoint(2), endpoint(3), endpoint(4)};
}

bool is_loopback(const std::string& listen) {
  const std::string address = address_of(listen).substr(kTcp.size());
  return address == "localhost" || address.starts_with("127.");
}

}  // namespace roundhouse::hub
