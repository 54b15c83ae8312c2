#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include <roundhouse/error.hpp>
#include <roundhouse/timeout.hpp>

namespace roundhouse {
namespace {

constexpr Seconds kLimitMax = std::chrono::hours{24 * 366};

}  // namespace

std::uint64_t Limit::checked(Seconds time) {
  // Put so that what is no number is refused, too.
  if (!(time.count() > 0 && time <= kLimitMax))
    throw Exception(Errc::invalid,
                    fmt::format("a timeout or time limit of {:g} s makes no sense: write one of "
                                "more than 0 and at most a year, such as 30s or 5min, or "
                                "rh::no_limit for none",
                                time.count()));
  return static_cast<std::uint64_t>(std::max(1.0, std::round(time.count() * 1e6)));
}

}  // namespace roundhouse
