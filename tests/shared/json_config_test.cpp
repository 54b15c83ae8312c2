#include "shared/json_config.hpp"

#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

namespace roundhouse {

using namespace std::chrono_literals;

using test::contains;
using test::ScopedEnv;
using test::TempDir;

namespace {

struct Example {
  bool curve = false;
  std::int32_t nice = 0;
  std::uint32_t slots = 1;
  std::uint64_t bytes_max = 1024;
  double fraction = 0.5;
  std::string store = "sqlite";
  Duration timeout = 3s;
  std::vector<std::string> modules{"a"};
  JsonConfig table{"ROUNDHOUSE_TEST_"};

  Example() {
    table.key("curve", curve);
    table.key("nice", nice);
    table.key("slots", slots, {.min = 1, .max = 64});
    table.key("limits.bytes_max", bytes_max);
    table.key("limits.fraction", fraction, {.min = 0.0, .max = 1.0});
    table.key("store.kind", store, {.choices = {"sqlite", "memory"}});
    table.key("heartbeat_timeout", timeout, {.min = 0.1});
    table.key("modules", modules);
  }

  std::string error(std::string_view text) {
    const auto loaded = table.load_text(text, "hub.json");
    CHECK(!loaded.ok());
    if (loaded) return {};
    CHECK(loaded.error().code == Errc::config);
    return loaded.error().text;
  }
};

}  // namespace

TEST_CASE("a file with comments fills every kind of field") {
  Example example;
  REQUIRE(example.table
              .load_text(R"({
    // how many at once
    "slots": 4, "curve": true, "nice": -5,
    /* nested */ "limits": {"bytes_max": "16MiB", "fraction": 1},
    "store": {"kind": "memory"}, "heartbeat_timeout": "500ms", "modules": ["x", "y"]
  })",
                         "hub.json")
              .ok());
  CHECK(example.slots == 4);
  CHECK(example.curve);
  CHECK(example.nice == -5);
  CHECK(example.bytes_max == 16 * 1024 * 1024);
  CHECK(example.fraction == 1);
  CHECK(example.store == "memory");
  CHECK(example.timeout == 500ms);
  CHECK(example.modules == std::vector<std::string>{"x", "y"});
}

TEST_CASE("what a file does not name keeps its default") {
  Example example;
  REQUIRE(example.table.load_text("{}", "hub.json").ok());
  CHECK(example.store == "sqlite");
  CHECK(example.timeout == 3s);
}

TEST_CASE("an unknown key is an error with its line and the nearest known one") {
  CHECK(Example().error("{\n\n \"hartbeat_timeout\": \"3s\"}") ==
        "hub.json line 3: unknown key \"hartbeat_timeout\"; did you mean \"heartbeat_timeout\"?");
  CHECK(Example().error("{\"store\": {\n\"kin\": 3}}") ==
        "hub.json line 2: unknown key \"store.kin\"; did you mean \"store.kind\"?");
  CHECK(contains(Example().error(R"({"colour": 3})"),
                 "known are curve heartbeat_timeout limits.bytes_max"));
  CHECK(contains(Example().error(R"({"store.kind": "memory"})"), "unknown key \"store.kind\""));
}

TEST_CASE("the line of a key is that of the key itself, not of another with its name") {
  CHECK(contains(Example().error("{ // \"slots\": 1\n\"limits\": {\n\"slots\": 1},\n\"slots\": 3}"),
                 "hub.json line 3: unknown key \"limits.slots\""));
  CHECK(contains(Example().error("{\n\"modules\": [\n\"slots\"],\n\"slots\": 0}"),
                 "hub.json line 4: \"slots\" must be at least 1, not 0"));
}

TEST_CASE("a key that is there twice is an error") {
  CHECK(Example().error("{\"slots\": 1,\n\"slots\": 2}") ==
        "hub.json: line 2: \"slots\" is there twice, first in line 1");
}

TEST_CASE("a value of the wrong kind is told what it must be") {
  const auto problem = [](const char* text) { return Example().error(text); };
  CHECK(contains(problem(R"({"curve": 1})"), "\"curve\" must be true or false, not 1"));
  CHECK(contains(problem(R"({"slots": "4 apples"})"), "must be a whole number"));
  CHECK(contains(problem(R"({"slots": 1.5})"), "must be a whole number"));
  CHECK(contains(problem(R"({"slots": null})"), "must be a whole number"));
  CHECK(contains(problem(R"({"slots": 0})"), "at least 1"));
  CHECK(contains(problem(R"({"slots": 65})"), "at most 64"));
  CHECK(contains(problem(R"({"slots": -1})"), "between 0 and 4294967295"));
  CHECK(contains(problem(R"({"slots": 5000000000})"), "between 0 and 4294967295"));
  CHECK(contains(problem(R"({"limits": {"bytes_max": "99999999999GiB"}})"), "must be a whole"));
  CHECK(contains(problem(R"({"limits": {"fraction": 1.5}})"), "at most 1"));
  CHECK(contains(problem(R"({"limits": 3})"), "\"limits\" must be an object"));
  CHECK(contains(problem(R"({"store": {"kind": "mysql"}})"), R"(one of "sqlite" "memory")"));
  CHECK(contains(problem(R"({"store": {"kind": {"x": 1}}})"), "must be text"));
  CHECK(contains(problem(R"({"heartbeat_timeout": 3})"), R"(such as "500ms" or "3s", not 3)"));
  CHECK(contains(problem(R"({"heartbeat_timeout": "1ms"})"), "at least 0.1 s"));
  CHECK(contains(problem(R"({"modules": ["a", 3]})"), "a list of which each is text"));
  CHECK(contains(problem(R"({"modules": "a"})"), "a list of texts"));
}

TEST_CASE("what is not JSON is an error with its line, and never more") {
  CHECK(contains(Example().error("{\n\"slots\": }"), "line 2"));
  CHECK(contains(Example().error("[1]"), "one object"));
  CHECK(contains(Example().error("3"), "one object"));
  for (const char* text : {"", "{", "{}}", "\xff", "{\"slots\": 1 /* ", "nul"}) {
    CAPTURE(text);
    CHECK(!Example().error(text).empty());
  }
  CHECK(contains(Example().error(std::string(100'000, '[')), "hub.json: "));
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "{\"limits\":";
  CHECK(contains(Example().error(deep + "1" + std::string(40, '}')), "nested too deeply"));
  CHECK(contains(Example().error(std::string(kConfigFileBytesMax + 1, ' ')), "is larger than"));
}

TEST_CASE("flag wins over environment over file over default") {
  const TempDir dir;
  const std::string path = dir.file("hub.json");
  test::write_file(path, R"({"slots": 2, "nice": 2, "curve": true, "store": {"kind": "memory"}})");
  const ScopedEnv slots("ROUNDHOUSE_TEST_SLOTS", "3");
  const ScopedEnv nice("ROUNDHOUSE_TEST_NICE", "3");
  const ScopedEnv kind("ROUNDHOUSE_TEST_STORE_KIND", "");
  Example example;
  REQUIRE(example.table.load(path, {{"slots", "4"}}).ok());
  CHECK(example.slots == 4);
  CHECK(example.nice == 3);
  CHECK(example.curve);
  CHECK(example.store == "memory");
  CHECK(example.timeout == 3s);
}

TEST_CASE("text from flags and variables is read as the field wants it") {
  Example example;
  const auto set = [&](const char* name, const char* value) {
    return example.table.set(name, value, "command line");
  };
  REQUIRE(set("modules", "x,y,z").ok());
  CHECK(example.modules == std::vector<std::string>{"x", "y", "z"});
  REQUIRE(set("modules", "").ok());
  CHECK(example.modules.empty());
  REQUIRE(set("limits.bytes_max", "64KiB").ok());
  CHECK(example.bytes_max == 65536);
  REQUIRE(set("heartbeat_timeout", "2min").ok());
  CHECK(example.timeout == 2min);
  REQUIRE(set("curve", "true").ok());
  CHECK(example.curve);
  REQUIRE(set("limits.fraction", "0.25").ok());
  CHECK(example.fraction == 0.25);
  CHECK(set("curve", "yes").error().text ==
        "command line: \"curve\" must be true or false, not \"yes\"");
  CHECK(set("slots", "").error().code == Errc::config);
  CHECK(set("slots", "[1]").error().code == Errc::config);
  CHECK(contains(set("slot", "1").error().text, "did you mean \"slots\"?"));
}

TEST_CASE("a bad variable is named in the error, and so is a missing file") {
  Example example;
  CHECK(example.table.variable("store.kind") == "ROUNDHOUSE_TEST_STORE_KIND");
  const ScopedEnv bad("ROUNDHOUSE_TEST_STORE_KIND", "mysql");
  CHECK(contains(example.table.load("").error().text, "variable ROUNDHOUSE_TEST_STORE_KIND: "));
  CHECK(example.table.load("/nowhere/hub.json").error().text ==
        "/nowhere/hub.json: cannot be read");
}

TEST_CASE("what is written out reads back as the same") {
  Example one;
  REQUIRE(one.table.load("", {{"slots", "7"}, {"heartbeat_timeout", "1500ms"}}).ok());
  one.bytes_max = std::numeric_limits<std::uint64_t>::max();
  Example two;
  REQUIRE(two.table.load_text(one.table.to_json(), "text").ok());
  CHECK(two.slots == 7);
  CHECK(two.timeout == 1500ms);
  CHECK(two.bytes_max == one.bytes_max);
  CHECK(two.table.to_json() == one.table.to_json());
}

}  // namespace roundhouse
