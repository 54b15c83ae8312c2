#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/arguments.hpp>
#include <roundhouse/named_values.hpp>

namespace rh = roundhouse;
using rh::Encoded;
using rh::SerializationError;

namespace {

template <class F>
std::string refusal(F&& run) {
  try {
    run();
  } catch (const SerializationError& error) {
    return error.what();
  }
  return "not refused";
}

TEST_CASE("named values keep their bodies and frames apart") {
  const std::vector<rh::NamedValue> sent{{"a", rh::pack_value(std::vector<double>(5000, 1.0))},
                                         {"b", rh::pack_value(std::string("text"))},
                                         {"c", rh::pack_value(std::vector<int>(5000, 2))}};
  const Encoded wire = rh::encode_named_values(sent);
  CHECK(wire.frames.size() == 2);
  CHECK(rh::decode_named_values(wire.body, wire.frames) == sent);
  CHECK(rh::unpack_value<std::vector<int>>(sent[2].packed).at(4999) == 2);
  CHECK(refusal([&] { (void)rh::unpack_value<int>(sent[1].packed); }) ==
        "the value is a std::string, and was asked for as a int");
  CHECK(refusal([&] { (void)rh::decode_named_values(wire.body, {}); }) != "not refused");
  CHECK(refusal([&] { (void)rh::decode_named_values(wire.body.substr(1), wire.frames); }) !=
        "not refused");
  CHECK(rh::decode_names(rh::encode_names(std::vector<std::string>{"x", "y"}).body).size() == 2);
}

}  // namespace
