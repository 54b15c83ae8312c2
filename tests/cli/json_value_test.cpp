#include "cli/json_value.hpp"

#include <complex>
#include <limits>
#include <map>
#include <optional>

#include <doctest/doctest.h>

namespace roundhouse::cli {

namespace {

template <class T>
Json json_of_value(T value) {
  return json_of(pack_value(std::move(value)));
}

// What a parameter of type T makes of JSON.
template <class T>
T taken_as(const char* text) {
  Encoded packed;
  encode_result(packed, JsonValue{Json::parse(text)});
  return decode_result<T>(packed.body, packed.frames);
}

}  // namespace

TEST_CASE("results of any type are read as they lie in the message") {
  CHECK(json_of_value(5) == 5);
  CHECK(json_of_value(std::int64_t{-5'000'000'000}) == -5'000'000'000);
  CHECK(json_of_value(std::numeric_limits<std::uint64_t>::max()) ==
        std::numeric_limits<std::uint64_t>::max());
  CHECK(json_of_value(std::string("x")) == "x");
  CHECK(json_of_value(true) == true);
  CHECK(json_of_value(std::optional<int>()) == nullptr);
  CHECK(json_of_value(std::numeric_limits<double>::quiet_NaN()) == nullptr);
  CHECK(json_of_value(std::map<std::string, std::vector<int>>{{"a", {1}}}) ==
        Json::parse(R"({"a": [1]})"));
  CHECK(json_of_value(std::map<int, int>{{1, 2}}) == Json::parse(R"({"1": 2})"));
}

TEST_CASE("raw arrays are lists, in the message as well as in frames") {
  CHECK(json_of_value(std::vector<double>{1.5, 2}) == Json::parse("[1.5, 2.0]"));
  CHECK(json_of_value(std::vector<std::int8_t>{-1, 2}) == Json::parse("[-1, 2]"));
  CHECK(json_of_value(std::vector<float>{0.5F}) == Json::parse("[0.5]"));
  CHECK(json_of_value(std::vector<std::vector<std::uint16_t>>{{1}, {}}) ==
        Json::parse("[[1], []]"));
  CHECK(json_of_value(std::vector<double>(5000, 1.0)) == Json(std::vector<double>(5000, 1.0)));
  CHECK(json_of_value(std::string(20'000, 'x')) == std::string(20'000, 'x'));
}

TEST_CASE("bytes that are no JSON are base64") {
  CHECK(json_of_value(std::string("\xff")) == Json::parse(R"({"base64": "/w=="})"));
  CHECK(json_of_value(std::vector<std::byte>{std::byte{255}}) ==
        Json::parse(R"({"base64": "/w=="})"));
  CHECK(json_of_value(std::vector<std::complex<float>>(1)) ==
        Json::parse(R"({"base64": "AAAAAAAAAAA="})"));
}

TEST_CASE("JSON is taken for what the parameter is") {
  CHECK(taken_as<double>("2") == 2.0);
  CHECK(taken_as<std::vector<double>>("[1, 2.5]") == std::vector{1.0, 2.5});
  CHECK(taken_as<std::vector<std::string>>(R"(["a"])") == std::vector<std::string>{"a"});
  CHECK(taken_as<std::optional<int>>("null") == std::nullopt);
  CHECK(taken_as<std::map<std::string, int>>(R"({"a": 1})").at("a") == 1);
  CHECK_THROWS_WITH_AS(taken_as<int>("2.5"), doctest::Contains("expected an integer"),
                       SerializationError);
  CHECK_THROWS_AS(taken_as<std::int8_t>("1000"), SerializationError);
}

TEST_CASE("a piece of a map is a list, or nothing") {
  const auto read = [](const auto& value) {
    Encoded packed;
    encode_result(packed, value);
    return decode_result<std::vector<JsonValue>>(packed.body, packed.frames);
  };
  CHECK(read(std::vector<int>{1, 2}).size() == 2);
  CHECK(read(std::vector<std::string>{"a"})[0].json == "a");
  CHECK_THROWS_AS(read(5), SerializationError);
  Encoded nothing;
  encode_no_result(nothing);
  CHECK(decode_result<std::vector<JsonValue>>(nothing.body, nothing.frames).empty());
}

TEST_CASE("what is no body is refused") {
  for (const std::string body : {"", "\x92\x01", "\xc1", "\xc7\x01\x07x", "\xc7\x01\x01\x3f"})
    CHECK_THROWS_AS((void)decode_result<JsonValue>(body, {}), SerializationError);
}

}  // namespace roundhouse::cli
