#pragma once

// WorldOptions: the world that a seed draws. Each class of faults is enabled by a coin, so that
// many worlds lack most of them and what is left shows clearly.

#include <cstdint>
#include <string>

#include "hub/core/options.hpp"
#include "shared/time.hpp"
#include "tests/sim/prng.hpp"

namespace roundhouse::sim {

struct WorldOptions {
  std::uint64_t seed = 0;
  unsigned engines = 1;
  unsigned clients = 1;
  unsigned tasks = 50;  // about so many per client
  unsigned slots_max = 1;
  hub::RouterOptions router;

  // The network.
  Duration delay_max = std::chrono::microseconds{100};
  unsigned slow_percent = 0;  // of the messages that take up to 50 times as long
  unsigned hint_loss_percent = 0;
  unsigned drain_max = 64;  // messages that the hub takes in one turn

  // The tasks.
  Duration task_max = std::chrono::milliseconds{1};
  unsigned direct_percent = 30;
  unsigned run_percent = 20;
  unsigned failing_percent = 0;
  unsigned picky_percent = 0;     // are not for every engine
  unsigned crashing_percent = 0;  // of the tasks kill their engine process
  unsigned frames_percent = 0;
  unsigned retries_max = 0;
  unsigned targets_percent = 0;
  unsigned unknown_engine_percent = 0;
  unsigned depends_percent = 0;  // of the submissions depend on others
  unsigned foreign_percent = 0;  // of those on other clients' tasks, or on what is none
  unsigned abort_percent = 0;    // of the times that a client works it aborts something
  unsigned nested_percent = 0;   // of the tasks submit others and wait for them
  unsigned output_percent = 0;   // of the tasks write while they run
  unsigned steer_percent = 0;    // the same of what is done to engines
  unsigned modules_percent = 0;  // of the times that a client works it ships a module first

  // The store.
  Duration commit_max = std::chrono::milliseconds{2};
  bool keeps_frames = true;

  // Faults: how often each happens while anything may break; 0: never.
  unsigned break_weight = 0;
  unsigned silent_break_weight = 0;
  unsigned engine_crash_weight = 0;
  unsigned engine_kill_weight = 0;  // with its nanny
  unsigned engine_stop_weight = 0;
  unsigned hub_kill_weight = 0;
  unsigned freeze_weight = 0;
  unsigned store_fail_weight = 0;
  unsigned client_kill_weight = 0;
  unsigned client_leave_weight = 0;
  unsigned engine_join_weight = 0;
  Duration fault_every = std::chrono::milliseconds{100};
  Duration troubled = std::chrono::seconds{2};  // how long anything may break

  [[nodiscard]] unsigned fault_weight() const {
    return break_weight + silent_break_weight + engine_crash_weight + engine_kill_weight +
           engine_stop_weight + hub_kill_weight + freeze_weight + store_fail_weight +
           client_kill_weight + client_leave_weight + engine_join_weight;
  }
};

[[nodiscard]] WorldOptions draw_world(std::uint64_t seed);

// One line for the trace.
[[nodiscard]] std::string describe(const WorldOptions& options);

}  // namespace roundhouse::sim
