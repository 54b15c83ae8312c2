#pragma once

// StoreActor: the results database and its recorder. It commits facts in order, some at a time,
// after a while; what it has committed outlives the hub (unless durability is `none`), and the next
// hub gets exactly that prefix. Thread rule: one thread.

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/core/places.hpp"
#include "tests/sim/checker.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/prng.hpp"
#include "tests/sim/timeline.hpp"

namespace roundhouse::sim {

class StoreActor {
 public:
  // Mail to the hub's loop; none of it reaches a hub that did not emit the facts.
  struct Mail {
    std::function<void(std::uint64_t through)> stored;
    std::function<void()> failed;
    std::function<void()> recovered;
  };

  StoreActor(Timeline& timeline, const WorldOptions& options, Checker& checker, Prng prng)
      : timeline_(timeline), options_(options), checker_(checker), prng_(prng) {}

  // A hub starts: what it finds. Its epoch is one more than restored.epoch, and committed.
  hub::Restored open(Mail mail);
  void append(const std::vector<hub::Fact>& facts);
  // The bytes of a module that was committed.
  [[nodiscard]] Result<Frames> read_module(const ContentHash& build) const;
  // Where tasks ran of which it was told; it answers when that has committed.
  [[nodiscard]] std::vector<hub::RanOn> places(const hub::PlaceQuestion& question) const;
  // Records are gone, of all that have ended so far; that they ended, and how, is not forgotten.
  void purge();
  // The hub is gone; what it had handed in may still be committed, up to some fact.
  void crash();

  void fail_until(TimePoint time) { failing_until_ = time; }

  [[nodiscard]] bool idle() const { return pending_.empty() && under_way_ == 0; }

 private:
  void plan();
  void begin();
  void commit(std::uint64_t life);
  void take(std::size_t count);
  [[nodiscard]] hub::Restored restore() const;
  void restore_batch(hub::Restored& out, const hub::Submitted& fact) const;

  Timeline& timeline_;
  const WorldOptions& options_;
  Checker& checker_;
  Prng prng_;
  Mail mail_;
  std::uint64_t epoch_ = 0;
  std::uint64_t life_ = 0;
  std::vector<hub::Fact> committed_;
  std::deque<hub::Fact> pending_;
  std::size_t under_way_ = 0;  // of those, in the present transaction
  bool planned_ = false;
  bool failing_ = false;
  std::uint64_t through_ = 0;  // facts of this hub that are committed
  TimePoint failing_until_;
  std::set<std::pair<hub::SessionNumber, std::uint64_t>> purged_;
};

}  // namespace roundhouse::sim
