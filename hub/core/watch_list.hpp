#pragma once

// CORE. WatchList: who wants to be told when which task has ended (`watch` of PROTOCOL 9). It costs
// the end of a task nothing while nobody watches, and one look-up while somebody does.
// Thread rule: the router's thread.
//
//   watches.add(link, request.id, ids);     // tasks that have not ended
//   watches.on_ended(task);                 // ... in the same turn or much later
//   watches.take_replies(out.sends);        // once per turn: what is new, to each who asked

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hub/core/link.hpp"
#include "hub/core/outbox.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

class WatchList {
 public:
  static constexpr std::size_t kTasksMax = 1'000'000;  // that are waited for, of all clients

  [[nodiscard]] bool empty() const { return by_task_.empty() && dirty_.empty(); }

  [[nodiscard]] std::size_t size() const { return waited_for_; }

  // `ended` are told with the next replies, `waiting` when on_ended() or on_unknown() says so. The
  // watch is over when nothing is waited for any more. A request with the number of an earlier one
  // of this link takes its place.
  void add(LinkId link, std::uint64_t request, const std::vector<TaskId>& waiting,
           std::vector<TaskId> ended);
  // False: there is no such watch.
  bool remove(LinkId link, std::uint64_t request);
  void remove_link(LinkId link);

  void on_ended(TaskId task) { tell(task, &Watch::ended); }

  // The task will not come any more: nobody has submitted it.
  void on_unknown(TaskId task) { tell(task, &Watch::unknown); }

  [[nodiscard]] bool watched(TaskId task) const { return by_task_.contains(task); }

  void take_replies(std::vector<Send>& sends);

 private:
  using Key = std::pair<LinkId, std::uint64_t>;

  struct Watch {
    std::vector<TaskId> waiting;  // as asked for; those that were told may still be in it
    std::size_t left = 0;
    std::vector<TaskId> ended;
    std::vector<TaskId> unknown;
    bool dirty = false;
  };

  void tell(TaskId task, std::vector<TaskId> Watch::*news);
  void touch(const Key& key, Watch& watch);

  std::map<Key, Watch> watches_;
  std::unordered_map<TaskId, std::vector<Key>> by_task_;  // in the order of the requests
  std::size_t waited_for_ = 0;
  std::vector<Key> dirty_;
};

}  // namespace roundhouse::hub
