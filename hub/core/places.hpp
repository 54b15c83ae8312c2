#pragma once

// CORE. Where tasks of the past ran, as the router asks the database: PROTOCOL 14, `follow`.
// Thread rule: plain values.

#include <cstdint>
#include <optional>
#include <vector>

#include "hub/core/fact.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

// Finished tasks first..last of a session that ran on one engine; nothing: that ended without
// having run.
struct RanOn {
  SessionNumber session = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<EngineId> engine;
};

// Answered by Router::on_places() with what is on record. What is not in the answer was purged.
struct PlaceQuestion {
  struct Tasks {
    SessionNumber session = 0;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };

  std::uint64_t number = 0;
  std::vector<Tasks> tasks;
};

// Appends a task to an answer; tasks come in order.
inline void append_place(std::vector<RanOn>& to, SessionNumber session, std::uint64_t sequence,
                         std::optional<EngineId> engine) {
  if (!to.empty() && to.back().session == session && to.back().last + 1 == sequence &&
      to.back().engine == engine)
    to.back().last = sequence;
  else
    to.push_back({session, sequence, sequence, engine});
}

}  // namespace roundhouse::hub
