// Many clients that come and go: the hub keeps nothing of them.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/support/hub_process.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;
using namespace process_tasks;
using rh::test::comes_true;
using rh::test::hub_pid;
using rh::test::kilobytes_of;
using rh::test::RealCluster;

namespace {

// A thousand altogether; a fifth of that where all is five times slower.
constexpr int kClients = 1000 / RH_TEST_SLOWDOWN;
constexpr int kThreads = 4;
constexpr int kVictims = 10;  // processes that are killed, each with several clients
constexpr int kOfVictim = kClients / 5 / kVictims;
constexpr int kOfThread = (kClients - kVictims * kOfVictim) / kThreads;
constexpr long kGrowthMaxKb = 8192;  // what is kept is how its tasks ended: that of a few calls

std::size_t descriptors_of(pid_t pid) {
  const std::filesystem::directory_iterator open("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

// Clients of a process that is killed with all of them open, tasks of each on their way.
pid_t victim(RealCluster& cluster) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child > 0) return child;
  std::vector<rh::Client> clients;
  std::vector<rh::AsyncResult<int>> results;
  for (int i = 0; i < kOfVictim; ++i) {
    clients.push_back(cluster.connect());
    results.push_back(clients.back().load_balanced_view().apply_async(add, i, 1));
    if (i % 2 == 0) (void)results.back().wait(rh::test::kPatience);
  }
  ::raise(SIGKILL);
  ::_exit(1);
}

void come_and_go(RealCluster& cluster, int count, std::atomic<int>& wrong) {
  for (int i = 0; i < count; ++i) {
    rh::Client client = cluster.connect();
    if (client.load_balanced_view().apply_sync(add, i, 1) != i + 1) ++wrong;
    if (i % 3 == 0) (void)client.load_balanced_view().apply_async(add, i, 1);  // nobody waits
  }
}

}  // namespace

TEST_CASE("a thousand clients that come and go, some of them killed, leave nothing in the hub") {
  RealCluster cluster(1);
  const pid_t hub = hub_pid(cluster);
  const std::size_t descriptors = descriptors_of(hub);
  // Before this process has threads, which a fork would lose.
  std::vector<pid_t> victims;
  for (int i = 0; i < kVictims; ++i) victims.push_back(victim(cluster));
  for (const pid_t pid : victims) {
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
  }
  CHECK(comes_true([&] { return descriptors_of(hub) <= descriptors; }));

  std::atomic<int> wrong = 0;
  const auto many = [&](int count) {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&, count] { come_and_go(cluster, count, wrong); });
  };
  // What a hub needs for its first clients it may keep: buffers, caches.
  many(kOfThread / 5);
  const long memory = kilobytes_of(hub, "VmRSS");
  REQUIRE(memory > 0);
  many(kOfThread - kOfThread / 5);
  CHECK(wrong == 0);
  CHECK(comes_true([&] { return descriptors_of(hub) <= descriptors; }));
  const long grown = kilobytes_of(hub, "VmRSS") - memory;
  // A sanitizer keeps what was freed.
  if (RH_TEST_SLOWDOWN == 1) CHECK_MESSAGE(grown <= kGrowthMaxKb, grown, " KB");
  MESSAGE(kClients, " clients; the hub has grown by ", grown, " KB");
  CHECK(hub_pid(cluster) == hub);
  const rh::Client client = cluster.connect();
  CHECK(client[0].apply_sync(add, 1, 2) == 3);
  CHECK(comes_true([&] { return client.status().unfinished == 0; }));
}
