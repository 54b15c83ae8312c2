// A stranger's program: calls its task on every engine, and prints what they gave.
#include <cstdint>
#include <iostream>
#include <vector>

#include <roundhouse/roundhouse.hpp>

#include "stranger_tasks.hpp"

namespace rh = roundhouse;

int main() {
  rh::Client client;
  const std::vector<std::int64_t> numbers{1, 2, 3, 4};
  for (const std::int64_t sum : client[rh::all].apply_sync(total, numbers)) {
    std::cout << "total " << sum << '\n';
  }
}
