// Watch: what a command looks at while it waits for tasks: Ctrl-C, whether its cluster is still
// there, and whether there are engines.
//
//   Watch watch(client, options.ask);
//   watch.await([&](Duration most) { return result.wait(most); }, [] { return id; }, limit);
//
// One at a time, made and asked by the main thread: it has an Interrupt.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "shared/paths.hpp"
#include "shared/time.hpp"
#include <roundhouse/async_tasks.hpp>
#include <roundhouse/client.hpp>

namespace roundhouse::cli {

// So long from now; nothing without a limit.
[[nodiscard]] std::optional<TimePoint> end_of(const std::optional<Duration>& limit);

class Watch {
 public:
  // The client, which is one of `ask`'s cluster, outlives it.
  Watch(const Client& client, const AskOptions& ask);

  // To be called often while the command waits. Says once when there is nobody to run the tasks,
  // and when the hub died and nobody starts it again. Throws ConnectionError (not_connected) when
  // the cluster was stopped: nothing will come any more.
  void look();

  [[nodiscard]] const Interrupt& interrupt() const { return interrupt_; }

  // Until `wait`, which waits for at most so long, returns true. After Ctrl-C, and when the time is
  // over (never, if there is none), it throws Exception that says that the task goes on: `id` is
  // that of one that is not there. Throws as look().
  void await(const std::function<bool(Duration)>& wait, const std::function<std::string()>& id,
             const std::optional<Duration>& limit);

  // Until all are there; else the same.
  void await(const AsyncTasks& tasks, const std::optional<Duration>& limit);

  // Until all have ended, or until then. Returns whether they have. Throws Exception (aborted)
  // after Ctrl-C, and as look().
  bool until_ended(const AsyncTasks& tasks, const std::optional<TimePoint>& end);

 private:
  // False when the time is over, or after Ctrl-C.
  bool until(const std::function<bool(Duration)>& wait, const std::optional<TimePoint>& end);
  void look_at_hub(TimePoint now);

  const Client& client_;
  const RunDir run_dir_;
  Interrupt interrupt_;
  TimePoint next_;  // look at the hub's files
  std::optional<TimePoint> stopped_since_;
  bool told_no_engines_ = false;
  bool told_died_ = false;
};

// Until they have ended, or as long as `wait` says, the value of a --wait=TIME; without one at
// once. Throws Exception (timeout) after that, with `advice` behind its text, and as Watch::look().
void await_ends(const Client& client, const AskOptions& ask, const AsyncTasks& tasks,
                const std::string& wait, const std::string& advice);

}  // namespace roundhouse::cli
