// Commands: external programs that engines run.
//
//   rh::CommandResult one = client[0].command({"uname", "-a"});
//   std::vector<rh::CommandResult> each = client[rh::all].command({"hostname"});
//   rh::CommandResult free = any.command({"make", "-j4"}, {.cwd = "/src/x", .time_limit = 10min});
//   if (!free.ok()) std::cout << rh::ending_of(free) << '\n' << free.err;
//   auto later = any.command_async({"sort"}, {.stdin = text, .check = true});
//
// The first word is the program: a path, or a name that is looked for in the PATH. No shell is
// involved: words are passed as they are, whatever bytes they contain, but for NUL, which cannot
// be.
// {"sh", "-c", "a | b"} is for what a shell does.
//
// A command ends when its program does. What it left running in its process group is killed then,
// and with it at its time limit (SIGTERM first, half of the engine's `limit_grace` later SIGKILL)
// and when its engine dies. What leaves the group (setsid) goes on, and belongs to nobody here.
//
// An exit status other than 0 is a result, and no exception, unless `.check` is set: the task then
// fails with a RemoteError named CommandFailed, is tried again where the view has retries, and is a
// failure to what depends on it; failed_command(error.info()) has its result. What cannot be run is
// a RemoteError named CommandError, what takes too long TimeLimitExceeded. Engines may be told to
// run no commands; a task that finds no other is an UnmetDependency.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <roundhouse/async_result.hpp>
#include <roundhouse/command_result.hpp>
#include <roundhouse/submission.hpp>
#include <roundhouse/timeout.hpp>

namespace roundhouse {

struct CommandOptions {
  std::string cwd{};                         // the folder that it runs in; empty: the engine's
  std::map<std::string, std::string> env{};  // beside the environment of the engine
  std::string stdin{};                       // what it reads from its standard input
  Limit time_limit = no_limit;               // of the run; instead of the view's, if it has one
  bool check = false;                        // an exit status other than 0 is an error
  // How many bytes are kept, each of standard output and standard error: half of them from the
  // beginning, half from the end. At most 256 MiB. (In an error at most 128 KiB.)
  std::size_t output_max = std::size_t{1} << 20U;
};

namespace detail {

[[nodiscard]] Encoded encode_command(std::vector<std::string> words, CommandOptions options);

// command(), as all views have it. `View` offers a submitter_ and result<R>().
template <class View>
class RunsCommands {
 public:
  // Waits: a CommandResult, on several engines a list of them. Throws as get().
  auto command(std::vector<std::string> words, CommandOptions options = {}) const {
    return send_command(std::move(words), std::move(options), Urgency::waits).get();
  }

  // The same for later.
  auto command_async(std::vector<std::string> words, CommandOptions options = {}) const {
    return send_command(std::move(words), std::move(options), Urgency::later);
  }

 protected:
  RunsCommands() = default;

 private:
  auto send_command(std::vector<std::string> words, CommandOptions options, Urgency urgency) const {
    const Submitter& view = static_cast<const View&>(*this).submitter_;
    const Limit limit = options.time_limit;
    Encoded arguments = encode_command(std::move(words), std::move(options));
    Pending tasks = limit == no_limit
                        ? view.submit_call({kCommandTask, {}}, arguments, urgency)
                        : view.limited(limit).submit_call({kCommandTask, {}}, arguments, urgency);
    return View::template result<CommandResult>(std::move(tasks));
  }
};

}  // namespace detail
}  // namespace roundhouse
