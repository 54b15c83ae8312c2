// The page "Details of Parallel Computing with IPython": examples that need real engines. (All
// others: tests/client/seed_page_test.cpp.)
#include <algorithm>
#include <string>
#include <vector>

#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;
using namespace process_tasks;
using rh::test::kPatience;
using rh::test::RealCluster;

TEST_CASE("to get the process id, or the hostname, of all your engines") {
  RealCluster cluster(2);
  const rh::Client rc = cluster.connect();
  rc.wait_for_engines(2, kPatience);
  const rh::DirectView dview = rc[rh::all];
  const std::vector<int> pids = dview.apply_sync(process_id);
  REQUIRE(pids.size() == 2);
  CHECK(pids[0] != pids[1]);
  CHECK(std::find(pids.begin(), pids.end(), static_cast<int>(::getpid())) == pids.end());
  char name[256] = {};
  REQUIRE(::gethostname(name, sizeof(name) - 1) == 0);
  CHECK(dview.apply_sync(host_name) == std::vector<std::string>(2, name));
}

TEST_CASE("you could implement pull yourself with apply, by returning objects of the namespace") {
  RealCluster cluster(2);
  const rh::Client rc = cluster.connect();
  rc.wait_for_engines(2, kPatience);
  const rh::DirectView view = rc[rh::all];
  view["limit"] = 5;
  CHECK(view.apply(scaled_limit, 1).get(kPatience) == view.pull<int>("limit").get(kPatience));
}
