#include "shared/clock.hpp"

namespace roundhouse {

TimePoint steady_now() {
  return std::chrono::steady_clock::now();
}

WallTime wall_now() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count()};
}

}  // namespace roundhouse
