#pragma once

// CORE. DependsOn: what a task depends on, as its record says it. Thread rule: plain values.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

inline constexpr std::size_t kDependsToldMax = 100;  // ids of each; further ones are left out

struct DependsOn {
  std::vector<TaskId> after;
  std::vector<TaskId> follow;

  [[nodiscard]] bool empty() const { return after.empty() && follow.empty(); }

  friend bool operator==(const DependsOn&, const DependsOn&) = default;
};

// As a database keeps it: msgpack, two lists of ids, one behind the other.
[[nodiscard]] std::string encode_depends(const DependsOn& on);
// Nothing where it cannot be read.
[[nodiscard]] DependsOn decode_depends(std::string_view bytes);

}  // namespace roundhouse::hub
