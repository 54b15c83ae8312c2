// What is known about one task: when, where, and how it ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <roundhouse/options.hpp>

namespace roundhouse {

// Times that are not known (yet) are nothing. `submitted` and `received` are by this machine's
// clock, `started` and `completed` by the engine's.
struct Metadata {
  std::string msg_id;  // 32 hexadecimal digits
  std::string label;
  std::string function;
  std::optional<UtcTime> submitted;
  std::optional<UtcTime> started;
  std::optional<UtcTime> completed;
  std::optional<UtcTime> received;
  std::optional<int> engine_id;  // nothing when no engine ran it
  std::string engine_uuid;       // 32 hexadecimal digits; empty when the engine is not known
  std::string status;            // "pending", "ok", "error", "aborted", "timed_out", "engine_lost"
  std::uint32_t attempt = 0;     // 1 for the first; 0 when it was never tried
  std::chrono::nanoseconds duration{0};  // on the engine

  friend bool operator==(const Metadata&, const Metadata&) = default;
};

}  // namespace roundhouse
