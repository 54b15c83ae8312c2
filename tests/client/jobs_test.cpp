#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/error.hpp>
#include <roundhouse/jobs.hpp>

namespace roundhouse::test {
namespace {

constexpr SessionId kSession{0xabc};

std::string id(std::uint64_t sequence) {
  return to_string(TaskId{kSession, sequence});
}

TEST_CASE("jobs are ids, or lists of them, or lists of lists") {
  CHECK(Jobs(id(1)).size() == 1);
  CHECK(Jobs(std::vector<std::string>{id(1), id(2)}).size() == 2);
  CHECK(Jobs(MsgIds(kSession, {{1, 5}})).size() == 5);
  CHECK(Jobs({id(1), std::vector<std::string>{id(2), id(3)}, MsgIds(kSession, {{4, 5}})}).size() ==
        5);
  CHECK(Jobs(std::vector<std::vector<std::string>>{{id(1)}, {id(2)}}).size() == 2);
  CHECK_THROWS_WITH_AS((void)Jobs("12"), doctest::Contains("'12'"), Exception);
}

}  // namespace
}  // namespace roundhouse::test
