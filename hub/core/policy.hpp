#pragma once

// CORE. Policy: which of the engines with room is given the next load-balanced task.
//
//   least_loaded     the one with the least in flight per slot
//   lru              the one that was given work longest ago
//   weighted_random  drawn with weights 1 / (1 + load)
//   two_choices      of two different ones, drawn evenly, the one with less load
//   random           drawn evenly
//   pure             in turn, by id, without looking at load
//
// Ties go to the lower id. An engine that has all that it may be sent ahead has no room, whatever
// the policy. A choice costs O(log engines); more only where few of those with room are fit for the
// task. Chance comes from the seed alone. Thread rule: the router's thread.
//
//   Policy policy(PolicyName::two_choices, seed);
//   policy.open(3, 256);                        // engine 3 has room, and one task per slot
//   const EngineIndex engine = policy.choose([](EngineIndex) { return true; });

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/core/ordered_set.hpp"
#include "hub/core/task_table.hpp"
#include "shared/prng.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::hub {

enum class PolicyName : std::uint8_t {
  least_loaded,
  lru,
  weighted_random,
  two_choices,
  random,
  pure
};

inline constexpr std::array<std::string_view, 6> kPolicyNames{
    "least_loaded", "lru", "weighted_random", "two_choices", "random", "pure"};

[[nodiscard]] std::string_view name_of(PolicyName name);

// Also as IPython parallel has it: leastload, weighted, twobin, plainrandom. Fails with `invalid`;
// the text lists all names and says which one may have been meant.
[[nodiscard]] Result<PolicyName> parse_policy(std::string_view text);

// Weights by number, from which one is drawn in proportion: set and find cost O(log numbers).
class WeightTree {
 public:
  void set(std::size_t at, std::uint64_t weight);

  [[nodiscard]] std::uint64_t total() const { return total_; }

  // The number whose share of the total `point` lies in; only for a point below it.
  [[nodiscard]] std::size_t find(std::uint64_t point) const;

 private:
  void add(std::size_t at, std::uint64_t difference);  // modulo 2^64, so that it may be negative

  std::vector<std::uint64_t> weights_;
  std::vector<std::uint64_t> sums_;  // a Fenwick tree over them; its size is a power of two
  std::uint64_t total_ = 0;
};

class Policy {
 public:
  Policy(PolicyName name, std::uint64_t seed) : name_(name), prng_(seed) {}

  [[nodiscard]] PolicyName name() const { return name_; }

  // From the next choice on; what is known of the engines is kept.
  void change(PolicyName name);

  // The engine has room, and so many tasks in flight per slot, times 256. Also when it had.
  void open(EngineIndex engine, std::uint32_t load);
  void close(EngineIndex engine);
  // It was given a task; `direct`: by its caller, not by a choice.
  void given(EngineIndex engine, bool direct);

  [[nodiscard]] std::size_t size() const { return open_; }  // engines with room

  // Whether several short tasks may go to one engine by one choice.
  [[nodiscard]] bool gives_in_groups() const { return name_ == PolicyName::least_loaded; }

  // Of those with room, one that `fits`; kNoEngine when there is none.
  template <class Fits>
  EngineIndex choose(Fits&& fits) {
    if (open_ == 0) return kNoEngine;
    if (draws()) return draw(fits);
    const auto from =
        name_ == PolicyName::pure ? order_.lower_bound({0, last_given_ + 1}) : order_.begin();
    for (auto it = from; it != order_.end(); ++it)
      if (fits(it->second)) return it->second;
    for (auto it = order_.begin(); it != from; ++it)
      if (fits(it->second)) return it->second;
    return kNoEngine;
  }

  // The same among `targets`, which are sorted.
  template <class Fits>
  EngineIndex choose_of(const std::vector<EngineIndex>& targets, Fits&& fits) {
    candidates_.clear();
    for (const EngineIndex target : targets)
      if (is_open(target) && fits(target)) candidates_.push_back(target);
    if (candidates_.empty()) return kNoEngine;
    if (draws()) return draw_candidate();
    if (name_ == PolicyName::pure) {
      const auto next = std::upper_bound(candidates_.begin(), candidates_.end(), last_given_);
      return next == candidates_.end() ? candidates_.front() : *next;
    }
    return *std::min_element(
        candidates_.begin(), candidates_.end(),
        [this](EngineIndex a, EngineIndex b) { return key_of(a) < key_of(b); });
  }

 private:
  struct Known {
    bool open = false;
    std::uint32_t load = 0;
    std::uint64_t given = 0;  // when last, counted in tasks
  };

  using Key = std::pair<std::uint64_t, EngineIndex>;
  static constexpr int kDrawsMax = 8;  // before all engines with room are looked at

  [[nodiscard]] bool draws() const {
    return name_ == PolicyName::weighted_random || name_ == PolicyName::two_choices ||
           name_ == PolicyName::random;
  }

  [[nodiscard]] bool is_open(EngineIndex engine) const {
    return engine < known_.size() && known_[engine].open;
  }

  [[nodiscard]] Key key_of(EngineIndex engine) const;
  [[nodiscard]] std::uint64_t weight_of(EngineIndex engine) const;
  void enter(EngineIndex engine);
  void leave(EngineIndex engine);
  [[nodiscard]] EngineIndex better(EngineIndex a, EngineIndex b) const;
  [[nodiscard]] EngineIndex draw_candidate();
  [[nodiscard]] EngineIndex draw_weighted();

  template <class Fits>
  EngineIndex draw(Fits&& fits) {
    EngineIndex first = kNoEngine;
    const bool two = name_ == PolicyName::two_choices && open_ > 1;
    for (int i = 0; i < kDrawsMax; ++i) {
      const auto drawn = static_cast<EngineIndex>(tree_.find(prng_.below(tree_.total())));
      if (drawn == first || !fits(drawn)) continue;
      if (!two) return drawn;
      if (first != kNoEngine) return better(first, drawn);
      first = drawn;
    }
    candidates_.clear();
    for (EngineIndex engine = 0; engine < known_.size(); ++engine)
      if (known_[engine].open && fits(engine)) candidates_.push_back(engine);
    return candidates_.empty() ? kNoEngine : draw_candidate();
  }

  PolicyName name_;
  Prng prng_;
  std::vector<Known> known_;  // by engine
  std::size_t open_ = 0;
  std::uint64_t clock_ = 0;
  EngineIndex last_given_ = kNoEngine;  // by a choice
  OrderedSet<Key> order_;               // of those with room, unless the policy draws
  WeightTree tree_;                     // of those with room, if it does
  std::vector<EngineIndex> candidates_;
};

}  // namespace roundhouse::hub
