#include "engine/config.hpp"

#include <doctest/doctest.h>

#include "tests/support/config_keys.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::engine {
namespace {

const std::string kFile = RH_SOURCE_DIR "/config/engine.json";

std::string as_json(EngineConfig config) {
  JsonConfig table;
  config.bind(table);
  return table.to_json();
}

TEST_CASE("config/engine.json has every key and no other, with its default") {
  const auto config = load_config(kFile);
  REQUIRE_MESSAGE(config.ok(), config.error().text);
  CHECK(as_json(*config) == as_json(EngineConfig{}));
  EngineConfig fresh;
  JsonConfig table;
  fresh.bind(table);
  CHECK(test::keys_of_file(kFile) == table.keys());
}

TEST_CASE("a flag wins over the environment, which wins over the file") {
  const test::TempDir folder;
  const std::string file = folder.file("engine.json");
  test::write_file(file, R"({"slots": 2, "name": "file", "modules": ["a.so"]})");
  const test::ScopedEnv slots("ROUNDHOUSE_ENGINE_SLOTS", "3");
  const test::ScopedEnv name("ROUNDHOUSE_ENGINE_NAME", "environment");
  const auto config = load_config(file, {{"name", "flag"}});
  REQUIRE(config.ok());
  CHECK(config->slots == 3);
  CHECK(config->name == "flag");
  CHECK(config->modules == std::vector<std::string>{"a.so"});
}

TEST_CASE("what makes no sense is refused with the key's name") {
  for (const auto& [key, value] : {std::pair{"slots", "0"},
                                   {"slots", "257"},
                                   {"page_bytes", "1"},
                                   {"crashes_max", "0"},
                                   {"log.level", "loud"},
                                   {"wait", "-1s"},
                                   {"no_such_key", "1"}}) {
    const auto config = load_config("", {{key, value}});
    REQUIRE_FALSE(config.ok());
    CHECK(config.error().code == Errc::config);
    CHECK(test::contains(config.error().text, key));
  }
}

TEST_CASE("without a connection file of its own it is that of the cluster") {
  const test::TempDir folder;
  const test::ScopedEnv dir("ROUNDHOUSE_DIR", folder.path());
  EngineConfig config;
  config.cluster = "blue";
  CHECK(*config.connection_path() == folder.path() + "/blue/engine.json");
  config.connection_file = "/elsewhere.json";
  CHECK(*config.connection_path() == "/elsewhere.json");
  config.connection_file.clear();
  config.cluster = "../red";
  CHECK_FALSE(config.connection_path().ok());
}

}  // namespace
}  // namespace roundhouse::engine
