#include "cli/usage.hpp"

#include <string>

#include <doctest/doctest.h>

namespace roundhouse::cli {

namespace {

// What is said of this line, given to a program with commands, one of them with its own.
std::string said_of(const std::string& line) {
  CLI::App app("", "tool");
  app.fallthrough();
  app.require_subcommand(0, 1);
  int count = 0;
  app.add_subcommand("start")->add_option("-n", count)->check(CLI::Range(0, 9));
  app.add_subcommand("status");
  app.add_subcommand("relay")->group("");
  app.add_subcommand("engines")->add_subcommand("add");
  app.add_subcommand("submit");
  try {
    app.parse(line);
  } catch (const CLI::ParseError& error) {
    return usage_text(app, error);
  }
  return "";
}

}  // namespace

TEST_CASE("a command that there is not is named, with the one that looks like it") {
  CHECK(said_of("strat") == "there is no command 'strat' (nearest: start) (see `tool --help`)");
  CHECK(said_of("strat -n 4") ==
        "there is no command 'strat' (nearest: start) (see `tool --help`)");
  CHECK(said_of("staus") == "there is no command 'staus' (nearest: status) (see `tool --help`)");
  CHECK(said_of("relai") == "there is no command 'relai' (see `tool --help`)");
  CHECK(said_of("dance") == "there is no command 'dance' (see `tool --help`)");
  CHECK(said_of("engines ad") ==
        "there is no command 'engines ad' (nearest: engines add) (see `tool engines --help`)");
}

TEST_CASE("what is wrong with a command names the help of that command") {
  CHECK(said_of("start --fast") == "`tool start` has no option '--fast' (see `tool start --help`)");
  CHECK(said_of("start four") ==
        "`tool start` does not know what to do with 'four' (see `tool start --help`)");
  CHECK(said_of("start -n 10").ends_with(" (see `tool start --help`)"));
  CHECK(said_of("--fast") == "`tool` has no option '--fast' (see `tool --help`)");
  CHECK(said_of("start -n 3").empty());
  CHECK(said_of("submit echo hi") ==
        "the program stands behind --: `tool submit -- echo ...` (see `tool submit --help`)");
  CHECK(said_of("submit --fast") ==
        "`tool submit` has no option '--fast' (see `tool submit --help`)");
}

}  // namespace roundhouse::cli
