#pragma once

// Prng: all randomness of a simulated world comes from here. Thread rule: a plain value.

#include "shared/prng.hpp"
#include "shared/time.hpp"

namespace roundhouse::sim {

class Prng : public roundhouse::Prng {
 public:
  using roundhouse::Prng::Prng;

  Duration duration(Duration low, Duration high) {
    const auto span = static_cast<std::uint64_t>((high - low).count());
    return low + Duration{static_cast<Duration::rep>(below(span + 1))};
  }

  // Independent of what this one gives from now on.
  Prng fork() { return Prng{next()}; }
};

}  // namespace roundhouse::sim
