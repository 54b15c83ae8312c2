#pragma once

// CORE. Steering: what clients want of engines, rather than of tasks: PROTOCOL 9, `interrupt`,
// `signal`, `restart`, `clear`, `shutdown`. Each is told to the engine or to its keeper, and
// answered when all of them have done it, or when the client does not want to wait any longer: so
// nobody hangs on an engine that is dead or frozen. Thread rule: the router's thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/core/link.hpp"
#include "hub/core/peer_table.hpp"
#include "hub/core/router.hpp"
#include "hub/core/task_table.hpp"
#include "shared/message.hpp"
#include "shared/time.hpp"

namespace roundhouse::hub {

enum class SteerVerb : std::uint8_t { interrupt, signal, restart, clear, shutdown };

// One engine of a request.
struct Steered {
  EngineIndex engine = kNoEngine;
  std::uint32_t incarnation = 0;            // that was meant
  bool heard = false;                       // it, or its keeper, has said so
  bool settled = false;                     // nothing more is to come
  bool done = false;                        // as the client wanted; then settled
  std::string state = {};                   // once settled: a word of PROTOCOL 9
  std::string text = {};                    // why not, for people
  std::uint64_t count = 0;                  // tasks that were interrupted
  std::optional<TimePoint> silent_at = {};  // without a word by then its process is replaced
  std::optional<TimePoint> away_at = {};    // it is lost: without its nanny by then this is settled
  std::vector<wire::AssignmentRef> assignments = {};  // of tasks that were named
};

struct SteerJob {
  LinkId link;
  std::uint64_t request = 0;
  SteerVerb verb = SteerVerb::clear;
  bool waits = false;
  bool stop_hub = false;
  bool answered = false;
  TimePoint reply_by;
  TimePoint over_by;  // what has not been heard of by then is forgotten
  std::vector<Steered> engines;
};

struct Steering {
  std::map<std::uint64_t, SteerJob> jobs;  // by the id of their acts
  std::uint64_t next = 1;
  std::unordered_map<Uuid, LinkId> keepers;  // control links
  bool changed = false;                      // an engine came, went or answered
  std::optional<TimePoint> due;
};

}  // namespace roundhouse::hub
