#include <set>
#include <string>
#include <unordered_set>

#include <doctest/doctest.h>

#include <roundhouse/ids.hpp>

using namespace roundhouse;

TEST_CASE("a task's id is read back from its 32 digits") {
  const TaskId id{SessionId{0x0123456789abcdef}, 0xfedcba9876543210};
  CHECK(to_string(id) == "0123456789abcdeffedcba9876543210");
  CHECK(parse_task_id(to_string(id)) == id);
  CHECK(parse_task_id("0123456789ABCDEFFEDCBA9876543210") == id);
  CHECK(to_string(TaskId{}) == std::string(32, '0'));
}

TEST_CASE("what is not 32 hexadecimal digits is no id") {
  for (const char* text :
       {"", "0", "0123456789abcdeffedcba987654321", "x", "-1", "0123456789abcdeffedcba98765432100",
        "0123456789abcdef fedcba987654321", "g123456789abcdeffedcba9876543210",
        "0123456789abcdeffedcba987654321\n", "+123456789abcdeffedcba9876543210",
        "0x23456789abcdeffedcba9876543210"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_task_id(text));
    CHECK_FALSE(parse_uuid(text));
  }
  const std::string zero(32, '\0');
  CHECK_FALSE(parse_task_id(zero));
  CHECK_FALSE(parse_uuid(zero));
}

TEST_CASE("a uuid is read back from its 32 digits") {
  Uuid id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i)
    id.bytes[i] = static_cast<std::uint8_t>(17 * i + 1);
  CHECK(to_string(id) == "0112233445566778899aabbccddeef00");
  CHECK(parse_uuid(to_string(id)) == id);
  CHECK_FALSE(id.empty());
  CHECK(Uuid{}.empty());
}

TEST_CASE("fences are ordered by epoch before attempt") {
  CHECK(Fence{1, 9} < Fence{2, 0});
  CHECK(Fence{2, 0} < Fence{2, 1});
  CHECK(Fence{2, 1} == Fence{2, 1});
}

TEST_CASE("ids can be keys") {
  const TaskId a{SessionId{1}, 2};
  const TaskId b{SessionId{2}, 1};
  CHECK(std::set<TaskId>{a, b, a}.size() == 2);
  CHECK(std::unordered_set<TaskId>{a, b, a}.size() == 2);
  CHECK(std::unordered_set<EngineId>{EngineId{1}, EngineId{1}}.size() == 1);
  CHECK(std::unordered_set<Uuid>{Uuid{}, Uuid{{1}}}.size() == 2);
}
