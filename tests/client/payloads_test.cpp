#include "client/payloads.hpp"

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/error.hpp>

namespace roundhouse::test {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

Encoded body(std::string text) {
  Encoded out;
  out.body = std::move(text);
  return out;
}

std::vector<wire::SubmitRecord> all_of(detail::Records records) {
  std::vector<wire::SubmitRecord> out;
  records.for_each([&](wire::SubmitRecord&& record) { out.push_back(std::move(record)); });
  return out;
}

TEST_CASE("small arguments travel in the record, larger bodies in frames") {
  const Payload small = detail::make_payload(body("abc"));
  CHECK(small.body() == "abc");
  CHECK(small.frame_count() == 0);
  Encoded large = body(std::string(wire::kInlineBytesMax + 1, 'x'));
  large.frames.push_back(Buffer::copy("array"));
  const Payload spilled = detail::make_payload(std::move(large));
  CHECK(spilled.inline_size() == 0);
  CHECK(spilled.spill == 1);
  CHECK(spilled.frame_count() == 2);
  CHECK(spilled.body().size() == wire::kInlineBytesMax + 1);
}

TEST_CASE("a body above 16 MiB is cut, and one of too many frames is refused") {
  const Payload cut = detail::make_payload(body(std::string(wire::kFrameBytesMax + 5, 'x')));
  CHECK(cut.spill == 2);
  CHECK(cut.size() == wire::kFrameBytesMax + 5);
  Encoded many = body("x");
  many.frames.resize(wire::kFramesMax + 1, Buffer::copy("y"));
  CHECK_THROWS_AS((void)detail::make_payload(std::move(many)), Exception);
}

TEST_CASE("arguments beyond a limit are refused, with the limit") {
  std::vector<Encoded> bodies{body("abc"), body(std::string(90, 'x'))};
  bodies[1].frames.push_back(Buffer::copy("0123456789"));
  CHECK(all_of(detail::make_records({}, bodies, 100)).size() == 2);
  bodies = {body("abc"), body(std::string(91, 'x'))};
  bodies[1].frames.push_back(Buffer::copy("0123456789"));
  CHECK_THROWS_WITH_AS((void)detail::make_records({}, bodies, 100),
                       doctest::Contains("at most 100"), Exception);
}

TEST_CASE("one body for several engines is one record with one payload") {
  std::vector<Encoded> bodies{body("args")};
  const std::vector<int> engines{3, 5};
  const auto records = all_of(detail::make_records(engines, bodies, kNoLimit));
  REQUIRE(records.size() == 1);
  CHECK(records[0].count == 2);
  CHECK(records[0].engine_of(1) == EngineId{5});
  CHECK(records[0].payload_of(0).body() == "args");
  CHECK(records[0].payload_of(1).body() == "args");
}

TEST_CASE("many small bodies are one run, each with its own engine") {
  std::vector<Encoded> bodies{body("a"), body(""), body("ccc")};
  const std::vector<int> engines{7, 8, 9};
  const auto records = all_of(detail::make_records(engines, bodies, kNoLimit));
  REQUIRE(records.size() == 1);
  CHECK(records[0].payload_of(0).body() == "a");
  CHECK(records[0].payload_of(1).body().empty());
  CHECK(records[0].payload_of(2).body() == "ccc");
  CHECK(records[0].engine_of(2) == EngineId{9});
}

TEST_CASE("runs are cut by bytes, and bodies with frames stand alone") {
  std::vector<Encoded> bodies;
  for (int i = 0; i < 20; ++i) bodies.push_back(body(std::string(16'000, 'x')));
  bodies[10].frames.push_back(Buffer::copy("array"));
  const auto records = all_of(detail::make_records({}, bodies, kNoLimit));
  std::size_t tasks = 0;
  std::size_t alone = 0;
  for (const wire::SubmitRecord& record : records) {
    tasks += record.count;
    alone += record.payload.frame_count();
    CHECK(record.payload.inline_size() <= wire::kBatchBytesMax);
    CHECK_FALSE(record.direct());
  }
  CHECK(tasks == 20);
  CHECK(alone == 1);
}

}  // namespace
}  // namespace roundhouse::test
