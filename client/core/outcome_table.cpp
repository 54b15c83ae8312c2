#include "client/core/outcome_table.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared/check.hpp"

namespace roundhouse::client {

void OutcomeTable::restart() {
  received_ = 0;
  confirmed_ = 0;
  since_.reset();
  output_ = output_confirmed_ = 0;
}

bool OutcomeTable::on_batch(std::uint64_t first, std::uint64_t count, TimePoint now) {
  if (first != received_ + 1) return false;
  if (count == 0) return true;
  received_ += count;
  if (!since_) since_ = now;
  return true;
}

void OutcomeTable::on_output(std::size_t cost, TimePoint now) {
  output_ += cost;
  if (!since_ && output_ - output_confirmed_ >= kConfirmOutputMax) since_ = now;
}

bool OutcomeTable::add(std::uint64_t sequence, bool ok) {
  if (!note(sequence)) return false;
  highest_ = std::max(highest_, sequence);
  if (!ok) failed_.add(sequence);
  return true;
}

bool OutcomeTable::note(std::uint64_t sequence) {
  if (sequence <= settled_) return false;
  if (sequence == settled_ + 1) {
    settled_ = sequence;
    if (!above_.empty() && above_.begin()->first == sequence + 1) {
      settled_ = above_.begin()->second;
      above_.erase(above_.begin());
    }
  } else if (!add_above(sequence)) {
    return false;
  }
  ++count_;
  return true;
}

// Changes runs in place where it can: outcomes that come in bursts allocate nothing.
bool OutcomeTable::add_above(std::uint64_t sequence) {
  const auto next = above_.upper_bound(sequence);
  const bool joins_next = next != above_.end() && next->first == sequence + 1;
  if (next != above_.begin()) {
    const auto before = std::prev(next);
    if (before->second >= sequence) return false;
    if (before->second + 1 == sequence) {
      before->second = joins_next ? next->second : sequence;
      if (joins_next) above_.erase(next);
      return true;
    }
  }
  if (joins_next) {
    auto run = above_.extract(next);
    run.key() = sequence;
    above_.insert(std::move(run));
  } else {
    above_.emplace(sequence, sequence);
  }
  return true;
}

bool OutcomeTable::contains(std::uint64_t sequence) const {
  if (sequence <= settled_) return true;
  const auto next = above_.upper_bound(sequence);
  return next != above_.begin() && std::prev(next)->second >= sequence;
}

std::vector<wire::Range> OutcomeTable::ended(std::size_t limit) const {
  std::vector<wire::Range> out;
  for (const auto& [first, last] : above_) {
    if (out.size() == limit) break;
    out.push_back({first, last});
  }
  return out;
}

std::vector<wire::Range> OutcomeTable::failed(std::size_t limit) const {
  std::vector<wire::Range> out = failed_.runs(limit);
  if (failed_.run_count() > limit) out.back().last = highest_;
  return out;
}

void OutcomeTable::check_invariants() const {
  std::uint64_t count = settled_;
  std::uint64_t before = settled_;
  for (const auto& [first, last] : above_) {
    RH_CHECK(first > before + 1 && last >= first);
    count += last - first + 1;
    before = last;
  }
  RH_CHECK(count == count_);
  RH_CHECK(confirmed_ <= received_);
  RH_CHECK(output_confirmed_ <= output_);
  const bool much = output_ - output_confirmed_ >= kConfirmOutputMax;
  RH_CHECK(since_.has_value() == (confirmed_ < received_ || much));
}

std::optional<wire::Received> OutcomeTable::take_received(TimePoint now) {
  if (!since_) return std::nullopt;
  if (received_ - confirmed_ < kConfirmOutcomesMax && now < *since_ + kConfirmDelay)
    return std::nullopt;
  confirmed_ = received_;
  output_confirmed_ = output_;
  since_.reset();
  return wire::Received{received_, output_};
}

std::optional<TimePoint> OutcomeTable::deadline() const {
  if (!since_) return std::nullopt;
  return *since_ + kConfirmDelay;
}

}  // namespace roundhouse::client
