#include "cli/connect.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <unistd.h>

#include "client/cluster_control.hpp"
#include "shared/connection_file.hpp"
#include "shared/paths.hpp"
#include <roundhouse/error.hpp>
#include <roundhouse/ids.hpp>

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

}  // namespace

ConnectionError no_hub(const std::string& cluster) {
  const std::string flag = cluster == default_cluster() ? "" : " --cluster " + cluster;
  std::string text = "no hub is running for cluster '" + cluster +
                     "': start one with `roundhouse start" + flag + "`";
  // Only a cluster that failed leaves its logs.
  if (const auto run_dir = RunDir::locate(cluster);
      run_dir && ::access(run_dir->file("hub.log").c_str(), F_OK) == 0)
    text += "; what became of the last one is in " + run_dir->path() + "/*.log";
  return ConnectionError(text);
}

Client connect(const AskOptions& options) {
  const RunDir run_dir = RunDir::locate(options.cluster).or_throw();
  const auto info = read_connection_file(run_dir.connection_file(Role::client), Role::client);
  // With a supervisor the hub is on its way: it is started again just now.
  if (!info && info.error().code == Errc::not_connected && !find_supervisor(run_dir))
    throw no_hub(run_dir.cluster());
  return Client({.cluster = run_dir.cluster(), .timeout = options.timeout, .label = "roundhouse"});
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
    } else {
      throw UsageError("'" + selector +
                       "' is no task: give 32 hexadecimal digits (see `roundhouse history`), last "
                       "or last:N");
    }
  }
  return ids;
}

}  // namespace roundhouse::cli
