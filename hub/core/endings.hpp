#pragma once

// CORE. Endings: which tasks of a session did not end ok. It outlives their records, for others may
// depend on them (PROTOCOL 14). A bit per task, and only where something failed: 512 tasks of which
// none did cost nothing, however many there were. That a task has ended at all the session knows.
// Thread rule: the router's thread.

#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "shared/message.hpp"

namespace roundhouse::hub {

class Endings {
 public:
  void fail(std::uint64_t sequence) {
    blocks_[sequence / kBlock][sequence % kBlock / 64] |= bit_of(sequence);
  }

  void fail(const wire::Range& range) {
    for (std::uint64_t at = range.first; at <= range.last; ++at) fail(at);
  }

  [[nodiscard]] bool failed(std::uint64_t sequence) const {
    const auto block = blocks_.find(sequence / kBlock);
    return block != blocks_.end() &&
           (block->second[sequence % kBlock / 64] & bit_of(sequence)) != 0;
  }

  [[nodiscard]] std::uint64_t count_failed(std::uint64_t first, std::uint64_t last) const {
    std::uint64_t count = 0;
    each_word(first, last, [&](std::uint64_t, std::uint64_t word) {
      count += static_cast<std::uint64_t>(std::popcount(word));
      return true;
    });
    return count;
  }

  // The lowest of first..last that failed.
  [[nodiscard]] std::optional<std::uint64_t> first_failed(std::uint64_t first,
                                                          std::uint64_t last) const {
    std::optional<std::uint64_t> found;
    each_word(first, last, [&](std::uint64_t base, std::uint64_t word) {
      if (word == 0) return true;
      found = base + static_cast<std::uint64_t>(std::countr_zero(word));
      return false;
    });
    return found;
  }

 private:
  static constexpr std::uint64_t kBlock = 512;
  using Block = std::array<std::uint64_t, kBlock / 64>;

  static constexpr std::uint64_t bit_of(std::uint64_t sequence) {
    return std::uint64_t{1} << (sequence % 64);
  }

  // Calls with the number of each word's lowest bit, and its bits within first..last, until it is
  // answered false.
  template <class F>
  void each_word(std::uint64_t first, std::uint64_t last, F&& f) const {
    for (auto block = blocks_.lower_bound(first / kBlock);
         block != blocks_.end() && block->first <= last / kBlock; ++block)
      for (std::uint64_t i = 0; i < kBlock / 64; ++i) {
        const std::uint64_t base = block->first * kBlock + i * 64;
        if (base + 63 < first || base > last) continue;
        std::uint64_t word = block->second[i];
        if (base < first) word &= ~std::uint64_t{0} << (first - base);
        if (last - base < 63) word &= (std::uint64_t{2} << (last - base)) - 1;
        if (!f(base, word)) return;
      }
  }

  std::map<std::uint64_t, Block> blocks_;  // by sequence / kBlock
};

}  // namespace roundhouse::hub
