#include "shared/payload.hpp"

#include <doctest/doctest.h>

using namespace roundhouse;

TEST_CASE("a payload's body is its head and its tail") {
  Payload payload = Payload::of("abcdef");
  CHECK(payload.body() == "abcdef");
  CHECK(payload.size() == 6);
  payload.head_size = 2;
  payload.tail_at = 4;
  payload.tail_size = 2;
  CHECK(payload.body() == "abef");
  CHECK(payload.inline_size() == 4);
  CHECK(payload == Payload::of("abef"));
  CHECK(Payload{} == Payload::of(""));
  CHECK(Payload{}.body().empty());
}

TEST_CASE("a spilled payload's body is its first frames, and its arrays are not part of it") {
  Payload spilled;
  spilled.frames = std::make_shared<const Frames>(
      Frames{Buffer::copy("abc"), Buffer::copy("def"), Buffer::copy("array")});
  spilled.spill = 2;
  CHECK(spilled.body() == "abcdef");
  CHECK(spilled.size() == 11);
  CHECK(spilled.frame_count() == 3);
  CHECK_FALSE(spilled == Payload::of("abcdef"));
  Payload other = spilled;
  other.spill = 1;
  CHECK_FALSE(other == spilled);
}
