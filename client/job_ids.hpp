// The ids of Jobs. Thread rule: plain functions; any thread.
#pragma once

#include <string>
#include <vector>

#include <roundhouse/jobs.hpp>

namespace roundhouse::detail {

// Of all of them: those given as ids first, then those of results.
[[nodiscard]] std::vector<std::string> ids_of(const Jobs& jobs);

}  // namespace roundhouse::detail
