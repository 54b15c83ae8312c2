#pragma once

// CORE. The words of the wire that all messages share: planes, kinds, bounds, and the values that
// travel inside of messages. message.hpp has the messages. Thread rule: plain values.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/payload.hpp"
#include <roundhouse/buffer.hpp>
#include <roundhouse/ids.hpp>

namespace roundhouse::wire {

inline constexpr std::size_t kHeaderBytesMax = 1U << 20U;      // of any header frame
inline constexpr std::size_t kFrameBytesMax = 16U << 20U;      // of any bulk frame
inline constexpr std::size_t kFramesMax = 1024;                // bulk frames of one message
inline constexpr std::size_t kPrefixBytes = 4;                 // 'R' 'H' major kind
inline constexpr std::size_t kListMax = 100'000;               // elements of a list in a map
inline constexpr std::size_t kTemplatesMax = 1U << 16U;        // of one session
inline constexpr std::size_t kTemplateBytesMax = 256U << 10U;  // of a template: its texts and lists
inline constexpr std::size_t kTemplatesBytesMax = 64U << 20U;  // of all templates of a session
inline constexpr std::uint32_t kLentMax = 256;  // slots that an engine's waiting tasks lend
inline constexpr std::size_t kOutputBytesMax = 64U << 10U;  // of the text of a part of output
inline constexpr std::size_t kOutputCost = 512;             // of a part of it, beside its text
inline constexpr std::size_t kOutputUnreadMax = 64U
                                                << 20U;  // of parts that a client has not received
inline constexpr std::size_t kInlineBytesMax = 16U << 10U;  // larger bodies and arrays are frames

enum class Plane : std::uint8_t { task, control, notify };

enum class Kind : std::uint8_t {
  hello = 1,
  welcome = 2,
  refused = 3,
  who = 4,
  beat = 5,
  goodbye = 6,
  request = 7,
  reply = 8,
  stop = 9,
  act = 10,
  acted = 11,
  define = 16,
  submit = 17,  // batch
  accepted = 18,
  outcome = 19,  // batch
  received = 20,
  assign = 21,  // batch
  stored = 22,
  revoke = 23,
  revoked = 24,
  holding = 25,  // batch
  died = 26,
  offer = 27,
  want = 28,
  part = 29,  // with one bulk frame
  have = 30,
  lent = 31,
  hint = 32,
  output = 33,
};

// The name of a kind as PROTOCOL.md spells it; "unknown" for a number that is none.
[[nodiscard]] std::string_view to_string(Kind kind);

struct Message {
  Buffer header;
  Frames frames;
  friend bool operator==(const Message&, const Message&) = default;
};

// Consecutive numbers, both ends included.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

// A value in msgpack that travels inside a map as it is.
struct Raw {
  std::string bytes;
  friend bool operator==(const Raw&, const Raw&) = default;
};

// One task and the fence of one run of it.
struct RunRef {
  TaskId task;
  Fence fence;
  friend bool operator==(const RunRef&, const RunRef&) = default;
};

// One assignment that an engine was given.
struct AssignmentRef {
  std::uint64_t number = 0;
  TaskId task;
  Fence fence;
  friend bool operator==(const AssignmentRef&, const AssignmentRef&) = default;
};

}  // namespace roundhouse::wire
