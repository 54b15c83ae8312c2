#pragma once

// CORE. PageEntry: an outcome as it lies in the ring of a page: its fields, then its body, its
// frames and what was printed, each from a multiple of eight bytes on. Thread rule: plain
// functions.

#include <cstddef>
#include <cstdint>

#include "shared/records.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::engine {

struct PageEntry {
  std::uint64_t size;  // of all, a multiple of eight
  std::uint64_t number;
  TaskId task;
  Fence fence;
  std::int64_t started_us;
  std::uint64_t duration_ns;
  std::uint32_t ending;
  std::uint32_t marker;  // 1: what follows is missing
  std::uint32_t body_size;
  std::uint32_t spill;
  std::uint64_t frames;   // each its size, then its bytes
  std::uint64_t printed;  // bytes, behind the frames
};

// The least multiple of `unit` that is not less.
[[nodiscard]] inline std::size_t rounded(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

// What an outcome takes; a marker in its place takes sizeof(PageEntry).
[[nodiscard]] std::size_t entry_bytes(const wire::FinishedRecord& outcome);

// Writes `size` bytes: the outcome, or a marker.
void write_entry(char* at, std::size_t size, std::uint64_t number,
                 const wire::FinishedRecord& outcome, bool marker);

// Reads what lies at `at`, an entry with these fields, whose size is sound, without believing the
// rest: false when it is none. A marker reads as an `engine_lost` that says so.
[[nodiscard]] bool read_outcome(const PageEntry& entry, const char* at, wire::FinishedRecord& out);

}  // namespace roundhouse::engine
