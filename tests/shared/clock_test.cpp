#include "shared/clock.hpp"

#include <doctest/doctest.h>

namespace roundhouse {

TEST_CASE("the steady clock never goes back, and the wall clock knows the century") {
  const TimePoint before = steady_now();
  CHECK(steady_now() >= before);
  CHECK(to_string(wall_now()) > "2025-01-01");
}

}  // namespace roundhouse
