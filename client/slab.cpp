#include "client/slab.hpp"

#include <utility>

#include "shared/check.hpp"

namespace roundhouse::detail {
namespace {

// Back to what a new slot is, with everything it held let go.
void reset(Slot& slot) {
  slot.handles.store(0, std::memory_order_relaxed);
  slot.count = slot.unfinished = slot.template_number = slot.offset = slot.attempt = slot.view = 0;
  slot.abandoned = slot.watched = slot.used = slot.done = slot.purged = false;
  slot.duration_ns = slot.order = slot.task_ns = 0;
  slot.started_us = 0;
  slot.submitted = slot.received = {};
  slot.engine.reset();
  slot.ending = wire::Ending::ok;
  slot.payload = {};
  slot.heard.reset();
  slot.heard_on.reset();
}

}  // namespace

Slot* Slab::find(std::uint64_t sequence) {
  const std::uint64_t page = sequence / kPageSlots;
  if (page < first_page_ || page - first_page_ >= pages_.size()) return nullptr;
  Page* found = pages_[page - first_page_].get();
  if (found == nullptr) return nullptr;
  Slot& slot = found->slots[sequence % kPageSlots];
  return slot.used ? &slot : nullptr;
}

Slot& Slab::get(std::uint64_t sequence) {
  Slot* slot = find(sequence);
  RH_CHECK(slot != nullptr);
  return *slot;
}

Slot& Slab::open(std::uint64_t first, std::uint32_t count) {
  RH_CHECK(count > 0);
  if (pages_.empty()) first_page_ = first / kPageSlots;
  Slot* head = nullptr;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t page = (first + i) / kPageSlots;
    RH_CHECK(page >= first_page_);
    while (page - first_page_ >= pages_.size()) pages_.emplace_back();
    std::unique_ptr<Page>& home = pages_[page - first_page_];
    if (!home && !spare_.empty()) {
      home = std::move(spare_.back());
      spare_.pop_back();
    }
    if (!home) home = std::make_unique<Page>();
    Slot& slot = home->slots[(first + i) % kPageSlots];
    RH_CHECK(!slot.used);
    slot.used = true;
    slot.offset = i;
    ++home->used;
    if (i == 0) head = &slot;
  }
  used_ += count;
  head->count = head->unfinished = count;
  head->handles.store(1, std::memory_order_relaxed);
  return *head;
}

Slot* Slab::finish(wire::OutcomeRecord&& record, TimePoint now, WallTime wall) {
  Slot* slot = find(record.sequence);
  if (slot == nullptr || slot->done) return nullptr;
  slot->done = true;
  const std::uint64_t first = record.sequence - slot->offset;
  Slot& head = get(first);
  --head.unfinished;
  if (head.abandoned) {
    if (head.unfinished == 0) free(first, head.count);
    return nullptr;
  }
  slot->order = next_order_++;
  slot->ending = record.ending;
  slot->attempt = record.attempt;
  slot->engine = record.engine;
  slot->started_us = record.started_us;
  slot->task_ns = record.duration_ns;
  slot->received = wall;
  slot->payload = std::move(record.payload);
  head.duration_ns += record.duration_ns;
  head.finished_at = now;
  return &head;
}

HeardOutput::Text Slab::hear(const wire::Output& part) {
  Slot* slot = find(part.sequence);
  if (slot == nullptr || slot->done || get(part.sequence - slot->offset).abandoned) return {};
  return detail::hear(*slot).add(part);
}

void Slab::abandon(Slot& head, std::uint64_t first) {
  if (head.unfinished == 0) return free(first, head.count);
  head.abandoned = true;
  for (std::uint32_t i = 0; i < head.count; ++i)
    get(first + i).payload = {}, get(first + i).heard.reset();
}

void Slab::free(std::uint64_t first, std::uint32_t count) {
  used_ -= count;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t sequence = first + i;
    std::unique_ptr<Page>& home = pages_[sequence / kPageSlots - first_page_];
    reset(home->slots[sequence % kPageSlots]);
    if (--home->used > 0) continue;
    if (spare_.size() < kSparePagesMax)
      spare_.push_back(std::move(home));
    else
      home.reset();
  }
  while (!pages_.empty() && !pages_.front()) {
    pages_.pop_front();
    ++first_page_;
  }
}

std::size_t Slab::pages() const {
  std::size_t count = 0;
  for (const auto& page : pages_) count += page ? 1U : 0U;
  return count;
}

}  // namespace roundhouse::detail
