#include <algorithm>
#include <cstdio>
#include <utility>

#include <roundhouse/arguments.hpp>
#include <roundhouse/command.hpp>

namespace roundhouse {
namespace {

// The first line, which is taken away.
std::string take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string out(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return out;
}

// A line about a stream, and what it wrote.
bool take_stream(std::string_view& report, std::string_view name, std::string& text,
                 std::uint64_t& left_out) {
  const std::string line = take_line(report);
  unsigned long long size = 0;
  unsigned long long missing = 0;
  const bool about =
      line.starts_with(name) &&
      std::sscanf(line.c_str() + name.size(), ", %llu bytes, %llu left out:", &size, &missing) == 2;
  if (!about || report.size() <= size || report[size] != '\n') return false;
  text = report.substr(0, size);
  left_out = missing;
  report.remove_prefix(size + 1);
  return true;
}

}  // namespace

// The form is written by engine/commands.cpp.
std::optional<CommandResult> failed_command(const RemoteErrorInfo& error) {
  if (error.name != kCommandFailed) return std::nullopt;
  std::string_view report = error.traceback;
  CommandResult out;
  unsigned long long memory = 0;
  const std::string line = take_line(report);
  const int found = std::sscanf(
      line.c_str(),
      "exit code %d, signal %d, wall %lf s, user %lf s, system %lf s, memory %llu bytes",
      &out.exit_code, &out.signal, &out.wall_seconds, &out.user_seconds, &out.system_seconds,
      &memory);
  out.max_rss_bytes = memory;
  const bool whole = found == 6 &&
                     take_stream(report, "standard output", out.out, out.out_left_out) &&
                     take_stream(report, "standard error", out.err, out.err_left_out);
  return whole && report.empty() ? std::optional(std::move(out)) : std::nullopt;
}

namespace detail {

Encoded encode_command(std::vector<std::string> words, CommandOptions options) {
  CommandRequest request{std::move(words), std::move(options.cwd), std::move(options.env),
                         options.check, options.output_max};
  return encode_values(std::move(request), std::move(options.stdin));
}

}  // namespace detail
}  // namespace roundhouse
