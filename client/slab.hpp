// Slab: what became of the tasks of a client, for as long as a handle (or a task under way) needs
// it. One slot per task, found by its sequence, in pages that are used again: no allocation per
// task. Pure.
//
// Tasks that were submitted together are a group: consecutive sequences with one count of handles,
// kept in the slot of the first. A group goes when its last handle is gone and its last outcome has
// come. Slots do not move.
// Thread rule: under the lock of its owner, but for share() and drop_share(), which are for anyone
// who holds a handle.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "client/heard_output.hpp"
#include "shared/payload.hpp"
#include "shared/records.hpp"
#include "shared/time.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::detail {

struct Slot {
  // Of a group, in the slot of its first task.
  std::atomic<std::uint32_t> handles{0};
  std::uint32_t count = 0;       // tasks
  std::uint32_t unfinished = 0;  // of them
  bool abandoned = false;        // no handle is left
  bool watched = false;          // somebody is to be told when nothing is unfinished
  std::uint32_t template_number = 0;
  std::uint32_t view = 0;  // by which it was submitted
  WallTime submitted;
  TimePoint submitted_at;
  TimePoint finished_at;          // the last of them
  std::uint64_t duration_ns = 0;  // of those that are done, added up
  // Of each task.
  std::uint32_t offset = 0;  // in its group
  bool used = false;
  bool done = false;
  bool purged = false;  // its result was let go of before its handles
  wire::Ending ending = wire::Ending::ok;
  std::uint32_t attempt = 0;
  std::optional<EngineId> engine;  // where it ran; while it is not done, where it must run
  std::uint64_t order = 0;         // of being done
  std::int64_t started_us = 0;
  std::uint64_t task_ns = 0;
  WallTime received;
  Payload payload;
  std::unique_ptr<HeardOutput> heard;  // what it has written; null: nothing
  std::optional<EngineId> heard_on;
};

// That of a slot, made when there is none.
inline HeardOutput& hear(Slot& slot) {
  if (!slot.heard) slot.heard = std::make_unique<HeardOutput>();
  return *slot.heard;
}

// Another handle on a group.
inline void share(Slot& head) {
  head.handles.fetch_add(1, std::memory_order_relaxed);
}

// One less. True when it was the last: call Slab::abandon, under the lock.
[[nodiscard]] inline bool drop_share(Slot& head) {
  return head.handles.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

class Slab {
 public:
  // Room for tasks first..first + count - 1, with one handle. Returns the first one's slot.
  // Precondition: sequences increase from call to call, without gaps.
  Slot& open(std::uint64_t first, std::uint32_t count);

  // The outcome of a task. Returns its group's first slot, or null when nobody wants it any more
  // (or it is not a task of this slab).
  Slot* finish(wire::OutcomeRecord&& record, TimePoint now, WallTime wall);

  // What a task that runs has written; what is new in that, and empty when nobody wants it.
  [[nodiscard]] HeardOutput::Text hear(const wire::Output& part);

  // No handle is left: `head`, whose first task is `first`, and its slots go when nothing more can
  // come.
  void abandon(Slot& head, std::uint64_t first);

  // The same, whatever may still come: finish() finds nothing then.
  void discard(const Slot& head, std::uint64_t first) { free(first, head.count); }

  // Precondition: it is a task with a slot.
  [[nodiscard]] Slot& get(std::uint64_t sequence);
  // Null when there is none (any more).
  [[nodiscard]] Slot* find(std::uint64_t sequence);

  // Calls use(sequence, slot) for each task that has a handle, in order.
  template <class F>
  void for_each_held(F&& use) {
    for (std::size_t page = 0; page < pages_.size(); ++page) {
      for (std::size_t i = 0; pages_[page] && i < kPageSlots; ++i) {
        const std::uint64_t sequence = (first_page_ + page) * kPageSlots + i;
        const Slot& slot = pages_[page]->slots[i];
        if (slot.used && !get(sequence - slot.offset).abandoned) use(sequence, slot);
      }
    }
  }

  [[nodiscard]] std::size_t used() const { return used_; }  // slots

  [[nodiscard]] std::size_t pages() const;

 private:
  static constexpr std::size_t kPageSlots = 512;
  static constexpr std::size_t kSparePagesMax = 4;

  struct Page {
    std::array<Slot, kPageSlots> slots;
    std::size_t used = 0;
  };

  void free(std::uint64_t first, std::uint32_t count);

  std::deque<std::unique_ptr<Page>> pages_;  // of sequences / kPageSlots from first_page_ on
  std::uint64_t first_page_ = 0;
  std::vector<std::unique_ptr<Page>> spare_;
  std::size_t used_ = 0;
  std::uint64_t next_order_ = 1;
};

}  // namespace roundhouse::detail
