// Members by their names, as the command line gives them.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/arguments.hpp>

namespace arity_test {

struct ByPosition {
  int x = 0;
  MSGPACK_DEFINE(x)
};

struct ByName {
  int a = 7;
  int b = 8;
  MSGPACK_DEFINE_MAP(a, b)
};

}  // namespace arity_test

namespace roundhouse::test {
namespace {

using arity_test::ByName;
using arity_test::ByPosition;

Encoded by_name(std::string_view map) {
  Encoded out;
  detail::Encoder(out).keywords(map);
  return out;
}

template <class R>
R unpacked(const Encoded& from) {
  return decode_result<R>(from.body, from.frames);
}

template <class R>
std::string refusal_of(const Encoded& from) {
  try {
    (void)unpacked<R>(from);
  } catch (const SerializationError& error) {
    return error.what();
  }
  return "not refused";
}

}  // namespace

TEST_CASE("members that are not named keep what they have") {
  const Encoded b_is_5 = by_name("\x81\xa1\x62\x05");
  CHECK(unpacked<ByName>(b_is_5).a == 7);
  CHECK(unpacked<ByName>(b_is_5).b == 5);
  CHECK(unpacked<ByName>(by_name("\x80")).b == 8);
  CHECK(unpacked<std::map<std::string, int>>(b_is_5) == std::map<std::string, int>{{"b", 5}});
}

TEST_CASE("a name that no member has is refused, and so is a value of another type") {
  CHECK(refusal_of<ByName>(by_name("\x81\xa1\x63\x05")) ==
        "result (arity_test::ByName): it has no member 'c', but a, b");
  CHECK(refusal_of<ByName>(by_name("\x81\xa1\x62\xa1\x78")) ==
        "result (arity_test::ByName): its member 'b' is of another type than what came for it");
  CHECK(refusal_of<ByName>(by_name("\x81\x05\x05")) ==
        "result (arity_test::ByName): its members have texts as names, but a, b");
  for (const char* broken : {"", "\x81", "\x05", "\x80\x80"})
    CHECK(
        refusal_of<ByName>(by_name(broken)) ==
        "result (arity_test::ByName): expected members by their names, got bytes that are no map");
}

TEST_CASE("what has no names for its members says so") {
  const Encoded x_is_5 = by_name("\x81\xa1\x78\x05");
  CHECK(refusal_of<ByPosition>(x_is_5).find("say MSGPACK_DEFINE_MAP") != std::string::npos);
  CHECK(refusal_of<int>(x_is_5) == "result (int): expected an integer, got members by their names");
  CHECK(refusal_of<std::string>(x_is_5) != "not refused");
  CHECK(refusal_of<std::vector<int>>(x_is_5) ==
        "result (std::vector<int>): expected 32-bit integers, got members by their names");
}

}  // namespace roundhouse::test
