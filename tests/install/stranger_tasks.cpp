#include "stranger_tasks.hpp"

#include <numeric>

#include <roundhouse/task.hpp>

std::int64_t total(const std::vector<std::int64_t>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0});
}

RH_TASK(total)
