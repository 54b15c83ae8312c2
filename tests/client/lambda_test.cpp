#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "shared/lambda_source.hpp"
#include "tests/support/local_hub.hpp"
#include <roundhouse/lambda.hpp>
#include <roundhouse/roundhouse.hpp>

#define LAMBDA_TEST_TWICE(x) (2 * (x))

namespace lambda_test {

RH_SOURCE_INCLUDE(<deque>)
RH_SOURCE(
    int half(int x) { return x / 2; }

    template <class A, class B>
    struct Pair {
      A a;
      B b;
    };)

namespace {

RH_SOURCE([[maybe_unused]] const char* hidden = R"(raw "text" \n)"; using std::vector;)

}  // namespace
}  // namespace lambda_test

namespace roundhouse::test {
namespace {

const detail::LambdaTask& task_of(int (*function)(int)) {
  return static_cast<const detail::LambdaTask&>(find_task(function));
}

wire::LambdaSource source_of(int (*function)(int)) {
  return *wire::decode_lambda_source(task_of(function).source);
}

TEST_CASE("a lambda is a task whose source is its text after macros, file and line") {
  const int line = __LINE__ + 1;
  int (*const function)(int) = RH_LAMBDA([](int x) { return LAMBDA_TEST_TWICE(x); });
  CHECK(function(4) == 8);
  const detail::LambdaTask& task = task_of(function);
  CHECK(task.name == "lambda lambda_test.cpp:" + std::to_string(line));
  CHECK(readable_signature(task.signature) == "takes (int) and returns int");
  const wire::LambdaSource source = source_of(function);
  CHECK(source.lambda.text == "[](int x) { return (2 * (x)); }");
  CHECK(source.lambda.file == __FILE__);
  CHECK(source.lambda.line == static_cast<std::uint32_t>(line));
  CHECK(source.type == "FiiE");
  CHECK(source.parameters == std::vector<std::string>{"i"});
  CHECK(source.result == "i");
}

TEST_CASE("commas and quotes in a lambda are its own") {
  const auto source = source_of(RH_LAMBDA([](int x) {
    const std::pair<int, int> both{x, 1};
    const std::string text =
        "a, \"b\""
        R"(c, "d" \)";
    return (void)(both.first + static_cast<int>(text.size())), both.second + ',';
  }));
  CHECK(source.lambda.text.find(R"_("a, \"b\"" R"(c, "d" \)")_") != std::string::npos);
  CHECK(source.lambda.text.find("std::pair<int, int> both{x, 1}") != std::string::npos);
}

TEST_CASE("what RH_SOURCE said in this file goes with every lambda, and where it stood") {
  const auto context = source_of(RH_LAMBDA([](int x) { return lambda_test::half(x); })).context;
  REQUIRE(context.size() == 3);
  CHECK(context[0].text == "#include <deque>");
  CHECK(context[0].place.empty());
  CHECK(
      context[1].text.starts_with("int half(int x) { return x / 2; } template <class A, class B>"));
  CHECK(context[1].place.starts_with("PN11lambda_test"));
  CHECK(context[2].text ==
        R"_([[maybe_unused]] const char* hidden = R"(raw "text" \n)"; using std::vector;)_");
  CHECK(context[2].place.find("_GLOBAL__N_1") != std::string::npos);
}

TEST_CASE("a lambda is evaluated again and again, and stays one task") {
  std::vector<int (*)(int)> all;
  for (int i = 0; i < 3; ++i) all.push_back(RH_LAMBDA([](int x) noexcept { return x; }));
  CHECK((all[0] == all[2]));
  CHECK(&task_of(all[0]) == &task_of(all[2]));
}

TEST_CASE("a view sends the source with the first call, and once for all calls like it") {
  LocalHub hub;
  const Client client = hub.connect();
  const auto view = client.load_balanced_view();
  int (*const function)(int) = RH_LAMBDA([](int x) { return x; });
  view.apply_async(function, 1).wait();
  CHECK(hub.last_template().source == task_of(function).source);
  CHECK(hub.last_template().function == task_of(function).name);
  view.map_async(function, std::vector{1, 2}).wait();
  CHECK(hub.last_template().function == "map:" + task_of(function).label);
  CHECK(hub.last_template().source == task_of(function).source);
  const std::uint32_t number = hub.last_template().number;
  view.map_async(function, std::vector{1, 2}).wait();
  CHECK(hub.last_template().number == number);
  view.remote(function).async(4).wait();
  view.apply_async(RH_LAMBDA([](int x) { return x + 1; }), 1).wait();
  CHECK(hub.last_template().number > number);
}

TEST_CASE("a lambda is no predicate and no requirement") {
  CHECK_THROWS_AS((void)depend(RH_LAMBDA([](int x) { return x > 0; }), 1), Exception);
  CHECK_THROWS_AS((void)require(RH_LAMBDA([](int x) { return x; })), Exception);
}

}  // namespace
}  // namespace roundhouse::test
