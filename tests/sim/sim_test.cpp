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
    {60, "work given out again within the grace of an engine that had joined uncommitted"},
    {97, "a client that sent more bytes than it had credit for"},
    {164, "a task that lacked its frames and never ended"},
    {198, "a database that differed from what the client was told"},
    {250, "a lane that overtook a task without its frames"},
    {304, "the last engine was about to stop when the world healed"},
    {371, "a retry used up by an engine that was lost in silence"},
    {514, "the end of an engine that only its nanny had spoken of"},
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
