// A hub whose disk is full: none of its files may grow any more (RLIMIT_FSIZE, which needs no
// privileges and can be set for a process that runs).
#include <csignal>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/resource.h>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/modules/unruly_tasks.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;
using namespace process_tasks;
using rh::test::comes_true;
using rh::test::RealCluster;

namespace {

constexpr rlim_t kFull = 0;
constexpr rlim_t kRoom = RLIM_INFINITY;

pid_t hub_pid(const rh::Client& client) {
  return static_cast<pid_t>(client.status().pid);
}

// The hub may write its files up to this size, from now on.
void limit_files(pid_t hub, rlim_t bytes) {
  rlimit limit{};
  REQUIRE(::prlimit(hub, RLIMIT_FSIZE, nullptr, &limit) == 0);
  limit.rlim_cur = bytes;
  REQUIRE(::prlimit(hub, RLIMIT_FSIZE, &limit, nullptr) == 0);
}

bool store_fails(const rh::Client& client) {
  return client.status().store != "ok";
}

// Calls until the hub has said that it takes no more; returns what was thrown. What was called
// before is added to `results`.
std::string refusal(const rh::Client& client, const std::string& trace,
                    std::vector<rh::AsyncResult<int>>& results) {
  std::string text;
  const bool refused = comes_true([&] {
    try {
      const int value = static_cast<int>(results.size());
      results.push_back(client.load_balanced_view().apply_async(traced, trace, 1, value));
      return false;
    } catch (const rh::Exception& error) {
      CHECK(error.code() == rh::Errc::store_failed);
      text = error.what();
      return true;
    }
  });
  CHECK(refused);
  return text;
}

// Each has its value, ran once, and is on record once, as finished.
void check_all(const rh::Client& client, const std::string& trace,
               std::vector<rh::AsyncResult<int>>& results) {
  for (std::size_t i = 0; i < results.size(); ++i)
    CHECK(results[i].get(3 * rh::test::kPatience) == static_cast<int>(i));
  std::map<int, int> runs;
  std::ifstream file(trace);
  for (int value = 0; file >> value;) ++runs[value];
  CHECK(runs.size() == results.size());
  for (const auto& [value, count] : runs) CHECK_MESSAGE(count == 1, "task ", value, " ran again");
  CHECK(comes_true([&] {
    return client.db_query({.where = rh::fields::status == "ok"}).size() == results.size();
  }));
  CHECK(client.hub_history().size() == results.size());
}

rh::ClusterOptions with_unruly_tasks(std::string durability) {
  return {.modules = {RealCluster::module_path("unruly_tasks")},
          .durability = std::move(durability),
          // A hub that is killed gives nothing out before both engines are back.
          .hub_flags = {"--grace", "30000"}};
}

}  // namespace

TEST_CASE(
    "a full disk stops new calls, with advice, and nothing that was accepted; room mends it") {
  for (const char* durability : {"relaxed", "commit"}) {
    CAPTURE(durability);
    RealCluster cluster(2, with_unruly_tasks(durability));
    const rh::Client client = cluster.connect();
    client.wait_for_engines(2);
    const std::string trace = cluster.file("trace");
    std::vector<rh::AsyncResult<int>> results;
    for (int i = 0; i < 200; ++i)
      results.push_back(client.load_balanced_view().apply_async(traced, trace, 5, i));
    REQUIRE(comes_true([&] { return results[20].ready(); }));
    const pid_t hub = hub_pid(client);
    for (int again = 0; again < 2; ++again) {
      limit_files(hub, kFull);
      const std::string text = refusal(client, trace, results);
      CHECK_MESSAGE(rh::test::contains(text, "make room on the disk"), text);
      CHECK(store_fails(client));
      CHECK_THROWS_WITH_AS((void)results.back().get(std::chrono::milliseconds{1}),
                           doctest::Contains("make room on the disk"), rh::TimeoutError);
      // It lives, answers, and refuses for as long as there is no room.
      CHECK_THROWS_WITH_AS((void)client[0].apply_async(add, 1, 2),
                           doctest::Contains("no task is accepted"), rh::Exception);
      CHECK(client.ids().size() == 2);
      if (std::string(durability) == "relaxed")
        for (int i = 0; i < 200; ++i)
          CHECK(results[static_cast<std::size_t>(i)].get(rh::test::kPatience) == i);
      limit_files(hub, kRoom);
      CHECK(comes_true([&] { return !store_fails(client); }));
      CHECK(comes_true([&] {
        try {
          const int value = static_cast<int>(results.size());
          results.push_back(client.load_balanced_view().apply_async(traced, trace, 1, value));
          return true;
        } catch (const rh::Exception& error) {
          CHECK(error.code() == rh::Errc::store_failed);  // not yet told that there is room
          return false;
        }
      }));
    }
    check_all(client, trace, results);
    CHECK(hub_pid(client) == hub);
  }
}

TEST_CASE("a hub that is killed while its disk is full has lost nothing when it is back") {
  RealCluster cluster(2, with_unruly_tasks("relaxed"));
  const rh::Client client = cluster.connect();
  client.wait_for_engines(2);
  const std::string trace = cluster.file("trace");
  std::vector<rh::AsyncResult<int>> results;
  for (int i = 0; i < 400; ++i)
    results.push_back(client.load_balanced_view().apply_async(traced, trace, 10, i));
  REQUIRE(comes_true([&] { return results[20].ready(); }));
  const pid_t hub = hub_pid(client);
  limit_files(hub, kFull);
  (void)refusal(client, trace, results);
  REQUIRE(::kill(hub, SIGKILL) == 0);  // the one that follows has no limit
  check_all(client, trace, results);
  CHECK(hub_pid(client) != hub);
}

TEST_CASE("large results and arguments wait for room as small ones do, and leave no half files") {
  for (const char* durability : {"relaxed", "commit"}) {
    CAPTURE(durability);
    RealCluster cluster(1, with_unruly_tasks(durability));
    const rh::Client client = cluster.connect();
    client.wait_for_engines(1);
    // Small records fit, the files of large results do not.
    const pid_t hub = hub_pid(client);
    limit_files(hub, 1U << 20U);
    auto large = client[0].apply_async(unruly_tasks::much, 3U << 20U);
    CHECK(comes_true([&] { return store_fails(client); }));
    CHECK(rh::test::contains(client.status().store, "make room on the disk"));
    limit_files(hub, kRoom);
    CHECK(large.get(rh::test::kPatience).size() == 3U << 20U);
    CHECK(comes_true([&] { return !store_fails(client); }));

    limit_files(hub, 1U << 20U);
    const std::vector<double> values(1U << 18U, 1.5);
    auto doubled_values = client[0].apply_async(doubled, values);
    CHECK(comes_true([&] { return store_fails(client); }));
    limit_files(hub, kRoom);
    CHECK(doubled_values.get(rh::test::kPatience) == std::vector<double>(values.size(), 3.0));
    CHECK(comes_true([&] { return !store_fails(client); }));

    // Both are on record, whole: another client reads them.
    const rh::Client other = cluster.connect();
    const std::vector<std::string> ids = other.hub_history();
    REQUIRE(ids.size() == 2);
    CHECK(other.get_result<std::string>(ids[0]).get().size() == 3U << 20U);
    CHECK(other.get_result<std::vector<double>>(ids[1]).get().front() == 3.0);
  }
}
