#pragma once

// CORE. RunQueue: what the engine was told to run and has not finished, and which of it is next.
//
// Direct tasks of one session and depth form a lane: one at a time, in order. Everything else fills
// the other slots. Within what may run now the deepest goes first, and then the lowest number.
//
// Each run has a *seat*: that of a slot, or a further one. A run that waits for other tasks *lends*
// its slot: it keeps its seat, and the slot is another run's meanwhile. When it wants its slot
// back, nothing new begins before it has one. Beyond kLentFreely lent slots only runs begin that
// are deeper than all that wait, so that many waiting tasks do not all begin to wait before the
// first has what it waits for; the limit is lifted when nothing like that comes (Session), up to
// kLentBroadly. Beyond kLentMax nothing is lent.
//
// Thread rule: plain value of its core.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/content_hash.hpp"
#include "shared/payload.hpp"
#include "shared/records.hpp"
#include "shared/time.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::engine {

inline constexpr std::uint32_t kSlotsMax = 256;
inline constexpr std::uint32_t kLentFreely = 8;
inline constexpr std::uint32_t kLentBroadly = 192;
inline constexpr std::uint32_t kLentMax = wire::kLentMax;
inline constexpr std::uint32_t kSeatsMax = kSlotsMax + kLentMax;
static_assert(kLentFreely < kLentBroadly && kLentBroadly < kLentMax);
inline constexpr Duration kShort = std::chrono::microseconds{50};

// What an engine must have, or say, before it runs the tasks of a `define` (PROTOCOL 14).
struct Rules {
  std::string depend;  // a predicate; empty: none
  std::string depend_signature;
  std::string depend_body;
  std::vector<std::string> modules;
  std::vector<std::string> functions;  // each followed by its signature, which may be empty
};

// What the tasks of one `define` share. Lives as long as the connection that defined it, or a run
// that uses it.
struct Template {
  SessionId session;
  std::string function;
  std::string signature;
  std::string source;                  // of a lambda; empty: it is found by its name
  std::vector<ContentHash> builds;     // of modules, to look for it in
  std::unique_ptr<const Rules> rules;  // null: none
  Duration time_limit{0};              // of a run; 0: none
  std::uint32_t depth = 0;             // of tasks that tasks submit; 0: of all others
  // Free for the shell: what the name was resolved to. Any thread that runs one of its tasks.
  mutable std::atomic<const void*> resolved{nullptr};
  // Smoothed duration of its tasks; nothing before the first one. The core's.
  std::optional<Duration> typical;

  [[nodiscard]] bool known_short() const { return typical && *typical < kShort; }
};

// One assignment.
struct Run {
  std::uint64_t number = 0;
  TaskId task;
  Fence fence;
  bool direct = false;
  std::shared_ptr<Template> shared;  // the connection's table and the runs that use it
  Payload payload;
};

class RunQueue {
 public:
  explicit RunQueue(std::uint32_t slots);

  // Precondition: numbers increase from call to call.
  void push(Run run);
  // The next run for a free seat, which then holds it; nothing when nothing may run now. The
  // payload moves out.
  [[nodiscard]] std::optional<Run> take_next(std::uint32_t seat);
  // The seat is free again, its slot idle, and the lane of its run may go on. Precondition: the
  // seat was taken.
  void finish(std::uint32_t seat);

  [[nodiscard]] bool may_lend() const { return lent_ < kLentMax; }

  // The run of this seat waits for others. Returns what is promised not to run here, sorted: what
  // is not deeper than this run, and would only wait behind what it waits for. Precondition:
  // may_lend(), and it has a slot.
  [[nodiscard]] std::vector<std::uint64_t> lend(std::uint32_t seat);
  // It waits no more, and wants a slot. Precondition: it has lent its own.
  void want_back(std::uint32_t seat);
  // Gives it a slot if there is one, and nobody deeper wants it; with `at_once` in any case, as one
  // more than there are. Whether it has one. Precondition: want_back().
  [[nodiscard]] bool take_back(std::uint32_t seat, bool at_once);
  // The seat that is next to get a slot back, if there is a slot for it.
  [[nodiscard]] std::optional<std::uint32_t> next_back() const;

  // Slots that are lent now.
  [[nodiscard]] std::uint32_t lent() const { return lent_; }

  // Only runs of this depth, or deeper ones, begin at present.
  [[nodiscard]] std::uint32_t wanted_depth() const { return wanted_depth_; }

  // Whether lift_limit() would let something begin that waits here, or at the hub.
  [[nodiscard]] bool is_held_up() const;

  // Everything may begin, until the next slot is lent.
  void lift_limit() { wanted_depth_ = 0; }

  // Takes out what may not begin because it is not deep enough, and is not direct. Sorted.
  [[nodiscard]] std::vector<std::uint64_t> give_back_shallow();
  // Which of these are promised not to run: those that wait here, which are forgotten. Sorted.
  [[nodiscard]] std::vector<std::uint64_t> revoke(std::vector<std::uint64_t> numbers);

  struct Running {
    TaskId task;
    Fence fence;
  };

  // What has this seat. Precondition: it is taken.
  [[nodiscard]] Running running_in(std::uint32_t seat) const;

  // The seat of this number.
  [[nodiscard]] std::optional<std::uint32_t> slot_of(std::uint64_t number) const;

  // Some idle slot would find work.
  [[nodiscard]] bool ready() const;
  // The run that take_next would give, or null: to ask whether it is short.
  [[nodiscard]] const Template* next() const;
  // Everything here, by number, running or not.
  [[nodiscard]] std::vector<wire::HoldingRecord> holding() const;

  [[nodiscard]] std::uint32_t slots() const { return slots_; }

  // Runs that have a slot now.
  [[nodiscard]] std::uint32_t active() const { return active_; }

  [[nodiscard]] std::size_t waiting() const { return waiting_; }

  // Runs, with those that wait.
  [[nodiscard]] std::size_t running() const { return active_ + lent_; }

  // Bytes of the tables, for tests: returns to base when everything has run.
  [[nodiscard]] std::size_t table_size() const { return entries_.capacity(); }

  void check_invariants() const;

 private:
  using Index = std::uint32_t;
  static constexpr Index kNone = 0xffffffff;

  // First in, first out, linked through Entry::next.
  struct List {
    Index head = kNone;
    Index tail = kNone;
  };

  struct Entry {
    Run run;
    Index next = kNone;
    bool used = false;
  };

  struct LaneKey {
    SessionId session;
    std::uint32_t depth = 0;
    friend bool operator==(const LaneKey&, const LaneKey&) = default;
  };

  struct LaneHash {
    std::size_t operator()(const LaneKey& key) const {
      return std::hash<SessionId>{}(key.session) ^ (std::size_t{key.depth} << 32U);
    }
  };

  struct Lane {
    List list;
    bool busy = false;
  };

  // What has a seat.
  struct Held {
    bool busy = false;
    bool lent = false;
    bool returning = false;  // it has lent its slot, and wants one
    std::uint32_t depth = 0;
    std::uint64_t number = 0;
    TaskId task;
    Fence fence;
    bool direct = false;
  };

  void append(List& list, Index entry);
  // Takes out of `list` what matches `numbers`; adds those to `taken`.
  void revoke_from(List& list, const std::vector<std::uint64_t>& numbers,
                   std::vector<std::uint64_t>& taken);
  [[nodiscard]] Run release(Index entry);
  // Lanes that are idle and have work, by depth and the number of their head.
  void offer(const LaneKey& key, const Lane& lane);
  void rebuild_offers();
  void shrink_when_idle();
  // The list whose head runs next: a free list, the first offered lane, or null.
  [[nodiscard]] const List* next_list() const;
  [[nodiscard]] const List& free_list() const;
  [[nodiscard]] std::vector<std::uint64_t> give_back(std::uint32_t below, std::uint32_t but);
  void set_limit();

  std::vector<Entry> entries_;
  Index unused_ = kNone;
  List free_;                                             // not direct, of no depth
  std::map<std::uint32_t, List, std::greater<>> nested_;  // not direct, by depth; none empty
  std::unordered_map<LaneKey, Lane, LaneHash> lanes_;     // only those with work or a run; never
                                                          // iterated in an order that matters

  struct Offer {
    std::uint64_t number;
    LaneKey lane;

    // Whether it is behind the other.
    [[nodiscard]] bool operator<(const Offer& other) const {
      return lane.depth != other.lane.depth ? lane.depth < other.lane.depth : number > other.number;
    }
  };

  std::vector<Offer> offers_;  // a heap, the deepest first, of these the lowest number
  const std::uint32_t slots_;
  std::vector<Held> running_;  // by seat
  std::size_t waiting_ = 0;
  std::uint32_t active_ = 0;
  std::uint32_t lent_ = 0;
  std::uint32_t returning_ = 0;
  std::uint32_t wanted_depth_ = 0;
};

}  // namespace roundhouse::engine
