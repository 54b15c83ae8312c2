#include "hub/config.hpp"

#include <fstream>

#include <doctest/doctest.h>

#include "tests/support/config_keys.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::hub {
namespace {

std::string error_of(const JsonConfig::Settings& flags) {
  const auto loaded = load_config({}, flags);
  return loaded ? "" : loaded.error().text;
}

std::string as_json(HubConfig& config) {
  JsonConfig table;
  config.bind(table);
  return table.to_json();
}

}  // namespace

TEST_CASE("config/hub.json has every key and no other, with its default") {
  const std::string path = std::string(RH_SOURCE_DIR) + "/config/hub.json";
  auto loaded = load_config(path);
  REQUIRE_MESSAGE(loaded.ok(), loaded.error().text);
  HubConfig defaults;
  CHECK(as_json(*loaded) == as_json(defaults));
  JsonConfig table;
  defaults.bind(table);
  CHECK(test::keys_of_file(path) == table.keys());
}

TEST_CASE("a flag wins over the environment, which wins over the file") {
  const test::TempDir dir;
  const std::string path = dir.file("hub.json");
  std::ofstream(path) << R"({"dead": "7s", "grace": "7s", "orphan": "7s"})";
  const test::ScopedEnv dead("ROUNDHOUSE_HUB_DEAD", "8s");
  const test::ScopedEnv grace("ROUNDHOUSE_HUB_GRACE", "8s");
  const auto loaded = load_config(path, {{"dead", "9s"}});
  REQUIRE(loaded.ok());
  CHECK(loaded->router.dead == std::chrono::seconds{9});
  CHECK(loaded->router.grace == std::chrono::seconds{8});
  CHECK(loaded->router.orphan == std::chrono::seconds{7});
}

TEST_CASE("durability follows the kind of store") {
  CHECK(load_config({})->router.durability == Durability::relaxed);
  CHECK(load_config({}, {{"store.durability", "commit"}})->store.durability == Durability::commit);
  CHECK(load_config({}, {{"store.kind", "memory"}})->router.durability == Durability::none);
  CHECK(error_of({{"store.kind", "none"}, {"store.durability", "commit"}}).find("sqlite") !=
        std::string::npos);
}

TEST_CASE("the policy is named, and a wrong name is explained") {
  CHECK(load_config({})->router.policy == PolicyName::least_loaded);
  CHECK(load_config({}, {{"schedule.policy", "two_choices"}})->router.policy ==
        PolicyName::two_choices);
  CHECK(error_of({{"schedule.policy", "randm"}}).find("did you mean 'random'?") !=
        std::string::npos);
}

TEST_CASE("what makes no sense is refused by name") {
  CHECK(error_of({{"dead", "1s"}}).find("twice the heartbeat") != std::string::npos);
  CHECK(error_of({{"listen", "udp://x"}}).find("udp://x") != std::string::npos);
  CHECK(error_of({{"listen", "tcp://127.0.0.1:65535"}}).find("port") != std::string::npos);
  CHECK(error_of({{"listen", "tcp://"}}).find("address") != std::string::npos);
  CHECK(error_of({{"listen", "tcp://192.0.2.1"}, {"insecure_loopback", "true"}})
            .find("127.0.0.1 alone") != std::string::npos);
  CHECK(error_of({{"store.kind", "sqlight"}}).find("sqlite") != std::string::npos);
  CHECK(error_of({{"grase", "1s"}}).find("grace") != std::string::npos);
}

TEST_CASE("tcp endpoints are five ports in a row, or chosen freely") {
  const auto fixed = tcp_endpoints("tcp://127.0.0.1:7000");
  REQUIRE(fixed.ok());
  CHECK(fixed->client_task == "tcp://127.0.0.1:7000");
  CHECK(fixed->notify == "tcp://127.0.0.1:7004");
  CHECK(tcp_endpoints("tcp://10.0.0.1")->engine_task == "tcp://10.0.0.1:*");
  CHECK(tcp_endpoints("tcp://10.0.0.1:*")->engine_task == "tcp://10.0.0.1:*");
  CHECK(is_loopback("tcp://127.0.0.1:5"));
  CHECK(is_loopback("tcp://localhost"));
  CHECK_FALSE(is_loopback("tcp://10.0.0.1:5"));
}

}  // namespace roundhouse::hub
