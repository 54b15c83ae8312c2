// How commands reach a hub, and how they read the ids that people give them.
//
// Plain functions, called by the main thread.
#pragma once

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

// How the hub of a cluster is, as far as this machine knows: one elsewhere, whose connection file
// was copied here, and one whose file cannot be read, are taken to be here.
enum class HubState {
  here,
  coming,   // it is started, or started again, just now
  died,     // and nobody starts it again
  stopped,  // whoever ends in good order takes its connection files away
};

[[nodiscard]] HubState hub_state(const RunDir& run_dir);

// Whether its hub is, or would be, on this machine.
[[nodiscard]] bool is_here(const RunDir& run_dir);

// Whether the cluster was stopped; false for a name that is none. Throws nothing.
[[nodiscard]] bool is_stopped(const std::string& cluster) noexcept;

// Says that the cluster has no hub, or that it died, and what to do.
[[nodiscard]] ConnectionError no_hub(const RunDir& run_dir);

// A client of the cluster's hub. When there is none it says so at once, instead of waiting for one:
// throws ConnectionError (not_connected) then, and else as Client's constructor.
[[nodiscard]] Client connect(const AskOptions& options);

// To be thrown where there is none.
[[nodiscard]] NoEnginesRegistered no_engines();

// The engines that are there, and those whose process is just being started again: ascending, and
// all of one moment. Throws ConnectionError when the client has no hub.
[[nodiscard]] std::vector<int> known_engines(const Client& client);

// The engines that a selector means, of those: see select_engines(). Throws Exception
// (unknown_engine) for one that is not among them, and NoEnginesRegistered when there are none.
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
