#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/pending.hpp>
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

TEST_CASE("an error of the task is a RemoteError, of several engines a CompositeError") {
  LocalHub hub(2);
  const Client client = hub.connect();
  try {
    (void)client[1].apply_sync(fails_on_odd, 7);
    FAIL("no error");
  } catch (const RemoteError& error) {
    CHECK(error.name() == "std::runtime_error");
    CHECK(error.value() == "odd: 7");
    CHECK(error.engine_id() == 1U);
    CHECK(error.msg_id().size() == 32);
  }
  try {
    (void)client[{1}].apply_sync(fails_on_odd, 7);
    FAIL("no error");
  } catch (const CompositeError& error) {
    CHECK(error.errors().size() == 1);
  }
}

TEST_CASE("a lost engine is an EngineError") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const EngineView second = client[1];
  hub.has_engines(1);
  CHECK_THROWS_AS(second.apply_sync(twice, 1), EngineError);
}

TEST_CASE("an AsyncResult tells how it stands") {
  LocalHub hub;
  const Client client = hub.connect();
  hub.holds_outcomes(true);
  const AsyncResult<int> result = client[0].apply_async(fails_on_odd, 3);
  CHECK_FALSE(result.wait(20ms));
  CHECK_FALSE(result.ready());
  CHECK(result.progress() == 0);
  CHECK(client.outstanding().size() == 1);
  CHECK_THROWS_AS((void)result.successful(), Exception);
  CHECK_THROWS_AS((void)result.get(0s), TimeoutError);
  CHECK(result.metadata().status == "pending");
  CHECK(result.elapsed().count() > 0);
  hub.holds_outcomes(false);
  CHECK(result.wait(kPatience));
  CHECK(result.ready());
  CHECK_FALSE(result.successful());
  CHECK_THROWS_AS((void)result.get(), RemoteError);
  CHECK_THROWS_AS((void)result.get(), RemoteError);
  CHECK(client.outstanding().size() == 0);
}

TEST_CASE("metadata tells when, where and how") {
  LocalHub hub;
  const Client client = hub.connect();
  const auto view = client[0].with({.label = "mine"});
  const AsyncResult<int> result = view.apply_async(twice, 3);
  CHECK(result.get(kPatience) == 6);
  const Metadata metadata = result.metadata();
  CHECK(metadata.status == "ok");
  CHECK(metadata.label == "mine");
  CHECK(metadata.function == "twice");
  CHECK(metadata.engine_id == 0);
  CHECK(metadata.engine_uuid.size() == 32);
  CHECK(metadata.attempt == 1);
  REQUIRE(metadata.started);
  REQUIRE(metadata.submitted);
  REQUIRE(metadata.received);
  CHECK(*metadata.received >= *metadata.submitted);
  CHECK(metadata.msg_id == result.msg_ids().front());
  CHECK(result.serial_time() == Seconds(1us));
  CHECK_THROWS_AS((void)result.metadata(1), std::out_of_range);
}

TEST_CASE("large arguments and results travel as frames; borrowed ones tell when they are sent") {
  LocalHub hub;
  const Client client = hub.connect();
  const EngineView one = client[0];
  const std::vector<double> large(100'000, 0.5);
  CHECK(one.apply_sync(sum, large) == 50'000.0);
  CHECK(one.apply_sync(ramp, 50'000).back() == 49'999.0);
  CHECK(one.apply_sync(greet, std::string(100'000, 'x'), 1).size() == 100'006);
  const auto result = one.apply_async(sum, borrow(large));
  CHECK(result.wait_on_send(kPatience));
  CHECK(result.sent());
  CHECK(result.get(kPatience) == 50'000.0);
}

}  // namespace
}  // namespace roundhouse::test
