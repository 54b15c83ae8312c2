#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "shared/records.hpp"
#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/roundhouse.hpp>

namespace dependency_tasks {

// Throws what hub and engines end tasks with.
void fails_as(const std::string& what) {
  const roundhouse::RemoteErrorInfo info{.value = "the reason"};
  if (what == "impossible") throw roundhouse::ImpossibleDependency(info);
  if (what == "invalid") throw roundhouse::InvalidDependency(info);
  if (what == "timeout") throw roundhouse::DependencyTimeout(info);
  if (what == "limit") throw roundhouse::TimeLimitExceeded(info);
  throw roundhouse::UnmetDependency("the reason");
}

RH_TASK(fails_as)

}  // namespace dependency_tasks

namespace roundhouse::test {
namespace {

using dependency_tasks::fails_as;

using namespace client_test;
using namespace std::chrono_literals;

constexpr SessionId kSession{0xabc};
constexpr SessionId kOther{0x123};

TaskId task(std::uint64_t sequence, SessionId session = kSession) {
  return {session, sequence};
}

// "123:4-9 abc:1-1"
std::string text_of(const Dependency& dependency) {
  std::string out;
  for (const Jobs::Ids& each : dependency.tasks()) {
    const std::string session = each.session == kSession ? "abc" : "123";
    out += (out.empty() ? "" : " ") + session + ":" + std::to_string(each.range.first) + "-" +
           std::to_string(each.range.last);
  }
  return out;
}

std::string problem_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Exception& error) {
    return std::string(to_string(error.code())) + ": " + error.what();
  }
  return "none";
}

TEST_CASE("a dependency names each task once, in as few ranges as there can be") {
  CHECK(text_of(Dependency{}).empty());
  CHECK(text_of(Dependency(task(3))) == "abc:3-3");
  CHECK(text_of(Dependency(to_string(task(3)))) == "abc:3-3");
  CHECK(text_of({task(3), to_string(task(1)), task(2), task(3)}) == "abc:1-3");
  CHECK(text_of({task(9), MsgIds(kSession, {{1, 4}, {6, 7}}), task(4, kOther), task(5)}) ==
        "123:4-4 abc:1-7 abc:9-9");
  const Dependency part(MsgIds(kSession, {{1, 4}}));
  CHECK(text_of({part.tasks(), task(5)}) == "abc:1-5");
  CHECK(part.size() == 4);
  CHECK(part.msg_ids().front() == to_string(task(1)));
  CHECK(Dependency(std::vector<TaskId>{}).empty());
}

TEST_CASE("by default all tasks must end well") {
  const DependencyOptions usual = Dependency(task(1)).options();
  CHECK(usual == DependencyOptions{.all = true, .success = true, .failure = false});
  const Dependency alarm({task(1), task(2)}, {.all = false, .success = false, .failure = true});
  CHECK_FALSE(alarm.options().all);
  CHECK(alarm != Dependency({task(1), task(2)}));
  CHECK(alarm.size() == 2);
  CHECK(problem_of([] {
          (void)Dependency(task(1), {.success = false});
        }).starts_with("invalid: a dependency for which neither"));
}

TEST_CASE("what no task has as its id is refused") {
  CHECK(problem_of([] { (void)Dependency("12"); }).starts_with("invalid: '12' is no msg_id"));
  CHECK(problem_of([] { (void)Dependency(task(0)); }).starts_with("invalid: no task has the id"));
  CHECK(problem_of([] { (void)Dependency(task(wire::kSequenceEnd)); }) != "none");
  CHECK(problem_of([] { (void)Dependency(task(wire::kSequenceEnd - 1)); }) == "none");
  CHECK(problem_of([] { (void)Dependency(MsgIds(kSession, {{5, 4}})); }) != "none");
}

TEST_CASE("too many tasks, or ranges of them, are refused with a way out") {
  CHECK(Dependency(MsgIds(kSession, {{1, wire::kDependenciesMax}})).size() ==
        wire::kDependenciesMax);
  CHECK(problem_of([] {
          (void)Dependency(MsgIds(kSession, {{1, wire::kDependenciesMax + 1}}));
        }) ==
        "too_large: a task cannot depend on 65537 tasks, of which 65536 are the most: submit tasks "
        "that do nothing but depend on a part of them each, and depend on those");
  std::vector<TaskId> apart;
  for (std::uint64_t i = 1; i <= wire::kDependencyRangesMax; ++i) apart.push_back(task(2 * i));
  CHECK(Dependency(apart).tasks().size() == wire::kDependencyRangesMax);
  apart.push_back(task(1));
  apart.push_back(task(1'000'001));
  CHECK(problem_of([&] { (void)Dependency(apart); }).starts_with("too_large: "));
}

TEST_CASE("results are tasks to depend on, whatever their type") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const LoadBalancedView any = client.load_balanced_view();
  const AsyncResult<int> one = any.apply_async(twice, 1);
  const AsyncResult<std::string> two = any.apply_async(greet, "x", 2);
  const auto map = any.with({.chunk_size = 1}).map_async(twice, std::vector<int>{1, 2, 3});
  const auto everywhere = client[all].apply_async(twice, 1);
  CHECK(Dependency(one).msg_ids() == one.msg_ids());
  CHECK(Dependency({one, two, map, everywhere}).tasks().size() == 1);
  CHECK(Dependency({one, two, map, everywhere}).size() == 7);
  CHECK(Dependency({map, one}, {.all = false}).size() == 4);
  CHECK(Dependency(std::vector{one, any.apply_async(twice, 3)}).size() == 2);
  CHECK(Dependency(any.map_async(twice, std::vector<int>{})).empty());
  CHECK(problem_of([] {
          (void)Dependency(AsyncResult<int>());
        }).starts_with("invalid: this result has no tasks"));
}

TEST_CASE("a result of a closed client is refused, and its ids are not") {
  LocalHub hub;
  Client client = hub.connect();
  const auto result = client[0].apply_async(twice, 1);
  result.wait();
  client.close();
  CHECK(problem_of([&] { (void)Dependency(result); }) ==
        "closed: this client was closed: to depend on its tasks, name them by the msg_ids() of "
        "their result");
  CHECK(Dependency(result.msg_ids()).size() == 1);
}

TEST_CASE("after and follow are settings of a view, of a block, and of a call") {
  LocalHub hub;
  const Client client = hub.connect();
  LoadBalancedView any = client.load_balanced_view();
  const auto first = any.apply_async(twice, 1);
  const auto second = any.apply_async(twice, 2);
  CHECK(any.after().empty());
  CHECK(any.with({.after = {first, second}}).after().size() == 2);
  CHECK(any.with({.after = first}).after() == Dependency(first));
  CHECK(any.with({.after = first.msg_ids()}).after() == Dependency(first));
  CHECK(any.with({.after = first.msg_ids().front()}).after() == Dependency(first));
  CHECK(any.with({.follow = {{first, second.msg_ids()}}}).follow().size() == 2);
  const Dependency failed({first}, {.success = false, .failure = true});
  CHECK(any.with({.after = failed}).after() == failed);
  CHECK(any.with({.after = {failed}}).after() == failed);
  {
    const auto scope = any.scoped({.after = first, .follow = second});
    CHECK(any.with({.after = second}).follow() == Dependency(second));
    CHECK(any.with({.after = {}}).after() == Dependency(first));
    CHECK(any.with({.after = no_dependency}).after().empty());
  }
  CHECK(any.after().empty());
  CHECK(any.follow().empty());
}

TEST_CASE("all tasks of a map carry what their view depends on") {
  LocalHub hub;
  const Client client = hub.connect();
  const LoadBalancedView any = client.load_balanced_view();
  const auto first = any.apply_async(twice, 1);
  const auto second = any.apply_async(twice, 2);
  const LoadBalancedView then =
      any.with({.after = Dependency(first, {.success = true, .failure = true}),
                .follow = Dependency(second, {.all = false}),
                .chunk_size = 1});
  const auto map = then.map_async(twice, std::vector<int>{1, 2, 3});
  map.wait();
  const auto records = hub.dependents();
  REQUIRE(records.size() == 1);
  CHECK(records[0].count == 3);
  REQUIRE(records[0].after().size() == 1);
  CHECK(to_string(TaskId{records[0].after()[0].session, records[0].after()[0].first}) ==
        first.msg_ids().front());
  REQUIRE(records[0].follow().size() == 1);
  CHECK(records[0].after_mode == wire::DependencyMode{false, true, true});
  CHECK(records[0].follow_mode == wire::DependencyMode{true, true, false});
  CHECK(map.metadata(2).after == first.msg_ids());
  CHECK(map.metadata(2).follow == second.msg_ids());
  CHECK(first.metadata().after.empty());
}

TEST_CASE("nothing is kept of what tasks depended on when nobody holds their results") {
  LocalHub hub;
  const Client client = hub.connect();
  const LoadBalancedView any = client.load_balanced_view();
  for (int i = 0; i < 10; ++i) {
    const auto first = any.apply_async(twice, i);
    CHECK(any.with({.after = first}).apply_async(twice, i).get(kPatience) == 2 * i);
  }
  CHECK(comes_true_within(kPatience,
                          [&] { return detail::ClientAccess::shell(client).kept() == 0; }));
}

TEST_CASE("the largest dependencies go out, beside as many arguments as there can be") {
  LocalHub hub;
  const Client client = hub.connect();
  std::vector<TaskId> apart;
  for (std::uint64_t i = 1; i <= wire::kDependencyRangesMax; ++i)
    apart.push_back({kSession, 4 * i});
  const LoadBalancedView then = client.load_balanced_view().with({.after = apart, .chunk_size = 1});
  const std::vector<std::string> names(200, std::string(1000, 'x'));
  const auto map = then.map_async(greet, names, std::vector<int>(200, 1));
  CHECK(map.get(kPatience).size() == 200);
  std::uint32_t tasks = 0;
  for (const wire::SubmitRecord& record : hub.dependents()) {
    CHECK(record.after().size() == wire::kDependencyRangesMax);
    tasks += record.count;
  }
  CHECK(tasks == 200);
}

TEST_CASE("two dependencies that are too much together leave the view as it was") {
  LocalHub hub;
  const Client client = hub.connect();
  LoadBalancedView any = client.load_balanced_view();
  const Dependency many(MsgIds(kSession, {{1, wire::kDependenciesMax}}));
  any.set({.after = many});
  CHECK(problem_of([&] { any.set({.follow = task(1), .retries = 7}); }).starts_with("too_large: "));
  CHECK(any.follow().empty());
  CHECK(any.retries() == 0);
  CHECK(any.after() == many);
}

TEST_CASE("what others submitted is with their hub before tasks that depend on it are submitted") {
  LocalHub theirs;
  LocalHub ours;
  const Client other = theirs.connect();
  const Client client = ours.connect();
  theirs.holds_outcomes(true);
  const auto result = other.load_balanced_view().apply_async(twice, 1);
  const LoadBalancedView then = client.load_balanced_view().with({.after = result});
  CHECK(theirs.runs() == 1);
  then.apply_async(twice, 2).wait();
  CHECK(ours.dependents().size() == 1);
  theirs.holds_outcomes(false);
}

TEST_CASE("errors of dependencies are caught one by one, or together") {
  static_assert(std::is_base_of_v<RemoteError, UnmetDependency>);
  static_assert(std::is_base_of_v<UnmetDependency, ImpossibleDependency>);
  static_assert(std::is_base_of_v<ImpossibleDependency, InvalidDependency>);
  static_assert(std::is_base_of_v<ImpossibleDependency, DependencyTimeout>);
  static_assert(!std::is_base_of_v<TimeoutError, DependencyTimeout>);
  CHECK(std::string(UnmetDependency("no disk here").what()) == "no disk here");
  CHECK(UnmetDependency("no disk here").value() == "no disk here");
}

// The code of what `call` throws, which must be a Failure.
template <class Failure>
Errc code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Failure& error) {
    CHECK(error.value().find("the reason") != std::string::npos);
    return error.code();
  }
  return Errc::internal;
}

TEST_CASE("what a task ended with is the exception of that name") {
  LocalHub hub;
  const Client client = hub.connect();
  const auto ended_with = [&](const std::string& name) {
    return [any = client.load_balanced_view(), name] { any.apply_sync(fails_as, name); };
  };
  CHECK(code_of<UnmetDependency>(ended_with("unmet")) == Errc::refused);
  CHECK(code_of<ImpossibleDependency>(ended_with("impossible")) == Errc::refused);
  CHECK(code_of<InvalidDependency>(ended_with("invalid")) == Errc::invalid);
  CHECK(code_of<DependencyTimeout>(ended_with("timeout")) == Errc::timeout);
  CHECK(code_of<TimeLimitExceeded>(ended_with("limit")) == Errc::timeout);
  CHECK(code_of<UnmetDependency>(ended_with("timeout")) == Errc::timeout);
}

}  // namespace
}  // namespace roundhouse::test
