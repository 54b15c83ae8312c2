// What a client does to engines, rather than to tasks, and what came of it.
//
//   client.interrupt(rh::all);                        // what runs there is to stop
//   client.interrupt(results);                        // these, where they run
//   client[0].clear();                                // forgets names and declarations
//   client.restart({0, 2}, {.timeout = 5s});          // other processes under the same ids
//   client.send_signal(SIGUSR1, 1);
//   client.shutdown(rh::all, {.hub = true});
//
// All of it goes past every queue, and works whatever the engines do: a nanny looks after each
// engine's process, and hears of it when that is busy or frozen. Each waits until the engines have
// done it, for at most the timeout, and then says of each what it did. Thread rule: plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <roundhouse/submission.hpp>

namespace roundhouse {

struct ControlOptions {
  bool wait = true;                         // until it is done; else until the hub has heard of it
  std::chrono::milliseconds timeout{5000};  // of that
};

struct ShutdownOptions {
  bool hub = false;  // the hub as well, when the engines have left or the timeout is over
  bool wait = true;
  std::chrono::milliseconds timeout{5000};
};

// What one engine did. `done`: it is as it was wanted, and `state` says how:
//   interrupted  what ran has stopped          idle       nothing ran
//   replaced     it was stopped with its process, names and what was queued on it, for a new one
//   signalled    cleared      restarted        left
// Else:
//   asked        nobody waited                 no_answer  not in time: it may be frozen
//   busy         is cleared after the task that runs
//   stopping, restarting, leaving              has heard of it, and is not through
//   away         not connected                 no_process between two processes
//   no_nanny     nobody can do that to it      refused    `text` says why
struct EngineReport {
  int engine = 0;
  bool done = false;
  std::string state;
  std::string text;         // for people; often empty
  std::uint64_t tasks = 0;  // that were running and interrupted
};

struct ControlReport {
  std::vector<EngineReport> engines;  // that were meant
  std::string json;

  // Whether all of them have done it.
  [[nodiscard]] bool done() const {
    for (const EngineReport& each : engines)
      if (!each.done) return false;
    return true;
  }
};

namespace detail {

// What direct views do to their engines. `View` offers a submitter_.
template <class View>
class SteersEngines {
 public:
  // Forgets the names of the engines and what source has declared there, between two tasks.
  ControlReport clear(const ControlOptions& options = {}) const {
    return steer("clear", options, 0);
  }

  // What runs is asked to stop by its stop token, and ends as aborted. If it goes on for the
  // engine's `limit_grace` the process is replaced: same id, no names.
  ControlReport interrupt(const ControlOptions& options = {}) const {
    return steer("interrupt", options, 0);
  }

  // As Client::send_signal.
  ControlReport send_signal(int signal, const ControlOptions& options = {}) const {
    return steer("signal", options, signal);
  }

  // Ends the processes, whatever they do, and starts others: same ids, no names.
  ControlReport restart(const ControlOptions& options = {}) const {
    return steer("restart", options, 0);
  }

  // The engines leave for good.
  ControlReport shutdown(const ControlOptions& options = {}) const {
    return steer("shutdown", options, 0);
  }

 protected:
  SteersEngines() = default;

 private:
  ControlReport steer(const char* verb, const ControlOptions& options, int signal) const {
    return static_cast<const View&>(*this).submitter_.steer(verb, options, signal);
  }
};

}  // namespace detail
}  // namespace roundhouse
