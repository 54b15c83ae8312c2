#include "client/shell.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

TEST_CASE("many asynchronous calls all end, and nothing is kept of them") {
  LocalHub hub(2);
  const Client client = hub.connect();
  {
    const auto any = client.load_balanced_view();
    std::vector<AsyncResult<int>> results;
    for (int i = 0; i < 20'000; ++i) results.push_back(any.apply_async(twice, i));
    for (int i = 0; i < 20'000; ++i)
      REQUIRE(results[static_cast<std::size_t>(i)].get(kPatience) == 2 * i);
    (void)any.apply_async(twice, 1);  // nobody wants it
  }
  detail::Shell& shell = detail::ClientAccess::shell(client);
  CHECK(comes_true_within(kPatience, [&] { return shell.kept() == 0; }));
}

TEST_CASE("a label that is new at every call is refused in time, and nothing else suffers") {
  LocalHub hub;
  const Client client = hub.connect();
  const auto any = client.load_balanced_view();
  for (std::size_t i = 0; i < wire::kTemplatesMax; ++i)
    (void)any.with({.label = std::to_string(i)}).apply_async(twice, 1);
  CHECK_THROWS_WITH_AS((void)any.with({.label = "one more"}).apply_async(twice, 1),
                       doctest::Contains("use fewer"), Exception);
  CHECK(any.with({.label = "0"}).apply_sync(twice, 4) == 8);
}

TEST_CASE("several threads call and wait at the same time") {
  LocalHub hub(2);
  const Client client = hub.connect();
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&client, &wrong, t] {
        const auto any = client.load_balanced_view();
        for (int i = 0; i < 200; ++i) {
          const int x = 1000 * t + i;
          const auto later = any.apply_async(twice, x + 1);
          if (any.apply_sync(twice, x) != 2 * x) ++wrong;
          if (later.get(kPatience) != 2 * (x + 1)) ++wrong;
        }
      });
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a lost connection is a pause, and nothing runs twice") {
  LocalHub hub;
  const Client client = hub.connect();
  const EngineView one = client[0];
  std::vector<AsyncResult<int>> results;
  for (int i = 0; i < 300; ++i) {
    results.push_back(one.apply_async(twice, i));
    if (i % 100 == 50) hub.loses_connections();
    if (i % 10 == 0) (void)results.back().wait(1ms);
  }
  for (int i = 0; i < 300; ++i) CHECK(results[static_cast<std::size_t>(i)].get(kPatience) == 2 * i);
  CHECK(hub.runs() == 300);
  CHECK(hub.connections() > 1);
}

TEST_CASE("a hub that goes away and comes back is a pause, too") {
  LocalHub hub;
  const Client client = hub.connect();
  hub.goes_away();
  const auto result = client[0].apply_async(twice, 4);
  CHECK_FALSE(result.wait(100ms));
  hub.comes_back();
  CHECK(result.get(kPatience) == 8);
}

TEST_CASE("views and results outlive their client without harm") {
  LocalHub hub;
  std::optional<EngineView> view;
  AsyncResult<int> result;
  CHECK_THROWS_AS((void)result.get(), Exception);
  {
    const Client client = hub.connect();
    view = client[0];
    result = view->apply_async(twice, 1);
    CHECK(result.wait(kPatience));
  }
  CHECK(result.get() == 2);
  CHECK_THROWS_AS((void)view->apply_async(twice, 1), ConnectionError);
}

TEST_CASE("in the child of a fork the client refuses to do anything") {
  LocalHub hub;
  const Client client = hub.connect();
  const auto view = client[0];
  const auto before = view.apply_async(twice, 1);
  CHECK(before.wait(kPatience));
  const pid_t child = ::fork();
  if (child == 0) {
    int refused = 0;
    try {
      (void)view.apply_async(twice, 1);
    } catch (const ForkedError&) {
      ++refused;
    }
    try {
      (void)before.get();
    } catch (const ForkedError&) {
      ++refused;
    }
    ::_exit(refused == 2 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(view.apply_sync(twice, 2) == 4);
}

}  // namespace
}  // namespace roundhouse::test
