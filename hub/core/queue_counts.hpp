#pragma once

// CORE. QueueCounts: how much an engine has before it. Thread rule: the router's thread.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hub/core/engine_table.hpp"

namespace roundhouse::hub {

struct QueueCounts {
  std::uint64_t queue = 0;     // tasks that wait for the engine, here or there
  std::uint64_t running = 0;   // that it works on, as far as the hub can tell
  std::uint64_t in_lanes = 0;  // of the queue: direct ones that have not been sent
};

[[nodiscard]] inline QueueCounts count_queue(const Engine& engine) {
  QueueCounts out;
  for (const auto& [session, lane] : engine.lanes) out.in_lanes += lane.waiting.size;
  out.running = std::min(engine.in_flight, engine.begun_max());
  out.queue = out.in_lanes + engine.in_flight - out.running;
  return out;
}

}  // namespace roundhouse::hub
