#include "tests/sim/liars.hpp"

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "tests/sim/checker.hpp"

using namespace roundhouse::sim;

namespace {

std::string run(std::uint64_t seed) {
  try {
    run_liars(seed);
    return {};
  } catch (const Violation& violation) {
    return violation.what();
  }
}

}  // namespace

TEST_CASE("whatever its peers say, a hub stays sound, and every task ends once they are gone") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    CHECK(run(seed) == "");
  }
}
