// Commands, with real engines: what they give, what cannot be run, and what becomes of their
// processes.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/support/hub_process.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/process_tree.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// What the file says once it has that many lines.
std::vector<int> numbers_in(const std::string& path, std::size_t count) {
  std::vector<int> out;
  REQUIRE(comes_true([&] {
    out.clear();
    std::ifstream in(path);
    for (int number = 0; in >> number;) out.push_back(number);
    return out.size() >= count && in.eof();
  }));
  return out;
}

// Whether there is such a process; one that has ended and was not reaped counts.
bool is_there(int process) {
  return kill(process, 0) == 0;
}

bool all_gone(const std::vector<int>& processes) {
  return comes_true([&] {
    for (const int each : processes)
      if (is_there(each)) return false;
    return true;
  });
}

// Prints its own id and that of a grandchild to a file, ignores SIGTERM, and goes on.
std::vector<std::string> endless(const std::string& file) {
  return {"sh", "-c",
          "trap '' TERM; (sh -c 'echo $$ >> \"$0\"; while :; do sleep 0.05; done' \"$0\") & "
          "echo $$ >> \"$0\"; while :; do sleep 0.05; done",
          file};
}

TEST_CASE("every view runs commands, at once and for later") {
  RealCluster cluster(2);
  const Client client = cluster.connect();
  client.wait_for_engines(2, kPatience);
  const EngineView one = client[client.ids().front()];
  const CommandResult result = one.command({"sh", "-c", "echo out; echo err >&2; exit 3"});
  CHECK(result.out == "out\n");
  CHECK(result.err == "err\n");
  CHECK(result.exit_code == 3);
  CHECK_FALSE(result.ok());
  const std::vector<CommandResult> each =
      client[all].command({"sh", "-c", "echo $A; pwd"}, {.cwd = "/", .env = {{"A", "b"}}});
  REQUIRE(each.size() == 2);
  for (const CommandResult& of : each) CHECK(of.out == "b\n/\n");
  const auto later = client.load_balanced_view().command_async({"cat"}, {.stdin = "in"});
  CHECK(later.get(kPatience).out == "in");
  CHECK(client[all].command_async({"true"}).get(kPatience).size() == 2);
  std::string bytes;
  for (int byte = 1; byte < 256; ++byte) bytes += static_cast<char>(byte);
  CHECK(one.command({"printf", "%s", bytes}).out == bytes);
  CHECK(one.command({"sh", "-c", "kill -9 $$"}).signal == SIGKILL);
}

TEST_CASE("what a command wrote and used is on record, and none leaves a zombie") {
  RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const std::string work = "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done";
  const auto results =
      client.load_balanced_view().command_async({"sh", "-c", "echo out; echo err >&2; " + work});
  const CommandResult result = results.get(kPatience);
  CHECK(result.user_seconds > 0);
  CHECK(result.max_rss_bytes > 0);
  CHECK(result.wall_seconds > 0);
  const std::vector<TaskRecord> found =
      client.db_query({.where = fields::msg_id == results.msg_ids().front()});
  REQUIRE(found.size() == 1);
  CHECK(found.front().metadata.stdout == "out\n");
  CHECK(found.front().metadata.stderr == "err\n");
  std::vector<AsyncResult<CommandResult>> many;
  for (int i = 0; i < 30; ++i)
    many.push_back(client.load_balanced_view().command_async({"sh", "-c", "true & true"}));
  for (const auto& each : many) CHECK(each.get(kPatience).ok());
  const pid_t engine = client[0].apply_async(process_tasks::process_id).get(kPatience);
  CHECK(zombies_of(engine).empty());
  // Orphans are the nanny's, who hears of them by a signal.
  CHECK(comes_true([&] { return zombies_of(parent_of(engine)).empty(); }));
}

TEST_CASE("of a gigabyte that a command writes the ends are kept, and no process grows by it") {
  RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const auto engine = static_cast<pid_t>(client.engines().front().pid);
  const auto hub = static_cast<pid_t>(client.status().pid);
  CHECK(client[0].command({"true"}).ok());
  const std::vector<pid_t> processes{engine, hub, ::getpid()};
  std::vector<long> before;
  for (const pid_t each : processes) before.push_back(kilobytes_of(each, "VmHWM"));
  const CommandResult result = client[0].command(
      {"sh", "-c", "echo first; head -c 1073741824 /dev/zero | tr '\\0' x; echo; echo last"});
  CHECK(result.ok());
  CHECK(result.out.size() < (std::size_t{1} << 20U) + 100);
  CHECK(result.out.starts_with("first\nxxx"));
  CHECK(result.out.ends_with("xxx\nlast\n"));
  CHECK(has(result.out, " bytes left out ...]\n"));
  for (std::size_t i = 0; i < processes.size() && RH_TEST_SLOWDOWN == 1; ++i) {
    CAPTURE(i);
    CHECK(kilobytes_of(processes[i], "VmHWM") - before[i] < 64 * 1024);
  }
}

TEST_CASE("a signal that a task ignores is as by default in the next command") {
  RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const EngineView one = client[-1];
  const std::vector<std::string> grep{"grep", "SigIgn", "/proc/self/status"};
  const std::string none = "SigIgn:\t0000000000000000\n";
  // One after the other: nothing that was seen before is too old to be believed.
  const auto before = one.command_async(grep);
  one.apply_async(process_tasks::ignore, SIGUSR1);
  const auto after = one.command_async(grep);
  CHECK(before.get(kPatience).out == none);
  CHECK(after.get(kPatience).out == none);
}

TEST_CASE("ten megabytes go in and come back") {
  RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  std::string input(10U << 20U, '\0');
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<char>(i * 7 + i / 251);
  const CommandResult result = client.load_balanced_view().command(
      {"cat"}, {.stdin = input, .output_max = std::size_t{16} << 20U});
  CHECK(result.out_left_out == 0);
  CHECK(result.out == input);
}

TEST_CASE("what cannot be run is a CommandError, and the engine lives on") {
  RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const EngineView one = client[-1];
  const auto error_of = [&](std::vector<std::string> words, CommandOptions options = {}) {
    try {
      (void)one.command(std::move(words), std::move(options));
    } catch (const RemoteError& error) {
      CHECK(error.name() == "CommandError");
      return error.value();
    }
    FAIL("it was run");
    return std::string();
  };
  CHECK(has(error_of({"no-such-program"}), "PATH="));
  CHECK(has(error_of({"/etc/passwd"}), "executable"));
  CHECK(has(error_of({"true"}, {.cwd = "/no/such"}), "'/no/such'"));
  CHECK(has(error_of({"echo", std::string("\0", 1)}), "NUL"));
  CHECK(has(error_of({"echo", std::string(4U << 20U, 'x')}), "too large"));
  CHECK(has(error_of({}), "needs a program"));
  CHECK(one.command({"true"}).ok());
}

TEST_CASE("a checked command that fails is tried again, and its error has what it printed") {
  RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const LoadBalancedView twice = client.load_balanced_view().with({.retries = 1});
  const auto fails =
      twice.command_async({"sh", "-c", "echo out; echo why >&2; exit 4"}, {.check = true});
  REQUIRE(fails.wait(kPatience));
  try {
    (void)fails.get();
    FAIL("it did not fail");
  } catch (const RemoteError& error) {
    CHECK(error.name() == kCommandFailed);
    CHECK(error.value() == "'sh' ended with exit status 4: why");
    CHECK(error.attempts().size() == 2);
    const auto result = failed_command(error.info());
    REQUIRE(result.has_value());
    CHECK(result->exit_code == 4);
    CHECK(result->out == "out\n");
    CHECK(result->err == "why\n");
  }
  const auto behind = client.load_balanced_view().with({.after = fails}).command_async({"true"});
  CHECK_THROWS_AS((void)behind.get(kPatience), ImpossibleDependency);
}

TEST_CASE("at its time limit a command ends with its group, on every view, and its engine stays") {
  RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const LoadBalancedView any = client.load_balanced_view();
  const auto engine = any.apply_async(process_tasks::process_id).get(kPatience);
  const auto check_limit = [&](const auto& result, const std::string& file) {
    REQUIRE(result.wait(kPatience));
    CHECK_THROWS_AS((void)result.get(), TimeLimitExceeded);
    CHECK(result.metadata().outcome == "timed_out");
    CHECK(all_gone(numbers_in(file, 2)));
  };
  const std::string first = cluster.file("first");
  check_limit(any.command_async(endless(first), {.time_limit = 500ms}), first);
  const std::string second = cluster.file("second");
  check_limit(client[-1].command_async(endless(second), {.time_limit = 500ms}), second);
  CHECK(any.apply_async(process_tasks::process_id).get(kPatience) == engine);
}

// An engine that runs a command for ever.
struct EndlessCommand {
  RealCluster cluster{1};
  Client client = cluster.connect();
  LoadBalancedView any = client.load_balanced_view();
  int engine = 0;
  std::vector<int> processes;
  AsyncResult<CommandResult> lost;

  EndlessCommand() {
    client.wait_for_engines(1, kPatience);
    engine = any.apply_async(process_tasks::process_id).get(kPatience);
    const std::string file = cluster.file("ids");
    lost = any.command_async(endless(file));
    processes = numbers_in(file, 2);
    for (const int each : processes) CHECK(is_there(each));
  }
};

TEST_CASE("an aborted command ends with its group, reaped, and its engine stays") {
  const EndlessCommand at;
  CHECK(at.client.abort(at.lost).stopping == 1);
  REQUIRE(at.lost.wait(kPatience));
  CHECK_THROWS_AS((void)at.lost.get(), TaskAborted);
  CHECK(all_gone(at.processes));
  CHECK(at.any.apply_async(process_tasks::process_id).get(kPatience) == at.engine);
}

TEST_CASE("an interrupt ends a command with its group, and its engine stays") {
  const EndlessCommand at;
  CHECK(at.client.interrupt(all, {.timeout = kPatience}).engines.front().state == "interrupted");
  CHECK_THROWS_AS((void)at.lost.get(kPatience), TaskAborted);
  CHECK(all_gone(at.processes));
  CHECK(at.any.apply_async(process_tasks::process_id).get(kPatience) == at.engine);
}

TEST_CASE("when its engine process is killed a command ends with its group, reaped") {
  const EndlessCommand at;
  REQUIRE(kill(at.engine, SIGKILL) == 0);
  CHECK_THROWS_AS((void)at.lost.get(kPatience), EngineError);
  CHECK(all_gone(at.processes));
  CHECK(at.any.command_async({"true"}).get(kPatience).ok());
}

TEST_CASE(
    "when its engine process and the nanny are killed at once a command ends with its group") {
  const EndlessCommand at;
  const int nanny = parent_of(at.engine);
  REQUIRE(nanny > 1);
  kill(nanny, SIGKILL);
  kill(at.engine, SIGKILL);
  CHECK(comes_true([&] {
    return std::all_of(at.processes.begin(), at.processes.end(),
                       [](int each) { return parent_of(each) == 0; });
  }));
}

TEST_CASE("what a command leaves behind in its group is gone, and reaped") {
  RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const std::string file = cluster.file("ids");
  CHECK(client[-1].command({"sh", "-c", "sleep 1000 & echo $! > \"$0\"; exit 0", file}).ok());
  CHECK(all_gone(numbers_in(file, 1)));
}

TEST_CASE("an engine that runs no commands leaves them to others, or says so") {
  ClusterOptions options;
  options.engine_flags.emplace_back("--no-commands");
  RealCluster cluster(1, std::move(options));
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  for (const bool direct : {true, false}) {
    const auto refused = direct ? client[-1].command_async({"true"})
                                : client.load_balanced_view().command_async({"true"});
    REQUIRE(refused.wait(kPatience));
    try {
      (void)refused.get();
      FAIL("it was run");
    } catch (const UnmetDependency& error) {
      CHECK(has(error.value(), "--no-commands"));
    }
  }
}

}  // namespace
}  // namespace roundhouse::test
