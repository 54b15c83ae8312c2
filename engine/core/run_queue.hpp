#pragma once

// CORE. RunQueue: what the engine was told to run and has not finished, and which of it is next.
//
// Direct tasks of one session form a lane: one at a time, in order. Everything else fills the other
// slots. Within what may run now the lowest number goes first. Thread rule: plain value of its
// core.

#include <atomic>
#include <cstddef>
#include <cstdint>
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
  // The next run for an idle slot, which then holds it; nothing when nothing may run now. The
  // payload moves out.
  [[nodiscard]] std::optional<Run> take_next(std::uint32_t slot);
  // The slot is idle again, and the lane of its run may go on. Precondition: the slot was busy.
  void finish(std::uint32_t slot);
  // Which of these are promised not to run: those that wait here, which are forgotten. Sorted.
  [[nodiscard]] std::vector<std::uint64_t> revoke(std::vector<std::uint64_t> numbers);

  struct Running {
    TaskId task;
    Fence fence;
  };

  // What this slot runs. Precondition: it is busy.
  [[nodiscard]] Running running_in(std::uint32_t slot) const;

  // The slot that runs this number.
  [[nodiscard]] std::optional<std::uint32_t> slot_of(std::uint64_t number) const;

  // Some idle slot would find work.
  [[nodiscard]] bool ready() const;
  // The run that take_next would give, or null: to ask whether it is short.
  [[nodiscard]] const Template* next() const;
  // Everything here, by number, running or not.
  [[nodiscard]] std::vector<wire::HoldingRecord> holding() const;

  [[nodiscard]] std::uint32_t slots() const { return static_cast<std::uint32_t>(running_.size()); }

  [[nodiscard]] std::size_t waiting() const { return waiting_; }

  [[nodiscard]] std::size_t running() const { return busy_; }

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

  struct Lane {
    List list;
    bool busy = false;
  };

  // What a slot runs.
  struct Held {
    bool busy = false;
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
  // Lanes that are idle and have work: their sessions by the number of their head.
  void offer(SessionId session, const Lane& lane);
  void rebuild_offers();
  void shrink_when_idle();
  // The list whose head runs next: the free list, the first offered lane, or null.
  [[nodiscard]] const List* next_list() const;

  std::vector<Entry> entries_;
  Index unused_ = kNone;
  List free_;                                  // tasks that are not direct
  std::unordered_map<SessionId, Lane> lanes_;  // only those with work or a run; never iterated in
                                               // an order that matters

  struct Offer {
    std::uint64_t number;
    SessionId session;
  };

  std::vector<Offer> offers_;  // a heap, lowest number first
  std::vector<Held> running_;
  std::size_t waiting_ = 0;
  std::size_t busy_ = 0;
};

}  // namespace roundhouse::engine
