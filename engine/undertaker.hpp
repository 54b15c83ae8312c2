#pragma once

// OS. Undertaker: a small process beside an engine process that runs programs. When that one and
// its nanny are both dead, it kills the process groups that they leave; while the nanny lives that
// is hers to do.
//
// Thread rule: plain functions, any thread.

#include <string>

#include <sys/types.h>

namespace roundhouse::engine {

// The flag that makes roundhouse-engine the undertaker of the process that has started it.
inline constexpr const char* kUndertakerFlag = "--undertaker";

// For the engine process: starts its undertaker, which goes by itself. `page_fd` is the page with
// the cells of its commands. False when the system has no process left, which costs no more than
// that: `errno` says why.
[[nodiscard]] bool start_undertaker(int page_fd, pid_t nanny);

// The process itself, for its main(), with what the flag says. Returns its exit status when there
// is nothing left to do.
[[nodiscard]] int run_undertaker(const std::string& charge);

}  // namespace roundhouse::engine
