#include <doctest/doctest.h>

#include <roundhouse/error.hpp>
#include <roundhouse/targets.hpp>
#include <roundhouse/view.hpp>

namespace roundhouse::test {
namespace {

using Ids = std::vector<int>;

TEST_CASE("all engines, some by id, and negative ids from the end") {
  const Ids known{0, 2, 5};
  CHECK(Targets(all).resolve(known) == known);
  CHECK(Targets(5).resolve(known) == Ids{5});
  CHECK(Targets({5, 0}).resolve(known) == Ids{5, 0});
  CHECK(Targets(-1).resolve(known) == Ids{5});
  CHECK(Targets(-3).resolve(known) == Ids{0});
}

TEST_CASE("engines that are not there, and lists that make no sense") {
  const Ids known{0, 2};
  CHECK_THROWS_WITH_AS((void)Targets(1).resolve(known), "there is no engine 1; there are 0 2",
                       Exception);
  CHECK_THROWS_WITH_AS((void)Targets(0).resolve({}), "there is no engine 0; there are none at all",
                       Exception);
  CHECK_THROWS_AS((void)Targets(-3).resolve(known), Exception);
  CHECK_THROWS_AS((void)Targets({0, 0}).resolve(known), Exception);
  CHECK_THROWS_AS((void)Targets({0, -2}).resolve(known), Exception);
  CHECK_THROWS_AS((void)Targets(Ids{}).resolve(known), Exception);
}

TEST_CASE("slices count as Python's do") {
  const Ids known{10, 11, 12, 13, 14};
  CHECK(Targets(slice(0, end, 2)).resolve(known) == Ids{10, 12, 14});
  CHECK(Targets(slice(1, 3)).resolve(known) == Ids{11, 12});
  CHECK(Targets(slice(-2, end)).resolve(known) == Ids{13, 14});
  CHECK(Targets(slice(0, -1)).resolve(known) == Ids{10, 11, 12, 13});
  CHECK(Targets(slice(3, 0, -1)).resolve(known) == Ids{13, 12, 11});
  CHECK(Targets(slice(2, end, -1)).resolve(known) == Ids{12, 11, 10});
  CHECK(Targets(slice(7, 99)).resolve(known).empty());
  CHECK_THROWS_AS((void)Targets(slice(0, end, 0)).resolve(known), Exception);
}

TEST_CASE("pieces are as equal as can be, the larger ones first") {
  using Sizes = std::vector<std::size_t>;
  CHECK(detail::equal_pieces(10, 3) == Sizes{4, 3, 3});
  CHECK(detail::equal_pieces(2, 3) == Sizes{1, 1, 0});
  CHECK(detail::equal_pieces(0, 2) == Sizes{0, 0});
  CHECK(detail::equal_pieces(5, 0).empty());
}

}  // namespace
}  // namespace roundhouse::test
