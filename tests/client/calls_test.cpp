#include <algorithm>
#include <iterator>
#include <list>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/calls.hpp>
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

// 0, 1, 2, ... without an end, and each number only once.
class Numbers {
 public:
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = int;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(int* next) : next_(next) {}

    int operator*() const { return *next_; }

    Iterator& operator++() {
      ++*next_;
      return *this;
    }

    void operator++(int) { ++*this; }

    friend bool operator==(const Iterator&, std::default_sentinel_t) { return false; }

   private:
    int* next_;
  };

  explicit Numbers(int* next) : next_(next) {}

  [[nodiscard]] Iterator begin() const { return Iterator(next_); }

  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

 private:
  int* next_;
};

std::vector<int> first_numbers(int count) {
  std::vector<int> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

TEST_CASE("a function of one struct is called with its members by name") {
  LocalHub hub(2);
  const Client client = hub.connect();
  CHECK(client[0].apply_sync(train, {.steps = 5}) == "0.100000 5 adam");
  CHECK(client[0].apply_async(train, {.rate = 0.5, .method = "sgd"}).get() == "0.500000 100 sgd");
  CHECK(client[all].apply(train, {}).get()[1] == "0.100000 100 adam");
  Training how;
  how.steps = 7;
  CHECK(client[0].apply_sync(train, how) == "0.100000 7 adam");
  CHECK(client[0].apply_sync(train, Training{.steps = 8}) == "0.100000 8 adam");
  CHECK(client[0].remote(train)({.steps = 9}).get() == "0.100000 9 adam");
}

TEST_CASE("imap gives results in order, whatever view it is of") {
  LocalHub hub(3);
  const Client client = hub.connect();
  const std::vector<int> in = first_numbers(50);
  std::vector<int> expected;
  for (const int x : in) expected.push_back(2 * x);
  std::vector<int> seen;
  for (const int y : client.load_balanced_view().imap(twice, in)) seen.push_back(y);
  CHECK(seen == expected);
  seen.clear();
  for (const int y : client[all].imap(twice, in)) seen.push_back(y);
  CHECK(seen == expected);
  seen.clear();
  for (const int y : client[1].imap<int>("twice", in)) seen.push_back(y);
  CHECK(seen == expected);
  seen.clear();
  for (const int y : client.load_balanced_view().with({.chunk_size = 7}).imap(twice, in))
    seen.push_back(y);
  CHECK(seen == expected);
}

TEST_CASE("imap as results come, of several ranges, and of none") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const auto any = client.load_balanced_view();
  std::vector<int> seen;
  for (const int y : any.imap(twice, first_numbers(30)).unordered()) seen.push_back(y);
  std::sort(seen.begin(), seen.end());
  CHECK(seen == any.map_sync(twice, first_numbers(30)));
  std::vector<std::string> greetings;
  for (const std::string& each :
       any.imap(greet, std::list<std::string>{"a", "b", "c"}, std::vector<int>{1, 2}))
    greetings.push_back(each);
  CHECK(greetings == std::vector<std::string>{"hello a", "hello bhello b"});
  auto nothing_to_do = any.imap(twice, std::vector<int>{});
  CHECK(nothing_to_do.begin() == nothing_to_do.end());
  std::vector<bool> even;
  for (const bool each : any.imap(is_even, first_numbers(3))) even.push_back(each);
  CHECK(even == std::vector<bool>{true, false, true});
}

TEST_CASE("imap takes of an endless range only what its window has room for") {
  LocalHub hub(2);
  const Client client = hub.connect();
  int taken = 0;
  const auto view = client.load_balanced_view().with({.outstanding_max = 5});
  auto results = view.imap(twice, Numbers(&taken));
  auto at = results.begin();
  for (int i = 0; i < 100; ++i, ++at) REQUIRE(*at == 2 * i);
  CHECK(taken >= 101);
  CHECK(taken <= 106);
  results.cancel();
  int more = 0;
  for (; at != results.end(); ++at) ++more;
  CHECK(more <= 6);
  CHECK(client.history().size() == static_cast<std::size_t>(taken));
}

TEST_CASE("imap throws what a task ended with, and goes on behind it") {
  LocalHub hub(2);
  const Client client = hub.connect();
  auto results = client.load_balanced_view().imap(fails_on_odd, std::vector<int>{2, 3, 4});
  auto at = results.begin();
  CHECK(*at == 2);
  CHECK_THROWS_AS(++at, RemoteError);
  ++at;
  CHECK(*at == 4);
  CHECK(++at == results.end());
}

TEST_CASE("reduce joins a range in its order, on any view") {
  LocalHub hub(3);
  const Client client = hub.connect();
  const std::vector<int> in = first_numbers(1000);
  CHECK(client.load_balanced_view().reduce(add_up, in) == 499'500);
  CHECK(client[all].reduce(add_up, in) == 499'500);
  CHECK(client[0].reduce(add_up, in) == 499'500);
  CHECK(client.load_balanced_view().reduce<int>("add_up", in) == 499'500);
  std::vector<std::string> letters;
  std::string expected;
  for (char c = 'a'; c <= 'z'; ++c) {
    letters.emplace_back(1, c);
    expected += c;
  }
  CHECK(client.load_balanced_view().with({.chunk_size = 3}).reduce(join, letters) == expected);
  CHECK(client[all].reduce(join, letters, "0") == "0" + expected);
  const std::vector<bool> flags{true, true, false, true};
  CHECK_FALSE(client[all].reduce(both, flags));
}

TEST_CASE("reduce of one element is the element, of none an error or the initial value") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const std::vector<int> none;
  CHECK(client[all].reduce(add_up, std::vector<int>{7}) == 7);
  CHECK(client[all].reduce(add_up, none, 5) == 5);
  CHECK_THROWS_WITH_AS((void)client[all].reduce(add_up, none), doctest::Contains("initial"),
                       Exception);
}

TEST_CASE("a reduction that fails says in which step") {
  LocalHub hub(2);
  const Client client = hub.connect();
  try {
    (void)client[all].reduce(add_small, std::vector<int>{1, 1, 100, 1, 1});
    FAIL("no error");
  } catch (const CompositeError& error) {
    CHECK(error.errors().size() == 1);
    CHECK(error.traceback().find("in step 2 of this part of a reduction") != std::string::npos);
  }
  CHECK_THROWS_AS((void)client[0].apply_async<int>("reduce:greet").get(kPatience), RemoteError);
}

}  // namespace
}  // namespace roundhouse::test
