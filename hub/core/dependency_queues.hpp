#pragma once

// CORE. DependencyQueues: dependences about which something is to be done, and when. Each entry but
// those of `deadlines` is a pin of its dependence. Thread rule: the router's thread.

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hub/core/task_table.hpp"
#include "shared/time.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

// How long a task waits for one that its client has not submitted yet.
inline constexpr Duration kExpectedMax = std::chrono::seconds{2};

struct DependencyQueues {
  std::vector<DependenceIndex> fresh;  // restored, and not looked at yet
  std::deque<DependenceIndex> met;     // whose tasks go on
  std::deque<DependenceIndex> unmet;   // whose tasks end
  std::set<std::pair<TimePoint, DependenceIndex>> deadlines;
  // Those that name what nobody has submitted: by the session that may, each in one of these, with
  // the last task that it names there; and until when.
  std::unordered_map<SessionId, std::set<std::pair<std::uint64_t, DependenceIndex>>> expecting;
  std::multimap<TimePoint, DependenceIndex> expected_until;
  std::map<std::uint64_t, DependenceIndex> questions;  // that the database was asked
  std::uint64_t last_question = 0;
  bool places_changed = false;  // an engine is gone that tasks may have to run on
};

}  // namespace roundhouse::hub
