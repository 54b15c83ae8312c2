#include <csignal>
#include <string>

#include <doctest/doctest.h>

#include <roundhouse/command.hpp>

namespace roundhouse {
namespace {

RemoteErrorInfo failure(const std::string& report) {
  return {kCommandFailed, "", report, std::nullopt, ""};
}

const std::string kReport =
    "exit code 3, signal 0, wall 1.500000 s, user 0.250000 s, system 0.125000 s, memory 4096 "
    "bytes\n"
    "standard output, 14 bytes, 7 left out:\nstandard error\n"
    "standard error, 0 bytes, 0 left out:\n\n";

TEST_CASE("how a command ended is said in words") {
  CHECK(ending_of({.exit_code = 3}) == "exit status 3");
  CHECK(ending_of({.exit_code = 128 + SIGKILL, .signal = SIGKILL}) == "signal 9 (Killed)");
  CHECK(CommandResult{}.ok());
  CHECK_FALSE(CommandResult{.exit_code = 1}.ok());
}

TEST_CASE("the error of a command that failed has its result, whatever that printed") {
  const auto result = failed_command(failure(kReport));
  REQUIRE(result.has_value());
  const CommandResult expected{.exit_code = 3,
                               .out = "standard error",
                               .out_left_out = 7,
                               .wall_seconds = 1.5,
                               .user_seconds = 0.25,
                               .system_seconds = 0.125,
                               .max_rss_bytes = 4096};
  CHECK(*result == expected);
}

TEST_CASE("other errors, and reports that are not whole, have none") {
  RemoteErrorInfo other = failure(kReport);
  other.name = "EngineError";
  CHECK_FALSE(failed_command(other).has_value());
  for (std::size_t size = 0; size < kReport.size(); ++size)
    CHECK_FALSE(failed_command(failure(kReport.substr(0, size))).has_value());
  CHECK_FALSE(failed_command(failure(kReport + "x")).has_value());
}

TEST_CASE("a command travels as two arguments, its request and its input") {
  const Encoded packed = detail::encode_command(
      {"a", "b"}, {.cwd = "/", .env = {{"A", "1"}}, .stdin = "in", .check = true});
  detail::Decoder in(packed.body, packed.frames);
  in.begin_arguments(2);
  const auto request = detail::Codec<detail::CommandRequest>::decode(in);
  CHECK(request.words == std::vector<std::string>{"a", "b"});
  CHECK(request.cwd == "/");
  CHECK(request.env.at("A") == "1");
  CHECK(request.check);
  CHECK(request.output_max == 1U << 20U);
  CHECK(detail::Codec<std::string>::decode(in) == "in");
  in.finish();
}

}  // namespace
}  // namespace roundhouse
