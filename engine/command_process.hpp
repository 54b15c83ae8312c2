#pragma once

// OS. One external program, from its start to its end: in a process group of its own, with all
// signals as they are by default, no descriptor of ours but its three streams, and its standard
// input a file in memory.
//
// It ends when its program does; what is left of its group then has kLeftoverGrace to close the
// output, and is killed. When the engine process dies, the kernel kills the program, and the nanny
// its group (command_cell.hpp). What has left the group (setsid) is not ours any more.
// Thread rule: any thread that lives as long as the process, several at a time.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/command_cell.hpp"
#include "engine/command_output.hpp"
#include "engine/dispositions.hpp"
#include "shared/time.hpp"

namespace roundhouse::engine {

inline constexpr Duration kLeftoverGrace = std::chrono::milliseconds{200};
// How often a program that runs is looked after: whether it should stop.
inline constexpr Duration kStopLook = std::chrono::milliseconds{20};

// What is to be run. No text contains a NUL.
struct CommandPlan {
  // Hears what it writes: 0 standard output, 1 standard error.
  using Heard = std::function<void(std::uint32_t stream, std::string_view bytes)>;

  std::vector<std::string> programs;     // paths, tried in turn until one is there
  std::vector<std::string> words;        // the first is its name
  std::vector<std::string> environment;  // NAME=VALUE
  std::vector<char*> inherited = {};     // the same, that nobody changes meanwhile: before these
  std::string folder;                    // empty: ours
  std::string_view input;
  Duration grace{0};                // from SIGTERM to SIGKILL, when it should stop
  Heard heard = {};                 // null: nobody hears
  SignalSet changed = kAllSignals;  // what must be set to its default, of our dispositions
};

// What did not work.
enum class CommandStep : std::int32_t {
  none,
  process,  // no process, pipe or memory to be had
  folder,   // it is not there
  program,  // it is not there, or cannot be run
  status    // its exit status was taken by somebody else
};

struct CommandEnd {
  CommandStep failed = CommandStep::none;
  int error = 0;  // errno of what failed
  int exit_code = 0;
  int signal = 0;  // 0: it exited
  Duration user{0};
  Duration system{0};
  std::uint64_t max_rss_bytes = 0;
};

// Runs it and returns when it has ended. Once `stop` (may be null) is set its group gets SIGTERM,
// and after the grace SIGKILL.
CommandEnd run_command(CommandPlan plan, CommandCell& cell, const std::atomic<bool>* stop,
                       CommandOutput& out, CommandOutput& err);

}  // namespace roundhouse::engine
