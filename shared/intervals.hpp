#pragma once

// CORE. IntervalSet: a set of numbers kept as runs of consecutive ones.
//
// The memory of what is done among densely numbered things: finished nearly in order, it is a
// handful of runs whatever the count. Thread rule: a plain value.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <vector>

#include "shared/message.hpp"

namespace roundhouse {

class IntervalSet {
 public:
  // Adds one number; false when it was there already.
  bool add(std::uint64_t number) { return add_range(number, number) != 0; }

  // Adds first..last, both included; returns how many of them are new. `first` is not above `last`.
  std::uint64_t add_range(std::uint64_t first, std::uint64_t last) {
    std::uint64_t added = last - first + 1;
    auto next = runs_.upper_bound(first);
    if (next != runs_.begin()) {
      const auto before = std::prev(next);
      if (first == 0 || before->second >= first - 1) {  // joins, or overlaps, the run before it
        if (before->second >= last) return 0;
        added -= before->second >= first ? before->second - first + 1 : 0;
        first = before->first;
        next = runs_.erase(before);
      }
    }
    while (next != runs_.end() && next->first - 1 <= last) {  // all of them are above 0
      if (next->first <= last)
        added -= (next->second < last ? next->second : last) - next->first + 1;
      if (next->second > last) last = next->second;
      next = runs_.erase(next);
    }
    runs_.emplace_hint(next, first, last);
    return added;
  }

  [[nodiscard]] bool contains(std::uint64_t number) const {
    const auto next = runs_.upper_bound(number);
    return next != runs_.begin() && std::prev(next)->second >= number;
  }

  // The highest number such that all of 1..it are in the set; 0 when 1 is not.
  [[nodiscard]] std::uint64_t settled() const {
    const auto first = runs_.begin();
    return first != runs_.end() && first->first <= 1 ? first->second : 0;
  }

  // The runs above settled(), lowest first, at most `limit` of them.
  [[nodiscard]] std::vector<wire::Range> above_settled(std::size_t limit) const {
    std::vector<wire::Range> out;
    for (const auto& [first, last] : runs_)
      if (first > 1 && out.size() < limit) out.push_back({first, last});
    return out;
  }

  // All runs, lowest first, at most `limit` of them.
  [[nodiscard]] std::vector<wire::Range> runs(std::size_t limit) const {
    std::vector<wire::Range> out;
    for (const auto& [first, last] : runs_)
      if (out.size() < limit) out.push_back({first, last});
    return out;
  }

  [[nodiscard]] std::size_t run_count() const { return runs_.size(); }

  [[nodiscard]] bool empty() const { return runs_.empty(); }

  // Forgets the runs that end at `number` or below.
  void drop_through(std::uint64_t number) {
    while (!runs_.empty() && runs_.begin()->second <= number) runs_.erase(runs_.begin());
  }

  void clear() { runs_.clear(); }

 private:
  std::map<std::uint64_t, std::uint64_t> runs_;  // first -> last
};

}  // namespace roundhouse
