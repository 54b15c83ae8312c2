#include "cli/bench_figure.hpp"

#include <doctest/doctest.h>

namespace roundhouse::cli {

using namespace std::chrono_literals;

TEST_CASE("the median is the middle one, or between the two in the middle") {
  CHECK(median({3}) == 3);
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 3, 2}) == 2.5);
}

TEST_CASE("a percentile is one of the values") {
  std::vector<Duration> values;
  for (int i = 100; i >= 0; --i) values.push_back(i * 1us);
  CHECK(percentile_us(values, 0) == 0);
  CHECK(percentile_us(values, 0.5) == 50);
  CHECK(percentile_us(values, 0.99) == 99);
  CHECK(percentile_us(values, 1) == 100);
  CHECK(percentile_us({7us}, 0.99) == 7);
}

TEST_CASE("the ratio is the median of the ratios, not the ratio of the medians") {
  Figure figure{.name = "x", .unit = "us", .target = 2.0};
  CHECK_FALSE(figure.ratio());
  CHECK_FALSE(figure.met());
  figure.add(1, 3);
  figure.add(10, 10);
  figure.add(100, 150);
  CHECK(figure.ratio() == 1.5);
  CHECK(figure.met() == true);
  figure.bound = Bound::at_least;
  CHECK(figure.met() == false);
}

TEST_CASE("a figure without a baseline is compared itself") {
  Figure figure{.name = "x", .unit = "bytes", .target = 400};
  figure.ours = {390};
  CHECK_FALSE(figure.ratio());
  CHECK(figure.met() == true);
  figure.ours = {410};
  CHECK(figure.met() == false);
}

TEST_CASE("as JSON a figure has its name, both sides, the ratio and the target") {
  Figure figure{.name = "latency.p50", .unit = "us", .target = 2.0};
  figure.add(50, 100.123456);
  CHECK(to_json(figure).dump() ==
        R"({"name":"latency.p50","baseline":50.0,"ours":100.1,"ratio":2.002,"target":2.0,)"
        R"("bound":"at most","unit":"us","met":false,"pairs":[[50.0,100.1]]})");
  const Figure alone{.name = "y", .unit = "bytes", .target = {}, .ours = {123456}};
  CHECK(to_json(alone).dump() ==
        R"({"name":"y","baseline":null,"ours":123500.0,"ratio":null,"target":null,)"
        R"("bound":"at most","unit":"bytes","met":null,"runs":[123500.0]})");
}

TEST_CASE("for people it is a line of a table") {
  Figure figure{.name = "rate", .unit = "tasks/s", .target = 0.5, .bound = Bound::at_least};
  figure.add(400'000, 300'000);
  CHECK(to_table({figure}).text(false) ==
        "FIGURE  BASELINE     OURS  UNIT     RATIO  TARGET\n"
        "rate     400,000  300,000  tasks/s   0.75  >= 0.5  met\n");
}

}  // namespace roundhouse::cli
