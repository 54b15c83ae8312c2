#include "shared/lambda_source.hpp"

#include <string>

#include <doctest/doctest.h>

namespace roundhouse::wire {
namespace {

LambdaSource sample() {
  return {{"[](int x) { return twice(x); }", "a.cpp", 7, "Z4mainEUliE_"},
          "FiiE",
          {"i"},
          "i",
          {{"int twice(int x) { return 2 * x; }", "a.cpp", 2, "P11rh_source_0"},
           {"#include <deque>", "b.hpp", 1, ""}}};
}

TEST_CASE("the source of a lambda is read as it was written") {
  const auto read = decode_lambda_source(encode(sample()));
  REQUIRE(read.ok());
  CHECK(*read == sample());
  CHECK(*decode_lambda_source(encode(LambdaSource{})) == LambdaSource{});
}

TEST_CASE("what is no source of a lambda is refused, wherever it ends") {
  const std::string bytes = encode(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode_lambda_source(bytes.substr(0, size)).ok());
  }
  CHECK_FALSE(decode_lambda_source(bytes + '\0').ok());
  CHECK_FALSE(decode_lambda_source("\x95\x01\x02\x03\x04\x05").ok());
  CHECK_FALSE(decode_lambda_source("\xdf\xff\xff\xff\xff").ok());
}

}  // namespace
}  // namespace roundhouse::wire
