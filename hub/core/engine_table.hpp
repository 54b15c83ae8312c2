#pragma once

// CORE. EngineTable: the engines that the hub knows, what each was sent, and its lanes.
// Thread rule: the router's thread.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/core/link.hpp"
#include "hub/core/module_table.hpp"
#include "hub/core/task_table.hpp"
#include "shared/intervals.hpp"
#include "shared/records.hpp"
#include "shared/time.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

enum class Presence : std::uint8_t {
  expected,     // known to an earlier hub, not back yet
  reconciling,  // said hello; has not yet said all that it holds
  online,
  away,  // its connection broke; may return, or its nanny speaks for it
  lost,  // this incarnation is over, or silent for too long
};

[[nodiscard]] constexpr const char* to_string(Presence presence) {
  switch (presence) {
    case Presence::expected: return "expected";
    case Presence::reconciling: return "joining";
    case Presence::online: return "online";
    case Presence::away: return "away";
    case Presence::lost: return "lost";
  }
  return "?";
}

// A lane: a session, and the depth of the tasks in it, because a nested task must not wait for the
// one that waits for it.
using LaneKey = std::uint64_t;

[[nodiscard]] constexpr LaneKey lane_key(SessionNumber session, std::uint32_t depth) {
  static_assert(sizeof session == 4);
  return std::uint64_t{depth} << 32U | session;
}

[[nodiscard]] constexpr SessionNumber session_of(LaneKey lane) {
  return static_cast<SessionNumber>(lane);
}

// The direct tasks of one session to one engine that have not been sent yet, in order.
struct Lane {
  TaskList waiting;
  std::uint32_t in_flight = 0;
};

// What the scheduler looks at for every task comes first, close together: with a thousand engines
// each line of memory counts.
struct Engine {
  EngineIndex index = kNoEngine;  // also its EngineId
  std::uint32_t incarnation = 0;
  std::uint32_t slots = 1;
  Presence presence = Presence::expected;
  bool joined = false;  // its EngineJoined has committed: the next hub would wait for it
  bool gone = false;    // left for good, or its uuid is only remembered
  bool silent = false;  // lost without a word about what it held
  bool nanny_speaks = false;
  bool overfull = false;  // no more of its outcomes are taken on this connection
  bool revoking = false;
  bool deaf = false;     // an interrupt was not heard: its process is being replaced
  bool held_up = false;  // work was taken back from it, and it has sent no outcome since
  // As the scheduler saw it last: may be given tasks; has a slot free; has more than its slots work
  // on; is_there() and takes_work().
  bool has_room = false;
  bool is_idle = false;
  bool is_behind = false;
  bool was_there = false;
  bool took_work = false;
  bool dirty = false;
  bool owes = false;                 // something that may wait a little is to be said to it
  std::uint32_t in_flight = 0;       // assigned and not ended
  std::uint32_t free_in_flight = 0;  // of those, the ones that are not direct
  std::uint32_t window = 1;
  std::uint32_t lent = 0;          // slots of tasks that wait for others: as good as free
  std::uint32_t wanted_depth = 0;  // it takes tasks of this depth and deeper ones
  double mean_ns = 0;  // of its tasks' durations, for the window; 0 until the first outcome
  TimePoint last_outcome;
  Duration lag{};  // from one message of outcomes to the next, beyond the work that they tell of
  TimePoint not_asked_before;        // to give work back, as it has just refused
  std::optional<TimePoint> back_by;  // lost, but its nanny starts it again: lanes wait until then
  std::optional<LinkId> task_link;
  std::optional<LinkId> control_link;

  // Assignments, by number from `first_number`; kNoTask when ended.
  std::uint64_t next_number = 1;
  std::uint64_t first_number = 1;
  std::deque<TaskIndex> assigned;
  std::uint64_t completed = 0;
  std::vector<bool> defined;  // templates that this connection knows
  wire::BatchWriter<wire::AssignRecord> writer;

  // Outcomes: which may be confirmed, and what was last said.
  std::uint64_t stored = 0;
  std::uint64_t said_stored = 0;
  std::uint64_t seen = 0;                  // outcome numbers seen through, in this hub
  std::uint64_t outcome_max = 0;           // the next outcomes begin at this number or below
  std::optional<std::uint64_t> will_fact;  // the nanny is told when this fact has committed

  // Lanes by session and depth; `busy` ones have tasks waiting, served in turn.
  std::deque<LaneKey> busy_lanes;
  std::unordered_map<LaneKey, Lane> lanes;
  // Offered when it joined and not answered yet: it gets no work before, but only until then.
  std::set<ModuleIndex> awaited_modules;
  TimePoint awaited_until;
  std::map<ModuleIndex, EngineModule> modules;

  std::uint64_t given = 1;           // numbers below this were given out, as of its last hello
  std::uint64_t told_next = 0;       // what its process said last to expect; 0: nothing to this hub
  std::set<std::uint64_t> reported;  // while reconciling: held by the engine
  std::set<std::uint64_t> held_back;  // outcomes seen, of unknown tasks: not covered
  IntervalSet received;               // durability none: confirmed by clients
  std::size_t orphans = 0;            // kept of it, also of incarnations that are over
  std::uint64_t orphan_bytes = 0;

  Uuid uuid;
  std::string host;
  std::uint32_t pid = 0;
  TimePoint deadline;    // while expected or away: then it is lost
  std::string given_up;  // why its nanny does not start it any more

  [[nodiscard]] EngineId id() const { return EngineId{index}; }

  [[nodiscard]] bool takes_work() const {
    return presence == Presence::online && joined && awaited_modules.empty();
  }

  // Whether it is, or is expected back: tasks may wait for it.
  [[nodiscard]] bool is_there() const { return presence != Presence::lost || back_by.has_value(); }

  // Outcomes of so much work have come. Where many engines share few cores they are long on their
  // way, however short the tasks, and that is no sign of a blocked slot.
  void outcomes_came(std::uint64_t work_ns, TimePoint now) {
    constexpr Duration kLagMax = std::chrono::milliseconds{500};  // a pause is no measure
    const auto work = static_cast<Duration::rep>(work_ns / slots);
    const Duration beyond = now - last_outcome - Duration{work};
    lag = (lag + std::clamp(beyond, Duration{0}, kLagMax)) / 2;
    last_outcome = now;
  }

  [[nodiscard]] TaskIndex find(std::uint64_t number) const {
    if (number < first_number || number - first_number >= assigned.size()) return kNoTask;
    return assigned[number - first_number];
  }

  // Of what is in flight, all but the tasks that wait for others.
  [[nodiscard]] std::uint32_t load() const { return in_flight - std::min(lent, in_flight); }

  // How many of what is in flight it may have begun.
  [[nodiscard]] std::uint32_t begun_max() const { return slots + lent; }

  [[nodiscard]] bool is_full() const { return free_in_flight >= window + lent; }

  // Whether the engine works on this assignment, as far as the hub can tell: it takes them in
  // order, so it is among the oldest that have not ended, one per slot.
  [[nodiscard]] bool runs(std::uint64_t number) const {
    std::uint32_t older = 0;
    for (std::uint64_t other = first_number; other < number && older < begun_max(); ++other)
      older += find(other) == kNoTask ? 0U : 1U;
    return older < begun_max();
  }

  // Enters an assignment made now (the next number) or found on its return (an older one). No
  // other task has the number.
  void enter(std::uint64_t number, TaskIndex task) {
    if (assigned.empty()) first_number = number;
    while (number < first_number) {
      assigned.push_front(kNoTask);
      --first_number;
    }
    while (number - first_number >= assigned.size()) assigned.push_back(kNoTask);
    RH_CHECK(assigned[number - first_number] == kNoTask);
    assigned[number - first_number] = task;
    if (next_number <= number) next_number = number + 1;
  }

  void leave(std::uint64_t number) {
    RH_CHECK(find(number) != kNoTask);
    assigned[number - first_number] = kNoTask;
    while (!assigned.empty() && assigned.front() == kNoTask) {
      assigned.pop_front();
      ++first_number;
    }
    while (!assigned.empty() && assigned.back() == kNoTask) assigned.pop_back();
  }
};

class EngineTable {
 public:
  [[nodiscard]] Engine* find(EngineId id) {
    return id.value < engines_.size() ? engines_[id.value].get() : nullptr;
  }

  [[nodiscard]] Engine* find(const Uuid& uuid) {
    const auto found = by_uuid_.find(uuid);
    return found == by_uuid_.end() ? nullptr : engines_[found->second].get();
  }

  [[nodiscard]] Engine& get(EngineIndex index) {
    RH_CHECK(index < engines_.size() && engines_[index] != nullptr);
    return *engines_[index];
  }

  Engine& create(const Uuid& uuid, std::optional<EngineId> id = std::nullopt) {
    const auto index = id ? id->value : static_cast<EngineIndex>(engines_.size());
    if (engines_.size() <= index) engines_.resize(std::size_t{index} + 1);
    RH_CHECK(engines_[index] == nullptr);
    engines_[index] = std::make_unique<Engine>();
    engines_[index]->index = index, engines_[index]->uuid = uuid;
    by_uuid_.emplace(uuid, index);
    return *engines_[index];
  }

  template <class F>
  void each(F&& f) {
    for (auto& engine : engines_)
      if (engine) f(*engine);
  }

  // Whether `f` is true of any of them; looks no further than it must.
  template <class F>
  bool any(F&& f) {
    return std::any_of(engines_.begin(), engines_.end(),
                       [&](auto& engine) { return engine && f(*engine); });
  }

  [[nodiscard]] std::size_t size() const { return by_uuid_.size(); }

  // Keeps what the scheduler saw of it, Engine::was_there and took_work. Whether that has changed.
  bool see(Engine& engine) {
    const bool is_there = engine.is_there();
    const bool takes_work = engine.takes_work();
    if (engine.was_there == is_there && engine.took_work == takes_work) return false;
    if (engine.took_work != takes_work) takes_work ? ++taking_work_ : --taking_work_;
    engine.was_there = is_there, engine.took_work = takes_work;
    return true;
  }

  // What it says of its slots that are lent.
  void set_lent(Engine& engine, std::uint32_t slots, std::uint32_t wanted_depth) {
    if (engine.wanted_depth > 0) --choosy_;
    if (wanted_depth > 0) ++choosy_;
    engine.lent = slots, engine.wanted_depth = wanted_depth;
  }

  // Whether tasks of less depth than the engine wants are to be kept from some engine.
  [[nodiscard]] bool any_choosy() const { return choosy_ > 0; }

  // How many took work when they were seen last.
  [[nodiscard]] std::size_t taking_work() const { return taking_work_; }

 private:
  std::size_t taking_work_ = 0;
  std::size_t choosy_ = 0;
  std::vector<std::unique_ptr<Engine>> engines_;  // by id; ids are never reused
  std::unordered_map<Uuid, EngineIndex> by_uuid_;
};

}  // namespace roundhouse::hub
