// Records of tasks, as the hub tells them, as plain values. Thread rule: plain functions; any
// thread.
#pragma once

#include <string_view>
#include <vector>

#include "shared/error_value.hpp"
#include <roundhouse/hub_info.hpp>

namespace roundhouse::detail {

inline constexpr std::size_t kIdsPerQuestion = 10'000;  // when the hub is asked for records

// One record of PROTOCOL 9; what is missing in it reads as nothing.
// As a program sees them.
[[nodiscard]] std::vector<RemoteAttempt> attempts_of(const std::vector<wire::Attempt>& attempts);

[[nodiscard]] TaskRecord read_record(std::string_view msgpack);

}  // namespace roundhouse::detail
