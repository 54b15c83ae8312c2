#pragma once

// CORE. Explanation: why a task waits, and what each engine has to do with it. Thread rule: plain
// values.

#include <cstdint>
#include <string>
#include <vector>

#include "hub/core/task_table.hpp"

namespace roundhouse::hub {

// Why an engine does not take a task.
struct EngineReason {
  EngineIndex engine = kNoEngine;
  std::string code;  // PROTOCOL 9: `explain`; empty: it would
  std::string text;  // behind "engine 3 "
};

// A task that another one waits for.
struct WaitsFor {
  TaskId task;
  bool follow = false;
  std::string state;  // as Explanation::state, or "unknown"
};

// Why a task waits, or that it runs.
struct Explanation {
  std::string state;
  std::string why;
  std::uint64_t ahead = 0;  // tasks in front of it, where it stands
  std::vector<EngineReason> engines;
  std::vector<WaitsFor> waits_for;  // the first of them
};

}  // namespace roundhouse::hub
