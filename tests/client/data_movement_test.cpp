#include <iterator>
#include <list>
#include <map>
#include <numeric>
#include <ranges>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;

using Numbers = std::vector<int>;
using Texts = std::vector<std::string>;

// 0 to 15.
Numbers sixteen() {
  Numbers out(16);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

// Numbers that can be walked through once only, and that nobody knows the number of.
struct Countdown {
  int from;

  struct Iterator {
    using iterator_concept = std::input_iterator_tag;
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    int left = 0;

    int operator*() const { return left; }

    Iterator& operator++() {
      --left;
      return *this;
    }

    void operator++(int) { --left; }

    friend bool operator==(const Iterator& i, std::default_sentinel_t) { return i.left == 0; }
  };

  [[nodiscard]] Iterator begin() const { return {from}; }

  [[nodiscard]] std::default_sentinel_t end() const { return {}; }
};

// The error that a call ends with.
template <class F>
RemoteErrorInfo failure_of(F&& call) {
  try {
    call();
  } catch (const CompositeError& error) {
    return error.errors().back();
  } catch (const RemoteError& error) {
    return error.info();
  }
  return {};
}

TEST_CASE("a DirectView provides dictionary-style access by key") {
  LocalHub hub(4);
  const Client client = hub.connect();
  const DirectView dview = client[all];
  dview["a"] = Texts{"foo", "bar"};
  CHECK(dview["a"].as<Texts>() == std::vector<Texts>(4, {"foo", "bar"}));
  client[2]["a"] = Texts{"own"};
  CHECK(client[2]["a"].as<Texts>() == Texts{"own"});
  CHECK(dview["a"].as<Texts>().at(2) == Texts{"own"});
  CHECK(dview["a"].as<Texts>().at(3).size() == 2);
}

TEST_CASE("get and update make the namespaces of the engines appear as a local dictionary") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const DirectView both = client[all];
  const EngineView one = client[1];
  CHECK(both.update({{"a", 1}, {"b", std::string("x")}}).wait(kPatience));
  one.update(std::map<std::string, int>{{"a", 5}, {"c", 6}}).get(kPatience);
  CHECK(both.get<int>("a") == Numbers{1, 5});
  CHECK(one.get<int>("a") == 5);
  CHECK(one.get<int, std::string>("a", "b") == std::tuple{5, std::string("x")});
  CHECK(one.get<int>({"a", "c"}) == Numbers{5, 6});
}

TEST_CASE("one or several names are pushed and pulled, each with its own type") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const DirectView both = client[all];
  const EngineView one = client[0];
  std::vector<double> samples(5000, 0.5);
  both.push({{"limit", 5}, {"name", "text"}, {"samples", std::move(samples)}}).get(kPatience);
  CHECK(one.pull<int>("limit").get(kPatience) == 5);
  const auto [limit, name, back] =
      one.pull<int, std::string, std::vector<double>>("limit", "name", "samples").get(kPatience);
  CHECK(limit == 5);
  CHECK(name == "text");
  CHECK(back.size() == 5000);
  one["other"] = 6;
  CHECK(one.pull<int>({"limit", "other"}).get(kPatience) == Numbers{5, 6});
  CHECK(one.pull<int>(Texts{"other", "limit"}).get(kPatience) == Numbers{6, 5});
  CHECK(one.pull<int>(std::set<std::string>{}).get(kPatience).empty());
}

TEST_CASE("several targets give a list in the order of targets, of several names, too") {
  LocalHub hub(3);
  const Client client = hub.connect();
  for (const int id : client.ids()) client[id]["rank"] = id;
  client[all].push("name", "x").get(kPatience);
  const DirectView view = client[{2, 0}];
  CHECK(view.pull<int>("rank").get(kPatience) == Numbers{2, 0});
  using Pair = std::tuple<int, std::string>;
  CHECK(view.pull<int, std::string>("rank", "name").get(kPatience) ==
        std::vector<Pair>{{2, "x"}, {0, "x"}});
  CHECK(view.pull<int>({"rank", "rank"}).get(kPatience) == std::vector<Numbers>{{2, 2}, {0, 0}});
}

TEST_CASE("scatter partitions a sequence among the engines, gather brings it back") {
  LocalHub hub(4);
  const Client client = hub.connect();
  const DirectView dview = client[all];
  static_assert(std::is_same_v<decltype(dview.scatter("a", sixteen())), AsyncResult<void>>);
  dview.scatter("a", sixteen()).get(kPatience);
  CHECK(dview["a"].as<Numbers>() ==
        std::vector<Numbers>{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10, 11}, {12, 13, 14, 15}});
  CHECK(dview.gather<int>("a").get(kPatience) == sixteen());
}

TEST_CASE("scatter deals elements out one by one when asked to, gather puts them back in order") {
  LocalHub hub(3);
  const Client client = hub.connect();
  const DirectView dview = client[all];
  dview.scatter("a", Numbers{0, 1, 2, 3, 4, 5, 6, 7}, round_robin).get(kPatience);
  CHECK(dview["a"].as<Numbers>() == std::vector<Numbers>{{0, 3, 6}, {1, 4, 7}, {2, 5}});
  CHECK(dview.gather<int>("a", round_robin).get(kPatience) == Numbers{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(dview.gather<int>("a").get(kPatience) == Numbers{0, 3, 6, 1, 4, 7, 2, 5});
}

TEST_CASE("flatten gives an engine its only element instead of a list of one") {
  LocalHub hub(3);
  const Client client = hub.connect();
  const DirectView dview = client[all];
  dview.scatter("rank", client.ids(), flatten).get(kPatience);
  CHECK(dview["rank"].as<int>() == Numbers{0, 1, 2});
  CHECK(dview.gather<int>("rank", flatten).get(kPatience) == Numbers{0, 1, 2});
  dview.scatter("mixed", Texts{"a", "b", "c", "d"}, flatten, round_robin).get(kPatience);
  CHECK(client[0].get<Texts>("mixed") == Texts{"a", "d"});
  CHECK(client[2].get<std::string>("mixed") == "c");
  CHECK(dview.gather<std::string>("mixed", flatten, round_robin).get(kPatience) ==
        Texts{"a", "b", "c", "d"});
}

TEST_CASE("any range can be scattered, also one of fewer elements than engines") {
  LocalHub hub(3);
  const Client client = hub.connect();
  const DirectView dview = client[all];
  dview.scatter("list", std::list<std::string>{"a", "b", "c", "d"}).get(kPatience);
  CHECK(dview.gather<std::string>("list").get(kPatience) == Texts{"a", "b", "c", "d"});
  for (const Distribution how : {Distribution::block, Distribution::round_robin}) {
    dview.scatter("once", Countdown{7}, how).get(kPatience);
    CHECK(dview.gather<int>("once", how).get(kPatience) == Numbers{7, 6, 5, 4, 3, 2, 1});
    dview.scatter("bits", std::vector<bool>{true, false, true, true}, how).get(kPatience);
    CHECK(dview.gather<bool>("bits", how).get(kPatience) == std::vector<bool>{1, 0, 1, 1});
    dview.scatter("few", Numbers{1}, how).get(kPatience);
    CHECK(dview.pull<Numbers>("few").get(kPatience) == std::vector<Numbers>{{1}, {}, {}});
    CHECK(dview.gather<int>("few", how).get(kPatience) == Numbers{1});
    dview.scatter("none", Numbers{}, how).get(kPatience);
    CHECK(dview.gather<int>("none", how).get(kPatience).empty());
  }
#ifndef __clang__  // whose release 14 cannot use the views of this library
  std::istringstream text("3 1 4 1 5");
  dview.scatter("read", std::ranges::istream_view<int>(text)).get(kPatience);
  CHECK(dview.gather<int>("read").get(kPatience) == Numbers{3, 1, 4, 1, 5});
  dview.scatter("a", std::views::iota(0, 16)).get(kPatience);
  CHECK(dview.gather<int>("a").get(kPatience) == sixteen());
  dview
      .scatter("odd",
               std::views::iota(0, 16) | std::views::filter([](int x) { return x % 2 != 0; }))
      .get(kPatience);
  CHECK(dview.gather<int>("odd").get(kPatience) == Numbers{1, 3, 5, 7, 9, 11, 13, 15});
#endif
}

TEST_CASE("pieces of an rvalue, an rh::Array or a lent range are its own memory") {
  const std::size_t size = 3 * kInlineArrayBytesMax / sizeof(double);
  std::vector<double> values(size, 1.0);
  const auto pieces_are_in = [&](const double* memory, std::vector<PackedValue> pieces) {
    REQUIRE(pieces.size() == 3);
    for (const PackedValue& piece : pieces) {
      REQUIRE(piece.value.frames.size() == 1);
      CHECK(piece.value.frames[0].data() == reinterpret_cast<const char*>(memory));
      CHECK(piece.type == type_name<std::vector<double>>());
      memory += size / 3;
    }
  };
  const auto how = Distribution::block;
  pieces_are_in(values.data(), detail::pack_pieces<false>(borrow(values), 3, how));
  CHECK(detail::pack_pieces<false>(values, 3, how)[0].value.frames[0].data() !=
        reinterpret_cast<const char*>(values.data()));
  const double* memory = values.data();
  const Array<double> array(values);
  pieces_are_in(array.data(), detail::pack_pieces<false>(array, 3, how));
  pieces_are_in(memory, detail::pack_pieces<false>(std::move(values), 3, how));
}

TEST_CASE("all data movement returns AsyncResults, which are ready when the view blocks") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const DirectView view = client[all];
  hub.holds_outcomes(true);
  const AsyncResult<void> pushed = view.push("a", 1);
  const AsyncResult<void> scattered = view.scatter("b", sixteen());
  const AsyncResult<Numbers> pulled = view.pull<int>("a");
  const AsyncResult<Numbers> gathered = view.gather<int>("b");
  CHECK_FALSE(pushed.ready());
  CHECK_FALSE(scattered.ready());
  CHECK_FALSE(pulled.ready());
  CHECK_FALSE(gathered.ready());
  hub.holds_outcomes(false);
  CHECK(gathered.get(kPatience) == sixteen());
  const DirectView blocking = view.with({.block = true});
  CHECK(blocking.push({{"a", 1}}).ready());
  CHECK(blocking.scatter("b", sixteen()).ready());
  CHECK(blocking.pull<int>("a").ready());
  CHECK(blocking.gather<int>("b").ready());
}

template <class View>
concept MovesData = requires(const View& view) {
  view.push("a", 1);
}

|| requires(const View& view) {
  view.template pull<int>("a");
}

|| requires(const View& view) {
  view.scatter("a", Numbers{});
}

|| requires(const View& view) {
  view.template gather<int>("a");
};

TEST_CASE("since a LoadBalancedView does not know where, it has no explicit data movement") {
  CHECK(MovesData<DirectView>);
  CHECK(MovesData<EngineView>);
  CHECK_FALSE(MovesData<LoadBalancedView>);
}

TEST_CASE("a name that an engine does not have is a NameError") {
  LocalHub hub(2);
  const Client client = hub.connect();
  client[0]["a"] = 1;
  CHECK(failure_of([&] { (void)client[1].get<int>("a"); }).name == "NameError");
  const RemoteErrorInfo error = failure_of([&] { (void)client[all].get<int>("a"); });
  CHECK(error.name == "NameError");
  CHECK(error.engine_id == 1);
  CHECK_THROWS_AS((void)client[all].gather<int>("a").get(kPatience), CompositeError);
}

TEST_CASE("a value that is pulled as another type is refused, with its name and both types") {
  LocalHub hub(2);
  const Client client = hub.connect();
  client[all].push({{"a", 1}, {"b", Numbers{1}}}).get(kPatience);
  CHECK_THROWS_WITH_AS((void)client[0].get<std::string>("a"),
                       "'a' is a int, and was asked for as a std::string", SerializationError);
  CHECK_THROWS_WITH_AS((void)(client[all].get<int, double>("a", "b")),
                       "'b' is a std::vector<int>, and was asked for as a double",
                       SerializationError);
  CHECK_THROWS_AS((void)client[all].gather<double>("b").get(kPatience), SerializationError);
  CHECK_THROWS_AS((void)client[0].get<int>({"a", "b"}), SerializationError);
}

}  // namespace
}  // namespace roundhouse::test
