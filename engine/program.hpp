#pragma once

// SHELL. What roundhouse-engine does once its options are read: the nanny, or the engine process
// under it. Each owns its process: signals, descriptors, exit.

#include <cstddef>
#include <string>
#include <vector>

#include "engine/config.hpp"
#include "engine/core/outbox.hpp"
#include "engine/process.hpp"
#include <roundhouse/version.hpp>

namespace roundhouse::engine {

inline constexpr int kUsageStatus = 2;

// The nanny, until the engine is to be no more: waits for a hub as configured, runs the engine
// process (this program with `arguments` and --inherit), prints `ready` on standard output after
// the first welcome and one line on standard error when it ends badly. Returns the exit status.
// Throws Exception.
[[nodiscard]] int run_nanny(const EngineConfig& config, std::vector<std::string> arguments);

// So many engines in this one process that run nothing (crowd.hpp), until their hub sends them away
// or the parent dies. Returns the exit status. Throws Exception.
[[nodiscard]] int run_crowd(const EngineConfig& config, std::size_t count);

// The engine process. `inherit` is what Process::start passed on.
[[noreturn]] void run_engine_process(const EngineConfig& config, const std::string& inherit);

}  // namespace roundhouse::engine
