#include "shared/module_messages.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace roundhouse;

TEST_CASE("a module is cut into full parts and the rest") {
  CHECK(wire::cut_module("").empty());
  CHECK(wire::cut_module("x").size() == 1);
  CHECK(wire::cut_module(std::string(wire::kPartBytesMax, 'x')).size() == 1);
  std::string bytes(2 * wire::kPartBytesMax + 3, 'a');
  bytes.back() = 'z';
  const Frames parts = wire::cut_module(bytes);
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].size() == wire::kPartBytesMax);
  CHECK(parts[1].size() == wire::kPartBytesMax);
  CHECK(parts[2].view() == "aaz");
}
