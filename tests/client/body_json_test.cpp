#include "client/body_json.hpp"

#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "shared/pack.hpp"

namespace roundhouse::test {
namespace {

std::string sample() {
  std::string out;
  wire::Packer p(out);
  p.map(6);
  p.str("number"), p.u64(7);
  p.str("negative"), p.i64(-3);
  p.str("text"), p.str("a \"b\"\n\x01 \xc3\xa4 \xff");
  p.str("list"), p.array(2), p.str("x"), p.str("y");
  p.str("nothing"), p.nil();
  p.str("bytes"), p.bin("ab");
  return out;
}

TEST_CASE("a map becomes JSON that any parser reads, whatever bytes are in it") {
  CHECK(detail::json_of(sample()) ==
        R"({"number":7,"negative":-3,"text":"a \"b\"\n\u0001 ä \ufffd",)"
        R"("list":["x","y"],"nothing":null,"bytes":{"base64":"YWI="}})");
}

TEST_CASE("bytes that are no msgpack become null") {
  CHECK(detail::json_of("") == "null");
  CHECK(detail::json_of("\xdf\xff\xff\xff\xff") == "null");
  CHECK(detail::json_of(sample().substr(0, 20)) == "null");
  CHECK(detail::json_of(std::string(100'000, '\x91')) == "null");
}

TEST_CASE("numbers that JSON does not know become null") {
  std::string out;
  wire::Packer(out).f64(std::numeric_limits<double>::infinity());
  CHECK(detail::json_of(out) == "null");
}

TEST_CASE("a map is read by name; what is missing or of another type reads as nothing") {
  const std::string bytes = sample();
  const detail::BodyMap map(bytes);
  CHECK(map.number("number") == 7);
  CHECK_FALSE(map.number("negative"));
  CHECK(map.signed_number("negative") == -3);
  CHECK_FALSE(map.number("text"));
  CHECK_FALSE(map.number("absent"));
  CHECK(map.texts("list") == std::vector<std::string>{"x", "y"});
  CHECK(map.list("number").empty());
  CHECK(map.text("bytes") == "ab");
  CHECK_FALSE(map.has("nothing"));
  CHECK_FALSE(map.truth("number"));
}

TEST_CASE("bytes that are no map have no entries") {
  CHECK_FALSE(detail::BodyMap("").has("x"));
  CHECK_FALSE(detail::BodyMap("\x93").has("x"));
  CHECK_FALSE(detail::BodyMap("\x01").has("x"));
}

}  // namespace
}  // namespace roundhouse::test
