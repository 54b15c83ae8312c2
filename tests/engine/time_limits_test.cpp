#include "engine/core/time_limits.hpp"

#include <vector>

#include <doctest/doctest.h>

namespace roundhouse::engine {
namespace {

using namespace std::chrono_literals;
using Slots = std::vector<std::uint32_t>;

constexpr TimePoint kStart{std::chrono::hours{1}};

TEST_CASE("a run past its limit is named once, and overdue after the grace") {
  TimeLimits limits(3, 1s);
  limits.begin(1, 2s, kStart);
  limits.begin(2, 5s, kStart);
  CHECK(limits.take_late(kStart + 2s).empty());
  CHECK_FALSE(limits.late(1, kStart + 2s));
  CHECK(limits.take_late(kStart + 2s + 1ns) == Slots{1});
  CHECK(limits.take_late(kStart + 3s).empty());
  CHECK(limits.overdue(kStart + 3s).empty());
  CHECK(limits.overdue(kStart + 3s + 1ns) == Slots{1});
  CHECK(limits.take_late(kStart + 9s) == Slots{2});
  CHECK(limits.overdue(kStart + 9s) == Slots{1, 2});
}

TEST_CASE("there is something to say at the limit, and at the end of the grace") {
  TimeLimits limits(2, 1s);
  CHECK_FALSE(limits.next_deadline().has_value());
  limits.begin(0, 2s, kStart);
  const TimePoint limit = *limits.next_deadline();
  CHECK(limits.take_late(limit) == Slots{0});
  const TimePoint grace = *limits.next_deadline();
  CHECK(grace == limit + 1s);
  CHECK(limits.overdue(grace) == Slots{0});
  limits.end(0);
  CHECK_FALSE(limits.next_deadline().has_value());
  CHECK(limits.overdue(grace).empty());
}

TEST_CASE("a run without a limit is never late") {
  TimeLimits limits(1, 1s);
  limits.begin(0, 0s, kStart);
  CHECK_FALSE(limits.late(0, kStart + 1000h));
  CHECK_FALSE(limits.next_deadline().has_value());
  limits.end(0);
  limits.begin(0, 1s, kStart);
  CHECK(limits.late(0, kStart + 2s));
}

}  // namespace
}  // namespace roundhouse::engine
