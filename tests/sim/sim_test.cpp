// A hundred fixed worlds, and every one that ever failed. By hand and for long: roundhouse-sim.

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "tests/sim/world.hpp"

using namespace roundhouse::sim;

namespace {

// Seeds that failed once, with what they found.
struct Known {
  std::uint64_t seed;
  const char* found;
};

constexpr Known kKnown[] = {
    {1, "the first world"},
};

std::string run(std::uint64_t seed) {
  try {
    World world{draw_world(seed), false};
    world.run();
    return {};
  } catch (const Violation& violation) {
    return violation.what();
  }
}

}  // namespace

TEST_CASE("a hundred worlds: whatever breaks, every task ends once, and everything comes to rest") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    CHECK(run(seed) == "");
  }
}

TEST_CASE("worlds that failed once do not fail again") {
  for (const Known& known : kKnown) {
    CAPTURE(known.seed);
    CAPTURE(known.found);
    CHECK(run(known.seed) == "");
  }
}

TEST_CASE("a world is the same each time") {
  World first{draw_world(17), false};
  first.run();
  World second{draw_world(17), false};
  second.run();
  CHECK(first.steps() == second.steps());
  CHECK(first.now() == second.now());
}
