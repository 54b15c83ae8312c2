#include <chrono>
#include <limits>

#include <doctest/doctest.h>

#include <roundhouse/error.hpp>
#include <roundhouse/timeout.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a limit takes any duration, to the microsecond") {
  CHECK(Limit(30s).get() == Timeout(30s));
  CHECK(Limit(1.5s).microseconds() == 1'500'000);
  CHECK(Limit(5min).get() == Timeout(300s));
  CHECK(Limit(1us).microseconds() == 1);
  CHECK(Limit(1ns).microseconds() == 1);
  CHECK(Limit(std::chrono::hours(24 * 365)).get() == Timeout(std::chrono::hours(24 * 365)));
  CHECK(Limit(no_limit).get() == Timeout{});
}

TEST_CASE("a limit that makes no sense says what to write") {
  const auto refused = [](auto time) {
    CHECK_THROWS_WITH_AS((void)Limit(time), doctest::Contains("rh::no_limit for none"), Exception);
  };
  refused(0s);
  refused(-1s);
  refused(-1ns);
  refused(std::chrono::hours(24 * 367));
  refused(std::chrono::years(1000));
  refused(std::chrono::nanoseconds::max());
  refused(Seconds(std::numeric_limits<double>::quiet_NaN()));
  refused(Seconds(std::numeric_limits<double>::infinity()));
  CHECK_THROWS_WITH_AS((void)Limit(-3s), doctest::Contains("of -3 s makes no sense"), Exception);
}

}  // namespace
}  // namespace roundhouse::test
