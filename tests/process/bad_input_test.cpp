// Connection files of hubs that are gone, are others, or never were; modules of other builds; and
// numbers of engines: through the library, the engine and the command line.
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/support/real_cluster.hpp"
#include "tests/support/roundhouse_command.hpp"
#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using namespace process_tasks;

namespace roundhouse::test {
namespace {

// How a client of this file is told that it cannot be used: "code: text".
std::string client_refusal(const std::string& file) {
  try {
    const Client client({.connection_file = file, .timeout = 2s * RH_TEST_SLOWDOWN});
  } catch (const Exception& error) {
    return std::string(to_string(error.code())) + ": " + error.what();
  }
  return "it connected";
}

Ended engine_with(const std::string& file) {
  return run({kBin + "/roundhouse-engine", "--connection-file", file});
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// A connection file with this text, as only its owner may read it.
std::string put(const Shell& shell, const std::string& text) {
  const std::string path = shell.file("connection.json");
  fs::remove(path);
  write_file(path, text);
  fs::permissions(path, fs::perms(0600));
  return path;
}

}  // namespace

TEST_CASE("the file of a hub that was killed is told to be stale, to each program in its turn") {
  const Shell roundhouse;
  REQUIRE(roundhouse({"start", "-n", "0"}).exit == 0);
  const std::string run_dir = roundhouse.file("run/default");
  const std::string client_file = put(roundhouse, read_file(run_dir + "/client.json"));
  const std::string engine_text = read_file(run_dir + "/engine.json");
  REQUIRE(roundhouse({"stop"}).exit == 0);
  CHECK_MESSAGE(contains(client_refusal(client_file), "no hub listens at"),
                client_refusal(client_file));
  const Ended engine = engine_with(put(roundhouse, engine_text));
  CHECK(engine.exit == 3);
  CHECK_MESSAGE(contains(engine.err, "roundhouse start"), engine.err);
}

TEST_CASE("a file of an earlier life of the hub is as good as that of this one") {
  const Shell roundhouse;
  REQUIRE(roundhouse({"start", "-n", "1"}).exit == 0);
  const std::string text = read_file(roundhouse.file("run/default/client.json"));
  REQUIRE(roundhouse({"stop"}).exit == 0);
  REQUIRE(roundhouse({"start", "-n", "1", "--module", RealCluster::module_path("process_tasks")})
              .exit == 0);
  const Client client({.connection_file = put(roundhouse, text), .timeout = kPatience});
  client.wait_for_engines(1, kPatience);
  CHECK(client.load_balanced_view().apply_sync(add, 1, 2) == 3);
}

TEST_CASE("over tcp, the file of another cluster, or of nobody's port, opens no door") {
  const Shell roundhouse;
  for (const char* cluster : {"day", "night"})
    REQUIRE(roundhouse({"start", "-n", "0", "--cluster", cluster, "--listen", "tcp://127.0.0.1"})
                .exit == 0);
  const std::string path = roundhouse.file("run/day/client.json");
  Json day = Json::parse(read_file(path));
  const Json night = Json::parse(read_file(roundhouse.file("run/night/client.json")));
  REQUIRE(day.contains("curve"));

  // The other's ports with one's own keys: what a port that was given to somebody else looks like.
  Json ports = day;
  ports["endpoints"] = night["endpoints"];
  const std::string keys = client_refusal(put(roundhouse, ports.dump()));
  CHECK_MESSAGE(contains(keys, "not_connected: "), keys);
  // What are no keys at all.
  Json garbage = day;
  garbage["curve"]["hub_public"] = "not a key";
  const std::string broken = client_refusal(put(roundhouse, garbage.dump()));
  CHECK_MESSAGE(!contains(broken, "it connected"), broken);
  // Nobody listens, or somebody who speaks something else.
  Json nobody = day;
  for (auto& [plane, endpoint] : nobody["endpoints"].items()) endpoint = "tcp://127.0.0.1:1";
  const std::string silent = client_refusal(put(roundhouse, nobody.dump()));
  CHECK_MESSAGE(contains(silent, "not_connected: "), silent);

  CHECK(client_refusal(put(roundhouse, day.dump())) == "it connected");
  CHECK(roundhouse({"status", "--cluster", "day"}).exit == 0);
  CHECK(roundhouse({"status", "--cluster", "night"}).exit == 0);
}

TEST_CASE("what is no connection file is told as what it is, by library, engine and command line") {
  const Shell roundhouse;
  REQUIRE(roundhouse({"start", "-n", "0"}).exit == 0);
  const std::string path = roundhouse.file("run/default/client.json");
  const std::string good = read_file(path);

  struct Case {
    std::string text;
    std::string code;
    std::string says;
  };

  const std::vector<Case> cases{
      {"", "malformed", "is damaged"},
      {good.substr(0, good.size() / 2), "malformed", "is damaged"},
      {R"({"shell_port": 5555, "key": "abc", "transport": "tcp"})", "malformed",
       "is not a connection file of Roundhouse"},
      {replaced(good, "\"major\": 1", "\"major\": 2"), "version", "speaks protocol 2"},
      {replaced(good, "\"role\": \"client\"", "\"role\": \"engine\""), "malformed",
       "is for a engine"},
      {replaced(good, "\"task\": \"ipc://", "\"task\": \"carrier-pigeon://"), "", ""},
  };
  for (const Case& bad : cases) {
    CAPTURE(bad.text);
    const std::string refused = client_refusal(put(roundhouse, bad.text));
    CHECK_MESSAGE(contains(refused, bad.code + ": "), refused);
    CHECK_MESSAGE(contains(refused, bad.says), refused);
    CHECK(std::ranges::count(refused, '\n') == 0);
    write_file(path, bad.text);
    const Ended status = roundhouse({"status"});
    CHECK(status.exit != 0);
    CHECK(status.exit < 128);
    check_one_line(status, bad.says);
    const Ended engine = engine_with(put(roundhouse, bad.text));
    CHECK(engine.exit != 0);
    CHECK(engine.exit < 128);
    CHECK(std::ranges::count(engine.err, '\n') == 1);
  }
  fs::permissions(put(roundhouse, good), fs::perms(0644));
  CHECK(contains(client_refusal(roundhouse.file("connection.json")), "permission: others can use"));
  if (::geteuid() == 0) {
    // Another user's: only root can make such a file.
    const std::string others = put(roundhouse, good);
    REQUIRE(::chown(others.c_str(), 65534, 65534) == 0);
    CHECK(contains(client_refusal(others), "permission: " + others + " belongs to another user"));
  }
  write_file(path, good);
  CHECK(roundhouse({"status"}).exit == 0);
}

TEST_CASE("numbers of engines that make no sense are refused before anything is started") {
  const Shell roundhouse;
  for (const std::string count :
       {"-1", "1025", "4294967297", "99999999999999999999999", "1.5", ""}) {
    CAPTURE(count);
    const Ended ended = roundhouse({"start", "-n", count});
    CHECK(ended.exit == 2);
    check_one_line(ended, "(see `roundhouse start --help`)");
  }
  CHECK(roundhouse.json({"list"}).empty());
  REQUIRE(roundhouse({"start", "-n", "0"}).exit == 0);
  for (const std::string count : {"0", "-1", "1025", "99999999999999999999999", "many"}) {
    CAPTURE(count);
    const Ended ended = roundhouse({"engines", "add", count});
    CHECK(ended.exit == 2);
    CHECK(std::ranges::count(ended.err, '\n') == 1);
  }
  CHECK(roundhouse.json({"engines"}).empty());
}

TEST_CASE("a module of another build stops the start with the reason, and a shipped one its load") {
  const Shell roundhouse;
  REQUIRE(roundhouse({"start", "-n", "1", "--cluster", "good"}).exit == 0);
  Client client({.cluster = "good", .timeout = kPatience});
  client.wait_for_engines(1, kPatience);
  for (const auto& [name, reason] :
       {std::pair{"other_version", "was built with another version of Roundhouse"},
        std::pair{"other_compiler", "was built with libother 7, 16-byte pointers"}}) {
    CAPTURE(name);
    const std::string path = RealCluster::module_path(std::string("shipped/") + name);
    const Ended start = roundhouse({"start", "-n", "1", "--module", path});
    CHECK(start.exit == 1);
    check_one_line(start, reason);
    CHECK(contains(start.err, "build it again"));
    const Ended load = roundhouse({"load", path, "--cluster", "good"});
    CHECK(load.exit == 1);
    CHECK_MESSAGE(contains(load.err, reason), load.err);
    CHECK_THROWS_WITH_AS(client[0].load(path).get(), doctest::Contains(reason), RemoteError);
  }
  CHECK(roundhouse.json({"list"}).size() == 1);
}

}  // namespace roundhouse::test
