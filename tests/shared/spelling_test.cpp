#include "shared/spelling.hpp"

#include <string>

#include <doctest/doctest.h>

namespace roundhouse {

TEST_CASE("the distance of two names is the letters to change, add and remove") {
  CHECK(spelling_distance("start", "start") == 0);
  CHECK(spelling_distance("", "abc") == 3);
  CHECK(spelling_distance("abc", "") == 3);
  CHECK(spelling_distance("strat", "start") == 2);
  CHECK(spelling_distance("history", "hstory") == 1);
  CHECK(spelling_distance("kitten", "sitting") == 3);
}

TEST_CASE("names are nearly the same up to a fifth of their letters and one more") {
  CHECK(nearly_the_same("strat", "start"));
  CHECK(nearly_the_same("tas", "task"));
  CHECK_FALSE(nearly_the_same("tas", "tests"));
  CHECK_FALSE(nearly_the_same("dance", "status"));
  CHECK_FALSE(nearly_the_same(std::string(1000, 'a'), std::string(1000, 'a')));
}

}  // namespace roundhouse
