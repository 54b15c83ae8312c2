#include "engine/core/outbox.hpp"

#include <array>

namespace roundhouse::engine {

std::string_view to_string(Exit exit) {
  constexpr std::array<std::string_view, 7> kNames{"dismissed", "stopped",    "failed", "no_hub",
                                                   "refused",   "crash_loop", "overran"};
  return kNames.at(static_cast<std::size_t>(exit));
}

int exit_status(Exit exit) {
  constexpr std::array<int, 7> kStatus{0, 0, 1, 3, 4, 5, 6};
  return kStatus.at(static_cast<std::size_t>(exit));
}

}  // namespace roundhouse::engine
