// `roundhouse console` at a terminal, and behind a pipe, against real engines.
#include "tests/support/console.hpp"

#include <csignal>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/interpreter.hpp"
#include "tests/support/patience.hpp"

namespace roundhouse::test {

TEST_CASE("declarations last from input to input, and values stand side by side") {
  if (!has_interpreter()) return;
  const Engines at("2");
  Somebody user;
  REQUIRE(user.sees("[1] 2 engines> "));
  user.type("int n = 4;\r");
  REQUIRE(user.sees("[2] 2 engines> "));
  user.type("int n = 5;\r");
  REQUIRE(user.sees("[3] 2 engines> "));
  user.type("n + 1\r");
  CHECK(user.sees("Out[0-1]: 6\r\n"));
  REQUIRE(user.sees("[4] 2 engines> "));
  user.type("#include <roundhouse/this_engine.hpp>\r");
  REQUIRE(user.sees("[5] 2 engines> "));
  user.type("roundhouse::this_engine::id() + n\r");
  CHECK(user.sees("Out[0]: 5\r\nOut[1]: 6\r\n"));
  REQUIRE(user.sees("[6] 2 engines> "));
  user.type("%engines 1\r");
  REQUIRE(user.sees("[6] engine 1> "));
  user.type("std::string(5000, 'x')\r");
  CHECK(user.sees("… (5,002 bytes in all)\r\n"));
  REQUIRE(user.sees("[7] engine 1> "));
  user.type("n *= 2;\r");
  REQUIRE(user.sees("[8] engine 1> "));
  user.type("%engines all\r");
  REQUIRE(user.sees("[8] 2 engines> "));
  user.type("n\r");
  CHECK(user.sees("Out[0]: 5\r\nOut[1]: 10\r\n"));
  REQUIRE(user.sees("[9] 2 engines> "));
  user.type("\x04");
  CHECK(user.ends() == 0);
}

TEST_CASE("what an error leaves behind is all that was said before") {
  if (!has_interpreter()) return;
  const Engines at("2");
  Somebody user;
  REQUIRE(user.sees("[1] 2 engines> "));
  user.type("int a = 1;\r");
  REQUIRE(user.sees("[2] 2 engines> "));
  user.type("oops\r");
  CHECK(user.sees("[error:0-1]\r\ninput 2:1:1: error: use of undeclared identifier 'oops'"));
  REQUIRE(user.sees("[3] 2 engines> "));
  user.type("std::cout << \"before\\n\"; throw std::runtime_error(\"bad\");\r");
  CHECK(user.sees("[stdout:"));
  CHECK(user.sees("[error:0-1] std::runtime_error: bad\r\n"));
  REQUIRE(user.sees("[4] 2 engines> "));
  user.type("%nonsense\r");
  CHECK(user.sees("there is no command '%nonsense': there are %help, "));
  REQUIRE(user.sees("[4] 2 engines> "));
  user.type("a\r");
  CHECK(user.sees("Out[0-1]: 1\r\n"));
  REQUIRE(user.sees("[5] 2 engines> "));
  user.type("%quit\r");
  CHECK(user.ends() == 0);
}

TEST_CASE("what engines print is shown while they run, in whole lines") {
  if (!has_interpreter()) return;
  const Engines at("2");
  Somebody user;
  REQUIRE(user.sees("[1] 2 engines> "));
  const std::string file = at.roundhouse.file("go_on");
  user.type(
      "#include <filesystem>\r#include <thread>\r"
      "#include <roundhouse/this_engine.hpp>\r");
  REQUIRE(user.sees("[4] 2 engines> "));
  user.type(
      "{ std::cout << \"half \" << std::flush; std::cout << \"a line\\nand\" << std::flush; \r");
  REQUIRE(user.sees("...> "));
  user.type("while (!std::filesystem::exists(\"" + file + "\")) std::this_thread::yield(); }\r");
  CHECK(user.sees("half a line\r\n"));
  CHECK(user.sees("half a line\r\n"));
  write_file(file, "");
  REQUIRE(user.sees("[5] 2 engines> "));
  user.type("std::puts(\"\\x1b[2J\"); std::clog << \"err\\n\";\r");
  CHECK(user.sees("[stdout:"));
  CHECK(user.sees("\\x1b[2J\r\n"));
  CHECK(user.sees("[stderr:"));
  REQUIRE(user.sees("[6] 2 engines> "));
}

TEST_CASE("an input goes on while something is open, and an empty line gives it up") {
  if (!has_interpreter()) return;
  const Engines at("1");
  Somebody user;
  REQUIRE(user.sees("[1] 1 engine> "));
  user.type("int twice(int x) {\r");
  REQUIRE(user.sees("...> "));
  user.type("  return 2 * x;\r");
  REQUIRE(user.sees("...> "));
  user.type("}\r");
  REQUIRE(user.sees("[2] 1 engine> "));
  user.type("twice(\r");
  REQUIRE(user.sees("...> "));
  user.type("\r");
  REQUIRE(user.sees("[2] 1 engine> "));
  user.type("twice(4)\r");
  CHECK(user.sees("8\r\n"));
  REQUIRE(user.sees("[3] 1 engine> "));
  // As a terminal sends what is pasted: one input, whatever is in it.
  user.type("\x1b[200~int thrice(int x)\r{\r\r\treturn 3 * x;\r}\rthrice(5)\r\x1b[201~");
  CHECK(user.sees("15\r\n"));
  REQUIRE(user.sees("[4] 1 engine> "));
}

TEST_CASE("Tab completes what is named on engines, and says what there is") {
  if (!has_interpreter()) return;
  const Engines at("2");
  Somebody user;
  REQUIRE(user.sees("[1] 2 engines> "));
  user.type("double measured = 2.5; double half(double x) { return x / 2; }\r");
  REQUIRE(user.sees("[2] 2 engines> "));
  REQUIRE(at.roundhouse({"push", "meaning=42"}).exit == 0);
  user.type("half(measu\t");
  CHECK(user.sees("half(measu"));
  CHECK(user.sees("red"));
  user.type(")\r");
  CHECK(user.sees("Out[0-1]: 1.25\r\n"));
  REQUIRE(user.sees("[3] 2 engines> "));
  user.type("mea\t");
  CHECK(user.sees("meaning   measured\r\n"));
  CHECK(user.sees("mea"));
  user.type("n\t\r");
  CHECK(user.sees("Out[0-1]: 42\r\n"));
  REQUIRE(user.sees("[4] 2 engines> "));
  user.type("%nam\t\r");
  CHECK(user.sees("half"));
  CHECK(user.sees("double (double)"));
  CHECK(user.sees("0-1\r\n"));
  REQUIRE(user.sees("[4] 2 engines> "));
  user.type("%clear\r");
  REQUIRE(user.sees("[4] 2 engines> "));
  user.type("%names\r");
  CHECK(user.sees("nothing is named there yet"));
}

TEST_CASE("Tab does not wait for engines that are busy") {
  if (!has_interpreter()) return;
  const Engines at("1");
  Somebody user;
  REQUIRE(user.sees("[1] 1 engine> "));
  user.type("int known_name = 1;\r");
  REQUIRE(user.sees("[2] 1 engine> "));
  user.type("known_\t\r");
  CHECK(user.sees("\r\n"));
  REQUIRE(user.sees("[3] 1 engine> "));
  Command busy({kProgram, "exec", "std::cout << \"begun\" << std::flush; for (;;) std::abs(1);"});
  REQUIRE(comes_true([&] { return contains(busy.out(), "begun"); }));
  user.type("known_\t");
  CHECK(user.sees("known_"));
  CHECK(user.sees("name"));
}

TEST_CASE("what was typed is there at the next console, and none takes away another's") {
  const Engines at("0");
  const std::string history = at.roundhouse.file("state/roundhouse/console_history");
  {
    Somebody one;
    Somebody another;
    REQUIRE(one.sees("[1] no engines> "));
    REQUIRE(another.sees("[1] no engines> "));
    one.type("first_of_one\r");
    REQUIRE(one.sees("[2] no engines> "));
    another.type("{ first_of_another;\r");
    REQUIRE(another.sees("...> "));
    another.type("}\r");
    REQUIRE(another.sees("[2] no engines> "));
    one.type("\x1b[A");  // arrow-up: what this one has said
    CHECK(one.sees("first_of_one"));
    one.type("\x15%quit\r");  // Ctrl-U
    CHECK(one.ends() == 0);
    another.type("%quit\r");
    CHECK(another.ends() == 0);
  }
  CHECK(read_file(history) == "first_of_one\n{ first_of_another;\\n}\n%quit\n%quit\n");
  {
    Somebody later;
    REQUIRE(later.sees("[1] no engines> "));
    later.type("\x1b[A\x1b[A\r");
    CHECK(later.sees("first_of_another;"));
    REQUIRE(later.sees("[2] no engines> "));
    later.type("\x12of_one\x05\r");  // Ctrl-R, and Ctrl-E
    REQUIRE(later.sees("[3] no engines> "));
    later.type("%history 2\r");
    CHECK(later.sees("first_of_one\r\n%history 2\r\n"));
  }
  Somebody forgetful({"--no-history"});
  REQUIRE(forgetful.sees("[1] no engines> "));
  forgetful.type("secret\r");
  REQUIRE(forgetful.sees("[2] no engines> "));
  CHECK_FALSE(contains(read_file(history), "secret"));
}

TEST_CASE("Ctrl-C stops what runs, and the prompt is there again") {
  if (!has_interpreter()) return;
  const Engines at("2");
  Somebody user;
  REQUIRE(user.sees("[1] 2 engines> "));
  user.type("std::cout << \"begun\\n\"; for (volatile int i = 0;;) i = 1;\r");
  REQUIRE(user.sees("begun"));
  REQUIRE(user.sees("begun"));
  user.type("\x03");
  CHECK(user.sees("asking engines 0-1 to stop"));
  CHECK(user.sees("[error:0-1] TaskAborted: "));
  REQUIRE(user.sees("[2] 2 engines> "));
  user.type("40 + 2\r");
  CHECK(user.sees("Out[0-1]: 42\r\n"));
  REQUIRE(user.sees("[3] 2 engines> "));
  user.type("12 + ");
  REQUIRE(user.sees("12 + "));
  user.type("\x03");
  REQUIRE(user.sees("[3] 2 engines> "));
  user.type("50 + 3\r");
  CHECK(user.sees("Out[0-1]: 53\r\n"));
  REQUIRE(user.sees("[4] 2 engines> "));
}

TEST_CASE("an engine that crashes is back for the next input") {
  if (!has_interpreter()) return;
  const Engines at("2");
  Somebody user;
  REQUIRE(user.sees("[1] 2 engines> "));
  user.type("%engines 1\r");
  REQUIRE(user.sees("[1] engine 1> "));
  user.type("std::abort();\r");
  CHECK(user.sees("EngineError: engine 1 was killed by signal 6"));
  REQUIRE(user.sees("[2] engine 1> "));
  user.type("%engines all\r");
  REQUIRE(user.sees("[2] 2 engines> "));
  user.type("1 + 2\r");
  CHECK(user.sees("Out[0-1]: 3\r\n"));
}

TEST_CASE("engines that come take part, and without engines it says what to do") {
  const Engines at("0");
  Somebody user;
  CHECK(user.sees("`roundhouse engines add N` starts some"));
  REQUIRE(user.sees("[1] no engines> "));
  user.type("1\r");
  CHECK(user.sees("roundhouse: no engine is here: `roundhouse engines add N` starts some"));
  REQUIRE(user.sees("no engines> "));
  REQUIRE(at.roundhouse({"engines", "add", "1"}).exit == 0);
  CHECK(user.sees("engine 0 has joined"));
  CHECK(user.sees("1 engine> "));
  REQUIRE(at.roundhouse({"engines", "add", "1"}).exit == 0);
  CHECK(user.sees("engine 1 has joined"));
  CHECK(user.sees("2 engines> "));
  if (has_interpreter()) {
    user.type("3 + 3\r");
    CHECK(user.sees("Out[0-1]: 6\r\n"));
  }
}

TEST_CASE("a hub that is stopped is told, and the next one is found") {
  const Engines at("1");
  Somebody user;
  REQUIRE(user.sees("[1] 1 engine> "));
  REQUIRE(at.roundhouse({"stop"}).exit == 0);
  CHECK(user.sees("engine 0 is gone"));
  user.type("1\r");
  CHECK(user.sees("roundhouse: no hub is running for cluster 'default': start one with"));
  REQUIRE(user.sees("[2] no hub> "));
  REQUIRE(at.roundhouse({"start", "-n", "2"}).exit == 0);
  CHECK(user.sees("[2] 2 engines> "));
  user.type("%quit\r");
  CHECK(user.ends() == 0);
}

TEST_CASE("signals end it, and leave the terminal as it was") {
  const Engines at("1");
  for (const int signal : {SIGTERM, SIGHUP}) {
    const std::string folder = at.roundhouse.file("");
    const std::string console = "echo $$ > pid; exec " + kProgram + " console";
    Terminal user({"sh", "-c",
                   "cd '" + folder + "'; stty -g > before; sh -c '" + console +
                       "'; echo over $?; stty -g > after; cmp before after && echo same"});
    REQUIRE(user.sees("1 engine> "));
    user.type("abc");
    REQUIRE(user.sees("abc"));
    kill(std::stoi(read_file(at.roundhouse.file("pid"))), signal);
    CHECK(user.sees("over " + std::to_string(128 + signal)));
    CHECK(user.sees("same"));
  }
}

TEST_CASE("what comes by a pipe runs input by input, also after an error, which the exit tells") {
  if (!has_interpreter()) return;
  const Engines at("2");
  const Ended good = at.piped("int n = 5;\n\nint f() {\n\n  return n;\n}\nf() + 1\n", "-e 0");
  CHECK_MESSAGE(good.exit == 0, good.err);
  CHECK(good.out == "6\n");
  CHECK(good.err.empty());
  const Ended bad =
      at.piped("n\noops\n%engines 0\nn + 1\n%wrong\nif (n) {\n}\nelse {\n}\nint open(");
  CHECK(bad.exit == 1);
  CHECK(contains(bad.out, "Out[0]: 5"));
  CHECK(contains(bad.err, "[error:1]\ninput 1:1:1: error: use of undeclared identifier 'n'"));
  CHECK(contains(bad.err, "[error:0-1]\ninput 2:1:1: error: use of undeclared identifier 'oops'"));
  CHECK(bad.out.ends_with("6\n"));
  CHECK(contains(bad.err, "there is no command '%wrong'"));
  CHECK(contains(bad.err, "write `} else {` on one line"));
  CHECK_MESSAGE(contains(bad.err, "roundhouse: 5 inputs of 8 failed\n"), bad.err);
  const std::string file = at.roundhouse.file("prog.cpp");
  write_file(file, "int total = 0;\nfor (int i = 0; i < 5; ++i) total += i;\ntotal\n");
  CHECK(at.piped("%run " + file + "\n").out == "Out[0-1]: 10\n");
  CHECK(at.piped("1\nexit\n2\n").out == "Out[0-1]: 1\n");
}

TEST_CASE("a signal ends what is piped, and half a line is not sent") {
  const Engines at("0");
  const std::string fifo = at.roundhouse.file("fifo");
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  Command piped({"sh", "-c", "exec '" + kProgram + "' console < '" + fifo + "'"});
  const int to = open(fifo.c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(to >= 0);
  CHECK(write(to, "%help\nint n = 1", 15) == 15);
  REQUIRE(comes_true([&] { return contains(piped.out(), "All else is C++"); }));
  piped.send(SIGTERM);
  const Ended ended = piped.wait(kPatience);
  close(to);
  CHECK(ended.exit == 128 + SIGTERM);
  CHECK_MESSAGE(ended.err.empty(), ended.err);
}

TEST_CASE("an engine that runs no source says so, and a hub that is not there, too") {
  const Shell none;
  CHECK(none({"console"}).exit == 3);
  CHECK(none({"--json", "console"}).exit == 2);
  const Engines at("1", {"--engine-set", "source=false"});
  const Ended refused = at.piped("1\n");
  CHECK(refused.exit == 1);
  CHECK_MESSAGE(contains(refused.err, "NoInterpreter: this engine was told to run no source"),
                refused.err);
}

}  // namespace roundhouse::test
