// How commands reach a hub, and how they read the ids that people give them.
//
// Plain functions, called by the main thread.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "shared/paths.hpp"
#include <roundhouse/client.hpp>
#include <roundhouse/error.hpp>

namespace roundhouse::cli {

// The run directory of a cluster (empty: the default one). Throws UsageError for a bad name.
[[nodiscard]] RunDir run_dir_of(const std::string& cluster);

// Says that the cluster has no hub, or that it died, and what to do.
[[nodiscard]] ConnectionError no_hub(const RunDir& run_dir);

// A client of the cluster's hub. When there is none it says so at once, instead of waiting for one:
// throws ConnectionError (not_connected) then, and else as Client's constructor.
[[nodiscard]] Client connect(const AskOptions& options);

// Until all are there. Says so when there is nobody to run them; after Ctrl-C, and when the time is
// over (never, if there is none), it throws Exception that says that they go on.
void await_results(const Client& client, const AsyncTasks& tasks,
                   const std::optional<Duration>& limit);

// The same, where `wait` waits for at most so long and returns whether all are there, and `id` is
// that of one that is not.
void await_results(const Client& client, const std::function<bool(Duration)>& wait,
                   const std::function<std::string()>& id, const std::optional<Duration>& limit);

// Until they have ended, or as long as `wait` says, the value of a --wait=TIME; without one at
// once. Throws Exception (timeout) after that, with `advice` behind its text.
void await_ends(const AsyncTasks& tasks, const std::string& wait, const std::string& advice);

// To be thrown where there is none.
[[nodiscard]] NoEnginesRegistered no_engines();

// Whether the engine is there, or will be again: its process is being started anew.
[[nodiscard]] bool is_known(const Client& client, int engine);

// The engines that a selector means, of those that are there now: see select_engines(). Throws
// Exception (unknown_engine) for one that is not known, and NoEnginesRegistered when none is.
[[nodiscard]] std::vector<int> resolve_engines(const Client& client, const std::string& selector);

// "last": the newest task; "last:N": the N newest, newest first; "all"; "0,2-5": by their places in
// the hub's history, where 0 is the oldest; all else must be msg_ids, of 32 hexadecimal digits.
// Throws UsageError for anything else, and Exception (unknown_task) for a place or a "last" that no
// task has.
[[nodiscard]] std::vector<std::string> resolve_ids(const Client& client,
                                                   std::span<const std::string> selectors);

// The text of a file of this machine; "-" is standard input. Throws Exception (io_failed).
[[nodiscard]] std::string text_of(const std::string& path);

}  // namespace roundhouse::cli
