#include "cli/live_text.hpp"

#include <string>

#include <doctest/doctest.h>

#include "shared/printed.hpp"

namespace roundhouse::cli {

namespace {

// `whole`, of which so many bytes are kept.
std::string kept(const std::string& whole, std::size_t head, std::size_t tail) {
  return wire::PrintedStream{whole.substr(0, head), whole.substr(whole.size() - tail), whole.size()}
      .text();
}

}  // namespace

TEST_CASE("what is left of a text is what did not come while the task ran") {
  CHECK(rest_of("", "").empty());
  CHECK(rest_of("", "all\n") == "all\n");
  CHECK(rest_of("al", "all\n") == "l\n");
  CHECK(rest_of("all\n", "all\n").empty());
}

TEST_CASE("where more came than the text's beginning, what is left out counts from there") {
  const std::string whole = "0123456789abcdefghij";
  const std::string all = kept(whole, 5, 5);
  CHECK(rest_of("012", all) == all.substr(3));
  CHECK(rest_of("01234", all) == "\n[... 10 bytes left out ...]\nfghij");
  CHECK(rest_of("01234567", all) == "\n[... 7 bytes left out ...]\nfghij");
  CHECK(rest_of("0123456789abcde", all) == "fghij");
  CHECK(rest_of("0123456789abcdefg", all) == "hij");
  CHECK(rest_of(whole, all).empty());
  // A line that the task itself has written is none about it.
  const std::string odd = "a\n[... 7 bytes left in ...]\n[... no bytes left out ...]\nb";
  CHECK(rest_of("a\n[", odd) == odd.substr(3));
}

TEST_CASE("what earlier attempts wrote is not taken for the last one's") {
  CHECK(rest_of("first\n", "second\n") == "second\n");
  CHECK(rest_of("first\nsec", "second\n") == "ond\n");
  CHECK(rest_of("first\nsecond\n", "second\n").empty());
  CHECK(rest_of("aaabaab", "aabaac") == "aac");
  const std::string all = kept("0123456789abcdefghij", 5, 5);
  CHECK(rest_of("first\n012", all) == all.substr(3));
}

}  // namespace roundhouse::cli
