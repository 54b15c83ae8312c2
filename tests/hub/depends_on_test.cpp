#include "hub/core/depends_on.hpp"

#include <doctest/doctest.h>

#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

constexpr SessionId kSession{0xab};

DependsOn sample() {
  DependsOn out;
  out.bytes = Slice{Buffer::take(
      wire::encode_ranges({{kSession, 3, 5}, {SessionId{7}, 1, 1}, {kSession, 9, 1000}}))};
  out.after_ranges = 2;
  out.after_mode = {true, true, true};
  out.follow_mode = {false, false, true};
  return out;
}

}  // namespace

TEST_CASE("what a task depends on is kept with how it counts") {
  const DependsOn on = sample();
  CHECK(decode_depends(encode_depends(on)) == on);
  DependsOn part = on;
  part.whole = false;
  CHECK(decode_depends(encode_depends(part)) == part);
}

TEST_CASE("records tell the first hundred ids of each") {
  const DependsOn on = sample();
  CHECK(on.after() ==
        std::vector<TaskId>{{kSession, 3}, {kSession, 4}, {kSession, 5}, {SessionId{7}, 1}});
  REQUIRE(on.follow().size() == kDependsToldMax);
  CHECK(on.follow().front() == TaskId{kSession, 9});
  CHECK(on.follow().back() == TaskId{kSession, 8 + kDependsToldMax});
}

TEST_CASE("ids that an earlier hub kept are told, and do not make a call") {
  std::string bytes;
  wire::Packer p(bytes);
  p.array(5), p.u64(1);
  p.u64(kSession.value), p.u64(3);
  p.u64(kSession.value), p.u64(9);
  const DependsOn on = decode_depends(bytes);
  CHECK(on.after() == std::vector<TaskId>{{kSession, 3}});
  CHECK(on.follow() == std::vector<TaskId>{{kSession, 9}});
  CHECK_FALSE(on.whole);
}

TEST_CASE("what cannot be read is nothing, and not whole") {
  DependsOn wrong = sample();
  wrong.after_ranges = 4;
  const std::string bytes = encode_depends(sample());
  for (const std::string& each :
       {std::string(), std::string("x"), bytes.substr(0, 20), encode_depends(wrong)}) {
    CAPTURE(each.size());
    CHECK(decode_depends(each).empty());
    CHECK_FALSE(decode_depends(each).whole);
  }
}

}  // namespace roundhouse::hub
