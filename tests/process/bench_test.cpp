#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/support/command.hpp"
#include "tests/support/roundhouse_command.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::vector<Json> figures_of(const std::vector<std::string>& bench) {
  const ScopedEnv programs("ROUNDHOUSE_BINDIR", kBin);
  std::vector<std::string> words{kBin + "/roundhouse", "--json", "bench"};
  words.insert(words.end(), bench.begin(), bench.end());
  const Ended ended = run(words, std::chrono::seconds{100 * RH_TEST_SLOWDOWN});
  REQUIRE_MESSAGE(ended.exit == 0, ended.err);
  std::istringstream lines(ended.out);
  std::vector<Json> figures;
  for (std::string line; std::getline(lines, line);) figures.push_back(Json::parse(line));
  return figures;
}

bool anything_left() {
  for (const auto& entry : fs::directory_iterator("/tmp"))
    if (entry.path().filename().string().starts_with("rh-bench.")) return true;
  return false;
}

}  // namespace

TEST_CASE("bench latency compares calls with the relay and leaves nothing behind") {
  const bool others = anything_left();
  const auto figures = figures_of({"latency", "--pairs", "1", "--span", "50ms"});
  REQUIRE(figures.size() == 2);
  CHECK(figures[0]["name"] == "latency.p50");
  CHECK(figures[1]["name"] == "latency.p99");
  for (const Json& figure : figures) {
    CHECK(figure["unit"] == "us");
    CHECK(figure["baseline"].get<double>() > 0);
    CHECK(figure["ours"].get<double>() > 0);
    CHECK(figure["ratio"].get<double>() > 0);
    CHECK(figure["target"].get<double>() > 0);
    CHECK(figure["pairs"].size() == 1);
  }
  CHECK((others || !anything_left()));
}

TEST_CASE("bench commands runs short programs beside a bare loop that starts them") {
  const auto figures = figures_of({"commands", "--pairs", "1", "--span", "50ms"});
  REQUIRE(figures.size() == 1);
  CHECK(figures[0]["name"] == "commands");
  CHECK(figures[0]["unit"] == "commands/s");
  CHECK(figures[0]["baseline"].get<double>() > 0);
  CHECK(figures[0]["ours"].get<double>() > 0);
}

TEST_CASE("bench graphs runs tasks that depend on each other beside the relay") {
  const auto figures = figures_of({"graphs", "--pairs", "1", "--span", "50ms"});
  REQUIRE(figures.size() == 2);
  CHECK(figures[0]["name"] == "graphs.chain");
  CHECK(figures[1]["name"] == "graphs.layers");
  for (const Json& figure : figures) CHECK(figure["ratio"].get<double>() > 0);
}

TEST_CASE("bench throughput has the recorded rate first, and the hub's memory") {
  const bool others = anything_left();
  const auto figures = figures_of({"throughput", "--pairs", "1", "--span", "50ms"});
  REQUIRE(figures.size() == 5);
  CHECK(figures[0]["name"] == "throughput.sqlite");
  CHECK(figures[0]["ratio"].get<double>() > 0);
  CHECK(figures[1]["name"] == "throughput.memory");
  CHECK(figures[2]["name"] == "hub_memory_per_queued_task");
  CHECK(figures[2]["ours"].get<double>() > 0);
  CHECK(figures[2]["baseline"].is_null());
  CHECK((others || !anything_left()));
}

TEST_CASE("bench restart kills the hub while tasks run, and none is lost") {
  const bool others = anything_left();
  const auto figures = figures_of({"restart", "--queued", "2000", "--kills", "2"});
  REQUIRE(figures.size() == 3);
  CHECK(figures[0]["name"] == "restart.2000.p50");
  CHECK(figures[0]["runs"].size() == 2);
  CHECK(figures[0]["ours"].get<double>() > 0);
  CHECK(figures[1]["name"] == "restart.2000.p99");
  CHECK(figures[1]["target"] == 1000);
  CHECK(figures[1]["ours"].get<double>() >= figures[0]["ours"].get<double>());
  CHECK(figures[2]["name"] == "restart.2000.lost");
  CHECK(figures[2]["ours"] == 0);
  CHECK((others || !anything_left()));
}

TEST_CASE("bench waiting compares rates while few and while many tasks wait") {
  const bool others = anything_left();
  const auto figures =
      figures_of({"waiting", "--waiting", "3000", "--pairs", "1", "--span", "50ms"});
  REQUIRE(figures.size() == 3);
  CHECK(figures[0]["name"] == "waiting.ready.3000");
  CHECK(figures[1]["name"] == "waiting.after.3000");
  CHECK(figures[2]["name"] == "waiting.targets.3000");
  for (const Json& figure : figures) {
    CHECK(figure["target"] == 0.9);
    CHECK(figure["baseline"].get<double>() > 0);
    CHECK(figure["ratio"].get<double>() > 0);
  }
  CHECK((others || !anything_left()));
}

TEST_CASE("bench control asks a hub where many tasks wait, and while it aborts them") {
  const bool others = anything_left();
  const auto figures = figures_of({"control", "--queued", "2000", "--rounds", "1"});
  REQUIRE(figures.size() == 4);
  CHECK(figures[1]["name"] == "control.queued.p99");
  CHECK(figures[3]["name"] == "control.aborting.p99");
  for (const Json& figure : figures) CHECK(figure["ours"].get<double>() > 0);
  CHECK(figures[3]["target"] == 10'000);
  CHECK((others || !anything_left()));
}

TEST_CASE("bench engines compares rates with few and with many engines, and times their coming") {
  const bool others = anything_left();
  const auto figures = figures_of({"engines", "--engines", "20", "--pairs", "1", "--span", "50ms"});
  REQUIRE(figures.size() == 3);
  CHECK(figures[0]["name"] == "engines.20.rate");
  CHECK(figures[0]["ratio"].get<double>() > 0);
  CHECK(figures[1]["name"] == "engines.20.hub_cpu_per_task");
  CHECK(figures[1]["ratio"].get<double>() > 0);
  CHECK(figures[2]["name"] == "engines.20.registered");
  CHECK(figures[2]["ours"].get<double>() > 0);
  CHECK((others || !anything_left()));
}

}  // namespace roundhouse::test
