#include "engine/commands.hpp"

#include <fstream>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "engine/builtin_tasks.hpp"
#include "engine/task_host.hpp"
#include "tests/support/temp_dir.hpp"
#include <roundhouse/arguments.hpp>

namespace roundhouse::engine {
namespace {

using detail::CommandRequest;

Reply call(TaskHost& host, CommandRequest request, std::string input = {}) {
  if (request.output_max == 0) request.output_max = 1U << 20U;
  const Encoded arguments = encode_values(std::move(request), std::move(input));
  Reply reply;
  find_builtin_task(kCommandTask)->invoke({arguments.body, arguments.frames, &host}, reply);
  return reply;
}

CommandResult run(CommandRequest request, std::string input = {}) {
  TaskHost host(1);
  const Reply reply = call(host, std::move(request), std::move(input));
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  return decode_result<CommandResult>(reply.result.body, reply.result.frames);
}

// The text of the CommandError.
std::string refusal(CommandRequest request) {
  TaskHost host(1);
  const Reply reply = call(host, std::move(request));
  CHECK_FALSE(reply.ok);
  CHECK(reply.error.name == "CommandError");
  return reply.error.value;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a command runs with its arguments, folder, variables and input") {
  const test::TempDir dir;
  const CommandResult result = run(
      {{"sh", "-c", "pwd; echo $A $HOME_SWEET; cat", "sh"}, dir.path(), {{"A", "b c"}}}, "input\n");
  CHECK(result.ok());
  CHECK(has(result.out, "b c\ninput\n"));
  CHECK(has(dir.path(), result.out.substr(0, result.out.find('\n'))));
  CHECK(result.wall_seconds > 0);
}

TEST_CASE("a variable takes the place of the engine's") {
  const test::ScopedEnv ours("RH_COMMAND_TEST", "ours");
  CHECK(run({{"sh", "-c", "echo $RH_COMMAND_TEST"}}).out == "ours\n");
  CHECK(run({{"env"}, "", {{"RH_COMMAND_TEST", "theirs"}}}).out.find("=ours") == std::string::npos);
}

TEST_CASE("every byte but NUL arrives as it is") {
  std::string bytes;
  for (int byte = 1; byte < 256; ++byte) bytes += static_cast<char>(byte);
  CHECK(run({{"printf", "%s", bytes}}).out == bytes);
  CHECK(run({{"sh", "-c", "printf %s \"$X\""}, "", {{"X", bytes}}}).out == bytes);
  CHECK(run({{"cat"}}, bytes + '\0').out == bytes + '\0');
  CHECK(run({{"printf", "%s|", "", " ", "*", "$HOME"}}).out == "| |*|$HOME|");
}

TEST_CASE("a program is found in the PATH that it will have, and relative to its folder") {
  const test::TempDir dir;
  std::ofstream(dir.file("tool")) << "#!/bin/sh\necho found\n";
  REQUIRE(chmod(dir.file("tool").c_str(), 0700) == 0);
  CHECK(run({{"tool"}, "", {{"PATH", "/nowhere:" + dir.path()}}}).out == "found\n");
  CHECK(run({{"./tool"}, dir.path()}).out == "found\n");
  CHECK(run({{"tool"}, dir.path(), {{"PATH", "/nowhere:"}}}).out == "found\n");
}

TEST_CASE("what cannot be run is a CommandError that says what to do") {
  const test::TempDir dir;
  CHECK(has(refusal({}), "needs a program"));
  CHECK(has(refusal({{""}}), "needs a program"));
  CHECK(has(refusal({{"echo", std::string("a\0b", 3)}}), "argument 1 contains a NUL"));
  CHECK(has(refusal({{"no-such-program"}}), "looked for in PATH="));
  CHECK(has(refusal({{"/no/such/program"}}), "no program '/no/such/program'"));
  CHECK(has(refusal({{"true"}, "/no/such/folder"}), "'/no/such/folder' cannot be entered"));
  CHECK(has(refusal({{"true"}, std::string("/\0", 2)}), "NUL"));
  CHECK(has(refusal({{"true"}, "", {{"A=B", "c"}}}), "no name for a variable"));
  CHECK(has(refusal({{"true"}, "", {{"", "c"}}}), "no name for a variable"));
  CHECK(has(refusal({{"true"}, "", {{"A", std::string(1, '\0')}}}), "variable A contains a NUL"));
  CHECK(has(refusal({{"echo", std::string(3U << 20U, 'x')}}), "too large"));
  CHECK(has(refusal({{"true"}, "", {}, false, std::uint64_t{1} << 40U}), "256 MiB"));
  CHECK(has(refusal({{dir.path()}}), "may not be run"));
  std::ofstream(dir.file("script")) << "#!/no/such/interpreter\n";
  CHECK(has(refusal({{dir.file("script")}}), "chmod +x"));
  REQUIRE(chmod(dir.file("script").c_str(), 0700) == 0);
  CHECK(has(refusal({{dir.file("script")}}), "the interpreter that it names is not there"));
  std::ofstream(dir.file("plain")) << "echo\n";
  REQUIRE(chmod(dir.file("plain").c_str(), 0700) == 0);
  CHECK(has(refusal({{dir.file("plain")}}), "begins with #!"));
}

TEST_CASE("a status other than 0 is a result, and an error where it is to be checked") {
  TaskHost host(1);
  const std::vector<std::string> words{"sh", "-c", "echo out; echo why >&2; exit 3"};
  const CommandResult result = run({words});
  CHECK_FALSE(result.ok());
  CHECK(result.exit_code == 3);
  CHECK(ending_of(result) == "exit status 3");
  const Reply reply = call(host, {words, "", {}, true});
  CHECK_FALSE(reply.ok);
  CHECK(reply.error.name == kCommandFailed);
  CHECK(reply.error.value == "'sh' ended with exit status 3: why");
  CHECK(has(reply.error.traceback, "exit code 3, signal 0, wall 0."));
  CHECK(has(reply.error.traceback,
            "standard output, 4 bytes, 0 left out:\nout\n\n"
            "standard error, 4 bytes, 0 left out:\nwhy\n\n"));
  CHECK(call(host, {{"true"}, "", {}, true}).ok);
}

TEST_CASE("output is kept up to its limit, of errors no more than a record should have") {
  const std::vector<std::string> words{"sh", "-c", "head -c 1000000 /dev/zero; exit 1"};
  const CommandResult result = run({words, "", {}, false, 1000});
  CHECK(result.out_left_out == 999'000);
  CHECK(has(result.out, "[... 999000 bytes left out ...]"));
  TaskHost host(1);
  const Reply reply = call(host, {words, "", {}, true});
  CHECK(reply.error.traceback.size() < detail::kFailedOutputMax + 1000);
  CHECK(has(reply.error.traceback, " 868928 left out:\n"));
}

TEST_CASE("an engine that may run no commands says so, and is not the place for them") {
  TaskHost host(1);
  host.commands().set({.allowed = false});
  const Reply reply = call(host, {{"true"}});
  CHECK_FALSE(reply.ok);
  CHECK(reply.error.name == "UnmetDependency");
  CHECK(has(reply.error.value, "--no-commands"));
}

}  // namespace
}  // namespace roundhouse::engine
