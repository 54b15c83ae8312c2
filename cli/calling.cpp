#include "cli/calling.hpp"

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>

#include "cli/connect.hpp"
#include "cli/interrupt.hpp"
#include "shared/clock.hpp"

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
  refuse(options.time_limit.has_value(), "--time-limit");
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

void wait_for(const Client& client, const AsyncTasks& tasks, const CallOptions& options) {
  constexpr Duration kLook = std::chrono::milliseconds{50};
  constexpr Duration kAlone = std::chrono::seconds{2};
  const Interrupt interrupt;
  const TimePoint began = steady_now();
  bool told = false;
  while (!tasks.wait(kLook)) {
    const Duration waited = steady_now() - began;
    const bool too_long = options.limit && waited >= *options.limit;
    if (too_long || interrupt.signal() != 0)
      throw Exception(too_long ? Errc::timeout : Errc::aborted,
                      "no result yet, and it goes on: `roundhouse result " +
                          tasks.msg_ids().front() + " --wait` waits for it");
    if (told || waited < kAlone || client.size() > 0) continue;
    std::cerr
        << "roundhouse: no engine is here, and it waits for one: `roundhouse engines add N`\n";
    told = true;
  }
}

}  // namespace roundhouse::cli
