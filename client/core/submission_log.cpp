#include "client/core/submission_log.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "shared/check.hpp"

namespace roundhouse::client {
namespace {

// Compacting pays when so many entries, and half of all, can be forgotten.
constexpr std::size_t kDeadMin = 1024;

std::uint32_t end_of(std::string_view ends, std::uint32_t index) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value |=
        static_cast<std::uint32_t>(static_cast<unsigned char>(ends[4 * std::size_t{index} + i]))
        << (8 * i);
  return value;
}

void put_end(std::string& out, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

Slice part_of(const Slice& whole, std::size_t at, std::size_t size) {
  Slice out = whole;
  out.offset += static_cast<std::uint32_t>(at);
  out.size = static_cast<std::uint32_t>(size);
  return out;
}

// What counts against the byte credit: the payload, and what the tasks depend on.
std::size_t size_of(const wire::SubmitRecord& record) {
  return record.payload.size() + record.depends.size;
}

// The same of part_of(record, offset, count).
std::size_t size_of(const wire::SubmitRecord& record, std::uint32_t offset, std::uint32_t count) {
  if (record.ends.size == 0) return size_of(record);
  const std::string_view ends = record.ends.view();
  const std::uint32_t from = offset == 0 ? 0 : end_of(ends, offset - 1);
  const std::uint32_t to = end_of(ends, offset + count - 1);
  return size_of(record) - record.payload.tail_size + (to - from);
}

bool travels_in_frames(const wire::SubmitRecord& record) {
  return record.payload.frame_count() != 0;
}

}  // namespace

wire::SubmitRecord part_of(const wire::SubmitRecord& record, std::uint32_t offset,
                           std::uint32_t count) {
  RH_CHECK(count > 0 && offset + count <= record.count);
  if (offset == 0 && count == record.count) return record;
  wire::SubmitRecord out = record;
  out.sequence += offset;
  out.count = count;
  if (record.engines.size > 4)
    out.engines = part_of(record.engines, std::size_t{4} * offset, std::size_t{4} * count);
  if (record.ends.size == 0) return out;
  const std::string_view ends = record.ends.view();
  const std::uint32_t from = offset == 0 ? 0 : end_of(ends, offset - 1);
  const std::uint32_t to = end_of(ends, offset + count - 1);
  std::string rebased;
  rebased.reserve(std::size_t{4} * count);
  for (std::uint32_t i = 0; i < count; ++i) put_end(rebased, end_of(ends, offset + i) - from);
  out.ends = Slice(Buffer::take(std::move(rebased)));
  out.payload.tail_at += from;
  out.payload.tail_size = to - from;
  return out;
}

std::uint64_t SubmissionLog::append(wire::SubmitRecord record) {
  RH_CHECK(record.count >= 1 && record.count <= wire::kRunTasksMax);
  RH_CHECK(record.payload.inline_size() + record.ends.size + record.engines.size +
               record.depends.size <
           wire::kHeaderBytesMax - 2 * wire::kBatchBytesMax);
  record.sequence = next_;
  next_ += record.count;
  last_template_ = record.template_number;
  kept_bytes_ += size_of(record);
  unsent_bytes_ += size_of(record);
  entries_.push_back({std::move(record), 0, false});
  entries_.back().unfinished = entries_.back().record.count;
  return entries_.back().first();
}

void SubmissionLog::restart(const wire::Welcome& welcome) {
  open_ = true;
  durable_ = welcome.durable;
  const auto is_spent = [this](const Entry& entry) { return forgettable(entry); };
  spent_ = static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), is_spent));
  accepted_ = welcome.accepted;
  sent_ = welcome.accepted;
  hub_has_ = std::max(welcome.accepted, welcome.stored);
  credit_tasks_ = welcome.credit_tasks;
  credit_bytes_ = first_credit_bytes_ = welcome.credit_bytes;
  sent_bytes_ = 0;
  store_through(welcome.stored);
  tidy();
  cursor_ = find(sent_ + 1);
  unsent_bytes_ = 0;
  for (std::size_t i = cursor_; i < entries_.size(); ++i)
    unsent_bytes_ += size_of(entries_[i].record);
}

void SubmissionLog::stop() {
  open_ = false;
  credit_tasks_ = 0;
}

void SubmissionLog::on_accepted(const wire::Accepted& message) {
  if (!open_) return;
  accepted_ = std::max(accepted_, std::min(message.accepted, sent_));
  credit_tasks_ = std::max(credit_tasks_, message.credit_tasks);
  credit_bytes_ = std::max(credit_bytes_, message.credit_bytes);
  store_through(std::min(message.stored, sent_));
}

void SubmissionLog::on_outcome(std::uint64_t sequence) {
  const std::size_t at = find(sequence);
  if (at == entries_.size()) return;
  Entry& entry = entries_[at];
  if (entry.first() > sequence || entry.unfinished == 0) return;
  --entry.unfinished;
  if (!entry.dead && droppable(entry)) {
    drop(entry);
    tidy();
  }
}

std::size_t SubmissionLog::find(std::uint64_t sequence) const {
  if (entries_.empty() || entries_.front().last() >= sequence) return 0;
  // Records of one task each, without gaps: the usual case.
  const std::uint64_t guess = sequence - entries_.front().first();
  if (guess < entries_.size() && entries_[guess].first() == sequence) return guess;
  const auto entry = std::lower_bound(
      entries_.begin(), entries_.end(), sequence,
      [](const Entry& candidate, std::uint64_t wanted) { return candidate.last() < wanted; });
  return static_cast<std::size_t>(entry - entries_.begin());
}

bool SubmissionLog::droppable(const Entry& entry) const {
  // Nothing that was never sent can have an outcome or be stored.
  const bool until_outcome = !durable_ || travels_in_frames(entry.record);
  return until_outcome ? entry.unfinished == 0 : entry.last() <= stored_;
}

void SubmissionLog::drop(Entry& entry) {
  kept_bytes_ -= size_of(entry.record);
  if (entry.last() > sent_) unsent_bytes_ -= size_of(entry.record);
  entry.record.payload = {};
  entry.record.ends = {};
  entry.record.depends = {};
  entry.dead = true;
  ++dead_;
  if (forgettable(entry)) ++spent_;
}

bool SubmissionLog::forgettable(const Entry& entry) const {
  return entry.dead && (!durable_ || entry.last() <= stored_);
}

void SubmissionLog::tidy() {
  while (!entries_.empty() && forgettable(entries_.front())) {
    entries_.pop_front();
    --dead_, --spent_;
    if (cursor_ > 0) --cursor_;
  }
  if (spent_ < kDeadMin || 2 * spent_ < entries_.size()) return;
  std::erase_if(entries_, [this](const Entry& entry) { return forgettable(entry); });
  dead_ -= std::exchange(spent_, 0);
  cursor_ = find(sent_ + 1);
}

void SubmissionLog::store_through(std::uint64_t stored) {
  if (stored <= stored_) return;
  const std::size_t from = find(stored_ + 1);
  stored_ = stored;
  for (std::size_t i = from; i < entries_.size() && entries_[i].first() <= stored_; ++i)
    if (entries_[i].dead)
      spent_ += durable_ && forgettable(entries_[i]) ? 1U : 0U;
    else if (droppable(entries_[i]))
      drop(entries_[i]);
  tidy();
}

std::uint32_t SubmissionLog::allowed(std::uint32_t count) const {
  if (!open_ || credit_tasks_ <= sent_) return 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, credit_tasks_ - sent_));
}

bool SubmissionLog::fits(std::size_t bytes, std::uint64_t last) const {
  if (bytes == 0 || last <= hub_has_ || sent_bytes_ + bytes <= credit_bytes_) return true;
  // A record beyond what the hub ever gives goes alone, when all before it is accepted and some
  // credit is left.
  return bytes > first_credit_bytes_ && accepted_ == sent_ && sent_bytes_ < credit_bytes_;
}

bool SubmissionLog::ready() const {
  if (sent_ == last()) return false;
  if (allowed(1) == 0) return false;
  if (cursor_ >= entries_.size()) return true;
  const Entry& entry = entries_[cursor_];
  if (entry.first() > sent_ + 1) return true;
  return fits(size_of(entry.record, static_cast<std::uint32_t>(sent_ + 1 - entry.first()), 1),
              sent_ + 1);
}

std::optional<wire::SubmitRecord> SubmissionLog::take_next() {
  if (sent_ == last()) return std::nullopt;
  const std::uint64_t next_kept =
      cursor_ < entries_.size() ? std::max(entries_[cursor_].first(), sent_ + 1) : next_;
  wire::SubmitRecord out;
  if (next_kept > sent_ + 1) {  // ended, and all is forgotten of them
    const std::uint64_t gap = std::min<std::uint64_t>(next_kept - sent_ - 1, wire::kRunTasksMax);
    out.sequence = sent_ + 1;
    out.count = allowed(static_cast<std::uint32_t>(gap));
    out.template_number = last_template_;
    out.blank = true;
    if (out.count == 0) return std::nullopt;
  } else {
    const Entry& entry = entries_[cursor_];
    const auto offset = static_cast<std::uint32_t>(sent_ + 1 - entry.first());
    const std::uint32_t left = entry.record.count - offset;
    std::uint32_t count = allowed(left);
    while (count > 1 && !fits(size_of(entry.record, offset, count), sent_ + count)) count /= 2;
    if (count == 0 || !fits(size_of(entry.record, offset, count), sent_ + count))
      return std::nullopt;
    out = client::part_of(entry.record, offset, count);
    out.blank = entry.dead;
    if (count == left) {
      unsent_bytes_ -= size_of(entry.record);
      ++cursor_;
    }
  }
  sent_ += out.count;
  ever_sent_ = std::max(ever_sent_, sent_);
  if (sent_ > hub_has_) sent_bytes_ += size_of(out);
  return out;
}

std::vector<wire::Range> SubmissionLog::lost(const std::vector<wire::Range>& ended,
                                             std::uint64_t settled) const {
  // What is neither kept nor ended, above `accepted`: walk both lists, which ascend.
  std::vector<wire::Range> out;
  std::uint64_t at = std::max(hub_has_, settled) + 1;
  std::size_t kept = find(at);
  std::size_t done = 0;
  while (at < next_) {
    while (kept < entries_.size() && (entries_[kept].dead || entries_[kept].last() < at)) ++kept;
    while (done < ended.size() && ended[done].last < at) ++done;
    const bool is_kept = kept < entries_.size() && entries_[kept].first() <= at;
    const bool is_done = done < ended.size() && ended[done].first <= at;
    if (is_kept) {
      at = entries_[kept].last() + 1;
    } else if (is_done) {
      at = ended[done].last + 1;
    } else {
      std::uint64_t end = next_;
      if (kept < entries_.size()) end = std::min(end, entries_[kept].first());
      if (done < ended.size()) end = std::min(end, ended[done].first);
      out.push_back({at, end - 1});
      at = end;
    }
  }
  return out;
}

void SubmissionLog::check_invariants() const {
  std::size_t bytes = 0;
  std::size_t dead = 0;
  std::size_t spent = 0;
  std::uint64_t before = 0;
  for (const Entry& entry : entries_) {
    RH_CHECK(entry.first() > before);
    before = entry.last();
    bytes += size_of(entry.record);
    dead += entry.dead ? 1U : 0U;
    spent += forgettable(entry) ? 1U : 0U;
  }
  std::size_t unsent = 0;
  for (std::size_t i = cursor_; i < entries_.size(); ++i) unsent += size_of(entries_[i].record);
  RH_CHECK(unsent == unsent_bytes_);
  RH_CHECK(before < next_);
  RH_CHECK(bytes == kept_bytes_ && dead == dead_ && spent == spent_);
  RH_CHECK(cursor_ <= entries_.size());
  RH_CHECK(entries_.empty() || !forgettable(entries_.front()));
  RH_CHECK(sent_ <= std::max(last(), accepted_));
  RH_CHECK(ever_sent_ <= last());
}

}  // namespace roundhouse::client
