#include <string>
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

TEST_CASE("a predicate is a function of this program, or a name, and its arguments") {
  const Predicate even = depend(is_even, 4);
  CHECK(even.function == "is_even");
  CHECK(even.signature == signature_of<bool(int)>());
  CHECK(even == depend("is_even", 4));
  CHECK(even.body == encode_arguments(is_even, 4).body);
  CHECK(even != depend(is_even, 5));
  CHECK(depend(is_even, short{4}) == even);
  CHECK(Predicate{}.function.empty());
}

TEST_CASE("a predicate takes no arrays, and needs a name") {
  CHECK_THROWS_WITH_AS((void)depend("f", std::string(20'000, 'x')),
                       doctest::Contains("16 KiB or more"), Exception);
  CHECK_THROWS_AS((void)depend(""), Exception);
}

TEST_CASE("modules and functions are required in any mix") {
  const Requirements all_kinds = require("survey", twice, task_named("fft"), std::string("more"),
                                         task_named<double(std::string)>("mean"));
  CHECK(all_kinds.modules == std::vector<std::string>{"survey", "more"});
  CHECK(all_kinds.functions ==
        std::vector<std::string>{"twice", std::string(signature_of<int(int)>()), "fft", "", "mean",
                                 std::string(signature_of<double(std::string)>())});
  CHECK(require() == Requirements{});
  CHECK_THROWS_AS((void)require(""), Exception);
  CHECK_THROWS_AS((void)require(task_named("")), Exception);
  CHECK_THROWS_AS((void)require(not_registered), TaskNotRegistered);
}

TEST_CASE("rules of a view go into the template of its tasks") {
  LocalHub hub;
  const Client client = hub.connect();
  const LoadBalancedView any = client.load_balanced_view();
  any.apply_sync(twice, 1);
  CHECK_FALSE(hub.last_template().has_rules());
  const LoadBalancedView careful = any.with({.timeout = 30s,
                                             .time_limit = 1500ms,
                                             .depend = depend(is_even, 4),
                                             .require = require("survey", twice)});
  CHECK(careful.apply_async(twice, 2).get(kPatience) == 4);
  const wire::Define define = hub.last_template();
  CHECK(define.timeout_us == 30'000'000);
  CHECK(define.time_limit_us == 1'500'000);
  CHECK(define.depend == "is_even");
  CHECK(define.depend_signature == signature_of<bool(int)>());
  CHECK(define.depend_body == encode_arguments(is_even, 4).body);
  CHECK(define.require_modules == std::vector<std::string>{"survey"});
  CHECK(define.require_functions.size() == 2);
  CHECK(careful.timeout() == Timeout(30s));
  CHECK(careful.time_limit() == Timeout(1500ms));
  CHECK(careful.depend() == depend(is_even, 4));
  CHECK(careful.require() == require("survey", twice));
}

TEST_CASE("rules of a view can be taken away, and a bound function has them with it") {
  LocalHub hub;
  const Client client = hub.connect();
  const LoadBalancedView careful =
      client.load_balanced_view().with({.timeout = 30s, .depend = depend(is_even, 4)});
  const auto bound = careful.remote(twice);
  const LoadBalancedView free = careful.with({.timeout = no_limit, .depend = Predicate{}});
  CHECK(free.timeout() == Timeout{});
  free.apply_sync(twice, 1);
  CHECK_FALSE(hub.last_template().has_rules());
  CHECK(bound.sync(3) == 6);
  CHECK(hub.last_template().depend == "is_even");
}

TEST_CASE("rules that are too long for a template are refused") {
  LocalHub hub;
  const Client client = hub.connect();
  Requirements many;
  for (int i = 0; i < 300; ++i) many.modules.push_back(std::string(1000, 'x'));
  const LoadBalancedView view = client.load_balanced_view().with({.require = many});
  CHECK_THROWS_WITH_AS((void)view.apply_async(twice, 1), doctest::Contains("requirements"),
                       Exception);
}

}  // namespace
}  // namespace roundhouse::test
