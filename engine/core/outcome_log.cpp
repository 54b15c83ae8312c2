#include "engine/core/outcome_log.hpp"

#include <algorithm>
#include <utility>

#include "shared/check.hpp"

namespace roundhouse::engine {
namespace {

constexpr std::size_t kRecordBytes = 64;  // about what a record takes beside its payload

std::size_t weight(const wire::FinishedRecord& outcome) {
  return kRecordBytes + outcome.payload.size() + outcome.printed.size;
}

}  // namespace

std::uint64_t OutcomeLog::add(wire::FinishedRecord outcome, TimePoint now) {
  if (unsent() == 0) oldest_unsent_ = now, patience_ = kGatherMax;
  const std::size_t bytes = weight(outcome);
  bytes_ += bytes;
  unsent_bytes_ += bytes;
  records_.push_back(std::move(outcome));
  return last();
}

void OutcomeLog::restore(std::uint64_t number, wire::FinishedRecord outcome) {
  RH_CHECK(number == last() + 1 || (records_.empty() && last() == 0 && number > 0));
  if (records_.empty()) confirmed_ = sent_ = number - 1;
  add(std::move(outcome), TimePoint{});
}

void OutcomeLog::confirm(std::uint64_t through) {
  through = std::min(through, last());
  while (confirmed_ < through) {
    const std::size_t bytes = weight(records_.front());
    bytes_ -= bytes;
    ++confirmed_;
    if (confirmed_ > sent_) {
      sent_ = confirmed_;
      unsent_bytes_ -= bytes;
    }
    records_.pop_front();
  }
}

void OutcomeLog::rewind(std::uint64_t stored) {
  confirm(stored);
  sent_ = confirmed_;
  unsent_bytes_ = bytes_;
}

void OutcomeLog::send(Outbox& out) {
  while (sent_ < last()) {
    const std::uint64_t first = sent_ + 1;
    while (sent_ < last() && !writer_.full()) {
      const wire::FinishedRecord& next = records_[static_cast<std::size_t>(sent_ - confirmed_)];
      if (!writer_.fits(next.payload)) break;
      writer_.add(next);
      ++sent_;
    }
    out.sends.push_back({wire::Plane::task, writer_.take(first)});
  }
  unsent_bytes_ = 0;
}

bool OutcomeLog::is_full() const {
  return unsent() >= wire::kBatchRecordsMax || unsent_bytes_ >= wire::kBatchBytesMax;
}

Duration OutcomeLog::waited(TimePoint now) const {
  return unsent() == 0 ? Duration{0} : now - oldest_unsent_;
}

bool OutcomeLog::due(TimePoint now) const {
  return is_full() || (unsent() > 0 && waited(now) >= patience_);
}

std::optional<TimePoint> OutcomeLog::deadline() const {
  if (unsent() == 0) return std::nullopt;
  return oldest_unsent_ + patience_;
}

void OutcomeLog::check_invariants() const {
  RH_CHECK(sent_ >= confirmed_ && sent_ <= last());
  RH_CHECK(unsent_bytes_ <= bytes_);
  RH_CHECK(unsent() > 0 || unsent_bytes_ == 0);
  RH_CHECK(!records_.empty() || bytes_ == 0);
  RH_CHECK(writer_.empty());
}

}  // namespace roundhouse::engine
