#include "cli/calling.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "cli/connect.hpp"

namespace roundhouse::cli {
namespace {

constexpr std::size_t kAheadPerEngine = 8;
constexpr std::size_t kAheadMin = 32;
constexpr const char* kBetweenIds = ", \n\t";

Dependency dependency_of(const std::string& ids) {
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = ids.find_first_not_of(kBetweenIds, at)) != std::string::npos;) {
    const std::size_t end = std::min(ids.find_first_of(kBetweenIds, at), ids.size());
    out.push_back(ids.substr(at, end - at));
    at = end;
  }
  return Dependency(out);
}

Limit limit_for(const std::optional<Duration>& time) {
  return time ? Limit(*time) : Limit(no_limit);
}

}  // namespace

ApplyMessage message_for(const CallOptions& options, const std::vector<int>& engines) {
  ApplyMessage message;
  message.function = options.function;
  message.engines = engines;
  message.label = options.label;
  message.retries = options.retries;
  message.priority = options.priority;
  message.after = dependency_of(options.after);
  message.follow = dependency_of(options.follow);
  message.timeout = limit_for(options.dependency_timeout);
  message.time_limit = limit_for(options.time_limit);
  return message;
}

std::vector<int> engines_for(const Client& client, const CallOptions& options) {
  if (options.engines.empty()) return {};
  const auto refuse = [](bool given, const char* option) {
    if (given)
      throw UsageError(std::string(option) +
                       " is for tasks that the scheduler places: leave --engine out");
  };
  refuse(options.retries > 0, "--retries");
  refuse(options.priority != 0, "--priority");
  refuse(!options.after.empty(), "--after");
  refuse(!options.follow.empty(), "--follow");
  refuse(options.dependency_timeout.has_value(), "--dependency-timeout");
  return resolve_engines(client, options.engines);
}

std::size_t room_for(const Client& client) {
  return std::max(kAheadMin, kAheadPerEngine * client.size());
}

void print_ids(const AsyncTasks& tasks, Output& out, Json& document) {
  for (const std::string& id : tasks.msg_ids()) {
    if (!out.json()) out.line(id);
    document.push_back({{"msg_id", id}});
  }
}

}  // namespace roundhouse::cli
