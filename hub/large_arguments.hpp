#pragma once

// LargeArguments: arguments with bulk frames of tasks that have ended, so that these can be
// submitted anew: in memory, without a copy, the newest ones that there is room for.
//
//   LargeArguments kept(std::size_t{256} << 20U);
//   kept.add(key, std::move(payload));             // may push out others, or not be kept itself
//   if (const Payload* found = kept.find(key)) ...
//
// Those of a broadcast share their frames, which count once. Thread rule: one thread at a time.

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

#include "shared/payload.hpp"

namespace roundhouse::hub {

class LargeArguments {
 public:
  explicit LargeArguments(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Replaces what was there under this key.
  void add(std::int64_t key, Payload payload);

  // Null when it was never kept, or was pushed out. Valid until the next call of add(); what is
  // found is the newest from now on.
  [[nodiscard]] const Payload* find(std::int64_t key);

  // Fine when it is not there.
  void erase(std::int64_t key);
  void clear();

  // What is held, with the messages that it came in.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::int64_t key = 0;
    Payload payload;
  };

  struct Shared {
    std::size_t bytes = 0;
    std::size_t users = 0;
  };

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;  // oldest first
  std::unordered_map<std::int64_t, std::list<Entry>::iterator> by_key_;
  std::unordered_map<const Frames*, Shared> frames_;  // in use by entries
};

}  // namespace roundhouse::hub
