// `roundhouse exec` and `roundhouse run`, against real engines.
#include <string>

#include <doctest/doctest.h>

#include "tests/support/interpreter.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/roundhouse_command.hpp"

namespace roundhouse::test {

namespace {

struct Typed {
  Typed() {
    const Ended started = roundhouse({"start", "-n", "2"});
    REQUIRE_MESSAGE(started.exit == 0, started.err);
  }

  // What it prints, when all goes well.
  [[nodiscard]] std::string out(std::vector<std::string> words) const {
    const Ended ended = roundhouse(std::move(words));
    CHECK_MESSAGE(ended.exit == 0, ended.err);
    return ended.out;
  }

  Shell roundhouse;
};

}  // namespace

TEST_CASE("exec runs code on all engines, or on some, and shows what each printed and gave") {
  if (!has_interpreter()) return;
  const Typed at;
  CHECK(at.out({"exec", "int n = 5;"}).empty());
  CHECK(at.out({"exec", "int n = 6;", "n"}) == "Out[0-1]: 6\n");
  CHECK(at.out({"exec", "-e", "1", "n += 1;", "std::puts(\"a\\nb\"); n"}) == "a\nb\n7\n");
  CHECK(at.out({"exec", "-e", "0", "[](int x) { return x * n; }(2)"}) == "12\n");
  CHECK(at.out({"pull", "n"}) == "0: 6\n1: 7\n");
  CHECK(at.out({"push", "a=2.5"}).empty());
  CHECK(at.out({"exec", "-e", "last", "a + n"}) == "9.5\n");
  const Ended warned = at.roundhouse({"exec", "-e", "0", "int f() { }"});
  CHECK(warned.exit == 0);
  CHECK_MESSAGE(contains(warned.err, "warning:"), warned.err);
  const Json both = at.roundhouse.json({"exec", "std::clog << n; \"text\""});
  REQUIRE(both.size() == 2);
  CHECK(both[1]["engine"] == 1);
  CHECK(both[1]["value"] == "\"text\"");
  CHECK(both[1]["err"] == "7");
  CHECK(at.roundhouse.json({"result", both[0]["msg_id"]})[0]["function"] == "roundhouse.execute");
}

TEST_CASE("exec shows what several engines print as it comes, and values that differ in a column") {
  if (!has_interpreter()) return;
  const Typed at;
  REQUIRE(at.out({"exec", "#include <filesystem>", "#include <thread>",
                  "#include <roundhouse/this_engine.hpp>"})
              .empty());
  const std::string file = at.roundhouse.file("go_on");
  Command live({kBin + "/roundhouse", "exec",
                "std::cout << \"half\" << std::flush; std::cout << \" a line\\n\" << std::flush;"
                "while (!std::filesystem::exists(\"" +
                    file +
                    "\")) std::this_thread::yield();"
                    "10 * roundhouse::this_engine::id()"});
  CHECK(comes_true([&] {
    return contains(live.out(), "[stdout:0] half a line\n") &&
           contains(live.out(), "[stdout:1] half a line\n");
  }));
  write_file(file, "");
  const Ended ended = live.wait(kPatience);
  CHECK_MESSAGE(ended.exit == 0, ended.err);
  CHECK_MESSAGE(ended.out.ends_with("line\nOut[0]: 0\nOut[1]: 10\n"), ended.out);
}

TEST_CASE("exec shows what the compiler says, ends there, and exits with 1") {
  if (!has_interpreter()) return;
  const Typed at;
  const Ended failed = at.roundhouse({"exec", "-e", "0", "int a = 1;", "oops", "int a = 2;"});
  CHECK(failed.exit == 1);
  CHECK_MESSAGE(contains(failed.err, "input 2:1:1: error: use of undeclared identifier 'oops'"),
                failed.err);
  CHECK_MESSAGE(contains(failed.err, "roundhouse: CompileError: input 2:1:1: use of"), failed.err);
  CHECK(at.out({"exec", "-e", "0", "a"}) == "1\n");
  const Ended thrown = at.roundhouse({"exec", "std::cout << \"x\"; throw 4;"});
  CHECK(thrown.exit == 1);
  CHECK_MESSAGE(contains(thrown.err, "[error:0-1] int: 4\n"), thrown.err);
  CHECK_MESSAGE(contains(thrown.out, "[stdout:1] x\n"), thrown.out);
  const Ended json = at.roundhouse({"--json", "exec", "-e", "0", "1", "oops"});
  CHECK(json.exit == 1);
  CHECK(Json::parse(json.out)[1]["error"]["name"] == "CompileError");
  const Ended endless =
      at.roundhouse({"exec", "-e", "0", "--time-limit", "100ms", "for (;;) std::abs(1);"});
  CHECK(endless.exit == 1);
  CHECK_MESSAGE(contains(endless.err, "TimeLimitExceeded"), endless.err);
}

TEST_CASE("run sends a file, or standard input") {
  if (!has_interpreter()) return;
  const Typed at;
  const std::string file = at.roundhouse.file("prog.cpp");
  write_file(file, "int total = 0;\nfor (int i = 0; i < 5; ++i) total += i;\ntotal\n");
  CHECK(at.out({"run", file}) == "Out[0-1]: 10\n");
  const Ended piped = run({"sh", "-c", "echo 'total * 2' | '" + kBin + "/roundhouse' run -e 0 -"});
  CHECK_MESSAGE(piped.out == "20\n", piped.err);
  write_file(file, "int main(int, char** words) {\n  std::puts(words[0]);\n  return total;\n}\n");
  CHECK(at.out({"run", "-e", "0", file}) == file + "\n10\n");
  write_file(file, "int fine = 0;\nint bad = ;\n");
  const Ended failed = at.roundhouse({"run", "-e", "0", file});
  CHECK(failed.exit == 1);
  CHECK_MESSAGE(contains(failed.err, file + ":2:11: error: expected expression"), failed.err);
  check_one_line(at.roundhouse({"run", at.roundhouse.file("missing")}), "cannot read");
}

TEST_CASE("words that make no sense are wrong usage, and an engine that runs no source says so") {
  const Shell roundhouse;
  CHECK(roundhouse({"exec"}).exit == 2);
  CHECK(roundhouse({"run"}).exit == 2);
  CHECK(roundhouse({"run", "a", "b"}).exit == 2);
  CHECK(roundhouse({"exec", "1"}).exit == 3);
  const Ended started = roundhouse({"start", "--engine-set", "source=false"});
  REQUIRE_MESSAGE(started.exit == 0, started.err);
  const Ended refused = roundhouse({"exec", "1"});
  CHECK(refused.exit == 1);
  check_one_line(refused, "NoInterpreter: this engine was told to run no source");
}

}  // namespace roundhouse::test
