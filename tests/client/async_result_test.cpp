#include <algorithm>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/async_result.hpp>
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

TEST_CASE("the results of several engines are looked at one by one, or by engine") {
  LocalHub hub(3);
  const Client client = hub.connect();
  const AsyncListResult<int> ids = client[{2, 0}].apply_async(twice, 7);
  CHECK(ids.size() == 2);
  CHECK(ids[0] == 14);
  CHECK(ids.get_dict(kPatience) == std::map<int, int>{{2, 14}, {0, 14}});
  CHECK_THROWS_AS((void)ids.at(2), std::out_of_range);
  const AsyncResult<std::vector<int>> as_value = ids;
  CHECK(as_value.get() == std::vector<int>{14, 14});
  CHECK(client[1].apply_async(twice, 7).get_dict() == std::map<int, int>{{1, 14}});
  CHECK(ids.metadata().size() == 2);
  CHECK(ids.metadata()[0].engine_id == 2);
  CHECK(ids.metadata(1).engine_id == 0);
}

TEST_CASE("results of several engines are iterated as they come") {
  LocalHub hub(3);
  const Client client = hub.connect();
  const auto results = client[all].apply_async(greet, "you", 1);
  std::vector<std::string> seen;
  for (const std::string& each : results) seen.push_back(each);
  for (const std::string& each : results.unordered()) seen.push_back(each);
  CHECK(seen == std::vector<std::string>(6, "hello you"));
  for (const bool each : client[all].apply_async(is_even, 4)) CHECK(each);
}

TEST_CASE("iterating throws what a task ended with, and goes on behind it") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const std::vector<int> in{2, 3, 4, 5, 6};
  const auto results =
      client.load_balanced_view().with({.chunk_size = 1}).map_async(fails_on_odd, in);
  std::vector<int> seen;
  int failed = 0;
  for (auto at = results.begin(); at != results.end();) {
    seen.push_back(*at);
    bool moved = false;
    while (!moved) {
      try {
        ++at;
        moved = true;
      } catch (const RemoteError&) {
        ++failed;
      }
    }
  }
  CHECK(seen == std::vector<int>{2, 4, 6});
  CHECK(failed == 2);
}

TEST_CASE("errors take the places of their results when they are asked for") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const std::vector<int> in{2, 3, 4, 5, 6};
  const auto any = client.load_balanced_view();
  const auto single = any.with({.chunk_size = 1}).map_async(fails_on_odd, in);
  const auto outcomes = single.get(return_exceptions, kPatience);
  REQUIRE(outcomes.size() == 5);
  CHECK(*outcomes[0] == 2);
  CHECK_FALSE(outcomes[1].ok());
  CHECK(outcomes[1].error().value == "odd: 3");
  CHECK_THROWS_AS(outcomes[1].value(), RemoteError);
  CHECK(outcomes[4].value() == 6);
  // A piece is one task: all of its results are lost with one.
  const auto pairs = any.with({.chunk_size = 2}).map_async(fails_on_odd, in);
  std::string ok;
  for (const Outcome<int>& each : pairs.get(return_exceptions)) ok += each ? '+' : '-';
  CHECK(ok == "----+");
  const Outcome<int> one = client[0].apply_async(fails_on_odd, 1).get(return_exceptions);
  CHECK(one.exception() != nullptr);
  CHECK(client[all].apply_async(nothing).get(return_exceptions)[1].ok());
}

TEST_CASE("a map that is not ordered is iterated as results come") {
  LocalHub hub(2);
  const Client client = hub.connect();
  std::vector<int> in(100);
  std::iota(in.begin(), in.end(), 0);
  const auto view = client.load_balanced_view().with({.chunk_size = 3, .ordered = false});
  const auto results = view.map_async(twice, in);
  std::vector<int> seen;
  for (const int each : results) seen.push_back(each);
  std::sort(seen.begin(), seen.end());
  CHECK(seen == results.get());
  CHECK(results.size() == 100);
}

TEST_CASE("a map by engine needs a view that gives each engine one piece") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const std::vector<int> in{1, 2, 3};
  const auto dict = client[all].map_async(twice, in).get_dict(kPatience);
  CHECK(dict == std::map<int, std::vector<int>>{{0, {2, 4}}, {1, {6}}});
  const auto many = client.load_balanced_view().map_async(twice, std::vector<int>(10, 1));
  CHECK_THROWS_WITH_AS((void)many.get_dict(kPatience), doctest::Contains("several"), Exception);
}

TEST_CASE("status tells ok from error, outcome tells more") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const EngineView second = client[1];
  CHECK(client[0].apply_async(twice, 1).get(kPatience) == 2);
  const auto failed = client[0].apply_async(fails_on_odd, 1);
  CHECK(failed.wait(kPatience));
  CHECK(failed.metadata().status == "error");
  CHECK(failed.metadata().outcome == "error");
  REQUIRE(failed.metadata().pyerr());
  CHECK(failed.metadata().error->value == "odd: 1");
  hub.has_engines(1);
  const auto lost = second.apply_async(twice, 1);
  CHECK(lost.wait(kPatience));
  CHECK(lost.metadata().status == "error");
  CHECK(lost.metadata().outcome == "engine_lost");
}

TEST_CASE("the short names of get") {
  LocalHub hub(2);
  const Client client = hub.connect();
  CHECK(client[0].apply_async(twice, 1).r() == 2);
  CHECK(client[all].apply_async(twice, 1).result() == std::vector<int>{2, 2});
  CHECK(client[all].map_async(twice, std::vector<int>{1, 2}).r() == std::vector<int>{2, 4});
  client[0].apply_async(nothing).r();
}

TEST_CASE("waiting interactively shows the progress") {
  LocalHub hub(2);
  const Client client = hub.connect();
  std::ostringstream out;
  CHECK(client[all].apply_async(twice, 1).wait_interactive({.out = &out}));
  CHECK(out.str().starts_with("2 of 2 tasks"));
  hub.holds_outcomes(true);
  const auto open = client[0].apply_async(twice, 1);
  out.str("");
  CHECK_FALSE(open.wait_interactive({.timeout = 1ms, .out = &out}));
  CHECK(out.str().starts_with("0 of 1 task,"));
  CHECK_FALSE(client.wait_interactive({.timeout = 1ms, .out = &out}));
}

TEST_CASE("a client waits interactively for any mix, and not for others' tasks") {
  LocalHub hub(2);
  const Client client = hub.connect();
  std::ostringstream out;
  const auto one = client[0].apply_async(twice, 1);
  const auto two = client[all].apply_async(twice, 2);
  CHECK(client.wait_interactive({one.msg_ids(), two}, {.timeout = kPatience, .out = &out}));
  CHECK(out.str().find("3 of 3 tasks") != std::string::npos);
  CHECK(client.wait_interactive({.timeout = kPatience, .out = &out}));
  const std::string theirs = std::string(16, 'a') + "0000000000000001";
  CHECK_THROWS_WITH_AS((void)client.wait_interactive(theirs, {.out = &out}),
                       doctest::Contains("not of this client"), Exception);
}

TEST_CASE("elapsed counts from the call, wall_time to the last result, serial_time what ran") {
  LocalHub hub(2);
  const Client client = hub.connect();
  hub.holds_outcomes(true);
  const auto open = client[all].apply_async(twice, 1);
  CHECK(open.progress() == 0);
  CHECK(open.serial_time() == Seconds(0));
  const Seconds early = open.elapsed();
  CHECK(open.elapsed() >= early);
  hub.holds_outcomes(false);
  CHECK(open.wait(kPatience));
  CHECK(open.progress() == open.task_count());
  CHECK(open.wall_time() > early);
  CHECK(open.wall_time() == open.elapsed());
  CHECK(open.serial_time() > Seconds(0));
}

}  // namespace
}  // namespace roundhouse::test
