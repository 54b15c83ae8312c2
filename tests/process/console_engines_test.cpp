// The engines of a console while a process of theirs is started again.
#include "cli/console_engines.hpp"

#include <atomic>
#include <csignal>
#include <memory>
#include <semaphore>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/patience.hpp"
#include "tests/support/real_cluster.hpp"

namespace roundhouse::test {

TEST_CASE("an engine whose process is started again is there all the time") {
  RealCluster cluster(2);
  const Client client = cluster.connect();
  std::atomic<bool> restarted = false;
  const Subscription news = client.on_engine([&](const EngineEvent& event) {
    restarted = restarted || event.kind == EngineEvent::Kind::restarted;
  });

  // A terminal that is slow to show that engine 2 has come: the news of engine 1 wait behind that.
  std::counting_semaphore told{0};
  std::counting_semaphore shown{0};
  cli::ConsoleEngines engines({cluster.cluster().name(), kPatience}, "all",
                              [&](const std::string&) { told.release(), shown.acquire(); });
  const std::shared_ptr<void> at_end(nullptr, [&](void*) { shown.release(3); });
  cluster.cluster().add_engines(1);
  const bool is_showing = told.try_acquire_for(kPatience);
  CHECK(is_showing);

  kill(static_cast<pid_t>(client.engines().at(1).pid), SIGKILL);
  std::set<std::vector<int>> targets;
  CHECK(comes_true([&] { return targets.insert(engines.targets()), restarted.load(); }));
  CHECK(targets == std::set<std::vector<int>>{{0, 1, 2}});
}

}  // namespace roundhouse::test
