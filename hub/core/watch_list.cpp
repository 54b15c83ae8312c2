#include "hub/core/watch_list.hpp"

#include <algorithm>

#include "hub/core/request_body.hpp"
#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::size_t kIdsPerReply = 10'000;

// The last so many of them.
std::vector<TaskId> take_some(std::vector<TaskId>& from, std::size_t count) {
  const auto begin = from.end() - static_cast<std::ptrdiff_t>(std::min(count, from.size()));
  std::vector<TaskId> out(begin, from.end());
  from.erase(begin, from.end());
  return out;
}

}  // namespace

void WatchList::touch(const Key& key, Watch& watch) {
  if (watch.dirty) return;
  watch.dirty = true;
  dirty_.push_back(key);
}

void WatchList::add(LinkId link, std::uint64_t request, const std::vector<TaskId>& waiting,
                    std::vector<TaskId> ended) {
  remove(link, request);
  const Key key{link, request};
  Watch& watch = watches_[key];
  watch.waiting = waiting;
  watch.left = waiting.size();
  watch.ended = std::move(ended);
  for (const TaskId task : waiting) by_task_[task].push_back(key);
  waited_for_ += waiting.size();
  if (!watch.ended.empty() || waiting.empty()) touch(key, watch);
}

bool WatchList::remove(LinkId link, std::uint64_t request) {
  const auto found = watches_.find({link, request});
  if (found == watches_.end()) return false;
  for (const TaskId task : found->second.waiting) {
    const auto entry = by_task_.find(task);
    if (entry == by_task_.end()) continue;
    waited_for_ -= std::erase(entry->second, found->first);
    if (entry->second.empty()) by_task_.erase(entry);
  }
  std::erase(dirty_, found->first);
  watches_.erase(found);
  return true;
}

void WatchList::remove_link(LinkId link) {
  while (true) {
    const auto found = watches_.lower_bound({link, 0});
    if (found == watches_.end() || found->first.first != link) return;
    remove(link, found->first.second);
  }
}

void WatchList::tell(TaskId task, std::vector<TaskId> Watch::*news) {
  const auto entry = by_task_.find(task);
  if (entry == by_task_.end()) return;
  for (const Key& key : entry->second) {
    Watch& watch = watches_.at(key);
    (watch.*news).push_back(task);
    --watch.left;
    touch(key, watch);
  }
  waited_for_ -= entry->second.size();
  by_task_.erase(entry);
}

void WatchList::take_replies(std::vector<Send>& sends) {
  for (const Key& key : std::exchange(dirty_, {})) {
    Watch& watch = watches_.at(key);
    watch.dirty = false;
    do {
      const std::vector<TaskId> ended = take_some(watch.ended, kIdsPerReply);
      const std::vector<TaskId> unknown = take_some(watch.unknown, kIdsPerReply - ended.size());
      wire::Reply reply;
      reply.id = key.second;
      reply.more = watch.left > 0 || !watch.ended.empty() || !watch.unknown.empty();
      wire::Packer p(reply.body.bytes);
      p.map(2), pack_ids(p, "ended", ended), pack_ids(p, "unknown", unknown);
      sends.push_back({key.first, wire::encode(reply)});
    } while (!watch.ended.empty() || !watch.unknown.empty());
    if (watch.left == 0) watches_.erase(key);
  }
}

}  // namespace roundhouse::hub
