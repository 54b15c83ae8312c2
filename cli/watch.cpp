#include "cli/watch.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <utility>

#include "cli/connect.hpp"
#include "shared/clock.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::cli {

namespace {

constexpr Duration kLook = std::chrono::milliseconds{50};
constexpr Duration kAlone = std::chrono::seconds{2};
constexpr Duration kStopped = std::chrono::seconds{5};  // longer than a stop and a start at once

}  // namespace

std::optional<TimePoint> end_of(const std::optional<Duration>& limit) {
  return limit ? std::optional(steady_now() + *limit) : std::nullopt;
}

Watch::Watch(const Client& client, const AskOptions& ask)
    : client_(client), run_dir_(run_dir_of(ask.cluster)), next_(steady_now() + kAlone) {}

void Watch::look() {
  const TimePoint now = steady_now();
  if (now < next_) return;
  next_ = now + std::chrono::seconds{1};
  look_at_hub(now);
  if (told_no_engines_ || client_.size() > 0) return;
  told_no_engines_ = true;
  std::cerr << "roundhouse: no engine is here, and it waits for one: `roundhouse engines add N`\n";
}

void Watch::look_at_hub(TimePoint now) {
  const HubState hub = hub_state(run_dir_);
  if (hub != HubState::stopped) stopped_since_.reset();
  if (hub == HubState::died && !std::exchange(told_died_, true))
    std::cerr << "roundhouse: " << no_hub(run_dir_).what() << "; until then this waits\n";
  if (hub == HubState::here) told_died_ = false;
  if (hub != HubState::stopped) return;
  if (!stopped_since_) stopped_since_ = now;
  if (now - *stopped_since_ >= kStopped)
    throw ConnectionError(std::string(no_hub(run_dir_).what()) +
                          "; `roundhouse history` tells then what became of this");
}

bool Watch::until(const std::function<bool(Duration)>& wait, const std::optional<TimePoint>& end) {
  for (;;) {
    const Duration left = end ? std::max(*end - steady_now(), Duration{}) : kLook;
    if (wait(std::min(left, kLook))) return true;
    if (interrupt_.signal() != 0 || (end && left <= kLook)) return false;
    look();
  }
}

void Watch::await(const std::function<bool(Duration)>& wait, const std::function<std::string()>& id,
                  const std::optional<Duration>& limit) {
  if (until(wait, end_of(limit))) return;
  throw Exception(
      interrupt_.signal() != 0 ? Errc::aborted : Errc::timeout,
      "no result yet, and it goes on: `roundhouse result " + id() + " --wait` waits for it");
}

void Watch::await(const AsyncTasks& tasks, const std::optional<Duration>& limit) {
  await([&](Duration most) { return tasks.wait(most); }, [&] { return tasks.msg_ids().front(); },
        limit);
}

bool Watch::until_ended(const AsyncTasks& tasks, const std::optional<TimePoint>& end) {
  if (until([&](Duration most) { return tasks.wait(most); }, end)) return true;
  if (interrupt_.signal() != 0) raise({Errc::aborted, "interrupted: the tasks go on"});
  return false;
}

void await_ends(const Client& client, const AskOptions& ask, const AsyncTasks& tasks,
                const std::string& wait, const std::string& advice) {
  if (wait.empty()) return;
  if (!Watch(client, ask).until_ended(tasks, end_of(parse_duration(wait))))
    raise({Errc::timeout, "not all have ended after " + wait + advice});
}

}  // namespace roundhouse::cli
