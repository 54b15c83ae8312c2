#pragma once

// CORE. Trouble: what is remembered of a task that was tried in vain. Few tasks are, so it stands
// beside the task table. Thread rule: the router's thread.

#include <string>
#include <vector>

#include "hub/core/ready_queue.hpp"
#include "hub/core/task_table.hpp"
#include "shared/error_value.hpp"
#include "shared/time.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

struct Trouble {
  struct Try {
    Fence fence;
    wire::Attempt attempt;
  };

  ShapeIndex shape = kNoShape;  // its own, instead of its template's
  std::vector<Try> tries;       // the latest ones
  std::vector<EngineIndex> avoided;
  std::vector<EngineIndex> barred;
  std::vector<std::string> lacks;  // of each of `barred`: what it said
  TimePoint due;                   // while it rests
};

}  // namespace roundhouse::hub
