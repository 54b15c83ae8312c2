#pragma once

// CORE. Search: a question about many tasks while it is looked into. Thread rule: the router's
// thread.

#include <cstdint>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/core/outbox.hpp"
#include "hub/core/task_query.hpp"

namespace roundhouse::hub {

// A question about many tasks, while the unfinished ones are looked through for it: a bounded
// number per turn, by session and sequence.
struct Search {
  Query query;
  TaskQuery asked;
  SessionNumber session = 1;
  std::uint64_t sequence = 0;     // the next one
  std::vector<QueryPlace> found;  // a heap: the last of them, in the order of the answer, on top
};

}  // namespace roundhouse::hub
