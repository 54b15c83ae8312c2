#pragma once

// CORE. The smaller nouns of the router, which router_state.hpp has tables of. Only hub/core
// includes this. Thread rule: plain values.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hub/core/engine_table.hpp"
#include "hub/core/module_table.hpp"
#include "hub/core/outbox.hpp"
#include "hub/core/ready_queue.hpp"
#include "hub/core/task_query.hpp"
#include "hub/core/task_table.hpp"
#include "shared/records.hpp"
#include "shared/time.hpp"

namespace roundhouse::hub {

struct Template {
  SessionNumber session = 0;
  wire::Define define;
  ShapeIndex shape = 0;
  std::vector<ModuleIndex> needs;  // its builds
};

// The lane of a direct task.
[[nodiscard]] inline LaneKey lane_of(const Task& task, const std::vector<Template>& templates) {
  return lane_key(task.session, templates[task.template_number].define.depth);
}

// How an engine stands with the modules of a task.
enum class Standing : std::uint8_t { ready, waits, failed };

// Something that becomes confirmed when a fact commits.
struct Mark {
  std::uint64_t fact = 0;
  bool of_engine = false;
  std::uint32_t owner = 0;        // session number or engine index
  std::uint32_t incarnation = 0;  // of the engine
  std::uint64_t through = 0;      // sequence, or outcome number
  std::uint64_t turn = 0;         // marks of one turn are merged, those of several must not be
  bool held = false;              // only this one outcome, which was held back
};

// What an engine has of a task that its session has not submitted to this hub yet.
struct Orphan {
  EngineIndex engine = kNoEngine;
  std::uint32_t incarnation = 0;
  std::uint64_t number = 0;  // of the assignment it holds; 0: it is finished
  Fence fence;
  std::optional<wire::FinishedRecord> finished;
  std::uint64_t outcome_number = 0;  // 0: it died with its engine, and has none
  TimePoint deadline;
};

// Tasks that end together, a bounded number per turn.
struct Cascade {
  TaskList tasks;
  wire::Ending ending = wire::Ending::engine_lost;
  wire::ErrorValue error;
  EngineIndex engine = kNoEngine;  // of strangers: whom they are for
};

// How long a new hub waits for whom the one before it knew.
struct Grace {
  TimePoint ends;
  TimePoint latest;  // for engines that have come and not said yet all that they hold

  [[nodiscard]] TimePoint deadline(TimePoint now) const { return now < ends ? ends : latest; }
};

// Where tasks ran, and one of them for each engine.
struct Ran {
  std::map<EngineIndex, TaskId> on;
  std::optional<TaskId> nowhere;  // one that ended without having run
  std::vector<PlaceQuestion::Tasks> unknown;
};

// Whether a task has ended, as far as this hub can know.
enum class Known : std::uint8_t { unknown, unfinished, ended };

// How the client is told that a run ended.
[[nodiscard]] inline wire::Ending final_ending(const wire::FinishedRecord& record) {
  return record.ending == wire::Ending::unmet ? wire::Ending::error : record.ending;
}

}  // namespace roundhouse::hub
