#include "tests/chaos/run.hpp"

#include <csignal>
#include <filesystem>

#include <doctest/doctest.h>

#include "tests/support/command.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::chaos {
namespace {

using test::comes_true;

// A run that goes on and on, in a folder below `dir`.
struct LongRun {
  explicit LongRun(const test::TempDir& dir)
      : tmp("TMPDIR", dir.path()),
        command({std::string(RH_BINARY_DIR) + "/bin/roundhouse-chaos", "--kills", "10000",
                 "--kinds", "frozen-engine,frozen-hub"}) {}

  test::ScopedEnv tmp;
  test::Command command;
};

// Folders of runs; the command under test keeps its output there, too.
std::size_t runs_in(const std::string& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("rhc-")) ++count;
  return count;
}

// Whether engines have run tasks, so that everything is up.
bool works(const std::string& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().filename().string().starts_with("starts-")) return true;
  return false;
}

TEST_CASE("a run that is interrupted ends at once, and leaves neither processes nor files") {
  const test::TempDir dir;
  LongRun run(dir);
  REQUIRE(comes_true([&] { return works(dir.path()); }));
  run.command.send(SIGINT);
  CHECK(run.command.wait(2 * test::kPatience).exit == 130);
  CHECK(processes_with(dir.path()).empty());
  CHECK(runs_in(dir.path()) == 0);
}

TEST_CASE("the processes of a run that is killed end by themselves, also those that are frozen") {
  const test::TempDir dir;
  {
    LongRun run(dir);
    REQUIRE(comes_true([&] { return works(dir.path()); }));
    run.command.send(SIGKILL);
    (void)run.command.wait(test::kPatience);
  }
  CHECK(comes_true([&] { return processes_with(dir.path()).empty(); }));
}

TEST_CASE("options that make no sense are refused before anything is started") {
  const test::Ended ended =
      test::run({std::string(RH_BINARY_DIR) + "/bin/roundhouse-chaos", "--engines", "none"});
  CHECK(ended.exit == 3);
  CHECK(test::contains(ended.err, "--engines cannot be none"));
  CHECK(test::contains(ended.err, "usage: roundhouse-chaos"));
}

}  // namespace
}  // namespace roundhouse::chaos
