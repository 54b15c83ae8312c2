// `roundhouse console` where something is in the way: code that does not stop, engines that compile
// nothing; and what its questions leave behind.
#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/console.hpp"
#include "tests/support/interpreter.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/programs_alone.hpp"

namespace roundhouse::test {

TEST_CASE("a second Ctrl-C waits no longer, and what goes on can be ended from elsewhere") {
  if (!has_interpreter()) return;
  const Engines at("2", {"--engine-set", "limit_grace=600s"});
  Somebody user({"-e", "1"});
  REQUIRE(user.sees("[1] engine 1> "));
  user.type("std::cout << \"begun\\n\"; for (volatile int i = 0;;) i = 1;\r");
  REQUIRE(user.sees("begun\r\n"));
  user.type("\x03");
  REQUIRE(user.sees("asking engine 1 to stop (Ctrl-C again: waits no longer)"));
  user.type("\x03");
  REQUIRE(user.sees("engine 1 goes on with it: `roundhouse result "));
  REQUIRE(user.sees("` tells what becomes of it\r\n"));
  const std::string id = user.between();
  REQUIRE(user.sees("[2] engine 1> "));
  CHECK(at.roundhouse.json({"result", id})[0]["status"] == "running");
  CHECK(at.roundhouse({"restart", "1", "--wait", "60s"}).out ==
        "engine 1: runs as a new process\n");
  CHECK(user.sees("engine 1 runs as a new process: what was declared there is gone"));
  user.type("40 + 2\r");
  CHECK(user.sees("42\r\n"));
  REQUIRE(user.sees("[3] engine 1> "));
  user.type("\x04");
  CHECK(user.ends() == 0);
}

TEST_CASE("where no interpreter is installed a console says what to install, and goes on") {
  const ProgramsAlone without;
  const Engines at("1", {}, without.folder());
  Somebody user;
  REQUIRE(user.sees("[1] 1 engine> "));
  user.type("1 + 1\r");
  CHECK(
      user.sees("NoInterpreter: this engine cannot compile source: install the package "
                "roundhouse-interpreter"));
  REQUIRE(user.sees("[2] 1 engine> "));
  REQUIRE(at.roundhouse({"push", "meaning=42"}).exit == 0);
  user.type("%names\r");
  CHECK(user.sees("meaning"));
  REQUIRE(user.sees("[2] 1 engine> "));
  user.type("meani\t");
  CHECK(user.sees("ng"));
  user.type("\x15%clear\r");
  REQUIRE(user.sees("[2] 1 engine> "));
  user.type("%names\r");
  CHECK(user.sees("nothing is named there yet"));
  user.type("%quit\r");
  CHECK(user.ends() == 0);
  const Ended exec = at.roundhouse({"exec", "1"});
  CHECK(exec.exit == 1);
  check_one_line(exec, "install the package roundhouse-interpreter");
  CHECK(at.roundhouse({"submit", "--", "echo", "all else works"}).out == "all else works\n");
}

TEST_CASE("what a console asks for completion and %names comes into no history") {
  const Engines at("2");
  REQUIRE(at.roundhouse({"submit", "--", "true"}).exit == 0);
  REQUIRE(at.roundhouse({"push", "meaning=42"}).exit == 0);
  const auto known = [&] { return at.roundhouse.json({"history"}).size(); };
  const std::size_t before = known();
  {
    Somebody user;
    REQUIRE(user.sees("[1] 2 engines> "));
    user.type("meani\t");
    REQUIRE(user.sees("ng"));
    user.type("\x15%names\r");
    REQUIRE(user.sees("meaning"));
    REQUIRE(user.sees("[1] 2 engines> "));
    CHECK(comes_true([&] { return known() == before; }));
    user.type("\x04");
    CHECK(user.ends() == 0);
  }
  CHECK(known() == before);
}

}  // namespace roundhouse::test
