// Jobs as the hub is told of them: ranges of ids. Thread rule: plain functions.
#pragma once

#include <span>
#include <vector>

#include "client/shell.hpp"
#include "shared/pack.hpp"
#include <roundhouse/abort.hpp>
#include <roundhouse/jobs.hpp>

namespace roundhouse::detail {

inline constexpr std::size_t kRangesPerRequest = 10'000;

// Sorted, and joined where they touch.
[[nodiscard]] std::vector<Jobs::Ids> ranges_of(const Jobs& jobs);

// The key `ranges` of a request, and its value.
void pack_ranges(wire::Packer& p, std::span<const Jobs::Ids> ranges);

AbortReport abort_jobs(Shell& shell, const Jobs& jobs);

}  // namespace roundhouse::detail
