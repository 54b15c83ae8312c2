#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/msg_ids.hpp>

namespace roundhouse::test {
namespace {

constexpr SessionId kSession{0xabc};

std::string id(std::uint64_t sequence) {
  return to_string(TaskId{kSession, sequence});
}

TEST_CASE("ids are walked through, counted, indexed and found") {
  const MsgIds ids(kSession, {{2, 3}, {7, 7}});
  CHECK(ids.size() == 3);
  CHECK(ids.list() == std::vector<std::string>{id(2), id(3), id(7)});
  CHECK(ids[0] == id(2));
  CHECK(ids[2] == id(7));
  CHECK(ids[-1] == id(7));
  CHECK(ids[-3] == id(2));
  CHECK_THROWS_AS((void)ids[3], std::out_of_range);
  CHECK_THROWS_AS((void)ids[-4], std::out_of_range);
  CHECK(ids.contains(id(3)));
  CHECK_FALSE(ids.contains(id(4)));
  CHECK_FALSE(ids.contains(to_string(TaskId{SessionId{1}, 3})));
  CHECK_FALSE(ids.contains("nonsense"));
}

TEST_CASE("no ids, and ten million, are nothing special") {
  CHECK(MsgIds().empty());
  CHECK(MsgIds().list().empty());
  CHECK(MsgIds().begin() == MsgIds().end());
  const MsgIds many(kSession, {{1, 10'000'000}});
  CHECK(many.size() == 10'000'000);
  CHECK(many[-1] == id(10'000'000));
}

}  // namespace
}  // namespace roundhouse::test
