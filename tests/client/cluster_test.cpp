#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"
#include <roundhouse/cluster.hpp>
#include <roundhouse/error.hpp>

namespace roundhouse::test {
namespace {

// Clusters that run are in tests/process.

TEST_CASE("a cluster whose programs are missing says which and where it looked") {
  const TempDir dir;
  const ScopedEnv run_root("ROUNDHOUSE_DIR", dir.file("run"));
  const ScopedEnv state("XDG_STATE_HOME", dir.file("state"));
  const ScopedEnv programs("ROUNDHOUSE_BINDIR", dir.file("nothing"));
  CHECK_THROWS_WITH_AS(Cluster({.engines = 1}),
                       doctest::Contains("the program roundhouse is not in"), Exception);
}

TEST_CASE(
    "a module that is not there, and a name that is none, are refused before anything starts") {
  const TempDir dir;
  const ScopedEnv run_root("ROUNDHOUSE_DIR", dir.file("run"));
  CHECK_THROWS_WITH_AS(Cluster({.modules = {"/nonexistent/x.so"}}),
                       doctest::Contains("/nonexistent/x.so"), Exception);
  CHECK_THROWS_AS(Cluster({.name = "no/good"}), Exception);
}

}  // namespace
}  // namespace roundhouse::test
