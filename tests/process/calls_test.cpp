#include <csignal>
#include <future>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;
using namespace process_tasks;
using namespace std::chrono_literals;
using rh::test::RealCluster;

TEST_CASE("typed calls go to one engine, to all, and to whichever is free") {
  RealCluster cluster(3);
  rh::Client client = cluster.connect();
  client.wait_for_engines(3);
  REQUIRE(client.ids().size() == 3);

  CHECK(client[0].apply_sync(add, 1, 2) == 3);
  CHECK(client[-1].apply_sync(add, 3, 4) == 7);
  CHECK(client[rh::all].apply_sync(add, 1, 1) == std::vector{2, 2, 2});
  CHECK(client[{0, 2}].apply_sync(add, 2, 2) == std::vector{4, 4});
  CHECK(client[rh::slice(0, rh::end, 2)].apply_sync(process_id).size() == 2);
  CHECK(client.load_balanced_view().apply_sync(add, 5, 6) == 11);
  CHECK(client.load_balanced_view().apply_sync<int>("process_tasks::add", 5, 6) == 11);

  SUBCASE("a map keeps the order of its items, whatever the order of the results") {
    std::vector<int> values(1000);
    std::iota(values.begin(), values.end(), 0);
    std::vector<int> ones(1000, 1);
    const std::vector<int> sums = client.load_balanced_view().map_sync(add, values, ones);
    REQUIRE(sums.size() == 1000);
    for (int i = 0; i < 1000; ++i) CHECK(sums[static_cast<std::size_t>(i)] == i + 1);
    CHECK(client[rh::all].map_sync(add, values, ones) == sums);
  }

  SUBCASE("arrays cross without losing an element, small and large") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{3'000'000}}) {
      std::vector<double> values(size);
      std::iota(values.begin(), values.end(), 0.5);
      const std::vector<double> out = client[1].apply_sync(doubled, values);
      REQUIRE(out.size() == size);
      for (std::size_t i = 0; i < size; i += 997) CHECK(out[i] == 2 * values[i]);
    }
  }

  SUBCASE("named data is pushed, pulled, scattered and gathered") {
    rh::DirectView all = client[rh::all];
    all["a"] = std::vector<double>{1.0, 2.0};
    CHECK(client[2].pull<std::vector<double>>("a").get() == std::vector<double>{1.0, 2.0});
    std::vector<int> values(10);
    std::iota(values.begin(), values.end(), 0);
    all.scatter("part", values).get();
    CHECK(all.gather<int>("part").get() == values);
  }

  SUBCASE("metadata tells who ran what, and when") {
    auto ar = client[1].apply_async(slowly, 20, 5);
    CHECK(ar.get() == 5);
    const rh::Metadata md = ar.metadata();
    CHECK(md.engine_id == 1);
    CHECK(md.msg_id.size() == 32);
    CHECK(ar.serial_time() >= rh::Seconds(0.02));
  }
}

TEST_CASE("bound functions, reductions, lazy maps and futures work on real engines") {
  RealCluster cluster(3);
  rh::Client client = cluster.connect();
  client.wait_for_engines(3);

  SUBCASE("a function gets the namespace of its engine, in calls, maps and bound to a view") {
    rh::DirectView all = client[rh::all];
    all["limit"] = 5;
    client[1]["limit"] = 6;
    CHECK(all.apply_sync(scaled_limit, 10) == std::vector{50, 60, 50});
    CHECK(client[1].map_sync(scaled_limit, std::vector{1, 2}) == std::vector{6, 12});
    CHECK(all.remote(scaled_limit).sync(2) == std::vector{10, 12, 10});
    std::vector<int> lazily;
    for (const int each : client[0].imap(scaled_limit, std::vector{1, 2})) lazily.push_back(each);
    CHECK(lazily == std::vector{5, 10});
  }

  SUBCASE("a range is reduced on the engines, and taken lazily") {
    std::vector<int> values(1000);
    std::iota(values.begin(), values.end(), 0);
    CHECK(client.load_balanced_view().reduce(add, values) == 499'500);
    CHECK(client[rh::all].reduce(add, values, 1) == 499'501);
    int sum = 0;
    for (const int each : client.load_balanced_view().imap(add, values, values)) sum += each;
    CHECK(sum == 999'000);
  }

  SUBCASE("callbacks, futures and an executor") {
    const auto pool = client.load_balanced_view().executor();
    std::future<int> three = pool.submit(add, 1, 2);
    CHECK(three.get() == 3);
    CHECK(client[rh::all].apply_async(add, 1, 2).future().get() == std::vector{3, 3, 3});
    pool.shutdown();
  }
}

TEST_CASE("a program hears of engines that join, start anew and leave") {
  RealCluster cluster(1);
  const rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  std::mutex mutex;
  std::vector<std::string> heard;
  const rh::Subscription news = client.on_engine([&](const rh::EngineEvent& event) {
    const std::lock_guard lock(mutex);
    heard.push_back(std::string(to_string(event.kind)) + " " + std::to_string(event.engine));
  });
  const auto hears = [&](const std::string& what) {
    return rh::test::comes_true([&] {
      const std::lock_guard lock(mutex);
      return !heard.empty() && heard.back() == what;
    });
  };
  cluster.cluster().add_engines(1);
  CHECK(hears("joined 1"));
  CHECK_THROWS_AS(static_cast<void>(client[0].apply_sync(crashes, SIGKILL)), rh::EngineError);
  CHECK(hears("restarted 0"));
  client.shutdown(1);
  CHECK(hears("left 1"));
}

TEST_CASE("what goes wrong in a task comes back as what it was") {
  RealCluster cluster(2);
  rh::Client client = cluster.connect();
  client.wait_for_engines(2);
  rh::LoadBalancedView any = client.load_balanced_view();

  SUBCASE("an exception is a RemoteError with its name and its text") {
    try {
      any.apply_sync(throws_error, "no luck");
      FAIL("nothing was thrown");
    } catch (const rh::RemoteError& e) {
      CHECK(e.name() == "std::runtime_error");
      CHECK(e.value() == "no luck");
    }
    CHECK_THROWS_AS(any.apply_sync(throws_int, 7), rh::RemoteError);
  }

  SUBCASE("several targets give a CompositeError") {
    CHECK_THROWS_AS(client[rh::all].apply_sync(throws_error, "all"), rh::CompositeError);
  }

  SUBCASE("an unknown function is named, and so is a wrong signature") {
    try {
      any.apply_sync<int>("process_tasks::ad", 1, 2);
      FAIL("nothing was thrown");
    } catch (const rh::RemoteError& e) {
      CHECK(e.value().find("process_tasks::ad") != std::string::npos);
      CHECK(e.value().find("process_tasks::add") != std::string::npos);  // the nearest one
    }
    try {
      any.apply_sync<int>("process_tasks::add", 1, std::string("2"));
      FAIL("nothing was thrown");
    } catch (const rh::RemoteError& e) {
      CHECK(e.value().find("(int, int)") != std::string::npos);
    }
  }

  SUBCASE("an engine that is not there is an error at the call") {
    CHECK_THROWS_AS(static_cast<void>(client[7].apply_sync(add, 1, 2)), rh::Exception);
  }

  SUBCASE("a timeout leaves the result to be asked for again") {
    auto ar = any.apply_async(slowly, 300, 1);
    CHECK_THROWS_AS(static_cast<void>(ar.get(1ms)), rh::TimeoutError);
    CHECK_FALSE(ar.wait(1ms));
    CHECK(ar.get() == 1);
    CHECK(ar.successful());
  }
}

TEST_CASE("10,000 tasks submitted before the first engine exists all run") {
  RealCluster cluster(0);
  rh::Client client = cluster.connect();
  rh::LoadBalancedView any = client.load_balanced_view();
  std::vector<rh::AsyncResult<int>> results;
  for (int i = 0; i < 10'000; ++i) results.push_back(any.apply_async(add, i, 1));
  cluster.cluster().add_engines(1);
  for (int i = 0; i < 10'000; ++i) CHECK(results[static_cast<std::size_t>(i)].get() == i + 1);
}

TEST_CASE("several threads may use one client") {
  RealCluster cluster(2);
  rh::Client client = cluster.connect();
  client.wait_for_engines(2);
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i)
        if (client.load_balanced_view().apply_sync(add, t, i) != t + i) ++wrong;
    });
  threads.clear();
  CHECK(wrong == 0);
}
