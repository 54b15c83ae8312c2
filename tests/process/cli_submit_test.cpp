// `roundhouse submit`: programs from the command line, with real engines.
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/patience.hpp"
#include "tests/support/roundhouse_command.hpp"

namespace roundhouse::test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

void start(const Shell& shell, const std::string& engines) {
  const Ended started = shell({"start", "-n", engines, "--timeout", "120s"});
  REQUIRE_MESSAGE(started.exit == 0, started.err);
}

TEST_CASE("a submitted program prints what it prints, and its exit status is that of the command") {
  const Shell shell;
  start(shell, "1");
  const Ended ended = shell({"submit", "--", "sh", "-c", "echo out; echo err >&2; exit 7"});
  CHECK(ended.exit == 7);
  CHECK(ended.out == "out\n");
  CHECK(ended.err == "err\n");
  CHECK(shell({"submit", "--", "sh", "-c", "kill -9 $$"}).exit == 137);
  const Ended place = shell({"submit", "--cwd", "/", "--env", "A=b c", "--env", "B=", "--", "sh",
                             "-c", "pwd; echo \"$A$B\""});
  CHECK(place.out == "/\nb c\n");
  // In the folder of whoever submits, and what is said from there.
  const std::string folder = shell.file("here");
  const std::string in_it =
      "mkdir -p " + folder + "/sub && cd " + folder + " && '" + kBin + "/roundhouse' submit ";
  CHECK(run({"sh", "-c", in_it + "-- pwd"}).out == folder + "\n");
  CHECK(run({"sh", "-c", in_it + "--cwd sub -- pwd"}).out == folder + "/sub\n");
  CHECK(run({"sh", "-c", in_it + "--cwd . -- sh -c 'touch x; ls'"}).out == "sub\nx\n");
  // Words are passed as they are, also those that look like ours.
  const std::vector<std::string> odd{"",    "{}", "[1,2]", "--json", "--", "-l",
                                     "a b", "*",  "@x",    "\n",     "%%", "\xff"};
  std::vector<std::string> line{"submit", "--", "printf", "%s|"};
  line.insert(line.end(), odd.begin(), odd.end());
  std::string expected;
  for (const std::string& word : odd) expected += word + "|";
  CHECK(shell(line).out == expected);
  std::ofstream(shell.file("in")) << "from a file";
  CHECK(shell({"submit", "--input", shell.file("in"), "--", "cat"}).out == "from a file");
}

TEST_CASE("what a submitted program prints is seen while it runs") {
  const Shell shell;
  start(shell, "1");
  // Whoever reads the first line lets the program go on.
  const std::string seen = shell.file("seen");
  const std::string program = "echo first; while [ ! -e " + seen +
                              " ]; do sleep 0.01; done; printf second; printf third >&2";
  const Ended ended = run({"sh", "-c",
                           kBin + "/roundhouse submit --time-limit 100s -- sh -c '" + program +
                               "' | { read line; touch " + seen + "; echo \"read $line\"; cat; }"});
  CHECK(ended.out == "read first\nsecond");
  CHECK(ended.err == "third");
}

TEST_CASE("of more than is kept the end is shown, and of several attempts the last one whole") {
  const Shell shell;
  start(shell, "1");
  const Ended much = shell({"submit", "--", "sh", "-c", "seq 300000; echo the end"});
  CHECK(much.exit == 0);
  CHECK(much.out.starts_with("1\n2\n3\n"));
  CHECK(much.out.ends_with("299999\n300000\nthe end\n"));
  CHECK_MESSAGE(contains(much.out, " bytes left out ...]\n"), much.out.size());
  const std::string tried = shell.file("tried");
  const Ended again = shell(
      {"submit", "--retries", "1", "--", "sh", "-c",
       "[ -e " + tried + " ] && echo second || { touch " + tried + "; echo first; exit 4; }"});
  CHECK(again.exit == 0);
  CHECK(again.out.ends_with("second\n"));
}

TEST_CASE("what cannot be submitted or run is one line that says what to do") {
  const Shell shell;
  start(shell, "1");
  check_one_line(shell({"submit"}), "behind --");
  CHECK(shell({"submit", "--"}).exit == 2);
  check_one_line(shell({"submit", "ls"}), "ls");
  check_one_line(shell({"submit", "--array", "3-1", "--", "true"}), "--array");
  check_one_line(shell({"submit", "--env", "A", "--", "true"}), "--env");
  check_one_line(shell({"submit", "--each-line", shell.file("none"), "--", "true"}), "cannot read");
  check_one_line(shell({"submit", "--array", "1", "--each-line", "x", "--", "true"}),
                 "--each-line");
  check_one_line(shell({"submit", "--", "no-such-program"}), "CommandError");
  check_one_line(shell({"submit", "--cwd", "/no/such", "--", "true"}), "/no/such");
  const Ended late = shell({"submit", "--time-limit", "100ms", "--", "sleep", "1000"});
  CHECK(late.exit == 1);
  check_one_line(late, "TimeLimitExceeded");
  CHECK(shell({"submit", "-e", "0", "--time-limit", "100ms", "--", "sleep", "1000"}).exit == 1);
}

TEST_CASE("an array runs a program for each number, and output is kept together") {
  const Shell shell;
  start(shell, "2");
  const Ended ordered = shell(
      {"submit", "--keep-order", "--array", "1-200", "--", "sh", "-c", "echo $0; echo end $0"});
  CHECK(ordered.exit == 0);
  std::string expected;
  for (int i = 1; i <= 200; ++i)
    expected += std::to_string(i) + "\nend " + std::to_string(i) + "\n";
  CHECK(ordered.out == expected);
  const Ended any =
      shell({"submit", "--array", "0-20:5,7", "--", "sh", "-c", "echo {} $ROUNDHOUSE_ITEM"});
  const std::vector<std::string> lines = lines_of(any.out);
  CHECK(std::set<std::string>(lines.begin(), lines.end()) ==
        std::set<std::string>{"0 0", "5 5", "10 10", "15 15", "20 20", "7 7"});
  const Ended spread = shell({"submit", "-e", "0,1", "--array", "1-4", "--", "true"});
  CHECK(spread.exit == 0);
}

TEST_CASE("each line of a file is an item, and failures are counted") {
  const Shell shell;
  start(shell, "2");
  std::ofstream(shell.file("lines")) << "a b\n\n$HOME\n-l";
  const Ended ended = shell(
      {"submit", "--keep-order", "--each-line", shell.file("lines"), "--", "printf", "<%s>\n"});
  CHECK(ended.out == "<a b>\n<>\n<$HOME>\n<-l>\n");
  const Ended failed = shell({"submit", "--keep-order", "--array", "1-5", "--", "sh", "-c",
                              "echo $0; test $0 -ne 2 -a $0 -ne 4"});
  CHECK(failed.exit == 1);
  CHECK(failed.out == "1\n2\n3\n4\n5\n");
  CHECK_MESSAGE(contains(failed.err, "2 of 5 commands failed; the first: 2: exit status 1"),
                failed.err);
  CHECK_MESSAGE(contains(failed.err, "roundhouse: 4: exit status 1\n"), failed.err);
}

TEST_CASE("programs read what happened as JSON, and the records say which commands failed") {
  const Shell shell;
  start(shell, "1");
  const Json one = shell.json({"submit", "--", "sh", "-c", "echo x"});
  CHECK(one["out"] == "x\n");
  CHECK(one["exit_code"] == 0);
  CHECK(one["engine"] == 0);
  const Ended many = shell({"--json", "submit", "--array", "1-3", "--", "true"});
  CHECK(lines_of(many.out).size() == 3);
  for (const std::string& line : lines_of(many.out)) CHECK(Json::parse(line)["exit_code"] == 0);
  const Ended failed = shell({"--json", "submit", "--", "sh", "-c", "exit 3"});
  CHECK(failed.exit == 3);
  CHECK(Json::parse(failed.out)["exit_code"] == 3);
  const Json errors = shell.json({"history", "--status", "error"});
  REQUIRE(errors.size() == 1);
  CHECK(errors[0]["error"]["name"] == "CommandFailed");
}

TEST_CASE("submitted commands need not be waited for, and can wait for one another") {
  const Shell shell;
  start(shell, "1");
  const Ended first = shell({"submit", "--no-wait", "--", "sh", "-c", "exit 1"});
  REQUIRE(first.exit == 0);
  const std::string id = lines_of(first.out).at(0);
  const Ended behind = shell({"submit", "--after", id, "--", "true"});
  CHECK(behind.exit == 1);
  check_one_line(behind, "ImpossibleDependency");
  const Ended many =
      shell({"submit", "--no-wait", "--array", "1-50", "--label", "fifty", "--", "true"});
  CHECK(lines_of(many.out).size() == 50);
  CHECK(shell({"result", lines_of(many.out).back(), "--wait"}).exit == 0);
}

TEST_CASE("whoever waits hears that the cluster was stopped") {
  const Shell shell;
  start(shell, "1");
  const std::string program = kBin + "/roundhouse";
  Command runs({program, "submit", "--", "sleep", "1000"});
  REQUIRE(comes_true([&] { return shell.json({"tasks", "--status", "running"}).size() == 1; }));
  Command waits({program, "submit", "--array", "1-2", "--", "sleep"});
  REQUIRE(comes_true([&] { return shell.json({"tasks"}).size() == 3; }));
  Command asks({program, "result", "1", "--wait"});
  REQUIRE(shell({"stop"}).exit == 0);
  CHECK(runs.wait(kPatience * 5).exit == 1);  // with its engine
  for (Command* each : {&waits, &asks}) {
    const Ended ended = each->wait(kPatience * 5);
    CHECK(ended.exit == 3);
    CHECK_MESSAGE(contains(ended.err, "no hub is running"), ended.err);
  }
}

}  // namespace
}  // namespace roundhouse::test
