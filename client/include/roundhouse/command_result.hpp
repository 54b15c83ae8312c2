// What an external program that ran on an engine ended with: see command.hpp. And how a command
// travels, for engines and views.
//
// Thread rule: plain values and functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/error.hpp>
#include <roundhouse/serialize.hpp>

namespace roundhouse {

struct CommandResult {
  int exit_code = 0;  // 128 + signal when it was ended by a signal, as shells have it
  int signal = 0;     // 0: it exited by itself
  // What it wrote to standard output and standard error. Where more was written than is kept, a
  // line in the middle says how many bytes are left out: these.
  std::string out{};
  std::string err{};
  std::uint64_t out_left_out = 0;
  std::uint64_t err_left_out = 0;
  double wall_seconds = 0;
  // Of the program and of those that it waited for. The kernel counts to max_rss what the engine
  // had when it started the program: of a small one it says no more than that.
  double user_seconds = 0;
  double system_seconds = 0;
  std::uint64_t max_rss_bytes = 0;

  [[nodiscard]] bool ok() const { return exit_code == 0; }

  friend bool operator==(const CommandResult&, const CommandResult&) = default;

  MSGPACK_DEFINE_MAP(exit_code, signal, out, err, out_left_out, err_left_out, wall_seconds,
                     user_seconds, system_seconds, max_rss_bytes)
};

// The task that runs a command; its arguments are a CommandRequest and the standard input.
inline constexpr std::string_view kCommandTask = "roundhouse.command";

// A command cannot be run: its program is not there or cannot be executed, its folder is missing,
// an argument contains a NUL byte, the arguments are too large. The text says what to do.
class RH_VISIBLE CommandError : public Exception {
 public:
  explicit CommandError(const std::string& text) : Exception(Errc::invalid, text) {}
};

// The name of the error of a command that was to be checked, and did not end with exit status 0.
inline constexpr const char* kCommandFailed = "CommandFailed";

// "exit status 3", "signal 9 (Killed)".
[[nodiscard]] inline std::string ending_of(const CommandResult& result) {
  if (result.signal == 0) return "exit status " + std::to_string(result.exit_code);
  const char* name = sigdescr_np(result.signal);
  return "signal " + std::to_string(result.signal) +
         (name == nullptr ? "" : " (" + std::string(name) + ")");
}

namespace detail {

inline constexpr std::size_t kCommandOutputMax = std::size_t{256} << 20U;  // that may be asked for
// That an error has: it is kept in the record of its task.
inline constexpr std::size_t kFailedOutputMax = std::size_t{128} << 10U;

struct CommandRequest {
  std::vector<std::string> words{};  // the program and its arguments
  std::string cwd{};
  std::map<std::string, std::string> env{};
  bool check = false;
  std::uint64_t output_max = 0;  // bytes that are kept, each of standard output and standard error

  MSGPACK_DEFINE_MAP(words, cwd, env, check, output_max)
};

}  // namespace detail

// What a command that failed under `.check` ended with; nothing for other errors, and where the
// record of its task has been shortened.
[[nodiscard]] std::optional<CommandResult> failed_command(const RemoteErrorInfo& error);

}  // namespace roundhouse
