// The tasks of a stranger's module.
#pragma once

#include <cstdint>
#include <vector>

std::int64_t total(const std::vector<std::int64_t>& numbers);
