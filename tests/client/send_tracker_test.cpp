#include "client/send_tracker.hpp"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/arguments.hpp>

namespace roundhouse::test {
namespace {

using detail::SendTracker;

TEST_CASE("frames count as sent when the last handle of the last one is gone") {
  std::vector<double> values(5000, 1.0);
  std::vector<Encoded> bodies(2);
  bodies[0] = encode_values(borrow(values), borrow(values));
  bodies[1] = encode_values(values);
  const auto tracker = SendTracker::watch(bodies, false);
  REQUIRE(tracker != nullptr);
  CHECK(bodies[0].frames[0].data() == reinterpret_cast<const char*>(values.data()));
  CHECK_FALSE(tracker->sent());
  Buffer on_its_way = bodies[0].frames[1];
  bodies[0].clear();
  CHECK_FALSE(tracker->sent());
  on_its_way = {};
  CHECK(tracker->sent());  // what was copied is nobody's concern
}

TEST_CASE("without frames there is nothing to watch, nor without being asked") {
  std::vector<double> values(5000, 1.0);
  std::vector<Encoded> bodies(1);
  bodies[0] = encode_values(1, "text");
  CHECK(SendTracker::watch(bodies, true) == nullptr);
  bodies[0] = encode_values(values);
  CHECK(SendTracker::watch(bodies, false) == nullptr);
  CHECK(SendTracker::watch(bodies, true) != nullptr);
}

TEST_CASE("an array can be edited again once its frames are sent, though the tracker lives on") {
  Array<double> array(5000);
  std::vector<Encoded> bodies(1);
  bodies[0] = encode_values(array);
  const auto tracker = SendTracker::watch(bodies, true);
  CHECK_FALSE(array.writeable());
  bodies.clear();
  CHECK(tracker->sent());
  CHECK(array.writeable());
}

}  // namespace
}  // namespace roundhouse::test
