#include "hub/large_arguments.hpp"

#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace roundhouse::hub {
namespace {

Payload with_frame(std::size_t bytes) {
  Payload out = Payload::of("body");
  out.frames = std::make_shared<const Frames>(Frames{Buffer::take(std::string(bytes, 'x'))});
  return out;
}

}  // namespace

TEST_CASE("large arguments are kept until newer ones need the room") {
  LargeArguments kept(1000);
  kept.add(1, with_frame(400));
  kept.add(2, with_frame(400));
  REQUIRE(kept.find(1) != nullptr);
  CHECK(kept.find(1)->body() == "body");
  CHECK(kept.find(1)->frame_count() == 1);
  CHECK(kept.bytes() == 808);
  // 1 was asked for last: 2 goes.
  kept.add(3, with_frame(400));
  CHECK(kept.find(1) != nullptr);
  CHECK(kept.find(2) == nullptr);
  CHECK(kept.find(3) != nullptr);
}

TEST_CASE("arguments larger than all the room push nothing out") {
  LargeArguments kept(1000);
  kept.add(1, with_frame(400));
  kept.add(2, with_frame(1001));
  CHECK(kept.find(1) != nullptr);
  CHECK(kept.find(2) == nullptr);
  LargeArguments none(0);
  none.add(1, with_frame(1));
  CHECK(none.find(1) == nullptr);
}

TEST_CASE("frames that several tasks share count once, for as long as one of them is kept") {
  LargeArguments kept(1000);
  const Payload shared = with_frame(900);
  for (std::int64_t key = 1; key <= 4; ++key) kept.add(key, shared);
  CHECK(kept.bytes() == 900 + 4 * 4);
  kept.erase(1), kept.erase(2), kept.erase(3);
  CHECK(kept.bytes() == 904);
  CHECK(kept.find(4) != nullptr);
  kept.erase(4), kept.erase(4);
  CHECK(kept.bytes() == 0);
}

TEST_CASE("arguments under a key that is used again are the later ones; cleared, all are gone") {
  LargeArguments kept(1000);
  kept.add(1, with_frame(10));
  kept.add(1, with_frame(20));
  CHECK(kept.bytes() == 24);
  kept.clear();
  CHECK(kept.find(1) == nullptr);
  CHECK(kept.bytes() == 0);
}

TEST_CASE("kept arguments do not hold the message that they came in") {
  LargeArguments kept(1000);
  Payload payload = with_frame(10);
  payload.block = Buffer::take("body" + std::string(100'000, 'x'));
  kept.add(1, std::move(payload));
  REQUIRE(kept.find(1) != nullptr);
  CHECK(kept.find(1)->body() == "body");
  CHECK(kept.find(1)->block.size() == 4);
}

}  // namespace roundhouse::hub
