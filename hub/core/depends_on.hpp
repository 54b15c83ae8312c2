#pragma once

// CORE. DependsOn: what a task depends on, in the bytes in which it was submitted, as its record
// says it, and as it is needed to call the same again. Thread rule: plain values.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/records.hpp"
#include <roundhouse/ids.hpp>
#include <roundhouse/result.hpp>

namespace roundhouse::hub {

inline constexpr std::size_t kDependsToldMax = 100;    // ids of each; further ones are left out
inline constexpr std::size_t kDependsRangesMax = 512;  // that are kept: each finished task has them

struct DependsOn {
  Slice bytes;  // wire::TaskRanges, of `after`, then those of `follow`
  std::uint32_t after_ranges = 0;
  wire::DependencyMode after_mode;
  wire::DependencyMode follow_mode;
  bool whole = true;  // nothing was left out: the same can be asked for again

  [[nodiscard]] bool empty() const { return bytes.size == 0; }

  [[nodiscard]] bool follows() const { return after_ranges < ranges().size(); }

  // As long as this is there.
  [[nodiscard]] wire::TaskRanges ranges() const { return wire::TaskRanges(bytes.view()); }

  // The first of them, as records tell them.
  [[nodiscard]] std::vector<TaskId> after() const;
  [[nodiscard]] std::vector<TaskId> follow() const;

  // As it is kept of a finished task: without the ranges that are too many.
  [[nodiscard]] DependsOn kept() const;

  friend bool operator==(const DependsOn&, const DependsOn&) = default;
};

// As a database keeps it, in msgpack.
[[nodiscard]] std::string encode_depends(const DependsOn& on);
// Nothing, and not whole, where it cannot be read. Earlier hubs kept ids alone, not how they
// count: that is not whole, either.
[[nodiscard]] DependsOn decode_depends(std::string_view bytes);

// Why a task with more dependencies than are kept is not called again.
[[nodiscard]] Error depends_left_out(TaskId task);

}  // namespace roundhouse::hub
