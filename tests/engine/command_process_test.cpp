#include "engine/command_process.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/patience.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::engine {
namespace {

using namespace std::chrono_literals;
using test::comes_true;

struct Ran {
  CommandEnd end;
  std::string out;
  std::string err;
};

class Runner {
 public:
  Ran operator()(CommandPlan plan, const std::atomic<bool>* stop = nullptr) {
    CommandOutput out(std::size_t{32} << 20U);
    CommandOutput err(std::size_t{1} << 20U);
    CommandCell* cell = take_cell(own_.cells());
    REQUIRE(cell != nullptr);
    Ran ran;
    ran.end = run_command(std::move(plan), *cell, stop, out, err);
    cell->group.store(CommandCell::kFree);
    ran.out = out.text();
    ran.err = err.text();
    return ran;
  }

 private:
  OwnCommandCells own_;
};

CommandPlan shell(const std::string& script) {
  CommandPlan plan;
  plan.programs = {"/bin/sh"};
  plan.words = {"sh", "-c", script};
  plan.environment = {"PATH=/usr/bin:/bin"};
  return plan;
}

bool is_there(pid_t process) {
  if (kill(process, 0) != 0) return false;
  std::ifstream in("/proc/" + std::to_string(process) + "/stat");
  std::string word;
  while (in >> word && !word.ends_with(')')) {
  }
  return in >> word && word != "Z";
}

TEST_CASE("a program writes to both streams, and ends with its status") {
  Runner run;
  const Ran ran = run(shell("echo out; echo err >&2; exit 3"));
  CHECK(ran.end.failed == CommandStep::none);
  CHECK(ran.end.exit_code == 3);
  CHECK(ran.end.signal == 0);
  CHECK(ran.out == "out\n");
  CHECK(ran.err == "err\n");
  CHECK(ran.end.max_rss_bytes > 0);
}

TEST_CASE("a program that a signal ends says which") {
  Runner run;
  const Ran ran = run(shell("kill -USR1 $$"));
  CHECK(ran.end.signal == SIGUSR1);
  CHECK(ran.end.exit_code == 128 + SIGUSR1);
}

TEST_CASE("standard input comes from memory, however much it is") {
  Runner run;
  std::string input(10U << 20U, '\0');
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<char>(i * 7 + i / 251);
  CommandPlan plan = shell("exec cat");
  plan.input = input;
  CHECK(run(std::move(plan)).out == input);
  CHECK(run(shell("cat")).out.empty());
}

TEST_CASE("a program has its streams, its group and no signal of ours") {
  Runner run;
  const int leak = open("/dev/null", O_RDONLY);  // not closed on exec
  REQUIRE(leak > 2);
  void (*before)(int) = signal(SIGPIPE, SIG_IGN);
  const Ran ran =
      run(shell("ls /proc/self/fd | wc -l; ps -o pid=,pgid= -p $$ | tr -s ' '; "
                "grep -E 'SigBlk|SigIgn' /proc/self/status"));
  signal(SIGPIPE, before);
  close(leak);
  CHECK(ran.out.starts_with("4\n"));  // and the one of the folder itself
  CHECK(ran.out.find("SigBlk:\t0000000000000000\n") != std::string::npos);
  CHECK(ran.out.find("SigIgn:\t0000000000000000\n") != std::string::npos);
  const Ran group = run(shell("read -r pid _ _ _ pgrp _ < /proc/self/stat; echo $$ $pid $pgrp"));
  long self = 0;
  long pid = 0;
  long pgrp = 0;
  REQUIRE(std::sscanf(group.out.c_str(), "%ld %ld %ld", &self, &pid, &pgrp) == 3);
  CHECK(self == pid);
  CHECK(self == pgrp);
}

TEST_CASE("what cannot be run says at which step, and why") {
  const test::TempDir dir;
  Runner run;
  CommandPlan plan = shell("true");
  plan.folder = dir.file("missing");
  const Ran no_folder = run(plan);
  CHECK(no_folder.end.failed == CommandStep::folder);
  CHECK(no_folder.end.error == ENOENT);

  plan = shell("true");
  plan.programs = {dir.file("a"), dir.file("b")};
  const Ran no_program = run(plan);
  CHECK(no_program.end.failed == CommandStep::program);
  CHECK(no_program.end.error == ENOENT);

  std::ofstream(dir.file("text")) << "just text\n";
  plan.programs = {dir.file("text"), dir.file("b")};
  const Ran not_executable = run(plan);
  CHECK(not_executable.end.failed == CommandStep::program);
  CHECK(not_executable.end.error == EACCES);

  REQUIRE(chmod(dir.file("text").c_str(), 0700) == 0);
  CHECK(run(plan).end.error == ENOEXEC);

  plan = shell("true");
  plan.words.emplace_back(std::size_t{1} << 20U, 'x');
  CHECK(run(plan).end.error == E2BIG);

  // It goes on to where the program is.
  plan = shell("echo here");
  plan.programs = {dir.file("a/b/c"), dir.file("text/d"), "/bin/sh"};
  CHECK(run(plan).out == "here\n");
}

TEST_CASE("a program that should stop is asked to, and what does not is killed") {
  Runner run;
  std::atomic<bool> stop{true};
  CommandPlan polite = shell("trap 'echo bye; exit 7' TERM; while :; do sleep 0.01; done");
  polite.grace = test::kPatience;
  // It stops when the trap is set: before, the signal ends it.
  std::atomic<bool> later{false};
  const test::TempDir dir;
  polite.words.back() =
      "trap 'echo bye; exit 7' TERM; : > " + dir.file("set") + "; while :; do sleep 0.01; done";
  std::thread asks([&] {
    comes_true([&] { return access(dir.file("set").c_str(), F_OK) == 0; });
    later.store(true);
  });
  const Ran stopped = run(std::move(polite), &later);
  asks.join();
  CHECK(stopped.end.exit_code == 7);
  CHECK(stopped.out == "bye\n");

  CommandPlan stubborn = shell("trap '' TERM; while :; do sleep 0.01; done");
  stubborn.grace = 1ms;
  CHECK(run(std::move(stubborn), &stop).end.signal == SIGKILL);
}

TEST_CASE("all of a group ends with its program") {
  Runner run;
  // One that holds the output open, and one that does not.
  const Ran ran = run(shell("sleep 1000 & echo $!; sleep 1000 >/dev/null 2>&1 & echo $!"));
  CHECK(ran.end.exit_code == 0);
  int first = 0;
  int second = 0;
  REQUIRE(std::sscanf(ran.out.c_str(), "%d %d", &first, &second) == 2);
  CHECK(comes_true([&] { return !is_there(first) && !is_there(second); }));
}

TEST_CASE("what a program writes right before its end, also by its children, is not lost") {
  Runner run;
  for (int i = 0; i < 20; ++i)
    CHECK(run(shell("(sleep 0.02; echo late) & echo soon")).out == "soon\nlate\n");
}

TEST_CASE("a gigabyte of output takes no memory, and no standing still") {
  CommandOutput out(4096);
  CommandOutput err(4096);
  const OwnCommandCells own;
  CommandPlan plan = shell("head -c 1073741824 /dev/zero; echo end >&2");
  const CommandEnd end = run_command(std::move(plan), *take_cell(own.cells()), nullptr, out, err);
  CHECK(end.exit_code == 0);
  CHECK(out.left_out() == (std::uint64_t{1} << 30U) - 4096);
  CHECK(err.text() == "end\n");
}

TEST_CASE("nobody else may take the status of a program") {
  Runner run;
  void (*before)(int) = signal(SIGCHLD, SIG_IGN);
  const Ran ran = run(shell("true"));
  signal(SIGCHLD, before);
  CHECK(ran.end.failed == CommandStep::status);
}

}  // namespace
}  // namespace roundhouse::engine
