#include "shared/time.hpp"

#include <chrono>

#include <doctest/doctest.h>

namespace roundhouse {

using namespace std::chrono_literals;

TEST_CASE("a wall time is written as ISO 8601 in UTC and reads back") {
  const WallTime time{1'772'366'400'123'456};
  CHECK(to_string(time) == "2026-03-01T12:00:00.123456Z");
  CHECK(parse_wall_time("2026-03-01T12:00:00.123456Z") == time);
  CHECK(parse_wall_time("2026-03-01T12:00:00.5Z") == WallTime{1'772'366'400'500'000});
  CHECK(parse_wall_time("2026-03-01T12:00:00Z") == WallTime{1'772'366'400'000'000});
  CHECK(to_string(WallTime{}).empty());
}

TEST_CASE("what is not a time is not read as one") {
  for (const char* text : {"", "2026", "2026-02-30T00:00:00Z", "2026-03-01T24:00:00Z",
                           "2026-03-01T12:00:00", "2026-03-01T12:00:00.1234567Z", "x"}) {
    CAPTURE(text);
    CHECK(!parse_wall_time(text));
  }
}

TEST_CASE("wall times subtract to durations and add them") {
  const WallTime time{1'000'000};
  CHECK(time + 1ms == WallTime{1'001'000});
  CHECK(WallTime{1'001'000} - time == 1ms);
  CHECK(seconds(1500ms) == 1.5);
}

TEST_CASE("a duration is written with its unit and reads back") {
  for (const Duration duration :
       {Duration{0}, Duration{1}, Duration{1500us}, Duration{3s}, Duration{90s}, Duration{2h}}) {
    CAPTURE(to_string(duration));
    CHECK(parse_duration(to_string(duration)) == duration);
  }
  CHECK(to_string(Duration{1500ms}) == "1500ms");
  CHECK(to_string(Duration{120s}) == "2min");
  CHECK(parse_duration("0.5s") == Duration{500ms});
  for (const char* text : {"", "3", "s", "-1s", "3 s", "3sec", "1e3s", "999999999999d", "nans"}) {
    CAPTURE(text);
    CHECK(!parse_duration(text));
  }
}

}  // namespace roundhouse
