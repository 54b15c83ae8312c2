// Options of a cluster whose engines have tests/modules/rule_tasks.
#pragma once

#include "tests/support/real_cluster.hpp"

namespace roundhouse::test {

inline ClusterOptions with_rule_tasks() {
  ClusterOptions options;
  options.modules.push_back(RealCluster::module_path("rule_tasks"));
  return options;
}

}  // namespace roundhouse::test
