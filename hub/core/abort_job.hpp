#pragma once

// CORE. The nouns of aborting: what a client wants to end, how far that has come, and what engines
// are told because of it. Only hub/core includes this. Thread rule: plain values.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
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

// What a task ends with that was aborted before it ran.
[[nodiscard]] inline wire::ErrorValue aborted_error() {
  return {"TaskAborted", "the task was aborted before it ran", "", {}};
}

// What is to be sent to one engine in this turn.
struct Stops {
  wire::Stop asked;
  wire::Stop forced;
};

struct Aborts {
  std::deque<AbortJob> jobs;  // in the order of the requests
  std::map<EngineIndex, Stops> stops;

  // Whether some of them have not looked at all their tasks.
  [[nodiscard]] bool busy() const { return !jobs.empty() && !jobs.back().done(); }
};

}  // namespace roundhouse::hub
