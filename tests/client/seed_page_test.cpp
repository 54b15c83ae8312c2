// The page "Details of Parallel Computing with IPython", sentence by sentence: running code, and
// views. Each test is named after what the page says. (Results: seed_page_results_test.cpp.)
#include "tests/client/seed_page.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace rh = roundhouse;

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

TEST_CASE_FIXTURE(Page, "the principal method of remote execution is apply, of view objects") {
  CHECK(rc[0].apply(twice, 21).get(kPatience) == 42);
  CHECK(rc[rh::all].apply(twice, 21).get(kPatience) == std::vector{42, 42, 42, 42});
  CHECK(rc.load_balanced_view().apply(twice, 21).get(kPatience) == 42);
}

TEST_CASE_FIXTURE(Page, "send_apply_message is used by all higher level methods of views") {
  std::vector<Encoded> arguments{encode_values(21)};
  const AsyncTasks sent =
      rc.send_apply_message({.function = "twice", .engines = rc[rh::all].targets()}, arguments);
  rc[0].push("a", 1).wait();
  CHECK(rc.wait(kPatience));
  CHECK(sent.task_count() == 4);
  CHECK(rc.history().size() == 5);  // data movement is calls, too
}

TEST_CASE_FIXTURE(Page, "kwargs: the keyword arguments passed to f") {
  CHECK(rc[0].apply_sync(train, {.rate = 0.25, .steps = 3}) == "0.250000 3 adam");
}

TEST_CASE_FIXTURE(Page, "block: whether to wait for the result, or return immediately") {
  hub.holds_outcomes(true);
  const AsyncResult<int> later = rc[0].apply(twice, 1);  // false: returns an AsyncResult
  CHECK_FALSE(later.ready());
  hub.holds_outcomes(false);
  EngineView view = rc[0];
  view.set({.block = true});
  CHECK(view.apply(twice, 1).ready());
  CHECK(rc[0].apply_sync(twice, 1) == 2);  // true: the actual result
}

TEST_CASE_FIXTURE(Page, "if multiple targets: list of results, matching targets") {
  const auto ar = rc[{3, 0, 2}].apply_async(twice, 1);
  CHECK(ar.get(kPatience).size() == 3);
  CHECK(ar.metadata(0).engine_id == 3);
  CHECK(ar.metadata(1).engine_id == 0);
  CHECK(ar.metadata(2).engine_id == 2);
}

TEST_CASE_FIXTURE(Page, "targets: all, or none, is all active engines; a list each; an int one") {
  CHECK(rc.direct_view().targets() == rc.ids());
  CHECK(rc.direct_view(rh::all).apply_sync(twice, 1).size() == 4);
  CHECK(rc.direct_view({1, 3}).apply_sync(twice, 1).size() == 2);
  CHECK(rc.direct_view(2).targets() == std::vector{2});
  CHECK(rc[rh::all].with({.targets = {0, 2}}).apply_sync(twice, 1).size() == 2);
  hub.has_engines(0);
  CHECK(comes_true_within(kPatience, [this] { return rc.ids().empty(); }));
  CHECK_THROWS_AS((void)rc.direct_view().apply(twice, 1), NoEnginesRegistered);
}

TEST_CASE_FIXTURE(Page, "LoadBalancedView uses targets to restrict possible destinations") {
  const LoadBalancedView view = rc.load_balanced_view({1, 3});
  CHECK(view.targets() == std::vector{1, 3});
  CHECK(view.apply_async(twice, 1).task_count() == 1);  // always in just one location
}

TEST_CASE_FIXTURE(Page, "you can create DirectViews simply by accessing the client by engine id") {
  CHECK(to_string(rc[0]) == "<DirectView 0>");
}

TEST_CASE_FIXTURE(Page, "you can also create a DirectView with a list of engines") {
  CHECK(to_string(rc[{0, 1, 2}]) == "<DirectView [0,1,2]>");
}

TEST_CASE_FIXTURE(Page, "slicing and negative indexing pass the index to the client's ids") {
  CHECK(to_string(rc[-1]) == "<DirectView 3>");
  CHECK(to_string(rc[slice(0, end, 2)]) == "<DirectView [0,2]>");
  const std::vector<int> ids = rc.ids();
  CHECK(to_string(rc[-1]) == to_string(rc[ids[ids.size() - 1]]));
  CHECK(to_string(rc[slice(0, end, 2)]) == to_string(rc[{ids[0], ids[2]}]));
}

TEST_CASE_FIXTURE(Page, "the slice is evaluated at the time of construction of the DirectView") {
  const DirectView frozen = rc[slice(0, end)];
  hub.has_engines(6);
  rc.wait_for_engines(6, kPatience);
  CHECK(frozen.targets() == std::vector{0, 1, 2, 3});
  CHECK(rc[rh::all].targets().size() == 6);
}

TEST_CASE_FIXTURE(Page, "LoadBalancedViews always run tasks on exactly one engine") {
  const auto any = rc.load_balanced_view();
  std::vector<int> used;
  for (int i = 0; i < 8; ++i) {
    const auto ar = any.apply_async(twice, i);
    CHECK(ar.get(kPatience) == 2 * i);
    REQUIRE(ar.metadata().engine_id);
    used.push_back(*ar.metadata().engine_id);
  }
  std::sort(used.begin(), used.end());
  CHECK(std::unique(used.begin(), used.end()) - used.begin() == 4);
}

TEST_CASE_FIXTURE(Page, "views' map methods can be called on any number of sequences") {
  const std::vector<std::string> names{"a", "b", "c"};
  const std::vector<int> times{2, 1, 1, 5};
  const std::vector<std::string> expected{"hello ahello a", "hello b", "hello c"};
  CHECK(rc[rh::all].map_sync(greet, names, times) == expected);
  CHECK(rc.load_balanced_view().map_sync(greet, names, times) == expected);
  CHECK(rc.load_balanced_view().map(greet, names, times).get(kPatience) == expected);
}

TEST_CASE_FIXTURE(Page, "the load-balanced and direct implementations of map differ") {
  const std::vector<int> in(20, 1);
  CHECK(rc[rh::all].map_async(twice, in).task_count() == 4);  // a piece per engine
  CHECK(rc.load_balanced_view().with({.chunk_size = 5}).map_async(twice, in).task_count() == 4);
  CHECK(rc.load_balanced_view().with({.chunk_size = 1}).map_async(twice, in).task_count() == 20);
  const auto blocked = rc[rh::all].with({.block = true}).map(twice, in);
  CHECK(blocked.ready());
}

TEST_CASE_FIXTURE(Page, "iter, map_async, reduce") {
  const std::vector<int> in{1, 2, 3, 4, 5};
  int sum = 0;
  for (const int each : rc[rh::all].map_async(twice, in)) sum += each;
  CHECK(sum == 30);
  for (const int each : rc.load_balanced_view().imap(twice, in)) sum -= each;
  CHECK(sum == 0);
  CHECK(rc.load_balanced_view().reduce(add_up, in) == 15);
}

TEST_CASE_FIXTURE(Page, "@remote and RemoteFunction") {
  const RemoteFunction remote = rc[rh::all].remote(twice);
  CHECK(remote(4).get(kPatience) == std::vector{8, 8, 8, 8});
  CHECK(remote.map(std::vector{1, 2}).get(kPatience) == std::vector{2, 4});
}

TEST_CASE_FIXTURE(Page, "@parallel and ParallelFunction") {
  const ParallelFunction parallel = rc[rh::all].parallel(doubled);
  const std::vector<double> in{1, 2, 3, 4, 5};
  const std::vector<double> expected{2, 4, 6, 8, 10};
  CHECK(parallel(in).get(kPatience) == expected);
  CHECK(parallel(in).task_count() == 4);
  CHECK(rc[rh::all].parallel(twice).map(std::vector{1, 2}).get(kPatience) == std::vector{2, 4});
}

}  // namespace
}  // namespace roundhouse::test
