#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/hub_process.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using rh::test::comes_true;
using rh::test::kill_hub;
using rh::test::RealCluster;

namespace {

const std::string kWhich1 = RealCluster::module_path("shipped/which1");
const std::string kWhich2 = RealCluster::module_path("shipped/which2");

int which(const rh::EngineView& engine) {
  return engine.apply_sync<int>("shipped::which");
}

std::vector<int> which(const rh::DirectView& engines) {
  return engines.apply_sync<int>("shipped::which");
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// What the engine says when it is given this file; nothing when it takes it.
std::string refusal(const rh::EngineView& engine, const std::string& path) {
  try {
    engine.load(path).get(rh::test::kPatience);
  } catch (const rh::RemoteError& error) {
    CHECK(error.name() == "ModuleNotLoaded");
    return error.value();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a module that a client ships runs on every engine, also on one that joins later") {
  RealCluster cluster(2);
  rh::Client client = cluster.connect();
  client.wait_for_engines(2);
  CHECK_THROWS_AS(which(client[0]), rh::RemoteError);

  const std::vector<rh::LoadedModule> loaded = client.load(kWhich1).get();
  REQUIRE(loaded.size() == 2);
  CHECK(loaded[0].build.size() == 64);
  CHECK(loaded[0].build == loaded[1].build);
  CHECK(loaded[0].name == "which");
  CHECK(loaded[0].tasks == std::vector<std::string>{"shipped::add", "shipped::calls",
                                                    "shipped::only_in_one", "shipped::which"});
  CHECK(which(client[rh::all]) == std::vector{1, 1});

  cluster.cluster().add_engines(1);
  client.wait_for_engines(3);
  CHECK(which(client[2]) == 1);
  CHECK(client.load_balanced_view().map_sync<int>("shipped::add", std::vector{1, 2, 3},
                                                  std::vector{1, 1, 1}) ==
        std::vector{1002, 1003, 1004});

  // Somebody who has shipped nothing finds it by name and signature, and so does an engine that
  // joined when its client had gone.
  client.close();
  rh::Client other = cluster.connect();
  CHECK(which(other[0]) == 1);
  cluster.cluster().add_engines(1);
  other.wait_for_engines(4);
  CHECK(which(other[3]) == 1);
}

TEST_CASE("a hub that was killed still has the module for an engine that joins then") {
  RealCluster cluster(1);
  {
    rh::Client client = cluster.connect();
    client.wait_for_engines(1);
    client.load(kWhich1).get();
  }
  rh::Client client = cluster.connect();
  kill_hub(client);
  cluster.cluster().add_engines(1);
  client.wait_for_engines(2);
  CHECK(which(client[1]) == 1);
  CHECK(which(client[0]) == 1);
}

TEST_CASE("a hub without a memory asks the client for the module again") {
  RealCluster cluster(1, {.store = "memory"});
  rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  client.load(kWhich1).get();
  kill_hub(client);
  cluster.cluster().add_engines(1);
  client.wait_for_engines(2);
  CHECK(which(client[-1]) == 1);
  CHECK(client.ids().size() == 2);
}

TEST_CASE("two builds of one function live side by side, each client in its own") {
  RealCluster cluster(2);
  rh::Client first = cluster.connect();
  rh::Client second = cluster.connect();
  first.wait_for_engines(2);
  first.load(kWhich1).get();
  second.load(kWhich2).get();
  CHECK(which(first[rh::all]) == std::vector{1, 1});
  CHECK(which(second[rh::all]) == std::vector{2, 2});
  CHECK(first[0].apply_sync<int>("shipped::only_in_one") == 11);
  CHECK(second[0].apply_sync<std::string>("shipped::only_in_two") == "22");
  // Variables of one build are not those of the other.
  CHECK(first[0].apply_sync<int>("shipped::calls") == 1);
  CHECK(first[0].apply_sync<int>("shipped::calls") == 2);
  CHECK(second[0].apply_sync<int>("shipped::calls") == 1);
  // What every engine was started with is still there for both.
  CHECK(first[1].apply_sync<int>("process_tasks::add", 1, 2) == 3);

  // Who has shipped nothing gets the build that was loaded last.
  rh::Client third = cluster.connect();
  CHECK(which(third[1]) == 2);
  first.load(kWhich1).get();
  CHECK(which(third[1]) == 1);
  CHECK(third.modules().size() == 3);

  // Or the one that it chooses.
  const std::string build = second.load(kWhich2).get().front().build;
  third.load(kWhich1).get();
  CHECK(which(third[1]) == 1);
  CHECK(third.pin(build.substr(0, 12)).name == "which2.so");
  CHECK(which(third[1]) == 2);
  CHECK_THROWS_AS(third.pin("none of them"), rh::Exception);
}

TEST_CASE("a file that changes under its path is another build") {
  RealCluster cluster(1);
  rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  const std::string path = cluster.file("tasks.so");
  fs::copy_file(kWhich1, path);
  const std::string before = client[0].load(path).get().build;
  CHECK(which(client[0]) == 1);
  fs::copy_file(kWhich2, path, fs::copy_options::overwrite_existing);
  const std::string after = client[0].load(path).get().build;
  CHECK(before != after);
  CHECK(which(client[0]) == 2);
  // A function that only the former has is still found there.
  CHECK(client[0].apply_sync<int>("shipped::only_in_one") == 11);
}

TEST_CASE("what is no module for this engine is refused with the reason, and nothing is harmed") {
  RealCluster cluster(1);
  rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  const rh::EngineView engine = client[0];
  const std::string bad = cluster.file("bad.so");

  write(bad, "#!/bin/sh\necho hello\n");
  CHECK(contains(refusal(engine, bad), "is no ELF file"));
  const std::string good = bytes_of(kWhich1);
  for (const std::size_t size : {good.size() - 1, good.size() / 2, std::size_t{64}}) {
    write(bad, good.substr(0, size));
    CHECK(contains(refusal(engine, bad), "is cut short"));
  }
  std::string foreign = good;
  foreign[18] = '\x16', foreign[19] = '\0';  // e_machine: s390
  write(bad, foreign);
  CHECK(contains(refusal(engine, bad), "is for s390x, and this engine runs on"));
  CHECK(contains(refusal(engine, RealCluster::module_path("shipped/other_version")),
                 "another version of Roundhouse"));
  CHECK(contains(refusal(engine, RealCluster::module_path("shipped/lacks_symbol")),
                 "nobody_has_this_function"));
  CHECK(contains(refusal(engine, RealCluster::module_path("shipped/no_module")),
                 "roundhouse_add_module()"));

  CHECK(engine.apply_sync<int>("process_tasks::add", 1, 2) == 3);
  engine.load(kWhich1).get();
  CHECK(which(engine) == 1);
}

TEST_CASE("what cannot be shipped is told before anything is sent") {
  RealCluster cluster(0);
  const rh::Client client = cluster.connect();
  const auto code = [&](const std::string& path) {
    try {
      client.load(path);
    } catch (const rh::Exception& error) {
      return std::string(to_string(error.code())) + ": " + error.what();
    }
    return std::string();
  };
  CHECK(contains(code(cluster.file("nothing.so")), "unknown_module"));
  CHECK(contains(code(cluster.file(".")), "it is no regular file"));
  write(cluster.file("empty.so"), "");
  CHECK(contains(code(cluster.file("empty.so")), "it is empty"));
  fs::copy_file(kWhich1, cluster.file("huge.so"));
  fs::resize_file(cluster.file("huge.so"), (256U << 20U) + 1);
  CHECK(contains(code(cluster.file("huge.so")), "too_large"));
  CHECK(contains(code(cluster.file("huge.so")), "268435456 is the limit"));
  CHECK(client.modules().empty());
}

TEST_CASE("a hub keeps no more than it may, and says so") {
  RealCluster cluster(1, {.hub_flags = {"--set", "modules.bytes_max=1000"}});
  const rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  try {
    client.load(kWhich1);
    FAIL("nothing was thrown");
  } catch (const rh::Exception& error) {
    CHECK(error.code() == rh::Errc::over_quota);
    CHECK(contains(error.what(), "1000 bytes"));
  }
  CHECK(client[0].apply_sync<int>("process_tasks::add", 1, 2) == 3);
}

TEST_CASE("a large module comes whole, in parts, while tasks go on") {
  RealCluster cluster(2);
  rh::Client client = cluster.connect();
  client.wait_for_engines(2);
  const std::string path = cluster.file("large.so");
  // Behind what the loader looks at; no two parts alike.
  std::string bytes = bytes_of(kWhich1);
  for (std::uint32_t i = 0; bytes.size() < (21U << 20U); ++i) bytes += std::to_string(i);
  write(path, bytes);
  auto loading = client.load(path);
  CHECK(client.load_balanced_view().apply_sync<int>("process_tasks::add", 1, 2) == 3);
  CHECK(loading.get().size() == 2);
  CHECK(which(client[rh::all]) == std::vector{1, 1});
  const std::vector<rh::ModuleRecord> modules = client.modules();
  const auto found = std::ranges::find(modules, "large.so", &rh::ModuleRecord::name);
  REQUIRE(found != modules.end());
  CHECK(found->size == bytes.size());
  CHECK(found->kept);
}

TEST_CASE("modules that kill their engine neither remove it nor meet any that come later") {
  // A cluster with a name keeps its records.
  RealCluster cluster(1, {.name = "deadly"});
  rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  const std::string bytes = bytes_of(RealCluster::module_path("shipped/crashes"));
  for (int i = 0; i < 6; ++i) {
    const std::string path = cluster.file("crashes" + std::to_string(i) + ".so");
    write(path, bytes + std::string(1, static_cast<char>('0' + i)));
    CHECK_THROWS_AS(client.load(path).get(rh::test::kPatience), rh::RemoteError);
  }
  const auto lives_of = [](const rh::Client& asked, int id) {
    for (const rh::EngineInfo& engine : asked.engines())
      if (engine.id == id && engine.state == "online") return engine.incarnation;
    return 0U;
  };
  CHECK(comes_true([&] { return lives_of(client, 0) == 7; }));
  cluster.cluster().add_engines(1);
  client.wait_for_engines(2);
  CHECK(client[1].apply_sync<int>("process_tasks::add", 1, 2) == 3);
  CHECK(lives_of(client, 1) == 1);
  client.close();

  cluster.cluster().stop();
  const rh::Cluster again({.name = "deadly",
                           .engines = 1,
                           .modules = {RealCluster::module_path("process_tasks")},
                           .timeout = 3 * rh::test::kPatience});
  const rh::Client next = again.connect({.timeout = rh::test::kPatience});
  next.wait_for_engines(1);
  CHECK(next[next.ids().at(0)].apply_sync<int>("process_tasks::add", 1, 2) == 3);
  CHECK(lives_of(next, next.ids().at(0)) == 1);
  const std::vector<rh::ModuleRecord> modules = next.modules();
  CHECK(std::ranges::count_if(modules, &rh::ModuleRecord::withheld) == 6);
}

TEST_CASE("a module that kills its engine kills it once") {
  RealCluster cluster(1);
  rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  const int pid = client[0].apply_sync<int>("process_tasks::process_id");
  CHECK_THROWS_AS(client.load(RealCluster::module_path("shipped/crashes")).get(),
                  rh::CompositeError);
  REQUIRE(comes_true([&] {
    try {
      return client[0].apply_sync<int>("process_tasks::process_id") != pid;
    } catch (const rh::Exception&) {
      return false;  // not back yet
    }
  }));
  const std::vector<rh::ModuleRecord> modules = client.modules();
  const auto found = std::ranges::find(modules, "crashes.so", &rh::ModuleRecord::name);
  REQUIRE(found != modules.end());
  CHECK(found->withheld);
  CHECK(contains(found->trouble, "died while it loaded the module"));
}

TEST_CASE("a module that is loaded while an engine is started again is loaded there, too") {
  const RealCluster cluster(1);
  const rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  for (unsigned life = 1; life <= 3; ++life) {
    const rh::EngineInfo engine = client.engines().at(0);
    REQUIRE(engine.incarnation == life);
    REQUIRE(::kill(static_cast<pid_t>(engine.pid), SIGKILL) == 0);
    // While there is none, unless this looks too late.
    REQUIRE(comes_true(
        [&] { return client.ids().empty() || client.engines().at(0).incarnation > life; }));
    CHECK(client.load(kWhich1).get(rh::test::kPatience).size() == 1);
    CHECK(which(client[0]) == 1);
  }
}

TEST_CASE("an engine that is told to runs what it was started with, and nothing that is shipped") {
  RealCluster cluster(1, {.engine_flags = {"--no-shipped-modules"}});
  rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  CHECK(contains(refusal(client[0], kWhich1), "loads no modules from clients"));
  CHECK_THROWS_AS(which(client[0]), rh::RemoteError);
  CHECK(client[0].apply_sync<int>("process_tasks::add", 1, 2) == 3);
  // The very file that it was started with is nothing new.
  CHECK(client[0].load(RealCluster::module_path("process_tasks")).get().name == "process_tasks");
}

TEST_CASE("a module goes to some engines, and after its client's tasks to the others") {
  RealCluster cluster(2);
  rh::Client client = cluster.connect();
  client.wait_for_engines(2);
  client[0].load(kWhich1).get();
  rh::Client other = cluster.connect();
  CHECK(which(other[0]) == 1);
  CHECK_THROWS_AS(which(other[1]), rh::RemoteError);
  CHECK(which(client[1]) == 1);
}
