#include "engine/core/run_queue.hpp"

#include <algorithm>
#include <utility>

#include "shared/check.hpp"

namespace roundhouse::engine {
namespace {

constexpr std::size_t kTableKeptMax = 4096;  // entries of an idle table that are not given back

bool contains(const std::vector<std::uint64_t>& sorted, std::uint64_t number) {
  return std::binary_search(sorted.begin(), sorted.end(), number);
}

}  // namespace

RunQueue::RunQueue(std::uint32_t slots) : running_(slots) {
  RH_CHECK(slots >= 1 && slots <= kSlotsMax);
}

void RunQueue::push(Run run) {
  Index index = unused_;
  if (index == kNone) {
    index = static_cast<Index>(entries_.size());
    entries_.emplace_back();
  } else {
    unused_ = entries_[index].next;
  }
  Entry& entry = entries_[index];
  entry.run = std::move(run);
  entry.next = kNone;
  entry.used = true;
  ++waiting_;
  if (!entry.run.direct) return append(free_, index);
  const SessionId session = entry.run.task.session;
  Lane& lane = lanes_[session];
  const bool was_empty = lane.list.head == kNone;
  append(lane.list, index);
  if (was_empty && !lane.busy) offer(session, lane);
}

void RunQueue::append(List& list, Index entry) {
  if (list.tail == kNone) {
    list.head = entry;
  } else {
    entries_[list.tail].next = entry;
  }
  list.tail = entry;
}

void RunQueue::offer(SessionId session, const Lane& lane) {
  offers_.push_back({entries_[lane.list.head].run.number, session});
  std::push_heap(offers_.begin(), offers_.end(),
                 [](const Offer& a, const Offer& b) { return a.number > b.number; });
}

const RunQueue::List* RunQueue::next_list() const {
  const bool lane_first =
      !offers_.empty() &&
      (free_.head == kNone || offers_.front().number < entries_[free_.head].run.number);
  if (lane_first) return &lanes_.find(offers_.front().session)->second.list;
  return free_.head == kNone ? nullptr : &free_;
}

std::optional<Run> RunQueue::take_next(std::uint32_t slot) {
  RH_CHECK(slot < running_.size() && !running_[slot].busy);
  const List* from = next_list();
  if (from == nullptr) return std::nullopt;
  List* list = &free_;
  if (from != &free_) {
    Lane& lane = lanes_.find(offers_.front().session)->second;
    std::pop_heap(offers_.begin(), offers_.end(),
                  [](const Offer& a, const Offer& b) { return a.number > b.number; });
    offers_.pop_back();
    lane.busy = true;
    list = &lane.list;
  }
  const Index index = list->head;
  list->head = entries_[index].next;
  if (list->head == kNone) list->tail = kNone;
  Run run = release(index);
  running_[slot] = {true, run.number, run.task, run.fence, run.direct};
  ++busy_;
  shrink_when_idle();
  return run;
}

Run RunQueue::release(Index index) {
  Entry& entry = entries_[index];
  Run run = std::move(entry.run);
  entry.run = Run{};
  entry.used = false;
  entry.next = unused_;
  unused_ = index;
  --waiting_;
  return run;
}

void RunQueue::shrink_when_idle() {
  if (waiting_ > 0 || entries_.capacity() <= kTableKeptMax) return;
  std::vector<Entry>().swap(entries_);
  unused_ = kNone;
}

void RunQueue::finish(std::uint32_t slot) {
  RH_CHECK(slot < running_.size() && running_[slot].busy);
  Held& held = running_[slot];
  held.busy = false;
  --busy_;
  if (!held.direct) return;
  const auto lane = lanes_.find(held.task.session);
  RH_CHECK(lane != lanes_.end() && lane->second.busy);
  lane->second.busy = false;
  if (lane->second.list.head == kNone) {
    lanes_.erase(lane);
  } else {
    offer(lane->first, lane->second);
  }
}

std::vector<std::uint64_t> RunQueue::revoke(std::vector<std::uint64_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  std::vector<std::uint64_t> taken;
  revoke_from(free_, numbers, taken);
  for (auto lane = lanes_.begin(); lane != lanes_.end();) {
    revoke_from(lane->second.list, numbers, taken);
    const bool gone = lane->second.list.head == kNone && !lane->second.busy;
    lane = gone ? lanes_.erase(lane) : std::next(lane);
  }
  rebuild_offers();
  shrink_when_idle();
  std::sort(taken.begin(), taken.end());
  return taken;
}

void RunQueue::revoke_from(List& list, const std::vector<std::uint64_t>& numbers,
                           std::vector<std::uint64_t>& taken) {
  Index last = kNone;
  for (Index index = list.head; index != kNone;) {
    const Index next = entries_[index].next;
    const std::uint64_t number = entries_[index].run.number;
    if (contains(numbers, number)) {
      (last == kNone ? list.head : entries_[last].next) = next;
      taken.push_back(number);
      static_cast<void>(release(index));
    } else {
      last = index;
    }
    index = next;
  }
  list.tail = last;
}

void RunQueue::rebuild_offers() {
  offers_.clear();
  for (const auto& [session, lane] : lanes_) {
    if (!lane.busy && lane.list.head != kNone) offer(session, lane);
  }
}

RunQueue::Running RunQueue::running_in(std::uint32_t slot) const {
  RH_CHECK(slot < running_.size() && running_[slot].busy);
  return {running_[slot].task, running_[slot].fence};
}

std::optional<std::uint32_t> RunQueue::slot_of(std::uint64_t number) const {
  for (std::uint32_t slot = 0; slot < running_.size(); ++slot)
    if (running_[slot].busy && running_[slot].number == number) return slot;
  return std::nullopt;
}

bool RunQueue::ready() const {
  return busy_ < running_.size() && (free_.head != kNone || !offers_.empty());
}

const Template* RunQueue::next() const {
  const List* list = next_list();
  return list == nullptr ? nullptr : entries_[list->head].run.shared.get();
}

std::vector<wire::HoldingRecord> RunQueue::holding() const {
  std::vector<wire::HoldingRecord> all;
  all.reserve(waiting_ + busy_);
  for (const Held& held : running_) {
    if (held.busy) all.push_back({held.number, held.task, held.fence, true});
  }
  for (const Entry& entry : entries_) {
    if (entry.used) all.push_back({entry.run.number, entry.run.task, entry.run.fence, false});
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  return all;
}

void RunQueue::check_invariants() const {
  std::size_t listed = 0;
  const auto walk = [&](const List& list, std::optional<SessionId> session) {
    std::uint64_t last = 0;
    Index tail = kNone;
    for (Index index = list.head; index != kNone; index = entries_[index].next) {
      const Entry& entry = entries_[index];
      RH_CHECK(entry.used && entry.run.number > last);
      RH_CHECK(entry.run.direct == session.has_value());
      RH_CHECK(!session || entry.run.task.session == *session);
      last = entry.run.number;
      tail = index;
      ++listed;
    }
    RH_CHECK(list.tail == tail);
  };
  walk(free_, std::nullopt);
  std::size_t offered = 0;
  std::size_t lanes_busy = 0;
  for (const auto& [session, lane] : lanes_) {
    RH_CHECK(lane.busy || lane.list.head != kNone);
    walk(lane.list, session);
    if (lane.busy) ++lanes_busy;
    if (!lane.busy) ++offered;
  }
  RH_CHECK(listed == waiting_);
  RH_CHECK(offered == offers_.size());
  std::size_t busy = 0;
  std::size_t direct = 0;
  for (const Held& held : running_) {
    if (held.busy) ++busy;
    if (held.busy && held.direct) ++direct;
  }
  RH_CHECK(busy == busy_ && direct == lanes_busy);
}

}  // namespace roundhouse::engine
