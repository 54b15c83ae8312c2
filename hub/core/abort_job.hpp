#pragma once

// CORE. The nouns of aborting: what a client wants to end, how far that has come, and what engines
// are told because of it. Only hub/core includes this. Thread rule: plain values.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/core/link.hpp"
#include "hub/core/task_table.hpp"
#include "shared/message.hpp"
#include "shared/records.hpp"

namespace roundhouse::hub {

// How a request fared with its tasks; PROTOCOL 9, `abort`.
struct AbortCounts {
  std::uint64_t aborted = 0;   // ended by it
  std::uint64_t stopping = 0;  // an engine has them: it is asked to give them back, or to stop them
  std::uint64_t ended = 0;     // had ended before
  std::uint64_t marked = 0;    // will end when they come
  std::uint64_t unknown = 0;
};

// A request, carried out from a cursor, a bounded number of tasks per turn.
struct AbortJob {
  LinkId link;
  std::uint64_t request = 0;
  bool force = false;  // processes of tasks that go on are replaced
  bool whole = false;  // of sessions: what had ended before is not counted
  std::vector<wire::TaskRange> tasks;
  std::size_t at = 0;      // range
  std::uint64_t next = 0;  // sequence in it; 0: its first
  AbortCounts counts;
  bool began = false;             // what engines have was told to stop, before all else
  std::set<TaskId> counted;       // of that: has been counted
  std::vector<AbortAsked> asked;  // what is to be on record: none of it is told yet
  bool looked_through = false;    // and all of it said in facts
  std::uint64_t fact = 0;         // that has to commit before the answer

  [[nodiscard]] bool done() const { return at == tasks.size(); }

  void note(SessionNumber session, std::uint64_t first, std::uint64_t last) {
    if (asked.empty() || asked.back().session != session) asked.push_back({session, {}});
    std::vector<wire::Range>& ranges = asked.back().tasks;
    if (!ranges.empty() && ranges.back().last + 1 == first)
      ranges.back().last = last;
    else
      ranges.push_back({first, last});
  }
};

// Whether a task is in one of these, which are sorted by session and first.
[[nodiscard]] inline bool is_among(const std::vector<wire::TaskRange>& ranges, TaskId task) {
  const auto behind = std::upper_bound(
      ranges.begin(), ranges.end(), task, [](const TaskId& id, const wire::TaskRange& range) {
        return std::pair{id.session, id.sequence} < std::pair{range.session, range.first};
      });
  if (behind == ranges.begin()) return false;
  const wire::TaskRange& range = *(behind - 1);
  return range.session == task.session && task.sequence <= range.last;
}

[[nodiscard]] inline std::vector<wire::TaskRange> sorted(std::vector<wire::TaskRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
    return std::pair{a.session, a.first} < std::pair{b.session, b.first};
  });
  return ranges;
}

// How far a task came that was aborted.
enum class Begun : std::uint8_t { no, earlier, maybe, yes };

// What it ends with. `lost`: what became of its run, where it may have begun.
[[nodiscard]] inline wire::ErrorValue aborted_error(Begun begun = Begun::no,
                                                    const std::string& lost = {}) {
  std::string text = "the task was aborted";
  if (begun == Begun::no) text += " before it ran";
  if (begun == Begun::earlier) text += " before it ran again";
  if (begun == Begun::maybe) text += ", and may have run; " + lost;
  if (begun == Begun::yes) text += " while it ran; " + lost;
  return {"TaskAborted", std::move(text), "", {}};
}

// What is to be sent to one engine in this turn.
struct Stops {
  wire::Stop asked;
  wire::Stop forced;
};

struct Aborts {
  std::deque<AbortJob> jobs;  // in the order of the requests
  std::map<EngineIndex, Stops> stops;
  // Sessions of which tasks are still to be aborted: nothing of them is given to engines meanwhile.
  std::set<SessionNumber> held;

  [[nodiscard]] bool holds(SessionNumber session) const {
    return !held.empty() && held.contains(session);
  }

  // Whether some of them have not looked at all their tasks.
  [[nodiscard]] bool busy() const { return !jobs.empty() && !jobs.back().done(); }
};

}  // namespace roundhouse::hub
