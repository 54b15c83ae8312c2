#include "cli/filter.hpp"

#include <doctest/doctest.h>

#include "cli/commands.hpp"

namespace roundhouse::cli {

namespace {

constexpr WallTime kNow{1'772'366'400'000'000};  // 2026-03-01T12:00:00Z
const std::vector<int> kKnown{0, 1, 4, 7};

std::int64_t number_of(const FieldValue& value) {
  return std::get<std::int64_t>(value);
}

}  // namespace

TEST_CASE("engines are numbers, ranges, all or the last") {
  CHECK(select_engines("3", kKnown) == std::vector{3});
  CHECK(select_engines("0,2-5", kKnown) == std::vector{0, 2, 3, 4, 5});
  CHECK(select_engines("5-5,1,1", kKnown) == std::vector{1, 5});
  CHECK(select_engines("all", kKnown) == kKnown);
  CHECK(select_engines("last", kKnown) == std::vector{7});
  for (const char* wrong : {"", "x", "1,", "-1", "5-2", "1-", "1 2", "99999999999", "0-99999999"})
    CHECK_THROWS_AS((void)select_engines(wrong, kKnown), UsageError);
  CHECK_THROWS_AS((void)select_engines("last", {}), UsageError);
}

TEST_CASE("a moment is a time, or how long ago it was") {
  CHECK(parse_moment("2026-03-01T12:00:00Z", {}) == kNow);
  CHECK(parse_moment("10min", kNow) == WallTime{kNow.microseconds - 600'000'000});
  CHECK_THROWS_WITH_AS((void)parse_moment("yesterday", kNow), doctest::Contains("10min"),
                       UsageError);
}

TEST_CASE("what was said becomes one condition") {
  CHECK(TaskFilter{}.empty());
  CHECK(condition_of({}, kKnown, kNow).parts().empty());
  const Condition both =
      condition_of({.engines = "0-1", .label = "night", .since = "1h"}, kKnown, kNow);
  REQUIRE(both.parts().size() == 3);
  CHECK(both.parts()[0].field() == "engine_id");
  CHECK(both.parts()[0].comparison() == "$in");
  CHECK(both.parts()[1].comparison() == "$eq");
  CHECK(both.parts()[2].comparison() == "$gte");
  CHECK(number_of(both.parts()[2].values()[0]) == kNow.microseconds - 3'600'000'000);
  CHECK(condition_of({.function = "map:*"}, kKnown, kNow).comparison() == "$glob");
  const Condition states = condition_of({.status = "ok,engine_lost"}, kKnown, kNow);
  REQUIRE(states.kind() == Condition::Kind::any);
  CHECK(states.parts()[0].field() == "status");
  CHECK(states.parts()[1].field() == "outcome");
  CHECK_THROWS_AS((void)condition_of({.status = "good"}, kKnown, kNow), UsageError);
  CHECK_THROWS_AS((void)condition_of({.where = "{"}, kKnown, kNow), UsageError);
}

TEST_CASE("conditions in JSON are those of the protocol, with times as text") {
  const auto parsed = [](const char* text) { return parse_where(Json::parse(text)); };
  const Condition time = parsed(R"({"submitted": {"$gte": "2026-03-01T12:00:00Z"}})");
  CHECK(time.field() == "submitted");
  CHECK(number_of(time.values()[0]) == kNow.microseconds);
  const Condition set = parsed(R"({"label": {"$in": ["a", null]}})");
  CHECK(set.values().size() == 2);
  CHECK(std::holds_alternative<Missing>(set.values()[1]));
  CHECK(parsed(R"({"$not": {"attempt": 1}})").kind() == Condition::Kind::none);
  CHECK(parsed(R"({"$or": [{"attempt": 1}, {"attempt": 2}]})").kind() == Condition::Kind::any);
  CHECK(parsed(R"({"attempt": 1, "label": "x"})").parts().size() == 2);
  for (const char* wrong : {"[]", "3", R"({"$or": {}})", R"({"label": {"$in": "x"}})",
                            R"({"attempt": 1.5})", R"({"started": "noon"})", R"({"label": ["x"]})"})
    CHECK_THROWS_AS((void)parsed(wrong), UsageError);
}

}  // namespace roundhouse::cli
