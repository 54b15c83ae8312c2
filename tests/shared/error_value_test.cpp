#include "shared/error_value.hpp"

#include <doctest/doctest.h>

#include "shared/pack.hpp"

using namespace roundhouse;
using namespace roundhouse::wire;

namespace {

const ErrorValue kTried{"std::runtime_error",
                        "bad",
                        "here",
                        {{EngineId{3}, 2, "error", "std::runtime_error", "worse", 1700},
                         {std::nullopt, 0, "engine_lost", "EngineError", "signal 9", 0}}};

}  // namespace

TEST_CASE("an error travels with the attempts before it, and without any as it always did") {
  CHECK(decode_error(encode_error(kTried)) == kTried);
  const ErrorValue once{"E", "v", "t", {}};
  CHECK(decode_error(encode_error(once)) == once);
  CHECK(encode_error(once).find("attempts") == std::string::npos);
}

TEST_CASE("a torn error with attempts says that it cannot be read") {
  const std::string bytes = encode_error(kTried);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(decode_error(bytes.substr(0, size)).name == "ProtocolError");
}

TEST_CASE("of very many attempts as many are read as there may be, and unknown keys are skipped") {
  ErrorValue error = kTried;
  error.attempts.assign(kAttemptsMax + 5, kTried.attempts[0]);
  CHECK(decode_error(encode_error(error)).attempts.size() == kAttemptsMax);
  std::string bytes;
  Packer p{bytes};
  p.map(1), p.str("attempts"), p.array(1), p.map(2);
  p.str("later"), p.array(1), p.u64(1);
  p.str("ended"), p.str("error");
  REQUIRE(decode_error(bytes).attempts.size() == 1);
  CHECK(decode_error(bytes).attempts[0].ended == "error");
}

TEST_CASE("attempts are packed alone, too, and torn ones are none") {
  const std::string bytes = encode_attempts(kTried.attempts);
  CHECK(decode_attempts(bytes) == kTried.attempts);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(decode_attempts(bytes.substr(0, size)).empty());
}

TEST_CASE("a long attempt is shortened to what an error has room for") {
  Attempt attempt = kTried.attempts[0];
  attempt.name = attempt.value = std::string(5000, 'x');
  attempt.shorten();
  CHECK(attempt.name.size() == kAttemptNameMax);
  CHECK(attempt.value.size() == kAttemptValueMax);
}
