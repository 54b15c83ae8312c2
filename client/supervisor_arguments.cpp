// How a supervisor is told what to do: one word NAME=VALUE per setting.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "client/supervisor.hpp"
#include "shared/log.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse {

std::vector<std::string> supervisor_arguments(const SupervisorOptions& options) {
  const ClusterOptions& cluster = options.cluster;
  std::vector<std::string> out;
  const auto word = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out.push_back(std::string(name) + "=" + value);
  };
  word("name", cluster.name);
  word("engines", std::to_string(cluster.engines));
  word("slots", std::to_string(cluster.slots));
  word("store", cluster.store);
  word("durability", cluster.durability);
  word("listen", cluster.listen);
  word("hub_config", cluster.hub_config);
  word("engine_config", cluster.engine_config);
  word("hub_starts_max", std::to_string(cluster.hub_starts_max));
  word("timeout_ns", std::to_string(cluster.timeout.count()));
  word("ready_fd", std::to_string(options.ready_fd));
  word("lifeline_fd", std::to_string(options.lifeline_fd));
  for (const std::string& module : cluster.modules) word("module", module);
  for (const std::string& flag : cluster.hub_flags) word("hub_flag", flag);
  for (const std::string& flag : cluster.engine_flags) word("engine_flag", flag);
  return out;
}

SupervisorOptions parse_supervisor_arguments(const std::vector<std::string>& words) {
  SupervisorOptions out;
  ClusterOptions& cluster = out.cluster;
  const auto number = [](const std::string& text, auto& into) {
    const char* behind = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), behind, into);
    if (error != std::errc{} || stop != behind)
      throw Exception(Errc::invalid, "'" + text + "' is no number");
  };
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    std::int64_t timeout = 0;
    if (name == "name")
      cluster.name = value;
    else if (name == "engines")
      number(value, cluster.engines);
    else if (name == "slots")
      number(value, cluster.slots);
    else if (name == "store")
      cluster.store = value;
    else if (name == "durability")
      cluster.durability = value;
    else if (name == "listen")
      cluster.listen = value;
    else if (name == "hub_config")
      cluster.hub_config = value;
    else if (name == "engine_config")
      cluster.engine_config = value;
    else if (name == "hub_starts_max")
      number(value, cluster.hub_starts_max);
    else if (name == "timeout_ns")
      number(value, timeout), cluster.timeout = std::chrono::nanoseconds(timeout);
    else if (name == "ready_fd")
      number(value, out.ready_fd);
    else if (name == "lifeline_fd")
      number(value, out.lifeline_fd);
    else if (name == "module")
      cluster.modules.push_back(value);
    else if (name == "hub_flag")
      cluster.hub_flags.push_back(value);
    else if (name == "engine_flag")
      cluster.engine_flags.push_back(value);
    else
      throw Exception(Errc::invalid, "the supervisor does not know '" + name + "'");
  }
  return out;
}

int supervise_main(int argc, char** argv) {
  try {
    const SupervisorOptions options = parse_supervisor_arguments({argv, argv + argc});
    log::Options log_options;
    log_options.program = "supervisor";
    (void)log::open(log_options);
    return supervise(options);
  } catch (const Exception& error) {
    std::fprintf(stderr, "roundhouse supervise: %s\n", error.what());
    return 2;
  }
}

}  // namespace roundhouse
