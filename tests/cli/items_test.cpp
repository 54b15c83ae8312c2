#include "cli/items.hpp"

#include <doctest/doctest.h>

namespace roundhouse::cli {
namespace {

using Texts = std::vector<std::string>;

std::vector<std::uint64_t> numbers(std::string_view text) {
  auto parsed = Numbers::parse(text);
  REQUIRE(parsed.has_value());
  std::vector<std::uint64_t> out;
  while (const auto number = parsed->next()) out.push_back(*number);
  CHECK_FALSE(parsed->next().has_value());
  return out;
}

TEST_CASE("an array is numbers, ranges, ranges with steps, and lists of them") {
  CHECK(numbers("5") == std::vector<std::uint64_t>{5});
  CHECK(numbers("1-3") == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(numbers("0-10:4") == std::vector<std::uint64_t>{0, 4, 8});
  CHECK(numbers("7,1-2,5-5") == std::vector<std::uint64_t>{7, 1, 2, 5});
  CHECK(numbers("18446744073709551614-18446744073709551615").size() == 2);
  CHECK(numbers("0-18446744073709551615:10000000000000000000").size() == 2);
}

TEST_CASE("what is no array is refused") {
  for (const char* text : {"", "a", "1-", "-3", "3-1", "1-5:", "1-5:0", "1,", ",1", "1 - 3", "1:2",
                           "99999999999999999999", "1.5"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(Numbers::parse(text).has_value());
  }
}

TEST_CASE("an item takes the place of {} wherever that is, or is the last argument") {
  CHECK(fill_in({"cp", "{}", "{}.bak"}, "a b") == Texts{"cp", "a b", "a b.bak"});
  CHECK(fill_in({"echo", "{}{}-{", "}"}, "x") == Texts{"echo", "xx-{", "}"});
  CHECK(fill_in({"{}"}, "true") == Texts{"true"});
  CHECK(fill_in({"gzip", "-9"}, "f") == Texts{"gzip", "-9", "f"});
  CHECK(fill_in({"echo", "{}"}, "{}") == Texts{"echo", "{}"});
}

TEST_CASE("what stands behind -- of submit is the program, whatever it looks like") {
  Texts line{"--cluster", "apply", "--json", "submit", "--array", "1-3", "--", "ls", "--", "-l"};
  CHECK(take_program(line) == Texts{"ls", "--", "-l"});
  CHECK(line == Texts{"--cluster", "apply", "--json", "submit", "--array", "1-3"});
  Texts other{"apply", "submit", "--", "-5"};
  CHECK(take_program(other).empty());
  CHECK(other.size() == 4);
  Texts none{"submit", "ls"};
  CHECK(take_program(none).empty());
  Texts nothing{"submit", "--"};
  CHECK(take_program(nothing).empty());
  CHECK(nothing == Texts{"submit"});
}

}  // namespace
}  // namespace roundhouse::cli
