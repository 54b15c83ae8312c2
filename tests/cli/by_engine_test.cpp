#include "cli/by_engine.hpp"

#include <doctest/doctest.h>

namespace roundhouse::cli {

TEST_CASE("a set of engines is written as people give it") {
  CHECK(engine_set({}).empty());
  CHECK(engine_set({3}) == "3");
  CHECK(engine_set({0, 1}) == "0-1");
  CHECK(engine_set({0, 2, 3, 4, 9}) == "0,2-4,9");
  CHECK(engines_named({3}) == "engine 3");
  CHECK(engines_named({0, 2}) == "engines 0,2");
}

TEST_CASE("engines that say the same are told of together") {
  const auto said = by_text({{0, "6"}, {1, "7"}, {2, "6"}, {3, "6"}});
  REQUIRE(said.size() == 2);
  CHECK(said[0] == Said{{0, 2, 3}, "6"});
  CHECK(said[1] == Said{{1}, "7"});
  CHECK(by_text({}).empty());
}

TEST_CASE("values stand in one column behind their engines") {
  CHECK(labelled("Out", {{{0, 1, 2, 3}, "6"}}) == "Out[0-3]: 6\n");
  CHECK(labelled("Out", {{{0, 2}, "6"}, {{1}, "7"}, {{10}, "8"}}) ==
        "Out[0,2]: 6\nOut[1]:   7\nOut[10]:  8\n");
  CHECK(labelled("Out", {}).empty());
}

TEST_CASE("values of several lines stand below theirs") {
  CHECK(labelled("Out", {{{0}, "1 2\n3 4"}, {{1}, "5"}, {{100}, "6\n7\n"}}) ==
        "Out[0]:\n1 2\n3 4\nOut[1]: 5\nOut[100]:\n6\n7\n");
}

}  // namespace roundhouse::cli
