#include "engine/command_cell.hpp"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

namespace roundhouse::engine {
namespace {

TEST_CASE("a cell is taken by one, until it is free again") {
  const OwnCommandCells own;
  CommandCell* first = take_cell(own.cells());
  REQUIRE(first != nullptr);
  CommandCell* second = take_cell(own.cells());
  CHECK(second != first);
  first->group.store(CommandCell::kFree);
  CHECK(take_cell(own.cells()) == first);
  for (std::size_t i = 2; i < kCommandCells; ++i) CHECK(take_cell(own.cells()) != nullptr);
  CHECK(take_cell(own.cells()) == nullptr);
}

TEST_CASE("the groups of all cells are killed, and nothing else") {
  const OwnCommandCells own;
  (void)take_cell(own.cells());  // of a command that has no group yet
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    setpgid(0, 0);
    for (;;) pause();
  }
  setpgid(child, child);
  take_cell(own.cells())->group.store(child);
  end_commands(own.cells());
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  for (const CommandCell& cell : own.cells()) CHECK(cell.group.load() <= 0);
}

}  // namespace
}  // namespace roundhouse::engine
