#pragma once

// CORE. What a task depends on: Depended, as it was submitted, and DependsOn, as its record says
// it. Thread rule: plain values.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/records.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

inline constexpr std::size_t kDependsToldMax = 100;  // ids of each; further ones are left out

struct DependsOn {
  std::vector<TaskId> after;
  std::vector<TaskId> follow;

  [[nodiscard]] bool empty() const { return after.empty() && follow.empty(); }

  friend bool operator==(const DependsOn&, const DependsOn&) = default;
};

struct Depended {
  Slice bytes;  // wire::TaskRanges, of `after`, then those of `follow`
  std::uint32_t after_count = 0;

  // As long as this is there.
  [[nodiscard]] wire::TaskRanges ranges() const { return wire::TaskRanges(bytes.view()); }

  [[nodiscard]] bool empty() const { return bytes.size == 0; }

  [[nodiscard]] bool follows() const { return after_count < ranges().size(); }

  // Calls f(of_follow, id) for the first kDependsToldMax of each: first `after`, then `follow`.
  template <class F>
  void each_told(F&& f) const {
    const wire::TaskRanges all = ranges();
    std::size_t left = kDependsToldMax;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i == after_count) left = kDependsToldMax;
      const wire::TaskRange range = all[i];
      for (std::uint64_t at = range.first; at <= range.last && left > 0; ++at, --left)
        f(i >= after_count, TaskId{range.session, at});
    }
  }

  [[nodiscard]] DependsOn told() const;
};

// As a database keeps it: msgpack, two lists of ids, one behind the other.
[[nodiscard]] std::string encode_depends(const Depended& on);
// Nothing where it cannot be read.
[[nodiscard]] DependsOn decode_depends(std::string_view bytes);

}  // namespace roundhouse::hub
