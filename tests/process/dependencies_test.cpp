// Tasks that depend on others, and tasks that are not for every engine, on real clusters.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "shared/pack.hpp"
#include "tests/modules/rule_tasks.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/rule_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;
using rule_tasks::fails_if;

struct Graphs {
  RealCluster cluster{2, with_rule_tasks()};
  Client client = cluster.connect();
  LoadBalancedView any = client.load_balanced_view();

  Graphs() { client.wait_for_engines(2, kPatience); }

  AsyncResult<int> call(const DependencyOption& after, int number = 1, bool fails = false) const {
    return any.with({.after = after}).apply_async(fails_if, number, fails);
  }
};

const DependencyOptions kFailed{.all = true, .success = false, .failure = true};
const DependencyOptions kAnyFailed{.all = false, .success = false, .failure = true};
const DependencyOptions kEnded{.all = true, .success = true, .failure = true};

// The name of what it ended with, or "ok".
std::string ending_of(const AsyncTasks& result) {
  REQUIRE(result.wait(kPatience));
  const Metadata metadata = result.metadata(0);
  return metadata.error ? metadata.error->name : metadata.outcome;
}

void check_order(const AsyncTasks& before, const AsyncTasks& behind) {
  CHECK(before.metadata(0).completed.value() <= behind.metadata(0).started.value());
}

TEST_CASE_FIXTURE(Graphs, "a diamond runs from its top to its bottom") {
  const auto top = any.apply_async(rule_tasks::sleep_ms, 50U);
  const auto left = call(top);
  const auto right = call(top);
  const auto bottom = call({left, right}, 4);
  CHECK(bottom.get(kPatience) == 4);
  for (const auto& side : {left, right}) {
    check_order(top, side);
    check_order(side, bottom);
  }
  CHECK(bottom.metadata().after.size() == 2);
}

TEST_CASE_FIXTURE(Graphs, "a chain of a thousand tasks runs in order") {
  std::vector<AsyncResult<int>> chain{call({}, 0)};
  for (int i = 1; i < 1000; ++i) chain.push_back(call(chain.back(), i));
  CHECK(chain.back().get(kPatience) == 999);
  for (std::size_t i = 1; i < chain.size(); ++i) check_order(chain[i - 1], chain[i]);
}

TEST_CASE_FIXTURE(Graphs, "a task runs when others have failed, and not when they have not") {
  const auto good = call({}, 1);
  const auto bad = call({}, 2, true);
  CHECK(call(Dependency({good, bad}, kAnyFailed), 3).get(kPatience) == 3);
  CHECK(call(Dependency(bad, kFailed), 4).get(kPatience) == 4);
  CHECK(call(Dependency({good, bad}, kEnded), 5).get(kPatience) == 5);
  CHECK(call(Dependency({good, bad}, {.all = false}), 6).get(kPatience) == 6);
  CHECK(ending_of(call(Dependency(good, kFailed))) == "ImpossibleDependency");
  CHECK(ending_of(call({good, bad})) == "ImpossibleDependency");
}

TEST_CASE_FIXTURE(Graphs, "a map waits for another map, and is waited for") {
  std::vector<int> numbers(100);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i);
  const std::vector<bool> well(numbers.size(), false);
  const auto first = any.map_async(fails_if, numbers, well);
  const auto second = any.with({.after = first}).map_async(fails_if, numbers, well);
  CHECK(call(second, 7).get(kPatience) == 7);
  CHECK(second.get() == numbers);
  UtcTime last{};
  for (const Metadata& each : first.all_metadata()) last = std::max(last, each.completed.value());
  for (const Metadata& each : second.all_metadata()) CHECK(each.started.value() >= last);
}

TEST_CASE_FIXTURE(Graphs, "a task follows another onto its engine") {
  for (int i = 0; i < 20; ++i) {
    const auto first = call({});
    const auto second = any.with({.follow = first}).apply_async(fails_if, 2, false);
    CHECK(second.get(kPatience) == 2);
    CHECK(second.metadata().engine_id == first.metadata().engine_id);
  }
  const auto on_0 = any.with({.targets = 0}).apply_async(fails_if, 1, false);
  const auto on_1 = any.with({.targets = 1}).apply_async(fails_if, 1, false);
  CHECK(ending_of(any.with({.follow = {on_0, on_1}}).apply_async(fails_if, 1, false)) ==
        "ImpossibleDependency");
  const Dependency either({on_0, on_1}, {.all = false});
  CHECK(any.with({.follow = either}).apply_async(fails_if, 8, false).get(kPatience) == 8);
  CHECK(ending_of(any.with({.targets = 1, .follow = on_0}).apply_async(fails_if, 1, false)) ==
        "ImpossibleDependency");
}

TEST_CASE_FIXTURE(Graphs, "what has become impossible takes along all that depends on it") {
  auto last = call({}, 1, true);
  for (int i = 0; i < 100; ++i) last = call(last);
  CHECK_THROWS_AS((void)last.get(kPatience), ImpossibleDependency);
  CHECK(call(Dependency(last, kFailed), 9).get(kPatience) == 9);
}

TEST_CASE_FIXTURE(Graphs,
                  "a task that depends on itself, or on what nobody submitted, is invalid") {
  const auto known = call({});
  const TaskId last = parse_task_id(known.msg_ids().front()).value();
  const TaskId itself{last.session, last.sequence + 1};
  CHECK_THROWS_AS((void)call(itself).get(kPatience), InvalidDependency);
  const TaskId nobody{SessionId{last.session.value ^ 1U}, 1};
  CHECK_THROWS_AS((void)call(nobody).get(kPatience), InvalidDependency);
}

TEST_CASE_FIXTURE(Graphs, "nonsense is refused or ends with its reason, and disturbs nobody else") {
  const Client other = cluster.connect();
  const LoadBalancedView theirs = other.load_balanced_view();
  const auto steady = theirs.with({.chunk_size = 1})
                          .map_async(rule_tasks::sleep_ms, std::vector<std::uint32_t>(200, 5U));
  const auto next_of = [](const AsyncTasks& last) {
    const TaskId id = *parse_task_id(last.msg_ids().front());
    return TaskId{id.session, id.sequence + 1};
  };
  const auto before = theirs.apply_async(fails_if, 0, false);
  const auto first = call(next_of(before));
  const auto second = theirs.with({.after = first}).apply_async(fails_if, 0, false);
  CHECK_THROWS_WITH_AS((void)first.get(kPatience), doctest::Contains("cycle"), InvalidDependency);
  CHECK(ending_of(second) == "ImpossibleDependency");

  std::vector<TaskId> many;
  for (std::uint64_t i = 1; i <= 100'000; ++i) many.push_back({SessionId{7}, i});
  CHECK_THROWS_WITH_AS((void)any.with({.after = many}), doctest::Contains("100000 tasks"),
                       Exception);
  CHECK_THROWS_WITH_AS((void)any.with({.after = TaskId{SessionId{7}, 0}}),
                       doctest::Contains("no task has the id"), Exception);
  for (const double seconds : {0.0, -1.0, 1e30, std::nan("")}) {
    CHECK_THROWS_WITH_AS((void)any.with({.timeout = Seconds(seconds)}),
                         doctest::Contains("makes no sense"), Exception);
    CHECK_THROWS_WITH_AS((void)any.with({.time_limit = Seconds(seconds)}),
                         doctest::Contains("makes no sense"), Exception);
  }
  CHECK(steady.get(kPatience).size() == 200);
  CHECK(call({}, 3).get(kPatience) == 3);
}

TEST_CASE_FIXTURE(Graphs, "a dependency that is not met in time ends the task") {
  const auto slow = any.apply_async(rule_tasks::sleep_ms, 2000U);
  const auto late = any.with({.after = slow, .timeout = 50ms}).apply_async(fails_if, 1, false);
  CHECK_THROWS_AS((void)late.get(kPatience), DependencyTimeout);
  CHECK_FALSE(slow.ready());
  CHECK(any.with({.after = slow, .timeout = 1h}).apply_async(fails_if, 3, false).get(kPatience) ==
        3);
}

TEST_CASE_FIXTURE(Graphs,
                  "tasks of other clients, and of an earlier life, are there to depend on") {
  std::vector<std::string> ids;
  {
    const Client earlier = cluster.connect();
    const auto gone = earlier.load_balanced_view().apply_async(fails_if, 1, true);
    REQUIRE(gone.wait(kPatience));
    ids = gone.msg_ids();
  }
  CHECK(call(Dependency(ids, kFailed), 5).get(kPatience) == 5);
  const Client other = cluster.connect();
  for (int i = 0; i < 100; ++i) {
    const auto theirs = other.load_balanced_view().apply_async(fails_if, i, false);
    CHECK(call(theirs, i).get(kPatience) == i);
  }
}

// A graph that a seed draws, and what must become of its tasks, found one by one.
struct Graph {
  struct Node {
    std::vector<std::size_t> after;
    DependencyOptions how;
    bool fails = false;
    std::string ending;
  };

  explicit Graph(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      Node node;
      for (std::uint64_t left = i == 0 ? 0 : draw(4); left > 0; --left)
        node.after.push_back(i - 1 - draw(std::min<std::uint64_t>(i, 200)));
      node.how.all = draw(3) != 0;
      node.how.success = draw(4) != 0;
      node.how.failure = !node.how.success || draw(3) == 0;
      node.fails = draw(6) == 0;
      const auto counts = [&](std::size_t before) {
        return nodes[before].ending == "ok" ? node.how.success : node.how.failure;
      };
      const bool met =
          node.after.empty() || (node.how.all ? std::ranges::all_of(node.after, counts)
                                              : std::ranges::any_of(node.after, counts));
      node.ending = !met ? "ImpossibleDependency" : node.fails ? "std::runtime_error" : "ok";
      nodes.push_back(std::move(node));
    }
  }

  std::vector<Node> nodes;

 private:
  std::uint64_t draw(std::uint64_t below) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (state_ >> 33U) % below;
  }

  std::uint64_t state_ = 20;
};

TEST_CASE_FIXTURE(Graphs, "ten thousand tasks of a random graph end as they would one by one") {
  const Graph graph(10'000);
  std::vector<AsyncResult<int>> results;
  for (const Graph::Node& node : graph.nodes) {
    std::vector<AsyncResult<int>> after;
    for (const std::size_t before : node.after) after.push_back(results[before]);
    results.push_back(
        call(Dependency(after, node.how), static_cast<int>(results.size()), node.fails));
  }
  std::size_t wrong = 0;
  std::size_t early = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (ending_of(results[i]) != graph.nodes[i].ending) ++wrong;
    const auto started = results[i].metadata().started;
    if (!started || !graph.nodes[i].how.all) continue;
    for (const std::size_t before : graph.nodes[i].after)
      if (results[before].metadata().completed > started) ++early;
  }
  CHECK(wrong == 0);
  CHECK(early == 0);
}

// What the hub has of a call, but for its id and where it went.
std::string call_of(const Client& client, const std::string& id) {
  std::string body;
  wire::Packer p(body);
  p.map(2), p.str("ids"), p.array(1), p.str(id), p.str("of"), p.str("arguments");
  return client.request("payload", body).body;
}

TEST_CASE_FIXTURE(Graphs, "a task that is called again waits for the same, under the same rules") {
  const auto bad = call({}, 2, true);
  const auto slow = any.apply_async(rule_tasks::sleep_ms, 300U);
  const auto first = any.with({.label = "rules",
                               .targets = {0, 1},
                               .after = Dependency({bad, slow}, kAnyFailed),
                               .follow = Dependency(slow),
                               .timeout = 30s,
                               .retries = 2,
                               .priority = 7,
                               .time_limit = 5s,
                               .depend = depend(rule_tasks::says, true),
                               .require = require("rule_tasks")})
                         .apply_async(fails_if, 5, false);
  const std::string id = first.msg_ids().front();
  const Client other = cluster.connect();
  REQUIRE(client.result_status(first).unknown.empty());  // the hub has it
  const auto early = other.resubmit<int>(id);
  CHECK(first.get(kPatience) == 5);
  CHECK(early.get(kPatience) == 5);
  check_order(slow, early);
  const auto late = other.resubmit<int>(id);
  CHECK(late.get(kPatience) == 5);
  for (const auto* again : {&early, &late})
    CHECK(call_of(client, again->msg_ids().front()) == call_of(client, id));
  CHECK(late.metadata().after == first.metadata().after);
  const auto never = call(bad);
  CHECK(ending_of(never) == "ImpossibleDependency");
  CHECK(ending_of(other.resubmit<int>(never.msg_ids().front())) == "ImpossibleDependency");
}

TEST_CASE_FIXTURE(Graphs, "a task runs where its predicate says yes") {
  for (const std::uint32_t id : {0U, 1U}) {
    const auto only = any.with({.depend = depend(rule_tasks::is_engine, id)});
    for (int i = 0; i < 10; ++i) {
      const auto result = only.apply_async(fails_if, i, false);
      CHECK(result.get(kPatience) == i);
      CHECK(result.metadata().engine_id == static_cast<int>(id));
    }
    CHECK(any.apply_async(rule_tasks::anywhere_but, id).get(kPatience) == 1 - id);
  }
}

TEST_CASE_FIXTURE(Graphs, "a task that no engine may run says what each of them lacks") {
  const auto refused = any.with({.depend = depend(rule_tasks::refuses, "no disk here")})
                           .apply_async(fails_if, 1, false);
  CHECK_THROWS_WITH_AS((void)refused.get(kPatience), doctest::Contains("no disk here"),
                       UnmetDependency);
  const auto lacking = any.with({.require = require("survey")}).apply_async(fails_if, 1, false);
  CHECK_THROWS_WITH_AS((void)lacking.get(kPatience), doctest::Contains("'survey'"),
                       UnmetDependency);
  const auto broken =
      any.with({.depend = depend(rule_tasks::breaks, "oops")}).apply_async(fails_if, 1, false);
  CHECK(ending_of(broken) == "std::runtime_error");
  CHECK(any.with({.require = require("rule_tasks", fails_if)}).apply_sync(fails_if, 4, false) == 4);
}

}  // namespace
}  // namespace roundhouse::test
