#include "client/payload_parts.hpp"

#include <doctest/doctest.h>

#include "tests/support/packed_json.hpp"

namespace roundhouse::test {
namespace {

using detail::BodyMap;
using detail::PayloadParts;

Result<void> add(PayloadParts& parts, const std::string& json) {
  const std::string bytes = packed(json);
  return parts.add(BodyMap(bytes));
}

}  // namespace

TEST_CASE("a payload is put together of its parts, wherever they are cut") {
  PayloadParts parts;
  CHECK_FALSE(parts.complete());
  REQUIRE(add(parts,
              "{'offset': 0, 'body': 'B', 'spill': 1, 'frames': [3, 0, 4], "
              "'bytes': 'ab'}")
              .ok());
  CHECK_FALSE(parts.complete());
  CHECK(parts.offset() == 2);
  REQUIRE(add(parts, "{'offset': 2, 'bytes': 'cde'}").ok());
  REQUIRE(add(parts, "{'offset': 5, 'bytes': 'fg'}").ok());
  REQUIRE(parts.complete());
  const Payload payload = parts.take();
  CHECK(payload.spill == 1);
  REQUIRE(payload.frame_count() == 3);
  CHECK((*payload.frames)[0].view() == "abc");
  CHECK((*payload.frames)[1].view().empty());
  CHECK((*payload.frames)[2].view() == "defg");
  CHECK(payload.body() == "Babc");
}

TEST_CASE("a payload without frames is complete with its first part") {
  PayloadParts parts;
  REQUIRE(add(parts, "{'offset': 0, 'body': 'B', 'spill': 0, 'frames': [], 'bytes': ''}").ok());
  CHECK(parts.complete());
  CHECK(parts.take().body() == "B");
}

TEST_CASE("parts that make no sense are refused") {
  const std::string first = "{'offset': 0, 'body': '', 'spill': 0, 'frames': [3], 'bytes': 'ab'}";
  for (const char* next : {"{'offset': 3, 'bytes': 'c'}", "{'offset': 2, 'bytes': 'cd'}",
                           "{'offset': 2, 'bytes': ''}", "{}"}) {
    CAPTURE(std::string(next));
    PayloadParts parts;
    REQUIRE(add(parts, first).ok());
    CHECK_FALSE(add(parts, next).ok());
  }
  PayloadParts large;
  CHECK_FALSE(add(large, "{'offset': 0, 'frames': [999999999999], 'bytes': ''}").ok());
  PayloadParts spilled;
  CHECK_FALSE(add(spilled, "{'offset': 0, 'spill': 2, 'frames': [1], 'bytes': 'a'}").ok());
}

}  // namespace roundhouse::test
