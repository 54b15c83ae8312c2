// What the checker knows of aborts: a task whose abort was confirmed is given to no engine from
// then on, the counts are true, and nothing ends as aborted that nobody wanted to end.

#include <algorithm>

#include "tests/sim/checker.hpp"

namespace roundhouse::sim {

namespace {

std::uint64_t count(const std::vector<wire::TaskRange>& ranges) {
  std::uint64_t out = 0;
  for (const wire::TaskRange& range : ranges) out += range.count();
  return out;
}

bool holds(const std::vector<wire::TaskRange>& ranges, TaskId id) {
  return std::ranges::any_of(ranges, [&](const wire::TaskRange& range) {
    return range.session == id.session && range.first <= id.sequence && id.sequence <= range.last;
  });
}

}  // namespace

void Checker::on_abort_asked(const Abort& abort) {
  all_aborted_ = all_aborted_ || abort.all;
  aborts_asked_.insert(aborts_asked_.end(), abort.ranges.begin(), abort.ranges.end());
}

bool Checker::may_be_aborted(TaskId id) const {
  return all_aborted_ || interrupted_ || holds(aborts_asked_, id);
}

void Checker::on_abort_answer(const Abort& abort, const hub::AbortCounts& counts,
                              std::uint64_t epoch) {
  const std::uint64_t told =
      counts.aborted + counts.stopping + counts.ended + counts.marked + counts.unknown;
  if (!abort.all && told != count(abort.ranges))
    fail("the hub counted " + std::to_string(told) + " of " + std::to_string(count(abort.ranges)) +
         " tasks to be aborted");
  // Those that it does not know are any of them, then.
  if (!abort.all && counts.unknown == 0) aborts_confirmed_.push_back({abort, counts, epoch});
}

// Without a memory a hub forgets what the one before it has confirmed.
bool Checker::is_confirmed(TaskId id, std::uint64_t epoch) const {
  return std::ranges::any_of(aborts_confirmed_, [&](const Confirmed& each) {
    const bool remembered =
        options_.router.durability != hub::Durability::none || each.epoch == epoch;
    return remembered && holds(each.abort.ranges, id);
  });
}

void Checker::check_aborts() const {
  for (const Confirmed& each : aborts_confirmed_) {
    const bool forgotten =
        options_.router.durability == hub::Durability::none && hubs_.rbegin()->first > each.epoch;
    if (forgotten) continue;
    std::uint64_t aborted = 0;
    bool all_here = true;
    for (const wire::TaskRange& range : each.abort.ranges) {
      all_here = all_here && !gone_clients_.contains(range.session.value);
      for (std::uint64_t at = range.first; at <= range.last; ++at) {
        const auto task = tasks_.find({range.session, at});
        aborted += task != tasks_.end() && task->second.ending == wire::Ending::aborted ? 1U : 0U;
      }
    }
    if (all_here && aborted < each.counts.aborted)
      fail("the hub aborted " + std::to_string(each.counts.aborted) + " tasks, and only " +
           std::to_string(aborted) + " of them ended so");
  }
}

}  // namespace roundhouse::sim
