#include "shared/intervals.hpp"

#include <cstdint>
#include <limits>
#include <set>

#include <doctest/doctest.h>

using roundhouse::IntervalSet;
using roundhouse::wire::Range;

namespace {
constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
}  // namespace

TEST_CASE("numbers that arrive in order are one run") {
  IntervalSet set;
  CHECK(set.settled() == 0);
  for (std::uint64_t n = 1; n <= 1000; ++n) CHECK(set.add(n));
  CHECK_FALSE(set.add(500));
  CHECK(set.run_count() == 1);
  CHECK(set.settled() == 1000);
  CHECK(set.above_settled(10).empty());
}

TEST_CASE("what is missing separates the runs, and filling it joins them") {
  IntervalSet set;
  CHECK(set.add_range(5, 6) == 2);
  CHECK(set.add(1));
  CHECK(set.settled() == 1);
  CHECK(set.above_settled(10) == std::vector<Range>{{5, 6}});
  CHECK(set.add_range(2, 4) == 3);
  CHECK(set.settled() == 6);
  CHECK(set.run_count() == 1);
}

TEST_CASE("at most so many runs are told as were asked for, the lowest first") {
  IntervalSet set;
  for (std::uint64_t n = 3; n < 100; n += 2) set.add(n);
  CHECK(set.above_settled(2) == std::vector<Range>{{3, 3}, {5, 5}});
  CHECK(set.above_settled(0).empty());
  CHECK(set.above_settled(1000).size() == set.run_count());
}

TEST_CASE("it agrees with a plain set, whatever the order") {
  std::uint64_t state = 7;
  const auto next = [&state](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33U) % below;
  };
  for (int round = 0; round < 200; ++round) {
    IntervalSet set;
    std::set<std::uint64_t> plain;
    for (int step = 0; step < 40; ++step) {
      const std::uint64_t first = next(60);
      const std::uint64_t last = first + next(12);
      std::uint64_t fresh = 0;
      for (std::uint64_t n = first; n <= last; ++n) fresh += plain.insert(n).second ? 1 : 0;
      REQUIRE(set.add_range(first, last) == fresh);
      for (std::uint64_t n = 0; n < 80; ++n) REQUIRE(set.contains(n) == plain.contains(n));
      std::uint64_t settled = 0;
      while (plain.contains(settled + 1)) ++settled;
      REQUIRE(set.settled() == settled);
      for (const Range& run : set.above_settled(100)) REQUIRE(run.first > settled);
    }
  }
}

TEST_CASE("the ends of the number range are numbers like any other") {
  IntervalSet set;
  CHECK(set.add(kLast));
  CHECK_FALSE(set.add(kLast));
  CHECK(set.add(0));
  CHECK(set.run_count() == 2);
  CHECK(set.add(1));
  CHECK(set.settled() == 1);
  CHECK(set.add_range(5, kLast) == kLast - 5);
  CHECK(set.run_count() == 2);
  CHECK(set.contains(kLast - 1));
  CHECK_FALSE(set.contains(4));
  set.clear();
  CHECK(set.run_count() == 0);
}
