#include "engine/commands.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

#include "shared/clock.hpp"
#include <roundhouse/arguments.hpp>

namespace roundhouse::engine {
namespace {

using detail::CommandRequest;

constexpr const char* kPathDefault = "/usr/local/bin:/usr/bin:/bin";

bool has_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

[[noreturn]] void refuse(const std::string& text) {
  throw CommandError(text);
}

void check(const CommandRequest& request) {
  if (request.words.empty() || request.words.front().empty())
    refuse("a command needs a program: {\"ls\", \"-l\"}");
  for (std::size_t i = 0; i < request.words.size(); ++i)
    if (has_nul(request.words[i]))
      refuse(
          fmt::format("argument {} contains a NUL byte, which no program can be given: pass it "
                      "as standard input",
                      i));
  if (has_nul(request.cwd)) refuse("the name of the folder contains a NUL byte");
  for (const auto& [name, value] : request.env) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name))
      refuse("'" + name +
             "' is no name for a variable of the environment: it must not be empty, "
             "nor contain '=' or NUL");
    if (has_nul(value)) refuse("the variable " + name + " contains a NUL byte");
  }
  if (request.output_max > detail::kCommandOutputMax)
    refuse("more than 256 MiB of output cannot be kept: let the command write to a file");
}

void set_environment(const CommandRequest& request, CommandPlan& plan) {
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view variable = *each;
    if (request.env.empty() ||
        !request.env.contains(std::string(variable.substr(0, variable.find('=')))))
      plan.inherited.push_back(*each);
  }
  for (const auto& [name, value] : request.env) plan.environment.push_back(name + "=" + value);
}

// The PATH of the command.
std::string path_of(const CommandRequest& request) {
  const auto given = request.env.find("PATH");
  if (given != request.env.end()) return given->second;
  const char* ours = std::getenv("PATH");
  return ours == nullptr ? kPathDefault : ours;
}

// Where the program may be; relative to the command's folder.
std::vector<std::string> places_of(const CommandRequest& request) {
  const std::string& program = request.words.front();
  if (program.find('/') != std::string::npos) return {program};
  std::vector<std::string> out;
  const std::string path = path_of(request);
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string folder = path.substr(at, end - at);
    out.push_back((folder.empty() ? "." : folder) + "/" + program);
    at = end + 1;
  }
  return out;
}

std::size_t bytes_of(const CommandPlan& plan) {
  std::size_t out = 0;
  for (const auto* texts : {&plan.words, &plan.environment})
    for (const std::string& text : *texts) out += text.size() + 1;
  for (const char* text : plan.inherited) out += std::strlen(text) + 1;
  return out;
}

// Why the program could not be run, and what to do.
std::string program_text(const CommandRequest& request, int error, std::size_t bytes) {
  const std::string& program = request.words.front();
  const bool is_path = program.find('/') != std::string::npos;
  const std::string why = std::string(" (") + std::strerror(error) + ")";
  switch (error) {
    case ENOENT:
      if (!is_path)
        return "there is no program '" + program +
               "' on this engine: it was looked for in PATH=" + path_of(request) +
               "; give its path, or set PATH with .env";
      if (program.front() == '/' && access(program.c_str(), F_OK) == 0)
        return "'" + program + "' cannot be run: the interpreter that it names is not there" + why;
      return "there is no program '" + program + "' on this engine" + why +
             "; a path is looked for on the engine's machine, from .cwd if it is relative";
    case EACCES:
      return "'" + program + "' may not be run" + why +
             ": is it a program, and is it executable (chmod +x)?";
    case ENOEXEC:
      return "'" + program + "' is no program" + why +
             ": a script begins with #! and its interpreter, or is run by it: {\"sh\", \"" +
             program + "\"}";
    case E2BIG:
      return fmt::format(
          "the arguments and the environment are too large{}: they are {} bytes, and "
          "one argument may have 128 KiB; pass what is large as standard input",
          why, bytes);
    default: return "'" + program + "' cannot be run" + why;
  }
}

[[noreturn]] void refuse(const CommandRequest& request, const CommandEnd& end, std::size_t bytes) {
  const std::string why = std::string(" (") + std::strerror(end.error) + ")";
  switch (end.failed) {
    case CommandStep::folder:
      refuse("the folder '" + request.cwd + "' cannot be entered on this engine" + why +
             ": .cwd is a folder of the engine's machine");
    case CommandStep::status:
      refuse("how '" + request.words.front() + "' ended is not known" + why +
             ": a task of this engine waits for children that are not its own, or ignores SIGCHLD");
    case CommandStep::program: refuse(program_text(request, end.error, bytes));
    default:
      refuse("the engine can start no process" + why +
             ": try again later, or raise its limits (ulimit -u, ulimit -n)");
  }
}

// The traceback of a kCommandFailed: for people, and for failed_command().
std::string report_of(const CommandResult& result) {
  std::string out = fmt::format(
      "exit code {}, signal {}, wall {:.6f} s, user {:.6f} s, system {:.6f} s, memory {} bytes\n",
      result.exit_code, result.signal, result.wall_seconds, result.user_seconds,
      result.system_seconds, result.max_rss_bytes);
  const auto add = [&out](const char* name, const std::string& text, std::uint64_t left_out) {
    out += fmt::format("{}, {} bytes, {} left out:\n", name, text.size(), left_out);
    out.append(text).append("\n");
  };
  add("standard output", result.out, result.out_left_out);
  add("standard error", result.err, result.err_left_out);
  return out;
}

// The last line that says something.
std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return "";
  const std::size_t begin = text.find_last_of('\n', end) + 1;
  constexpr std::size_t kMax = 512;
  return text.substr(begin, std::min(end + 1 - begin, kMax));
}

void complain(const CommandRequest& request, const CommandResult& result, Reply& reply) {
  reply.ok = false;
  reply.error.name = kCommandFailed;
  reply.error.value = "'" + request.words.front() + "' ended with " + ending_of(result);
  if (const std::string said = last_line(result.err); !said.empty())
    reply.error.value += ": " + said;
  reply.error.traceback = report_of(result);
}

// A cell for as long as a command runs.
class Seat {
 public:
  explicit Seat(CommandCells cells) : cell_(take_cell(cells)) {
    if (cell_ == nullptr) refuse("this engine runs as many commands as it can: try again later");
  }

  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  ~Seat() { cell_->group.store(CommandCell::kFree); }

  [[nodiscard]] CommandCell& cell() { return *cell_; }

 private:
  CommandCell* cell_;
};

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void Commands::set(Rules rules, CommandCells cells) {
  rules_ = rules;
  cells_ = cells;
  own_.reset();
}

void Commands::run(const Invocation& call, Reply& reply) {
  detail::Decoder in(call.body, call.frames);
  in.begin_arguments(2);
  const auto request = detail::Codec<CommandRequest>::decode(in);
  const auto input = detail::Codec<std::string>::decode(in);
  in.finish();
  if (!rules_.allowed)
    throw UnmetDependency("this engine runs no commands: it was started with --no-commands");
  const CommandResult result = run(request, input, call.stop);
  if (request.check && !result.ok()) return complain(request, result, reply);
  encode_result(reply.result, result);
}

CommandResult Commands::run(const CommandRequest& request, std::string_view input,
                            const std::atomic<bool>* stop) {
  check(request);
  CommandOutput out(request.output_max);
  CommandOutput err(request.output_max);
  CommandPlan plan{places_of(request), request.words, {},           {},
                   request.cwd,        input,         rules_.grace, heard_};
  set_environment(request, plan);
  const std::size_t bytes = bytes_of(plan);
  std::call_once(first_, [this] {
    if (before_first_) before_first_();
  });
  const TimePoint begin = steady_now();
  plan.changed = dispositions_.changed(begin);
  Seat seat(cells_);
  const CommandEnd end = run_command(std::move(plan), seat.cell(), stop, out, err);
  if (end.failed != CommandStep::none) refuse(request, end, bytes);
  CommandResult result;
  result.exit_code = end.exit_code;
  result.signal = end.signal;
  if (request.check && !result.ok()) {
    out.limit(detail::kFailedOutputMax);
    err.limit(detail::kFailedOutputMax);
  }
  result.out = out.text();
  result.err = err.text();
  result.out_left_out = out.left_out();
  result.err_left_out = err.left_out();
  result.wall_seconds = seconds_of(steady_now() - begin);
  result.user_seconds = seconds_of(end.user);
  result.system_seconds = seconds_of(end.system);
  result.max_rss_bytes = end.max_rss_bytes;
  return result;
}

}  // namespace roundhouse::engine
