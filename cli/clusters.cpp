#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "cli/interrupt.hpp"
#include "client/cluster_control.hpp"
#include "shared/paths.hpp"
#include <roundhouse/client.hpp>
#include <roundhouse/cluster.hpp>
#include <roundhouse/error.hpp>

namespace roundhouse::cli {

namespace {

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

// The supervisor does not work in the folder of whoever starts it.
std::string absolute(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).string();
}

std::vector<std::string> as_flags(const std::vector<std::string>& settings) {
  std::vector<std::string> flags;
  for (const std::string& setting : settings) flags.insert(flags.end(), {"--set", setting});
  return flags;
}

ClusterOptions cluster_options(const StartOptions& options, const std::string& name) {
  ClusterOptions out;
  out.name = name;
  out.engines = options.engines;
  out.slots = options.slots;
  for (const std::string& module : options.modules) out.modules.push_back(absolute(module));
  out.store = options.store;
  out.durability = options.durability;
  out.listen = options.listen;
  out.hub_config = absolute(options.hub_config);
  out.engine_config = absolute(options.engine_config);
  out.hub_flags = as_flags(options.hub_settings);
  if (!options.policy.empty())
    out.hub_flags.insert(out.hub_flags.begin(), {"--policy", options.policy});
  out.engine_flags = as_flags(options.engine_settings);
  out.timeout = options.timeout;
  return out;
}

// "" for the default cluster, which needs no flag.
std::string cluster_flag(const std::string& name) {
  return name == default_cluster() ? "" : " --cluster " + name;
}

void require_not_running(const RunDir& run_dir) {
  const auto hub = RunDirLock::holder(run_dir);
  const auto supervisor = find_supervisor(run_dir);
  if (!hub && !supervisor) return;
  const std::string who = hub ? "hub, process " + std::to_string(*hub)
                              : "supervisor, process " + std::to_string(supervisor->pid);
  raise({Errc::in_use, "cluster '" + run_dir.cluster() + "' is running already (" + who +
                           "): stop it with `roundhouse stop" + cluster_flag(run_dir.cluster()) +
                           "`, or give this one a name of its own with --cluster"});
}

void say_started(const StartOptions& options, const RunDir& run_dir, Output& out) {
  if (out.json())
    return out.document(Json{
        {"cluster", run_dir.cluster()}, {"engines", options.engines}, {"run_dir", run_dir.path()}});
  const std::string engines = options.engines == 0
                                  ? "no engines: add some with `roundhouse engines add N`"
                                  : counted(options.engines, "engine");
  out.line("cluster '" + run_dir.cluster() + "' is running: a hub and " + engines);
}

std::string state_of(const ClusterInfo& cluster) {
  if (cluster.hub != 0) return cluster.supervisor != 0 ? "running" : "unsupervised";
  return cluster.supervisor != 0 ? "starting" : "dead";
}

// How many engines there are; nothing when the hub does not say so soon.
std::optional<std::size_t> count_engines(const ClusterInfo& cluster) {
  if (cluster.hub == 0) return std::nullopt;
  try {
    return connect({.cluster = cluster.name, .timeout = std::chrono::seconds{2}}).engines().size();
  } catch (const Exception&) {
    return std::nullopt;
  }
}

// Stops a cluster, or sweeps up after one whose processes are dead.
void stop_one(const ClusterInfo& cluster, Duration timeout) {
  if (cluster.hub == 0 && cluster.supervisor == 0) {
    remove_leftovers(cluster.name);
  } else {
    stop_cluster(cluster.name, timeout);
  }
}

// Does it, and says what goes wrong as a failure of ours: "not connected" would mean no hub to ask.
template <class Action>
auto without_no_hub(Action action) {
  try {
    return action();
  } catch (const Exception& error) {
    if (error.code() != Errc::not_connected) throw;
    throw Exception(Errc::io_failed, error.what());
  }
}

bool is_dead(const ClusterInfo& cluster) {
  return cluster.hub == 0 && cluster.supervisor == 0;
}

}  // namespace

void start(const StartOptions& options, Output& out) {
  const RunDir run_dir = run_dir_of(options.cluster);
  require_not_running(run_dir);
  // From here on a signal ends a cluster in the foreground in good order, even while it starts.
  std::optional<Interrupt> interrupt;
  if (options.foreground) interrupt.emplace();
  // While the lifeline is open the cluster ends with this process, however that ends.
  const detail::Fd lifeline = without_no_hub([&] {
    return start_cluster(cluster_options(options, run_dir.cluster()), /*lifeline=*/true);
  });
  if (!options.foreground && ::write(lifeline.get(), "", 1) != 1)
    raise({Errc::io_failed, "the supervisor of cluster '" + run_dir.cluster() + "' is gone"});
  say_started(options, run_dir, out);
  if (!options.foreground) return;
  if (!out.json()) out.line("Ctrl-C stops it", Style::faint);
  while (!interrupt->wait(std::chrono::milliseconds{500})) {
    if (!find_supervisor(run_dir))
      raise({Errc::closed, "cluster '" + run_dir.cluster() + "' has ended by itself"});
  }
  stop_cluster(run_dir.cluster(), options.timeout);
}

void stop(const StopOptions& options, Output& out) {
  std::vector<ClusterInfo> clusters = find_clusters();
  if (!options.all) {
    const RunDir run_dir = run_dir_of(options.cluster);
    std::erase_if(clusters, [&](const auto& each) { return each.name != run_dir.cluster(); });
    if (clusters.empty()) throw no_hub(run_dir);
  }
  Json stopped = Json::array();
  for (const ClusterInfo& cluster : clusters) {
    stop_one(cluster, options.timeout);
    stopped.push_back(cluster.name);
    if (!out.json())
      out.line("cluster '" + printable(cluster.name) + "' " +
               (is_dead(cluster) ? "was dead already; its files are removed" : "is stopped"));
  }
  if (out.json()) return out.document(Json{{"stopped", stopped}});
  if (clusters.empty()) out.line("no cluster is running");
}

void list(Output& out) {
  Table table({{"CLUSTER"},
               {"STATE"},
               {"ENGINES", Align::right},
               {"HUB", Align::right},
               {"SUPERVISOR", Align::right},
               {"RUN DIRECTORY", Align::left, 0}});
  Json documents = Json::array();
  for (const ClusterInfo& cluster : find_clusters()) {
    const std::string state = state_of(cluster);
    const auto engines = count_engines(cluster);
    const auto pid = [](pid_t id) { return id == 0 ? Json(nullptr) : Json(id); };
    documents.push_back({{"cluster", cluster.name},
                         {"state", state},
                         {"engines", engines ? Json(*engines) : Json(nullptr)},
                         {"hub_pid", pid(cluster.hub)},
                         {"supervisor_pid", pid(cluster.supervisor)},
                         {"run_dir", cluster.run_dir}});
    table.row({cluster.name,
               {state, state == "running" ? Style::good : Style::bad},
               engines ? std::to_string(*engines) : "-",
               cell_text(pid(cluster.hub)),
               cell_text(pid(cluster.supervisor)),
               cluster.run_dir});
  }
  if (out.json()) return out.document(documents);
  if (table.empty()) return out.line("no cluster is running: start one with `roundhouse start`");
  out.table(table);
}

void add_engines(const AddEnginesOptions& options, Output& out) {
  if (options.count == 0) throw UsageError("how many? `roundhouse engines add 2`");
  const RunDir run_dir = run_dir_of(options.ask.cluster);
  if (!RunDirLock::holder(run_dir) && !find_supervisor(run_dir)) throw no_hub(run_dir);
  without_no_hub(
      [&] { roundhouse::add_engines(run_dir.cluster(), options.count, options.ask.timeout); });
  if (out.json())
    return out.document(Json{{"cluster", run_dir.cluster()}, {"added", options.count}});
  out.line("added " + counted(options.count, "engine"));
}

}  // namespace roundhouse::cli
