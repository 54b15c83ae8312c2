// What apply, map and submit have in common: from their options to the message that asks for tasks.
//
// Plain functions, called by the main thread.
#pragma once

#include <cstddef>
#include <vector>

#include "cli/commands.hpp"
#include <roundhouse/apply_message.hpp>
#include <roundhouse/client.hpp>

namespace roundhouse::cli {

// The text of the options must outlive it.
[[nodiscard]] ApplyMessage message_for(const CallOptions& options, const std::vector<int>& engines);

// The engines that are said; none where the scheduler chooses. Throws UsageError for options that
// are for tasks which it places.
[[nodiscard]] std::vector<int> engines_for(const Client& client, const CallOptions& options);

// How many pieces of work are under way at a time.
[[nodiscard]] std::size_t room_for(const Client& client);

// Prints the ids of tasks that are not waited for.
void print_ids(const AsyncTasks& tasks, Output& out, Json& document);

}  // namespace roundhouse::cli
