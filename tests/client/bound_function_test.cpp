#include <future>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/bound_function.hpp>
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

TEST_CASE("a remote function is called as a function, on the engines of its view") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const auto remote = client[all].with({.label = "bound"}).remote(twice);
  const AsyncListResult<int> later = remote(4);
  CHECK(later.get(kPatience) == std::vector<int>{8, 8});
  CHECK(later.metadata(1).label == "bound");
  CHECK(remote.sync(5) == std::vector<int>{10, 10});
  CHECK(remote.async(6).get(kPatience) == std::vector<int>{12, 12});
  CHECK(remote.map(std::vector<int>{1, 2, 3}).get(kPatience) == std::vector<int>{2, 4, 6});
  CHECK(remote.name() == "twice");
  CHECK(client[0].remote<std::string(std::string, int)>("greet").sync("x", 2) == "hello xhello x");
}

TEST_CASE("a bound function of a view that blocks has its result ready") {
  LocalHub hub(2);
  const Client client = hub.connect();
  CHECK(client[0].with({.block = true}).remote(twice)(1).ready());
  CHECK(client[all].with({.block = true}).parallel(doubled)(std::vector<double>{1, 2}).ready());
}

TEST_CASE("a parallel function gets a piece of its lists on each engine") {
  LocalHub hub(3);
  const Client client = hub.connect();
  std::vector<double> samples(10);
  std::iota(samples.begin(), samples.end(), 0.0);
  std::vector<double> expected;
  for (const double each : samples) expected.push_back(2 * each);
  const auto result = client[all].parallel(doubled)(samples);
  CHECK(result.task_count() == 3);
  CHECK(result.get(kPatience) == expected);
  CHECK(client.load_balanced_view().with({.chunk_size = 4}).parallel(doubled).sync(samples) ==
        expected);
}

TEST_CASE("a parallel function that returns no list has a result for each piece") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const AsyncListResult<double> sums = client[all].parallel(sum)(std::vector<double>{1, 2, 3});
  CHECK(sums.get(kPatience) == std::vector<double>{3, 3});
}

TEST_CASE("arguments that are no lists go whole to all; the shortest list decides") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const auto mixed = client[all].parallel(weighted);
  CHECK(mixed.sync(std::vector<double>{1, 2, 3}, std::vector<double>{1, 1, 1, 1}, 10.0) ==
        std::vector<double>{11, 21, 31});
}

TEST_CASE("a parallel function maps over elements, too") {
  LocalHub hub(2);
  const Client client = hub.connect();
  CHECK(client[all].parallel(twice).map(std::vector<int>{1, 2, 3}).get(kPatience) ==
        std::vector<int>{2, 4, 6});
}

TEST_CASE("an executor gives futures") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const auto pool = client.load_balanced_view().executor();
  std::vector<std::future<int>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(pool.submit(twice, i));
  futures.push_back(pool.submit<int>("twice", 50));
  std::future<int> failing = pool.submit(fails_on_odd, 1);
  int sum = 0;
  for (const int each : pool.map(twice, std::vector<int>{1, 2})) sum += each;
  CHECK(sum == 6);
  pool.shutdown();
  for (int i = 0; i <= 50; ++i) {
    REQUIRE(futures[static_cast<std::size_t>(i)].wait_for(0s) == std::future_status::ready);
    CHECK(futures[static_cast<std::size_t>(i)].get() == 2 * i);
  }
  CHECK_THROWS_AS(failing.get(), RemoteError);
  CHECK_THROWS_AS((void)pool.submit(twice, 1), Exception);
}

TEST_CASE("an executor need not wait when it is shut down") {
  LocalHub hub;
  const Client client = hub.connect();
  hub.holds_outcomes(true);
  const Executor pool = client[0].executor();
  std::future<int> open = pool.submit(twice, 1);
  pool.shutdown(false);
  CHECK(open.wait_for(0s) == std::future_status::timeout);
  hub.holds_outcomes(false);
  CHECK(open.get() == 2);
}

}  // namespace
}  // namespace roundhouse::test
