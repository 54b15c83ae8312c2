// What became of the tasks that a client wanted to end.
//
//   const rh::AbortReport report = client.abort(results);
//   if (report.stopping > 0) client.wait(results, 1s);   // for tasks that look at their stop token
//   view.abort();                                        // all that it has sent and that is not
//   done
//
// An abort ends what waits, and asks what runs to stop: such a task sees it by its stop token
// (this_engine.hpp), and ends as aborted whatever it returns; interrupt() (control.hpp) ends one
// that never looks. get() throws TaskAborted. It is final: retries do not apply, what depends on
// such a task fails, and a later hub knows of it. Thread rule: a plain value.
#pragma once

#include <cstdint>

namespace roundhouse {

// Each task that was named is in one of these.
struct AbortReport {
  std::uint64_t aborted = 0;   // waited, and has ended
  std::uint64_t stopping = 0;  // an engine has it: it was asked to give it back, or to stop it
  std::uint64_t ended = 0;     // had ended before
  std::uint64_t marked = 0;    // the hub has not heard of it yet: it ends when it comes
  std::uint64_t unknown = 0;   // of a session that the hub does not know
};

}  // namespace roundhouse
