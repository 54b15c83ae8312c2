// Programs of different versions of Roundhouse together: real ones, built with another protocol
// version (tests/CMakeLists.txt, rh_other_version).
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/real_cluster.hpp"
#include "tests/support/roundhouse_command.hpp"

namespace roundhouse::test {
namespace {

// Folders of programs: "" is this version.
const std::string kThis;
const std::string kMinor = "/next_minor";
const std::string kMajor = "/next_major";

std::string program(const std::string& version, const std::string& name) {
  return kBin + version + "/" + name;
}

// A hub and a file for peers of any version: a file says by itself which version it is of.
class LoneHub {
 public:
  explicit LoneHub(const std::string& version)
      : hub_({program(version, "roundhouse-hub"), "--dir", dir_.file("run")}) {
    REQUIRE(comes_true([&] { return contains(hub_.out(), "ready "); }));
  }

  LoneHub(const LoneHub&) = delete;
  LoneHub& operator=(const LoneHub&) = delete;

  ~LoneHub() {
    hub_.send(SIGTERM);
    const Ended ended = hub_.wait(kPatience);
    CHECK_MESSAGE(ended.exit == 0, ended.err);
  }

  // As if the file were of a hub of that major version: then the hub itself has to say no.
  void pretend_major(const std::string& from, const std::string& to) const {
    for (const char* name : {"client.json", "engine.json"}) {
      const std::string path = dir_.file("run/default/") + name;
      std::string text = read_file(path);
      const std::size_t at = text.find("\"major\": " + from);
      REQUIRE(at != std::string::npos);
      text.replace(at + 9, 1, to);
      write_file(path, text);
    }
  }

  [[nodiscard]] Ended status(const std::string& version) const {
    return run({program(version, "roundhouse"), "status"});
  }

  [[nodiscard]] std::string engine_file() const { return dir_.file("run/default/engine.json"); }

 private:
  TempDir dir_;
  ScopedEnv run_{"ROUNDHOUSE_DIR", dir_.file("run")};
  ScopedEnv state_{"XDG_STATE_HOME", dir_.file("state")};
  ScopedEnv cluster_{"ROUNDHOUSE_CLUSTER", std::nullopt};
  Command hub_;
};

}  // namespace

TEST_CASE("hub, engine and client one minor version apart work together, whichever is newer") {
  for (const std::string& hub : {kThis, kMinor})
    for (const std::string& engine : {kThis, kMinor}) {
      CAPTURE(hub);
      CAPTURE(engine);
      const Shell roundhouse;
      // A folder of programs of both versions.
      namespace fs = std::filesystem;
      const std::string mixed = roundhouse.file("bin");
      fs::create_directories(mixed);
      fs::create_symlink(program(hub, "roundhouse-hub"), mixed + "/roundhouse-hub");
      fs::create_symlink(program(engine, "roundhouse-engine"), mixed + "/roundhouse-engine");
      fs::create_symlink(program(kThis, "roundhouse"), mixed + "/roundhouse");
      const ScopedEnv programs("ROUNDHOUSE_BINDIR", mixed);
      const Ended start =
          roundhouse({"start", "-n", "1", "--module", RealCluster::module_path("process_tasks")});
      REQUIRE_MESSAGE(start.exit == 0, start.err);
      // A client of each version.
      const Client client({.timeout = kPatience});
      client.wait_for_engines(1, kPatience);
      CHECK(client[0].apply_sync<int>("process_tasks::add", 1, 2) == 3);
      const Ended newer = run({program(kMinor, "roundhouse"), "--json", "status"});
      REQUIRE_MESSAGE(newer.exit == 0, newer.err);
      CHECK(Json::parse(newer.out)["engines"].size() == 1);
      CHECK(run({program(kMinor, "roundhouse"), "history"}).exit == 0);
      CHECK(run({program(kMinor, "roundhouse"), "resubmit", "last"}).exit <= 2);
    }
}

TEST_CASE("a major version apart, client and engine are told so by the connection file") {
  for (const auto& [hub_version, peer, spoken, own] :
       {std::tuple{kThis, kMajor, "1", "2"}, std::tuple{kMajor, kThis, "2", "1"}}) {
    CAPTURE(hub_version);
    const LoneHub hub(hub_version);
    const std::string words = std::string("speaks protocol ") + spoken +
                              ", and this program speaks " + own +
                              ": use the same version of Roundhouse on both sides";
    const Ended status = hub.status(peer);
    CHECK(status.exit != 0);
    check_one_line(status, words);
    const Ended engine =
        run({program(peer, "roundhouse-engine"), "--connection-file", hub.engine_file()});
    CHECK(engine.exit != 0);
    CHECK_MESSAGE(contains(engine.err, words), engine.err);
    CHECK(hub.status(hub_version).exit == 0);
  }
}

TEST_CASE("a major version apart, who comes all the same is told so by the hub, at once") {
  for (const auto& [hub_version, peer, spoken, own] :
       {std::tuple{kThis, kMajor, "1", "2"}, std::tuple{kMajor, kThis, "2", "1"}}) {
    CAPTURE(hub_version);
    const LoneHub hub(hub_version);
    hub.pretend_major(spoken, own);
    const std::string words = std::string("protocol major ") + spoken + " is spoken there, " + own +
                              " here: use the same release of Roundhouse on both sides";
    const TimePoint start = steady_now();
    const Ended status = hub.status(peer);
    CHECK(status.exit != 0);
    CHECK(steady_now() - start < kPatience);
    check_one_line(status, words);
    const Ended engine =
        run({program(peer, "roundhouse-engine"), "--connection-file", hub.engine_file()});
    CHECK(engine.exit != 0);
    CHECK_MESSAGE(contains(engine.err, words), engine.err);
    hub.pretend_major(own, spoken);
    CHECK(hub.status(hub_version).exit == 0);
  }
}

}  // namespace roundhouse::test
