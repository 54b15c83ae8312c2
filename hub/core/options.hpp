#pragma once

// CORE. What an operator may set of the router; the defaults and their reasons.

#include <cstddef>
#include <cstdint>
#include <string>

#include "hub/core/policy.hpp"
#include "shared/time.hpp"

namespace roundhouse::hub {

// What `stored` promises; see PROTOCOL 8.
enum class Durability : std::uint8_t { none, relaxed, commit };

struct RouterOptions {
  std::uint32_t pid = 0;  // of this process: told in `status`
  Durability durability = Durability::relaxed;
  Duration heartbeat = std::chrono::milliseconds{1000};  // peers beat so often
  Duration dead = std::chrono::milliseconds{3000};       // silence after which a peer is lost
  Duration grace = std::chrono::milliseconds{500};       // a new hub waits so long for its engines
  Duration orphan = std::chrono::seconds{60};            // an outcome waits so long for its session
  std::uint64_t session_tasks_max = std::uint64_t{1} << 21U;  // unfinished tasks of a session
  std::uint64_t session_bytes_max = std::uint64_t{1} << 30U;  // their payloads
  std::uint64_t undelivered_max = 1U << 17U;  // outcomes that a client has not received
  std::uint64_t undelivered_bytes_max = std::uint64_t{1} << 29U;
  std::uint64_t modules_bytes_max = std::uint64_t{1} << 30U;  // of modules that clients shipped
  std::size_t orphans_max = 1U << 17U;                        // of one engine
  std::uint64_t orphan_bytes_max = std::uint64_t{1} << 28U;   // their payloads
  std::uint32_t window_max = 1024;                            // tasks sent ahead to one slot
  std::uint32_t window_total = 1U << 18U;  // and to the slots of all engines, if each has one
  Duration lookahead = std::chrono::milliseconds{2};  // work sent ahead to hide the round trip
  PolicyName policy = PolicyName::least_loaded;       // which engine is given a task
  std::uint64_t seed = 1;                             // of the policies that draw
  // A task that failed is tried again after this long, each further time after twice as long, up to
  // the second; but the first time at once where there is another engine.
  Duration retry_delay = std::chrono::milliseconds{100};
  Duration retry_delay_max = std::chrono::seconds{10};
  std::size_t cascade_max = 1000;  // tasks that one event touches per turn
};

}  // namespace roundhouse::hub
