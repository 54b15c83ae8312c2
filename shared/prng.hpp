// CORE. Prng: splitmix64, the same numbers with every compiler and library. Not fit for secrets
// (random.hpp). A core that decides by chance is given one, or its seed, so that a simulation
// repeats itself. Thread rule: a plain value.
#pragma once

#include <cstddef>
#include <cstdint>

namespace roundhouse {

class Prng {
 public:
  explicit Prng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  // 0 to `bound` - 1; 0 when `bound` is 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }

  // Both included.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }

  bool chance(unsigned percent) { return below(100) < percent; }

  // Of a container with at least one element.
  template <class Container>
  auto& pick(Container& container) {
    return container[static_cast<std::size_t>(below(container.size()))];
  }

 private:
  std::uint64_t state_;
};

}  // namespace roundhouse
