#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/client.hpp>
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

TEST_CASE("without engines, direct calls say so and load-balanced ones wait at the hub") {
  LocalHub hub(0);
  const Client client = hub.connect();
  CHECK(client.size() == 0);
  CHECK_THROWS_AS(client[all].apply_async(twice, 1), NoEnginesRegistered);
  CHECK_THROWS_AS((void)client[0], Exception);
  CHECK_THROWS_AS(client.wait_for_engines(1, 20ms), TimeoutError);
  hub.has_engines(2);
  client.wait_for_engines(2, kPatience);
  CHECK(client.ids() == std::vector<int>{0, 1});
}

TEST_CASE("without a hub the constructor says so") {
  LocalHub hub;
  hub.goes_away();
  CHECK_THROWS_AS((void)hub.connect({.timeout = 300ms}), ConnectionError);
  CHECK_THROWS_AS(Client({.connection_file = "/nonexistent/client.json", .timeout = 300ms}),
                  ConnectionError);
  CHECK_THROWS_AS(Client({.cluster = "no/good"}), Exception);
}

TEST_CASE("a closed client refuses calls, and its results can still be read") {
  LocalHub hub;
  Client client = hub.connect();
  const EngineView one = client[0];
  const auto done = one.apply_async(twice, 1);
  CHECK(done.wait(kPatience));
  hub.holds_outcomes(true);
  const auto open = one.apply_async(twice, 2);
  client.close();
  CHECK(done.get() == 2);
  CHECK_THROWS_AS((void)open.get(), ConnectionError);
  CHECK_THROWS_AS((void)one.apply_async(twice, 1), ConnectionError);
  CHECK_THROWS_AS((void)client.ids(), ConnectionError);
  client.close();
}

TEST_CASE("questions to the hub: an answer, its error, or none in time") {
  LocalHub hub;
  const Client client = hub.connect({.timeout = 500ms});
  CHECK(client.status().epoch == 1);
  CHECK(client.status().json == R"({"epoch":1,"store":"ok"})");
  CHECK(client.engines().size() == 1);
  CHECK_THROWS_WITH_AS((void)client.request("nonsense"), doctest::Contains("nonsense"), Exception);
  CHECK_THROWS_AS((void)client.request("silence"), TimeoutError);
}

}  // namespace
}  // namespace roundhouse::test
