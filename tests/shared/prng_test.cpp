#include "shared/prng.hpp"

#include <vector>

#include <doctest/doctest.h>

using roundhouse::Prng;

TEST_CASE("the same seed gives the same numbers, whatever the compiler") {
  Prng prng{0};
  CHECK(prng.next() == 0xe220a8397b1dcdafU);
  CHECK(prng.next() == 0x6e789e6aa1b965f4U);
}

TEST_CASE("numbers stay below their end, and reach all that is below it") {
  Prng prng{7};
  std::vector<int> seen(5);
  for (int i = 0; i < 200; ++i) ++seen.at(static_cast<std::size_t>(prng.below(5)));
  for (const int count : seen) CHECK(count > 0);
  CHECK(prng.below(0) == 0);
  CHECK(prng.between(3, 3) == 3);
}
