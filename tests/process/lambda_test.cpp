// Lambdas of this program that real engines compile and run: RH_LAMBDA and RH_SOURCE.
#include <deque>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/support/interpreter.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

#define LAMBDA_TEST_LIMIT 100
#define LAMBDA_TEST_SQUARE(x) ((x) * (x))

namespace lambda_test {

RH_SOURCE_INCLUDE(<deque>)
RH_SOURCE(
    struct Place {
      int x = 0;
      std::string name;
      MSGPACK_DEFINE(x, name)
    };

    namespace inner {
      template <class A, class B>
      auto larger(A a, B b) {
        return a < b ? b : a;
      }
    }  // namespace inner

    using inner::larger;
    using Numbers = std::deque<int>; using std::string;

    int shift(int x) { return x + LAMBDA_TEST_LIMIT; }

    int calls = 0;)

namespace {

RH_SOURCE([[maybe_unused]] int hidden(int x) { return -x; }

          template <class T>
          concept Small = sizeof(T) <= 4;)

}  // namespace

// Engines hear nothing of these.
int not_told(int x) {
  return x;
}

using std::vector;

}  // namespace lambda_test

// A function of the module process_tasks.
RH_SOURCE(namespace process_tasks {
  int add(int a, int b);
  double total(const std::vector<double>& values);
})

namespace lambda_test {

using roundhouse::Client;
using roundhouse::CompositeError;
using roundhouse::DirectView;
using roundhouse::EngineView;
using roundhouse::LoadBalancedView;
using roundhouse::RemoteErrorInfo;
using roundhouse::return_exceptions;
using roundhouse::test::has_interpreter;
using roundhouse::test::kPatience;
using roundhouse::test::RealCluster;

// Two engines with an interpreter.
struct Lines {
  Lines() { client.wait_for_engines(2, kPatience); }

  RealCluster cluster{2};
  Client client = cluster.connect();
  DirectView all = client[roundhouse::all];
  EngineView one = client[0];
  LoadBalancedView any = client.load_balanced_view();
};

TEST_CASE("lambdas run on every view, called, mapped, walked through and reduced") {
  if (!has_interpreter()) return;
  const Lines at;
  const auto twice = RH_LAMBDA([](int x) { return 2 * x; });
  const std::vector numbers{1, 2, 3, 4, 5};
  const std::vector doubled{2, 4, 6, 8, 10};
  CHECK(at.one.apply_sync(twice, 21) == 42);
  CHECK(at.all.apply_async(twice, 4).get() == std::vector{8, 8});
  CHECK(at.any.apply_sync(twice, 3) == 6);
  CHECK(at.any.map_sync(twice, numbers) == doubled);
  CHECK(at.all.map(twice, numbers).get() == doubled);
  CHECK(at.one.map_sync(twice, numbers) == doubled);
  std::vector<int> walked;
  for (const int y : at.any.imap(twice, numbers)) walked.push_back(y);
  CHECK(walked == doubled);
  CHECK(at.any.reduce(RH_LAMBDA([](int a, int b) { return a + b; }), numbers) == 15);
  CHECK(at.any.map_sync(RH_LAMBDA([](int a, double b) { return a + b; }), numbers,
                        std::vector{.5, .5}) == std::vector{1.5, 2.5});
  CHECK(at.any.remote(twice).sync(8) == 16);
  const auto squares = at.all.parallel(RH_LAMBDA([](const std::vector<int>& part) {
    std::vector<int> out;
    for (const int x : part) out.push_back(x * x);
    return out;
  }));
  CHECK(squares(numbers).get() == std::vector{1, 4, 9, 16, 25});
  CHECK(at.any.executor().submit(twice, 2).get() == 4);
  at.one.apply_sync(RH_LAMBDA([] {}));
}

TEST_CASE("macros, commas, raw strings, templates, names and types work as in the program") {
  if (!has_interpreter()) return;
  const Lines at;
  CHECK(at.any.apply_sync(RH_LAMBDA([](int x) { return LAMBDA_TEST_SQUARE(x + 1); }), 2) == 9);
  CHECK(at.any.apply_sync(RH_LAMBDA([](int x) { return shift(x) + lambda_test::shift(0); }), 1) ==
        201);
  CHECK(at.any.apply_sync(
            RH_LAMBDA([](int x) {
              const std::map<int, std::string> names{{1, "one, two"}, {2, R"(a "raw" \n, text)"}};
              return names.at(x);
            }),
            2) == R"(a "raw" \n, text)");
  CHECK(at.any.apply_sync(RH_LAMBDA([](int x) { return larger(x, 2.5); }), 1) == 2.5);
  CHECK(at.any.apply_sync(RH_LAMBDA([](int x) {
                            Numbers all{x, x};
                            static_assert(Small<int>);
                            return static_cast<int>(all.size()) + hidden(x) + inner::larger(x, 0);
                          }),
                          1) == 2);
  CHECK(at.any.apply_sync(RH_LAMBDA([](string text) { return text + string("!"); }), "oh") ==
        "oh!");
  CHECK(at.any.apply_sync(RH_LAMBDA([](std::string_view text) { return text.size(); }), "four") ==
        4);
  const Place moved = at.any.apply_sync(RH_LAMBDA([](Place place, int by) {
                                          place.x += by;
                                          place.name += " moved";
                                          return place;
                                        }),
                                        Place{1, "it"}, 3);
  CHECK(moved.x == 4);
  CHECK(moved.name == "it moved");
  // A variable is the engine's, and lasts.
  const auto count = RH_LAMBDA([] { return ++calls; });
  CHECK(at.one.apply_sync(count) == 1);
  CHECK(at.one.apply_sync(count) == 2);
  CHECK(calls == 0);
}

TEST_CASE("lambdas reach the engine's names, those of execute among them, and its modules") {
  if (!has_interpreter()) return;
  const Lines at;
  at.all["limit"] = 5;
  CHECK(at.one.apply_sync(
      RH_LAMBDA([](int n) { return n < roundhouse::this_engine::get<int>("limit"); }), 3));
  at.one.execute_sync("double mean = 2.5;");
  const auto raise = RH_LAMBDA([](double by) {
    roundhouse::this_engine::get<double>("mean") += by;
    roundhouse::this_engine::set("raised", true);
  });
  at.one.apply_sync(raise, 1.0);
  CHECK(at.one.execute_sync("mean").value == "3.5");
  CHECK(at.one.pull<bool>("raised").get());
  const auto missing = at.client[1].apply_async(raise, 1.0).get(return_exceptions);
  CHECK(missing.error().name == "NameError");
  CHECK(at.any.apply_sync(RH_LAMBDA([](int x) { return process_tasks::add(x, 4); }), 3) == 7);
  CHECK(at.any.map_sync(RH_LAMBDA([](double x) {
                          return process_tasks::total(std::vector{x, x});
                        }),
                        std::vector{1.0, 2.0}) == std::vector{2.0, 4.0});
  // Names of code are no names of lambdas.
  at.one.execute_sync("int shift(int) { return 0; }");
  CHECK(at.one.apply_sync(RH_LAMBDA([](int x) { return shift(x); }), 1) == 101);
  at.all.execute_sync("int n = 5;");
  CHECK(at.all.map_sync<int>("shift", std::vector{1}) == std::vector{0});
}

TEST_CASE("a lambda takes the engine's namespace as its first parameter, as tasks do") {
  if (!has_interpreter()) return;
  const Lines at;
  at.all["limit"] = 5;
  const auto above = RH_LAMBDA([](roundhouse::Namespace& engine, int x) {
    engine.set("last", x);
    return x > engine.get<int>("limit");
  });
  CHECK(at.one.apply_sync(above, 6));
  CHECK(at.one.pull<int>("last").get() == 6);
  CHECK(at.all.map_sync(above, std::vector{4, 5, 6}) == std::vector{false, false, true});
  CHECK(at.any.map_sync(above, std::vector{4, 7}) == std::vector{false, true});
  CHECK(at.one.remote(above)(7).get());
  CHECK(at.one.apply_sync(
            RH_LAMBDA([](roundhouse::Namespace& engine) { return engine.names().size(); })) == 2);
}

TEST_CASE("what an engine cannot compile or a lambda throws names the client's file and line") {
  if (!has_interpreter()) return;
  const Lines at;
  const int line = __LINE__ + 1;
  const auto told = RH_LAMBDA([](int x) { return not_told(x); });
  const RemoteErrorInfo bad = at.one.apply_async(told, 1).get(return_exceptions).error();
  CHECK(bad.name == "CompileError");
  CHECK(bad.value.find(std::string(__FILE__) + ":" + std::to_string(line) + ":") == 0);
  CHECK(bad.value.find("undeclared identifier 'not_told'") != std::string::npos);
  CHECK(bad.value.find("RH_SOURCE") != std::string::npos);
  const auto uses = RH_LAMBDA([](int x) { return vector<int>{x}.front(); });
  CHECK(at.one.apply_async(uses, 1).get(return_exceptions).error().name == "CompileError");
  const auto throws = RH_LAMBDA([](int x) -> int { throw std::out_of_range(std::to_string(x)); });
  const RemoteErrorInfo thrown = at.one.apply_async(throws, 7).get(return_exceptions).error();
  CHECK(thrown.name == "std::out_of_range");
  CHECK(thrown.value == "7");
  CHECK(thrown.traceback.find(std::string("in the lambda at ") + __FILE__) == 0);
  CHECK_THROWS_AS(at.all.apply_sync(throws, 1), CompositeError);
  // A crash is survived, and the lambda is compiled anew.
  const auto crashes = RH_LAMBDA([](int x) {
    if (x == 9) std::abort();
    return x;
  });
  CHECK(at.one.apply_async(crashes, 9).get(return_exceptions).error().name == "EngineError");
  CHECK(at.one.apply_sync(RH_LAMBDA([](int x) { return x; }), 5) == 5);
  const auto deep = RH_LAMBDA([](int x) {
    const auto again = [](const auto& self, int depth) -> int {
      volatile char room[1000] = {};
      return depth == 0 ? room[0] : self(self, depth - 1) + room[depth % 1000];
    };
    return again(again, x);
  });
  CHECK(at.one.apply_sync(deep, 5) == 0);
  CHECK(at.one.apply_async(deep, 1'000'000'000).get(return_exceptions).error().name ==
        "EngineError");
  CHECK(at.one.apply_sync(deep, 5) == 0);
}

TEST_CASE("lambdas are tasks: they have records, are submitted again, and stop when asked to") {
  if (!has_interpreter()) return;
  const Lines at;
  const auto result = at.any.apply_async(RH_LAMBDA([](int x) { return x + 1; }), 1);
  CHECK(result.get() == 2);
  CHECK(at.client.resubmit<int>(result.msg_ids().front()).get() == 2);
  const auto waits = RH_LAMBDA([] {
    while (!roundhouse::this_engine::stop_requested()) {
    }
    return 1;
  });
  const auto limited =
      at.any.with({.time_limit = std::chrono::milliseconds{200}}).apply_async(waits);
  CHECK(limited.get(return_exceptions).error().name == "TimeLimitExceeded");
  CHECK(at.any.apply_sync(RH_LAMBDA([](int x) { return x; }), 5) == 5);
}

}  // namespace lambda_test
