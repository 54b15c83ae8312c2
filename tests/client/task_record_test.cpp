#include "client/task_record.hpp"

#include <doctest/doctest.h>

#include "tests/support/packed_json.hpp"

namespace roundhouse::test {

TEST_CASE("a record has every key that the hub told, and nothing for the others") {
  const TaskRecord record = detail::read_record(packed(R"({
    "msg_id": "m", "function": "f", "label": "l", "view": "direct", "status": "error",
    "outcome": "timed_out", "attempt": 2, "submitted": 1000000, "started": 2000000,
    "completed": 3000000, "received": 4000000, "duration_ns": 5, "engine_id": 6,
    "engine_uuid": "u", "result_bytes": 0, "after": ["a"], "follow": ["b"], "output": "o",
    "stdout": "s", "stderr": "t",
    "error": {"name": "N", "value": "V", "traceback": "T"}})"));
  const Metadata& md = record.metadata;
  CHECK(md.msg_id == "m");
  CHECK(md.function == "f");
  CHECK(md.label == "l");
  CHECK(record.view == "direct");
  CHECK(md.status == "error");
  CHECK(md.outcome == "timed_out");
  CHECK(md.attempt == 2);
  CHECK(md.submitted == UtcTime(std::chrono::seconds{1}));
  CHECK(md.started == UtcTime(std::chrono::seconds{2}));
  CHECK(md.completed == UtcTime(std::chrono::seconds{3}));
  CHECK(md.received == UtcTime(std::chrono::seconds{4}));
  CHECK(md.duration.count() == 5);
  CHECK(md.engine_id == 6);
  CHECK(md.engine_uuid == "u");
  CHECK(md.after == std::vector<std::string>{"a"});
  CHECK(md.follow == std::vector<std::string>{"b"});
  CHECK(md.output == "o");
  CHECK(md.stdout == "s");
  CHECK(md.stderr == "t");
  REQUIRE(md.error);
  CHECK(md.error->name == "N");
  CHECK(record.error_value == "V");
  CHECK(record.result_bytes == 0);

  const TaskRecord bare = detail::read_record(packed("{'msg_id': 'm', 'status': 'pending'}"));
  CHECK_FALSE(bare.metadata.started);
  CHECK_FALSE(bare.metadata.engine_id);
  CHECK_FALSE(bare.metadata.error);
  CHECK_FALSE(bare.result_bytes);
  CHECK(bare.json == R"({"msg_id":"m","status":"pending"})");
}

}  // namespace roundhouse::test
