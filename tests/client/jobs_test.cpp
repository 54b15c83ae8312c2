#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/error.hpp>
#include <roundhouse/jobs.hpp>

namespace roundhouse::test {
namespace {

constexpr SessionId kSession{0xabc};

std::string name_of(std::uint64_t sequence) {
  return to_string(TaskId{kSession, sequence});
}

TEST_CASE("jobs are ids, or lists of them, or lists of lists") {
  CHECK(Jobs(name_of(1)).size() == 1);
  CHECK(Jobs(std::vector<std::string>{name_of(1), name_of(2)}).size() == 2);
  CHECK(Jobs(MsgIds(kSession, {{1, 5}})).size() == 5);
  CHECK(Jobs({name_of(1), std::vector<std::string>{name_of(2), name_of(3)},
              MsgIds(kSession, {{4, 5}})})
            .size() == 5);
  CHECK(Jobs(std::vector<std::vector<std::string>>{{name_of(1)}, {name_of(2)}}).size() == 2);
  CHECK_THROWS_WITH_AS((void)Jobs("12"), doctest::Contains("'12'"), Exception);
}

}  // namespace
}  // namespace roundhouse::test
