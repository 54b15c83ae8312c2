// Tasks that are ended before their time, with real daemons: what waits, what was sent ahead, what
// has not come yet, and what runs.
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/modules/rule_tasks.hpp"
#include "tests/support/frozen.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/roundhouse_command.hpp"
#include "tests/support/rule_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;

// A cluster whose engines are all at work, until somebody stops them.
struct Busy {
  explicit Busy(std::size_t engines)
      : cluster(engines, with_rule_tasks()), client(cluster.connect()) {
    client.wait_for_engines(engines, kPatience);
    // Short ones first, so that much is sent ahead.
    (void)any.map_sync(rule_tasks::sleep_ms, std::vector<std::uint32_t>(200 * engines, 0));
    spinning = client[all].apply_async(rule_tasks::spin_until_stopped);
    REQUIRE(comes_true([&] { return client.result_status(spinning).running.size() == engines; }));
  }

  // Many tasks, one by one, that wait for any engine.
  auto many(std::size_t count) const {
    return any.with({.chunk_size = 1})
        .map_async(rule_tasks::sleep_ms, std::vector<std::uint32_t>(count, 0));
  }

  RealCluster cluster;
  Client client;
  LoadBalancedView any = client.load_balanced_view();
  AsyncListResult<int> spinning;
};

std::uint64_t all_of(const AbortReport& report) {
  return report.aborted + report.stopping + report.ended + report.marked + report.unknown;
}

std::size_t aborted_among(const AsyncTasks& result) {
  std::size_t out = 0;
  for (const Metadata& each : result.all_metadata()) out += each.outcome == "aborted" ? 1U : 0U;
  return out;
}

}  // namespace

TEST_CASE("a task that runs sees its stop token and ends as aborted, with its engine alive") {
  Busy at(1);
  const pid_t process = at.client.engines().front().pid;
  const AbortReport report = at.spinning.abort();
  CHECK(report.stopping == 1);
  CHECK(all_of(report) == 1);
  REQUIRE(at.spinning.wait(kPatience));
  CHECK_THROWS_AS((void)at.spinning.at(0), TaskAborted);
  CHECK_THROWS_AS((void)at.spinning.at(0), AbortedTask);
  CHECK(at.spinning.metadata(0).outcome == "aborted");
  CHECK(at.any.apply_async(rule_tasks::sleep_ms, 1U).get(kPatience) == 1);
  CHECK(static_cast<pid_t>(at.client.engines().front().pid) == process);
  CHECK(at.spinning.abort().ended == 1);
}

TEST_CASE("a hundred thousand tasks that wait end as aborted") {
  constexpr std::size_t kTasks = 100'000;
  Busy at(1);
  const auto waiting = at.many(kTasks);
  REQUIRE(comes_true([&] { return at.client.status().unfinished == kTasks + 1; }));
  const AbortReport report = at.client.abort(waiting);
  CHECK(report.aborted + report.stopping == kTasks);
  CHECK(report.aborted > kTasks / 2);
  REQUIRE(waiting.wait(kPatience));
  CHECK(aborted_among(waiting) == kTasks);
  CHECK_FALSE(at.spinning.ready());
  at.client.abort();
  CHECK(at.spinning.wait(kPatience));
}

TEST_CASE("what was sent ahead to busy engines is given back and ends as aborted") {
  Busy at(2);
  std::vector<AsyncListResult<int>> behind;
  for (int i = 0; i < 200; ++i)
    behind.push_back(
        at.client[all].apply_async(process_tasks::traced, at.cluster.file("trace"), 0, i));
  const auto also = at.many(500);
  CHECK(all_of(at.client.abort(Jobs({Jobs(behind), Jobs(also)}))) == 900);
  for (const auto& each : behind) {
    REQUIRE(each.wait(kPatience));
    CHECK(aborted_among(each) == 2);
  }
  REQUIRE(also.wait(kPatience));
  CHECK(aborted_among(also) == 500);
  CHECK_FALSE(at.spinning.ready());
  at.client.abort(all);
  REQUIRE(at.spinning.wait(kPatience));
  // Nothing of it runs when the engines are free again.
  CHECK(at.client[all].apply_async(process_tasks::add, 1, 2).get(kPatience) ==
        std::vector<int>{3, 3});
  CHECK_FALSE(std::filesystem::exists(at.cluster.file("trace")));
}

TEST_CASE("what an engine has that stands still ends as aborted all the same") {
  Busy at(1);
  const auto lane = at.client[0].apply_async(process_tasks::add, 1, 2);
  const auto free = at.any.apply_async(process_tasks::add, 1, 2);
  REQUIRE(comes_true([&] { return at.client.status().unfinished == 3; }));
  const Frozen frozen(static_cast<pid_t>(at.client.engines().front().pid));
  CHECK(all_of(at.client.abort()) == 3);
  for (const AsyncTasks* each :
       std::initializer_list<const AsyncTasks*>{&lane, &free, &at.spinning}) {
    REQUIRE(each->wait(kPatience));
    CHECK(aborted_among(*each) == 1);
  }
}

TEST_CASE("a view aborts what it has sent: a load-balanced one its own, others by engine") {
  Busy at(2);
  const LoadBalancedView other = at.client.load_balanced_view();
  const auto mine = at.many(100);  // by a copy with other settings
  const auto theirs = other.apply_async(process_tasks::add, 1, 2);
  const auto on_second = at.client[1].apply_async(process_tasks::add, 3, 4);
  CHECK(all_of(at.any.abort()) == 100);
  REQUIRE(mine.wait(kPatience));
  CHECK(aborted_among(mine) == 100);
  CHECK_FALSE(theirs.ready());
  CHECK(all_of(at.any.abort()) == 0);
  // One of the two that run, which were sent by a view of both engines, and what stands behind it.
  const auto on_first = at.client[0].apply_async(process_tasks::add, 5, 6);
  CHECK(all_of(at.client[0].abort()) == 2);
  REQUIRE(on_first.wait(kPatience));
  CHECK(on_first.metadata().outcome == "aborted");
  CHECK(theirs.get(kPatience) == 3);
  CHECK_FALSE(on_second.ready());
  const DirectView everywhere = at.client[all];
  CHECK(all_of(everywhere.abort()) == 2);
  REQUIRE(at.spinning.wait(kPatience));
  REQUIRE(on_second.wait(kPatience));
  CHECK(aborted_among(at.spinning) == 2);
  CHECK(on_second.metadata().outcome == "aborted");
  CHECK(all_of(at.client[{0, 1}].abort()) == 0);
  CHECK(everywhere.apply_async(process_tasks::add, 1, 2).get(kPatience) == std::vector{3, 3});
}

TEST_CASE("tasks that are submitted and aborted in one breath never run") {
  Busy at(1);
  const LoadBalancedView any = at.any;
  std::vector<AsyncResult<int>> tasks;
  for (int i = 0; i < 5000; ++i)
    tasks.push_back(any.apply_async(process_tasks::traced, at.cluster.file("trace"), 0, i));
  const AbortReport report = at.client.abort(tasks);
  CHECK(report.aborted + report.stopping + report.marked == 5000);
  for (const auto& task : tasks) {
    REQUIRE(task.wait(kPatience));
    CHECK(task.metadata().outcome == "aborted");
  }
  at.client.abort();
  REQUIRE(at.spinning.wait(kPatience));
  CHECK(any.apply_async(process_tasks::add, 1, 2).get(kPatience) == 3);
  CHECK_FALSE(std::filesystem::exists(at.cluster.file("trace")));
}

TEST_CASE("what is aborted before it has come ends when it comes, whoever asked for it") {
  const RealCluster cluster(1, with_rule_tasks());
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const LoadBalancedView any = client.load_balanced_view();
  const auto first = any.apply_async(process_tasks::add, 1, 2);
  CHECK(first.get(kPatience) == 3);
  // The sequence of the next task is one higher.
  std::string next = first.msg_ids().front();
  ++next.back();
  const Client other = cluster.connect();
  const AbortReport report = other.abort(Jobs(next));
  CHECK(report.marked == 1);
  CHECK(all_of(report) == 1);
  const auto never = any.apply_async(process_tasks::traced, cluster.file("trace"), 0, 1);
  REQUIRE(never.msg_ids().front() == next);
  REQUIRE(never.wait(kPatience));
  CHECK_THROWS_AS((void)never.get(), TaskAborted);
  CHECK(any.apply_async(process_tasks::add, 3, 4).get(kPatience) == 7);
  CHECK_FALSE(std::filesystem::exists(cluster.file("trace")));
}

TEST_CASE("what was aborted stays so when the hub is killed") {
  Busy at(1);
  const auto waiting = at.many(2000);
  const auto never = at.any.apply_async(process_tasks::traced, at.cluster.file("trace"), 0, 1);
  CHECK(all_of(at.client.abort(Jobs({Jobs(waiting), Jobs(never)}))) == 2001);
  // Only then the one that keeps the engine from those that were sent to it ahead.
  CHECK(at.spinning.abort().stopping == 1);
  REQUIRE(::kill(static_cast<pid_t>(at.client.status().pid), SIGKILL) == 0);
  REQUIRE(waiting.wait(kPatience));
  REQUIRE(never.wait(kPatience));
  REQUIRE(at.spinning.wait(kPatience));
  CHECK(aborted_among(waiting) == 2000);
  CHECK(never.metadata().outcome == "aborted");
  CHECK(at.spinning.metadata(0).outcome == "aborted");
  CHECK_FALSE(std::filesystem::exists(at.cluster.file("trace")));
}

TEST_CASE("what depends on an aborted task fails, and says why") {
  Busy at(1);
  const auto first = at.any.apply_async(process_tasks::add, 1, 2);
  const auto second = at.any.with({.after = {first}}).apply_async(process_tasks::add, 1, 2);
  const auto third = at.any.with({.after = {second}}).apply_async(process_tasks::add, 1, 2);
  REQUIRE(comes_true([&] { return at.client.status().unfinished == 4; }));
  first.abort();
  REQUIRE(third.wait(kPatience));
  CHECK_THROWS_AS((void)third.get(), ImpossibleDependency);
  const std::string why = third.metadata().error->value;
  CHECK_MESSAGE(contains(why, "was aborted"), why);
  CHECK_MESSAGE(contains(why, first.msg_ids().front()), why);
  CHECK(at.client.result(first.msg_ids()).records.front().metadata.outcome == "aborted");
  at.client.abort();
}

TEST_CASE("roundhouse abort ends tasks by their ids, by session, or all there are") {
  Shell roundhouse;
  const std::string module = std::string(RH_BINARY_DIR) + "/lib/rule_tasks.so";
  const Ended started = roundhouse({"start", "-n", "1", "--module", module});
  REQUIRE_MESSAGE(started.exit == 0, started.err);
  const Client client({.timeout = kPatience});
  client.wait_for_engines(1, kPatience);
  const auto task = [&] {
    return client.load_balanced_view().apply_async<int>("rule_tasks::spin_until_stopped");
  };
  const auto first = task();
  REQUIRE(comes_true([&] { return client.result_status(Jobs(first)).running.size() == 1; }));
  const auto second = task();
  const std::string id = second.msg_ids().front();
  CHECK(roundhouse.json({"abort", id, "--wait=60s"}).at("ended") == 0);
  CHECK(second.wait(kPatience));
  const Ended text = roundhouse({"abort", first.msg_ids().front(), "--wait=60s"});
  CHECK_MESSAGE(text.exit == 0, text.err);
  CHECK(text.out == "1 asked to stop\n");
  const auto third = task();
  const auto fourth = task();
  REQUIRE(comes_true([&] { return client.status().unfinished == 2; }));
  const Json counts = roundhouse.json({"abort", "--session", id});
  CHECK(counts.at("aborted").get<int>() + counts.at("stopping").get<int>() == 2);
  CHECK(third.wait(kPatience));
  CHECK(fourth.wait(kPatience));
  CHECK(roundhouse({"abort", "--all"}).out == "nothing waits or runs\n");
  CHECK(roundhouse.json({"history", "--status", "aborted"}).size() == 4);
  check_one_line(roundhouse({"abort"}), "abort what?");
  check_one_line(roundhouse({"abort", "last", "--wait", "5s"}), "write --wait=5s");
  check_one_line(roundhouse({"abort", std::string(32, 'f')}), "knows none of them");
}

}  // namespace roundhouse::test
