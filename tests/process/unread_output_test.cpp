// Live output for a client that does not read: it costs the hub no more than a budget, and what is
// missing in the end is stated.
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/modules/printing_tasks.hpp"
#include "tests/support/hub_process.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

constexpr std::uint64_t kBytes = 1'000'000;  // of a task: all of it is told while it runs
constexpr int kUnread = 200;                 // tasks that run while the client is stopped
constexpr int kRead = 80;                    // later ones: more than the budget, too
constexpr long kGrowthMaxKb = 128 * 1024;

// How much is missing in the output of a task, which is as it should be otherwise.
std::uint64_t missing_in(const std::string& text) {
  const std::string mark = "\n[... ";
  std::uint64_t missing = 0;
  std::uint64_t rest = text.size();
  for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; ++at) {
    const std::uint64_t count = std::stoull(text.substr(at + mark.size()));
    missing += count;
    rest -=
        mark.size() + std::to_string(count).size() + std::string(" bytes left out ...]\n").size();
  }
  if (rest + missing != kBytes || !text.ends_with("xxx\n"))
    throw std::runtime_error(std::to_string(rest) + " bytes and " + std::to_string(missing) +
                             " that are said to be missing");
  return missing;
}

// The client, a process of its own: submits what cannot begin before the file `begin` is there.
void stand_still_and_read(const RealCluster& cluster, const std::string& begin) {
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const LoadBalancedView any = client.load_balanced_view();
  const auto first = any.apply_async(printing_tasks::two_lines, begin);
  std::vector<AsyncResult<void>> results;
  for (int i = 0; i < kUnread; ++i)
    results.push_back(any.apply_async(printing_tasks::much, kBytes));
  if (!comes_true([&] { return first.stdout() == "first\n"; })) throw std::runtime_error("silence");
  (void)client.queue_status();  // once it answers, the hub has all that was submitted
  ::raise(SIGSTOP);
  int whole = 0;
  for (const auto& result : results) {
    result.get(3 * kPatience);
    whole += missing_in(result.stdout()) == 0 ? 1 : 0;
  }
  if (whole < 40 || whole > 80)  // the budget is 67 tasks of these
    throw std::runtime_error(std::to_string(whole) + " tasks were heard to the end");
  for (int i = 0; i < kRead; ++i) {
    const auto result = any.apply_async(printing_tasks::much, kBytes);
    result.get(kPatience);
    if (missing_in(result.stdout()) != 0) throw std::runtime_error("the room was not given back");
  }
}

// What goes wrong with it is in the file `trouble`.
pid_t start_client(const RealCluster& cluster, const std::string& begin,
                   const std::string& trouble) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child > 0) return child;
  int code = 1;
  try {
    stand_still_and_read(cluster, begin);
    code = 0;
  } catch (const std::exception& error) {
    write_file(trouble, error.what());
  }
  ::_exit(code);
}

}  // namespace

TEST_CASE("output for a client that is stopped is bounded in the hub, and then it goes on") {
  ClusterOptions options;
  options.modules.push_back(RealCluster::module_path("printing_tasks"));
  options.hub_flags = {"--set", "dead=600s"};
  RealCluster cluster(1, options);
  const pid_t hub = hub_pid(cluster);
  const std::string begin = cluster.file("begin");
  const std::string trouble = cluster.file("trouble");
  const pid_t child = start_client(cluster, begin, trouble);
  int status = 0;
  REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
  REQUIRE(WIFSTOPPED(status));
  const long before = kilobytes_of(hub, "VmHWM");
  std::ofstream{begin};
  {
    const Client watching = cluster.connect();
    const TaskQuery what{.where = fields::outcome == "ok", .fields = {"msg_id"}};  // not outputs
    const auto ended = [&] { return watching.db_query(what).size(); };
    const TimePoint until = steady_now() + 5 * kPatience;
    while (ended() < kUnread + 1 && steady_now() < until) pause_for(std::chrono::milliseconds{20});
    CHECK(ended() == kUnread + 1);
  }
  const long grown = kilobytes_of(hub, "VmHWM") - before;
  MESSAGE("the hub has grown by ", grown, " KB");
  // A sanitizer keeps what was freed.
  if (RH_TEST_SLOWDOWN == 1) CHECK(grown < kGrowthMaxKb);
  ::kill(child, SIGCONT);
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK_MESSAGE(WEXITSTATUS(status) == 0, read_file(trouble));
}

}  // namespace roundhouse::test
