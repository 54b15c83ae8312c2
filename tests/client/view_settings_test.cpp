#include <sstream>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

template <class T>
std::string text_of(const T& view) {
  std::ostringstream out;
  out << view;
  return out.str();
}

TEST_CASE("a view prints as what it stands for") {
  LocalHub hub(4);
  const Client client = hub.connect();
  CHECK(text_of(client[0]) == "<DirectView 0>");
  CHECK(text_of(client[-1]) == "<DirectView 3>");
  CHECK(text_of(client[{0, 1, 2}]) == "<DirectView [0,1,2]>");
  CHECK(text_of(client[slice(0, end, 2)]) == "<DirectView [0,2]>");
  CHECK(text_of(client[all]) == "<DirectView all>");
  CHECK(text_of(client.load_balanced_view()) == "<LoadBalancedView>");
  CHECK(to_string(client.load_balanced_view({1, 3})) == "<LoadBalancedView [1,3]>");
}

TEST_CASE("a setting holds for one call, for a view, or for a scope") {
  LocalHub hub(2);
  const Client client = hub.connect();
  EngineView one = client[0];
  CHECK(one.with({.label = "once"}).apply_async(twice, 1).metadata().label == "once");
  CHECK(one.apply_async(twice, 1).metadata().label.empty());
  one.set({.track = true, .label = "always"});
  CHECK(one.track());
  CHECK(one.apply_async(twice, 1).metadata().label == "always");
  {
    const auto scope = one.scoped({.block = true, .label = "here"});
    CHECK(one.block());
    const auto result = one.apply(twice, 1);
    CHECK(result.ready());
    CHECK(result.metadata().label == "here");
    const auto inner = one.scoped({.label = "inside"});
    CHECK(one.block());
    CHECK(one.label() == "inside");
  }
  CHECK_FALSE(one.block());
  CHECK(one.track());
  CHECK(one.label() == "always");
}

TEST_CASE("a copy of a view has settings of its own") {
  LocalHub hub(2);
  const Client client = hub.connect();
  DirectView view = client[all];
  const DirectView copy = view;
  view.set({.block = true, .targets = 1});
  CHECK_FALSE(copy.block());
  CHECK(copy.targets() == std::vector<int>{0, 1});
  CHECK(view.targets() == std::vector<int>{1});
}

TEST_CASE("all is asked anew at each call, everything else is fixed when the view is made") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const DirectView everyone = client[all];
  const DirectView two = client[slice(0, end)];
  DirectView changed = two.with({.targets = slice(-1, end)});
  CHECK(changed.targets() == std::vector<int>{1});
  hub.has_engines(3);
  client.wait_for_engines(3, kPatience);
  CHECK(everyone.apply_sync(twice, 1).size() == 3);
  CHECK(two.apply_sync(twice, 1).size() == 2);
  CHECK(changed.targets() == std::vector<int>{1});
  CHECK(changed.set({.targets = all}).targets() == std::vector<int>{0, 1, 2});
}

TEST_CASE("targets that there are not are refused, and nothing is changed") {
  LocalHub hub(2);
  const Client client = hub.connect();
  DirectView view = client[std::vector<int>{0}];
  CHECK_THROWS_AS(view.set({.block = true, .targets = {0, 7}}), Exception);
  CHECK_FALSE(view.block());
  CHECK(view.targets() == std::vector<int>{0});
  LoadBalancedView any = client.load_balanced_view();
  CHECK_THROWS_AS(any.set({.targets = {5}}), Exception);
  CHECK(any.with({.targets = {-1}}).targets() == std::vector<int>{1});
  CHECK(any.with({.targets = {0}}).with({.targets = all}).targets().empty());
}

TEST_CASE("a view without engines says so at the call") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const DirectView nobody = client[slice(5, 7)];
  CHECK_THROWS_AS((void)nobody.apply_async(twice, 1), NoEnginesRegistered);
  CHECK_THROWS_AS((void)nobody.targets(), NoEnginesRegistered);
  CHECK_THROWS_AS((void)nobody.map_async(twice, std::vector<int>{1}), NoEnginesRegistered);
}

TEST_CASE("an engine of a view that has left fails its own task, not the call") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const DirectView both = client[{0, 1}];
  hub.has_engines(1);
  const auto outcomes = both.apply_async(twice, 4).get(return_exceptions, kPatience);
  REQUIRE(outcomes.size() == 2);
  CHECK(*outcomes[0] == 8);
  CHECK_THROWS_AS(*outcomes[1], EngineError);
}

TEST_CASE("thousands of labels cost a little each") {
  LocalHub hub(1);
  const Client client = hub.connect();
  const EngineView one = client[0];
  AsyncResult<int> last;
  for (int i = 0; i < 5000; ++i)
    last = one.with({.label = "call " + std::to_string(i)}).apply_async(twice, i);
  CHECK(last.get(kPatience) == 9998);
  CHECK(last.metadata().label == "call 4999");
}

// What the views do not offer does not compile.
template <class View>
concept MovesData = requires(const View& view, std::vector<int> values) {
  view.push("a", 1);
  view.template pull<int>("a");
  view.scatter("a", values);
  view.template gather<int>("a");
};

static_assert(MovesData<EngineView>);
static_assert(MovesData<DirectView>);

template <class View>
concept MovesSomeData = requires(const View& view) {
  view.push("a", 1);
}

|| requires(const View& view) {
  view.template pull<int>("a");
}

|| requires(const View& view, std::vector<int> values) {
  view.scatter("a", values);
}

|| requires(const View& view) {
  view.template gather<int>("a");
}

|| requires(const View& view) {
  view["a"];
};

static_assert(!MovesSomeData<LoadBalancedView>);

template <class Options>
concept HasSchedulerOptions = requires(Options options) {
  options.retries;
}

|| requires(Options options) {
  options.priority;
}

|| requires(Options options) {
  options.after;
}

|| requires(Options options) {
  options.follow;
}

|| requires(Options options) {
  options.timeout;
};

static_assert(!HasSchedulerOptions<EngineOptions>);
static_assert(!HasSchedulerOptions<ViewOptions>);
static_assert(HasSchedulerOptions<BalancedOptions>);
static_assert(!std::is_invocable_v<decltype(&DirectView::with), DirectView, BalancedOptions>);

}  // namespace
}  // namespace roundhouse::test
