// The page "Details of Parallel Computing with IPython" as a cluster: a hub with four engines, and
// its client, the page's `rc`.
#pragma once

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {

struct Page {
  LocalHub hub{4};
  Client rc = hub.connect();
};

}  // namespace roundhouse::test
