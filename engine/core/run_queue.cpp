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

RunQueue::RunQueue(std::uint32_t slots) : slots_(slots), running_(slots) {
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
  const std::uint32_t depth = entry.run.shared->depth;
  if (!entry.run.direct) return append(depth == 0 ? free_ : nested_[depth], index);
  const LaneKey key{entry.run.task.session, depth};
  Lane& lane = lanes_[key];
  const bool was_empty = lane.list.head == kNone;
  append(lane.list, index);
  if (was_empty && !lane.busy) offer(key, lane);
}

void RunQueue::append(List& list, Index entry) {
  if (list.tail == kNone) {
    list.head = entry;
  } else {
    entries_[list.tail].next = entry;
  }
  list.tail = entry;
}

void RunQueue::offer(const LaneKey& key, const Lane& lane) {
  offers_.push_back({entries_[lane.list.head].run.number, key});
  std::push_heap(offers_.begin(), offers_.end());
}

// The deepest of those that are not direct.
const RunQueue::List& RunQueue::free_list() const {
  return nested_.empty() ? free_ : nested_.begin()->second;
}

const RunQueue::List* RunQueue::next_list() const {
  const List& free = free_list();
  const std::uint32_t free_depth = nested_.empty() ? 0 : nested_.begin()->first;
  const auto goes_first = [&](const Offer& offer) {
    if (free.head == kNone) return true;
    if (offer.lane.depth != free_depth) return offer.lane.depth > free_depth;
    return offer.number < entries_[free.head].run.number;
  };
  if (!offers_.empty() && goes_first(offers_.front())) {
    if (offers_.front().lane.depth < wanted_depth_) return nullptr;
    return &lanes_.find(offers_.front().lane)->second.list;
  }
  return free.head == kNone || free_depth < wanted_depth_ ? nullptr : &free;
}

std::optional<Run> RunQueue::take_next(std::uint32_t seat) {
  if (running_.size() <= seat) running_.resize(std::size_t{seat} + 1);
  RH_CHECK(seat < kSeatsMax && !running_[seat].busy);
  const List* from = active_ < slots_ && returning_ == 0 ? next_list() : nullptr;
  if (from == nullptr) return std::nullopt;
  List* list = nested_.empty() ? &free_ : &nested_.begin()->second;
  if (from != list) {
    Lane& lane = lanes_.find(offers_.front().lane)->second;
    std::pop_heap(offers_.begin(), offers_.end());
    offers_.pop_back();
    lane.busy = true;
    list = &lane.list;
  }
  const Index index = list->head;
  list->head = entries_[index].next;
  if (list->head == kNone) {
    list->tail = kNone;
    if (!nested_.empty() && list == &nested_.begin()->second) nested_.erase(nested_.begin());
  }
  Run run = release(index);
  Held& held = running_[seat];
  held.busy = true, held.depth = run.shared->depth;
  held.number = run.number, held.task = run.task, held.fence = run.fence;
  held.direct = run.direct;
  ++active_;
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

void RunQueue::finish(std::uint32_t seat) {
  RH_CHECK(seat < running_.size() && running_[seat].busy);
  const Held held = std::exchange(running_[seat], {});
  if (held.lent) {  // it ends without having come back
    --lent_;
    if (held.returning) --returning_;
    set_limit();
  } else {
    --active_;
  }
  if (!held.direct) return;
  const auto lane = lanes_.find({held.task.session, held.depth});
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
  for (auto list = nested_.begin(); list != nested_.end();) {
    revoke_from(list->second, numbers, taken);
    list = list->second.head == kNone ? nested_.erase(list) : std::next(list);
  }
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
  for (const auto& [key, lane] : lanes_) {
    if (!lane.busy && lane.list.head != kNone) offer(key, lane);
  }
}

RunQueue::Running RunQueue::running_in(std::uint32_t seat) const {
  RH_CHECK(seat < running_.size() && running_[seat].busy);
  return {running_[seat].task, running_[seat].fence};
}

std::optional<std::uint32_t> RunQueue::slot_of(std::uint64_t number) const {
  for (std::uint32_t seat = 0; seat < running_.size(); ++seat)
    if (running_[seat].busy && running_[seat].number == number) return seat;
  return std::nullopt;
}

std::vector<std::uint64_t> RunQueue::lend(std::uint32_t seat) {
  RH_CHECK(seat < running_.size() && running_[seat].busy && !running_[seat].lent && may_lend());
  Held& held = running_[seat];
  held.lent = true;
  ++lent_;
  --active_;
  wanted_depth_ = 1;  // the limit holds again, if it was lifted
  set_limit();
  // What can begin at once may stay.
  const std::uint32_t idle = active_ < slots_ ? slots_ - active_ : 0;
  return give_back(held.depth + 1, wanted_depth_ == 0 ? idle : 0);
}

// The limit, as it is with those that wait now. One that was lifted stays so.
void RunQueue::set_limit() {
  if (wanted_depth_ == 0) return;
  wanted_depth_ = 0;
  if (lent_ < kLentFreely) return;
  for (const Held& held : running_)
    if (held.lent) wanted_depth_ = std::max(wanted_depth_, held.depth + 1);
}

void RunQueue::want_back(std::uint32_t seat) {
  RH_CHECK(seat < running_.size() && running_[seat].lent && !running_[seat].returning);
  running_[seat].returning = true;
  ++returning_;
}

std::optional<std::uint32_t> RunQueue::next_back() const {
  if (returning_ == 0 || active_ >= slots_) return std::nullopt;
  std::optional<std::uint32_t> out;
  for (std::uint32_t seat = 0; seat < running_.size(); ++seat)
    if (running_[seat].returning && (!out || running_[seat].depth > running_[*out].depth))
      out = seat;
  return out;
}

bool RunQueue::take_back(std::uint32_t seat, bool at_once) {
  RH_CHECK(seat < running_.size() && running_[seat].returning);
  if (!at_once && next_back() != seat) return false;
  Held& held = running_[seat];
  held.lent = held.returning = false;
  --lent_, --returning_;
  ++active_;
  set_limit();
  return true;
}

bool RunQueue::is_held_up() const {
  return wanted_depth_ > 0 && lent_ < kLentBroadly && active_ < slots_ && returning_ == 0;
}

std::vector<std::uint64_t> RunQueue::give_back_shallow() {
  return give_back(wanted_depth_, 0);
}

// Takes out what is not direct and of less depth than `below`, but so many of those that come
// first.
std::vector<std::uint64_t> RunQueue::give_back(std::uint32_t below, std::uint32_t but) {
  std::vector<std::uint64_t> taken;
  const auto take_from = [&](List& list) {
    Index last = kNone;
    Index index = list.head;
    for (; index != kNone && but > 0; --but) last = std::exchange(index, entries_[index].next);
    (last == kNone ? list.head : entries_[last].next) = kNone;
    list.tail = last;
    while (index != kNone) {
      const Index next = entries_[index].next;
      taken.push_back(entries_[index].run.number);
      static_cast<void>(release(index));
      index = next;
    }
  };
  // Deeper ones first: of those as many stay as may begin.
  for (auto list = nested_.begin(); list != nested_.end();) {
    if (list->first >= below) {
      for (Index index = list->second.head; index != kNone && but > 0; --but)
        index = entries_[index].next;
      ++list;
      continue;
    }
    take_from(list->second);
    list = list->second.head == kNone ? nested_.erase(list) : std::next(list);
  }
  if (below > 0) take_from(free_);
  shrink_when_idle();
  std::sort(taken.begin(), taken.end());
  return taken;
}

bool RunQueue::ready() const {
  return active_ < slots_ && returning_ == 0 && next_list() != nullptr;
}

const Template* RunQueue::next() const {
  const List* list = returning_ == 0 ? next_list() : nullptr;
  return list == nullptr ? nullptr : entries_[list->head].run.shared.get();
}

std::vector<wire::HoldingRecord> RunQueue::holding() const {
  std::vector<wire::HoldingRecord> all;
  all.reserve(waiting_ + running());
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
  const auto walk = [&](const List& list, std::optional<SessionId> session, std::uint32_t depth) {
    std::uint64_t last = 0;
    Index tail = kNone;
    for (Index index = list.head; index != kNone; index = entries_[index].next) {
      const Entry& entry = entries_[index];
      RH_CHECK(entry.used && entry.run.number > last);
      RH_CHECK(entry.run.direct == session.has_value());
      RH_CHECK(!session || entry.run.task.session == *session);
      RH_CHECK(entry.run.shared->depth == depth);
      last = entry.run.number;
      tail = index;
      ++listed;
    }
    RH_CHECK(list.tail == tail);
  };
  walk(free_, std::nullopt, 0);
  for (const auto& [depth, list] : nested_) {
    RH_CHECK(depth > 0 && list.head != kNone);
    walk(list, std::nullopt, depth);
  }
  std::size_t offered = 0;
  std::size_t lanes_busy = 0;
  for (const auto& [key, lane] : lanes_) {
    RH_CHECK(lane.busy || lane.list.head != kNone);
    walk(lane.list, key.session, key.depth);
    if (lane.busy) ++lanes_busy;
    if (!lane.busy) ++offered;
  }
  RH_CHECK(listed == waiting_);
  RH_CHECK(offered == offers_.size());
  std::size_t busy = 0;
  std::size_t direct = 0;
  std::size_t lent = 0;
  std::size_t returning = 0;
  for (const Held& held : running_) {
    if (held.busy) ++busy;
    if (held.busy && held.direct) ++direct;
    if (held.lent) ++lent;
    if (held.returning) ++returning;
    RH_CHECK((held.busy || !held.lent) && (held.lent || !held.returning));
  }
  RH_CHECK(busy == running() && direct == lanes_busy);
  RH_CHECK(lent == lent_ && returning == returning_ && lent_ <= kLentMax);
  RH_CHECK(wanted_depth_ == 0 || lent_ >= kLentFreely);
}

}  // namespace roundhouse::engine
