#include <algorithm>
#include <list>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/roundhouse.hpp>
#include <roundhouse/view.hpp>

namespace client_test {

RH_TASK(twice)
RH_TASK(greet)
RH_TASK(nothing)
RH_TASK(fails_on_odd)
RH_TASK(sum)
RH_TASK(ramp)
RH_TASK(is_even)
RH_TASK(doubled)
RH_TASK(weighted)
RH_TASK(add_up)
RH_TASK(join)
RH_TASK(both)
RH_TASK(add_small)
RH_TASK(train)

}  // namespace client_test

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

TEST_CASE("one engine gives the value, several a vector in the order of the engines") {
  LocalHub hub(3);
  const Client client = hub.connect();
  CHECK(client.ids() == std::vector<int>{0, 1, 2});
  CHECK(client[0].apply_sync(twice, 21) == 42);
  CHECK(client[-1].engine() == 2);
  CHECK(client[all].apply_sync(twice, 4) == std::vector<int>{8, 8, 8});
  CHECK(client[{2, 0}].apply_sync(greet, "you", 1).size() == 2);
  CHECK(client[slice(0, end, 2)].targets() == std::vector<int>{0, 2});
  CHECK(client.load_balanced_view().apply_async(twice, 5).get(kPatience) == 10);
  client[all].apply_sync(nothing);
}

TEST_CASE("functions may be called by name, with the types of their parameters") {
  LocalHub hub;
  const Client client = hub.connect();
  const EngineView one = client[0];
  CHECK(one.apply_sync<int>("twice", 4) == 8);
  CHECK(one.apply_async<std::string>("greet", "x", 2).get(kPatience) == "hello xhello x");
  CHECK_THROWS_AS(one.apply_sync<int>("twice", 4.0), RemoteError);
  CHECK_THROWS_AS(one.apply_sync<int>("no_such_function"), RemoteError);
}

TEST_CASE("a function that the program does not know as a task is refused at once") {
  LocalHub hub;
  const Client client = hub.connect();
  CHECK_THROWS_WITH_AS(client[0].apply_async(not_registered, 1), doctest::Contains("RH_TASK"),
                       TaskNotRegistered);
  CHECK(hub.runs() == 0);
}

TEST_CASE("a map keeps the order of its arguments, whatever view runs it") {
  LocalHub hub(3);
  const Client client = hub.connect();
  std::vector<int> in(1000);
  std::iota(in.begin(), in.end(), 0);
  std::vector<int> expected;
  for (const int x : in) expected.push_back(2 * x);
  CHECK(client.load_balanced_view().map_sync(twice, in) == expected);
  CHECK(client[all].map_sync(twice, in) == expected);
  CHECK(client[0].map_sync(twice, in) == expected);
  CHECK(client.load_balanced_view().with({.chunk_size = 7}).map_sync(twice, in) == expected);
  CHECK(client.load_balanced_view().map_sync<int>("twice", in) == expected);
}

TEST_CASE("a map's chunks: one per engine of a DirectView, of the given size otherwise") {
  LocalHub hub(3);
  const Client client = hub.connect();
  const std::vector<int> in(10, 1);
  CHECK(client[all].map_async(twice, in).task_count() == 3);
  CHECK(client[all].map_async(twice, std::vector<int>{1, 2}).task_count() == 2);
  const auto any = client.load_balanced_view();
  CHECK(any.with({.chunk_size = 4}).map_async(twice, in).task_count() == 3);
  CHECK(any.map_async(twice, in).task_count() == 10);
  CHECK(any.map_async(twice, std::vector<int>(10'000)).task_count() == 48);
}

TEST_CASE("maps of nothing, of several ranges and of other ranges than vectors") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const auto any = client.load_balanced_view();
  const auto empty = any.map_async(twice, std::vector<int>{});
  CHECK(empty.ready());
  CHECK(empty.get().empty());
  CHECK(empty.begin() == empty.end());
  const std::vector<std::string> names{"a", "b", "c"};
  const std::vector<int> times{1, 2};
  CHECK(any.map_sync(greet, names, times) == std::vector<std::string>{"hello a", "hello bhello b"});
  const std::list<short> list{1, 2, 3};
  CHECK(any.map_sync(twice, list) == std::vector<int>{2, 4, 6});
}

TEST_CASE("a map is iterated as results come, in order or not") {
  LocalHub hub(2);
  const Client client = hub.connect();
  std::vector<int> in(200);
  std::iota(in.begin(), in.end(), 0);
  const auto result = client.load_balanced_view().map_async(twice, in);
  std::vector<int> ordered;
  for (const int y : result) ordered.push_back(y);
  std::vector<int> unordered;
  for (const int y : result.unordered()) unordered.push_back(y);
  CHECK(ordered == result.get());
  std::sort(unordered.begin(), unordered.end());
  CHECK(unordered == ordered);
  CHECK(result.size() == 200);
}

TEST_CASE("a failing element fails the whole map, and its chunk when it is iterated") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const auto view = client.load_balanced_view().with({.chunk_size = 1});
  const auto result = view.map_async(fails_on_odd, std::vector<int>{0, 2, 3, 4});
  CHECK_THROWS_AS((void)result.get(kPatience), CompositeError);
  auto at = result.begin();
  CHECK(*at == 0);
  CHECK(*++at == 2);
  CHECK_THROWS_AS(++at, RemoteError);
}

TEST_CASE("named data goes to engines and comes back") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const DirectView both = client[all];
  const EngineView one = client[1];
  both.push("limit", 5).get(kPatience);
  CHECK(both.pull<int>("limit").get(kPatience) == std::vector<int>{5, 5});
  one["limit"] = 6;
  CHECK(one["limit"].as<int>() == 6);
  CHECK(both["limit"].as<int>() == std::vector<int>{5, 6});
  both["name"] = "text";
  CHECK(one.pull<std::string>("name").get(kPatience) == "text");
  CHECK_THROWS_AS((void)one.pull<int>("absent").get(kPatience), RemoteError);
  CHECK_THROWS_AS((void)one.pull<double>("limit").get(kPatience), SerializationError);
}

TEST_CASE("a range is scattered in contiguous pieces and gathered in order") {
  LocalHub hub(3);
  const Client client = hub.connect();
  const DirectView everyone = client[all];
  std::vector<double> samples(10'000);
  std::iota(samples.begin(), samples.end(), 0.0);
  everyone.scatter("samples", samples).get(kPatience);
  CHECK(client[0].pull<std::vector<double>>("samples").get(kPatience).size() == 3334);
  CHECK(everyone.gather<double>("samples").get(kPatience) == samples);
  everyone.scatter("few", std::vector<int>{1}).get(kPatience);
  CHECK(everyone.gather<int>("few").get(kPatience) == std::vector<int>{1});
}

TEST_CASE("a view that blocks has its results ready") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const auto view = client[all].with({.block = true});
  CHECK(view.apply(twice, 1).ready());
  CHECK(view.map(twice, std::vector<int>{1, 2}).ready());
  CHECK(view.push("a", 1).ready());
}

}  // namespace
}  // namespace roundhouse::test
