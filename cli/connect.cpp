#include "cli/connect.hpp"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <iterator>
#include <optional>

#include <unistd.h>

#include "client/cluster_control.hpp"
#include "shared/connection_file.hpp"
#include "shared/host.hpp"
#include "shared/paths.hpp"
#include <roundhouse/error.hpp>
#include <roundhouse/ids.hpp>
#include <roundhouse/source.hpp>

namespace roundhouse::cli {

namespace {

// How many the selector means; nothing when it is not of the kind "last".
std::optional<std::size_t> count_of_last(const std::string& selector) {
  if (selector == "last") return 1;
  if (!selector.starts_with("last:")) return std::nullopt;
  const char* begin = selector.data() + 5;
  const char* end = selector.data() + selector.size();
  std::size_t count = 0;
  const auto [stop, error] = std::from_chars(begin, end, count);
  if (error != std::errc{} || stop != end || count == 0)
    throw UsageError("'" + selector + "' is none of last, last:1, last:2, ...");
  return count;
}

// "0,2-5": places in the history.
bool are_places(const std::string& selector) {
  return !selector.empty() && selector.find_first_not_of("0123456789,-") == std::string::npos;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// What the hub has left for clients.
Result<ConnectionInfo> read_file_of(const RunDir& run_dir) {
  return read_connection_file(run_dir.connection_file(Role::client), Role::client);
}

bool is_elsewhere(const Result<ConnectionInfo>& info) {
  return info && info->hub_host != host_name();
}

}  // namespace

RunDir run_dir_of(const std::string& cluster) {
  const std::string name = cluster.empty() ? default_cluster() : cluster;
  if (const auto good = check_cluster_name(name); !good) throw UsageError(good.error().text);
  return RunDir::locate(name).or_throw();
}

bool is_here(const RunDir& run_dir) {
  return !is_elsewhere(read_file_of(run_dir));
}

HubState hub_state(const RunDir& run_dir) {
  const Result<ConnectionInfo> info = read_file_of(run_dir);
  if (is_elsewhere(info)) return HubState::here;
  const bool no_file = !info && info.error().code == Errc::not_connected;
  if (!info && !no_file) return HubState::here;  // what is wrong with the file a client says
  if (RunDirLock::holder(run_dir)) return info ? HubState::here : HubState::coming;
  if (find_supervisor(run_dir)) return HubState::coming;
  return no_file ? HubState::stopped : HubState::died;
}

bool is_stopped(const std::string& cluster) noexcept {
  try {
    return hub_state(run_dir_of(cluster)) == HubState::stopped;
  } catch (const std::exception&) {
    return false;
  }
}

ConnectionError no_hub(const RunDir& run_dir) {
  const std::string& cluster = run_dir.cluster();
  const std::string flag = cluster == default_cluster() ? "" : " --cluster " + cluster;
  if (exists(run_dir.connection_file(Role::client)))
    return ConnectionError("cluster '" + cluster + "' died: `roundhouse stop" + flag +
                           "` removes its files, `roundhouse start" + flag + "` starts it again");
  std::string text = "no hub is running for cluster '" + cluster +
                     "': start one with `roundhouse start" + flag + "`";
  if (!list_clusters().empty()) text += "; `roundhouse list` shows those that are";
  // Only a cluster that failed leaves its logs.
  if (exists(run_dir.file("hub.log")))
    text += "; what became of the last one is in " + run_dir.path() + "/*.log";
  return ConnectionError(text);
}

Client connect(const AskOptions& options) {
  const RunDir run_dir = run_dir_of(options.cluster);
  const HubState hub = hub_state(run_dir);
  if (hub == HubState::died || hub == HubState::stopped) throw no_hub(run_dir);
  return Client({.cluster = run_dir.cluster(), .timeout = options.timeout, .label = "roundhouse"});
}

NoEnginesRegistered no_engines() {
  return NoEnginesRegistered("no engine is here: `roundhouse engines add N` starts some");
}

std::vector<int> known_engines(const Client& client) {
  try {
    return client[all].targets();
  } catch (const NoEnginesRegistered&) {
    return {};
  }
}

std::vector<int> resolve_engines(const Client& client, const std::string& selector) {
  const std::vector<int> known = known_engines(client);
  if (known.empty()) throw no_engines();
  const std::vector<int> chosen = select_engines(selector, known);
  for (const int engine : chosen)
    if (!std::ranges::binary_search(known, engine))
      throw Exception(Errc::unknown_engine, "there is no engine " + std::to_string(engine) +
                                                ": `roundhouse engines` lists those that are");
  return chosen;
}

std::vector<std::string> resolve_ids(const Client& client, std::span<const std::string> selectors) {
  std::vector<std::string> ids;
  for (const std::string& selector : selectors) {
    if (const auto count = count_of_last(selector)) {
      std::vector<std::string> newest = client.hub_history(*count);
      std::reverse(newest.begin(), newest.end());
      if (newest.empty()) raise({Errc::unknown_task, "this hub has no record of any task yet"});
      ids.insert(ids.end(), newest.begin(), newest.end());
    } else if (parse_task_id(selector)) {
      ids.push_back(selector);
    } else if (selector == "all") {
      const std::vector<std::string> every = client.hub_history();
      ids.insert(ids.end(), every.begin(), every.end());
    } else if (are_places(selector)) {
      const std::vector<std::string> every = client.hub_history();
      for (const int place : select_engines(selector, {})) {
        if (static_cast<std::size_t>(place) >= every.size())
          throw Exception(Errc::unknown_task, "there is no task at place " + std::to_string(place) +
                                                  ": " + std::to_string(every.size()) +
                                                  " are on record, from 0, the oldest");
        ids.push_back(every[static_cast<std::size_t>(place)]);
      }
    } else if (parse_duration(selector)) {
      throw UsageError("'" + selector + "' is no task: to wait so long, write --wait=" + selector);
    } else {
      throw UsageError("'" + selector +
                       "' is no task: give 32 hexadecimal digits (see `roundhouse history`), last, "
                       "last:N, all, or places such as 0,2-5 from the oldest on");
    }
  }
  return ids;
}

std::string text_of(const std::string& path) {
  if (path != "-") return detail::read_source(path);
  const std::size_t max = ClientOptions{}.call_bytes_max;
  std::string out;
  std::vector<char> part(std::size_t{1} << 16U);
  while (std::cin.read(part.data(), static_cast<std::streamsize>(part.size())),
         std::cin.gcount() > 0) {
    out.append(part.data(), static_cast<std::size_t>(std::cin.gcount()));
    if (out.size() > max)
      throw Exception(Errc::too_large, "standard input is longer than " + std::to_string(max) +
                                           " bytes, which is more than a call may have");
  }
  return out;
}

}  // namespace roundhouse::cli
