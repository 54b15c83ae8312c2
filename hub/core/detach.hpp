#pragma once

// CORE. The bodies of a batch, and what its tasks depend on, share the message that they came in:
// nothing is copied, and the message is freed with the last of them. Where that would hold much
// more than the bodies, because they are few or small beside it, they get blocks of their own.
// Thread rule: plain values.

#include <cstddef>
#include <vector>

#include "shared/records.hpp"

namespace roundhouse::hub {

// What a record takes at most beside its body and its lists, and a batch beside its records.
inline constexpr std::size_t kRecordRest = 64;
// No sender that keeps to its bounds makes a larger message of small bodies.
inline constexpr std::size_t kSharedMessageMax = wire::kBatchBytesMax + 2 * wire::kInlineBytesMax;

[[nodiscard]] inline std::size_t list_bytes(const wire::SubmitRecord& record) {
  return std::size_t{record.engines.size} + record.ends.size + record.depends.size;
}

[[nodiscard]] inline std::size_t list_bytes(const wire::FinishedRecord& record) {
  return record.printed.size;
}

// Of the lists only what tasks depend on outlives the turn in which they came.
inline void detach_lists(wire::SubmitRecord& record) {
  if (record.depends.size > 0) record.depends = Slice{Buffer::copy(record.depends.view())};
}

inline void detach_lists(wire::FinishedRecord& record) {
  if (record.printed.size > 0) record.printed = Slice{Buffer::copy(record.printed.view())};
}

template <class Record>
void detach_bodies(std::vector<Record>& records, const Buffer& message) {
  std::size_t used = kRecordRest;
  for (const Record& record : records)
    used += kRecordRest + record.payload.inline_size() + list_bytes(record);
  const bool is_padded = message.size() > used;
  if (!is_padded && message.size() <= kSharedMessageMax) return;
  for (Record& record : records) {
    if (is_padded || record.payload.inline_size() <= wire::kInlineBytesMax)
      record.payload.stand_alone();
    detach_lists(record);
  }
}

}  // namespace roundhouse::hub
