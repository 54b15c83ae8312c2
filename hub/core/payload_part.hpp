#pragma once

// CORE. PayloadPart: a piece of a task's result or arguments, as `payload` of PROTOCOL 9 answers
// it: the control plane takes no message above a megabyte. Thread rule: plain values.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hub/core/depends_on.hpp"
#include "shared/message.hpp"
#include "shared/payload.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

inline constexpr std::size_t kPayloadPartBytes = 512U << 10U;

struct PayloadPart {
  std::string body;  // what travels in the record; with offset 0
  std::uint32_t spill = 0;
  std::vector<std::uint64_t> frames;  // their sizes; with offset 0
  std::uint64_t offset = 0;           // in all frames, one behind the other
  std::string bytes;                  // of the frames, from there on
  // Of arguments, with offset 0: what is called, where if that was said, and after what.
  const wire::Define* define = nullptr;
  std::optional<EngineId> engine;
  DependsOn depends;

  // A body that does not fit into an answer goes ahead of the frames, as one more of them.
  std::string ahead;

  // Begins `bytes` with what is left of `ahead`.
  void take_ahead();
};

// The part without its frames: for whoever has those.
[[nodiscard]] PayloadPart begin_part(std::string body, std::uint32_t spill, std::uint64_t offset);

// From a payload in memory.
[[nodiscard]] PayloadPart part_of(const Payload& payload, std::uint64_t offset);

void pack_payload_part(const PayloadPart& part, std::string& out);

}  // namespace roundhouse::hub
