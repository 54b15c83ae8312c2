#pragma once

// Checker: knows the truth of a world, and throws Violation when anything says otherwise. The
// actors tell it what happened; it never changes the world. Thread rule: one thread.
//
// What it holds everyone to: STYLE's list of properties, as the wire's contract words them.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "hub/core/abort_job.hpp"
#include "hub/core/fact.hpp"
#include "shared/intervals.hpp"
#include "shared/records.hpp"
#include "shared/time.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/tasks.hpp"

namespace roundhouse::sim {

[[nodiscard]] std::string name(TaskId id);

class Violation : public std::runtime_error {
 public:
  enum class Kind : std::uint8_t { correctness = 1, liveness = 2 };

  explicit Violation(const std::string& text, Kind kind = Kind::correctness)
      : std::runtime_error(text), kind_(kind) {}

  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// What a task depends on.
struct Depends {
  std::vector<wire::TaskRange> after;
  std::vector<wire::TaskRange> follow;
  wire::DependencyMode after_mode;
  wire::DependencyMode follow_mode;
  Duration timeout{};
  std::uint64_t first = 0;  // task of its submission

  [[nodiscard]] bool any() const { return !after.empty() || !follow.empty(); }
};

// What a client asked for, in one task.
struct Wish {
  std::string body;
  Behaviour behaviour = Behaviour::ok;
  bool direct = false;
  bool framed = false;
  EngineId engine;  // of a direct task
  std::uint32_t retries = 0;
  std::uint32_t depth = 0;
  Depends depends = {};
};

// What a client wants to end.
struct Abort {
  std::vector<wire::TaskRange> ranges;
  bool all = false;
};

class Checker {
 public:
  explicit Checker(const WorldOptions& options) : options_(options) {}

  // --- clients
  void on_submitted(TaskId task, Wish wish, TimePoint now);
  // `epoch`: of the hub that told it.
  void on_outcome(TaskId task, const wire::OutcomeRecord& record, std::uint64_t epoch,
                  TimePoint now);
  // What a task is said to have written.
  void on_heard(const wire::Output& part);
  // What the client was told and what it sends: credit, and what `stored` promises.
  void on_told(SessionId session, const wire::Welcome& welcome);
  void on_told(SessionId session, const wire::Accepted& accepted);
  void on_sent(SessionId session, const wire::SubmitRecord& record);

  void on_client_gone(SessionId session) { gone_clients_.insert(session.value); }

  // --- aborts: what clients want to end, and what a hub of this epoch answered
  void on_abort_asked(const Abort& abort);

  // Whatever runs anywhere may end as aborted from now on.
  void on_interrupt_asked() { interrupted_ = true; }

  void on_abort_answer(const Abort& abort, const hub::AbortCounts& counts, std::uint64_t epoch);

  // --- hubs
  void on_hub_started(std::uint64_t epoch, const hub::Restored& restored, TimePoint now);
  // It was stopped for so long.
  void on_hub_awake(std::uint64_t epoch, TimePoint stopped, TimePoint now);
  void on_assigned(const EngineKey& engine, SessionId session, const wire::AssignRecord& record,
                   TimePoint now);
  // The hub has heard of the engine or its nanny: it said hello; was welcome, or said anything
  // since; has said all that it holds; its nanny has told of its death.
  void on_engine_hello(std::uint64_t epoch, const EngineKey& engine);
  void on_engine_heard(std::uint64_t epoch, const EngineKey& engine, TimePoint now);
  void on_reported(std::uint64_t epoch, const EngineKey& engine, TimePoint now);
  void on_told_of_death(std::uint64_t epoch, const EngineKey& engine, TimePoint now);
  // The hub has welcomed a client, whose hello said what it has.
  void on_client_welcome(std::uint64_t epoch, const wire::Hello& hello, TimePoint now);
  // What the hub says that has happened; not committed yet.
  void on_fact(std::uint64_t epoch, const hub::Fact& fact, TimePoint now);

  // --- the store
  void on_committed(const hub::Fact& fact);
  // What was committed is gone (it was in memory only).
  void on_store_lost();

  // --- engines
  void on_started(const EngineKey& engine, SessionId session, const wire::HoldingRecord& run,
                  bool direct, TimePoint now);
  void on_ended(const EngineKey& engine, const wire::RunRef& run, bool direct, wire::Ending ending);
  // The process died while these ran; `with_nanny`: nobody can say what it did.
  void on_died(const EngineKey& engine, bool with_nanny, TimePoint now);

  // How often the task was begun, in all.
  [[nodiscard]] std::size_t executions(TaskId task) const;

  // Every task of every client that is there has ended; which one has not, otherwise.
  void check_all_ended() const;

  [[nodiscard]] std::uint64_t unfinished() const { return unfinished_; }

  // The database holds what the clients were told.
  void check_store() const;

 private:
  struct Execution {
    EngineKey engine;
    Fence fence;
    TimePoint started;
    bool running = true;
    bool died = false;  // with its process
    bool failed = false;
  };

  struct Assignment {
    EngineKey engine;
    TimePoint at;
  };

  struct Task {
    Wish wish;
    TimePoint submitted;
    bool ended = false;
    wire::Ending ending = wire::Ending::ok;
    std::string value;
    std::uint64_t told_by = 0;  // the hub
    std::vector<Execution> executions;
    std::map<Fence, Assignment> assignments;
    std::map<Fence, std::uint64_t> heard;  // of what the run wrote, through there
  };

  struct Hub {
    TimePoint started;
    std::map<hub::SessionNumber, SessionId> sessions;
    TimePoint awake;                             // since when it has not been stopped for long
    std::map<std::uint32_t, EngineKey> engines;  // by id, as its facts and the database say
    std::set<std::uint32_t> restored;            // of those, the ones it found in the database
    std::map<Uuid, std::uint32_t> incarnations;  // the highest that said hello
    std::map<EngineKey, TimePoint> heard;        // when last
    std::map<EngineKey, TimePoint> reported;     // when first
    std::set<EngineKey> told_of_death;
    // By session: what its client said to have, and when.
    std::map<std::uint64_t, std::vector<std::pair<TimePoint, IntervalSet>>> client_has;
  };

  struct Credit {
    std::uint64_t hub_has = 0;  // it may only lack the frames of these
    std::uint64_t tasks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t first_bytes = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t accepted = 0;
    std::uint64_t sent = 0;
  };

  struct Stored {
    SessionId id;
    std::uint64_t submitted = 0;
    std::uint64_t deliveries = 0;
    std::map<std::uint64_t, hub::Ended> ended;
  };

  struct Saying {
    std::uint64_t epoch = 0;
    TimePoint at;
  };

  struct SaidEnd {
    std::uint64_t epoch = 0;
    wire::Ending ending = wire::Ending::ok;
    Uuid place;  // where it ran
  };

  struct Lane {
    std::uint64_t last = 0;
    unsigned running = 0;
  };

  struct Confirmed {
    Abort abort;
    hub::AbortCounts counts;
    std::uint64_t epoch = 0;
  };

  using LaneKey = std::tuple<std::uint64_t, EngineKey, std::uint32_t>;  // session, engine, depth

  [[noreturn]] static void fail(const std::string& text) { throw Violation(text); }

  [[nodiscard]] Task& get(TaskId task, const char* who);
  void check_value(TaskId id, const Task& task, const wire::OutcomeRecord& record) const;
  void check_lost(TaskId id, const Task& task) const;
  void note_end(std::uint64_t epoch, TaskId id, const hub::Ended& ended);
  [[nodiscard]] bool has_ended_so(TaskId id, const wire::DependencyMode& mode,
                                  const std::optional<Uuid>& place) const;
  void check_met(TaskId id, const Task& task, const EngineKey& engine) const;
  [[nodiscard]] bool is_impossible(const std::vector<wire::TaskRange>& ranges,
                                   const wire::DependencyMode& mode) const;
  [[nodiscard]] bool check_unmet(TaskId id, const Task& task, const wire::OutcomeRecord& record,
                                 TimePoint now) const;
  void check_left(std::uint64_t epoch, const EngineKey& engine, TimePoint now);
  [[nodiscard]] bool may_be_aborted(TaskId id) const;
  [[nodiscard]] bool is_confirmed(TaskId id, std::uint64_t epoch) const;
  void check_aborts() const;
  [[nodiscard]] bool may_be_gone(EngineId engine) const;
  [[nodiscard]] bool client_has(const Hub& hub, TaskId id, TimePoint by) const;
  void check_not_loaded(TaskId id, const std::string& text) const;
  void check_again(TaskId id, const Task& task, const EngineKey& engine, Fence fence) const;
  void check_twice(TaskId id, const Task& task, const EngineKey& engine, Fence older,
                   Fence newer) const;
  // When that hub assigned it first; TimePoint::max(): never.
  [[nodiscard]] static TimePoint first_assigned(const Task& task, std::uint64_t epoch);
  [[nodiscard]] bool may_differ(TaskId id, const Task& task, const hub::Ended& ended) const;
  [[nodiscard]] std::uint64_t stored_through(SessionId session) const;

  const WorldOptions& options_;
  std::map<TaskId, Task> tasks_;
  std::uint64_t unfinished_ = 0;
  std::map<std::uint64_t, Hub> hubs_;  // by epoch
  std::map<std::uint64_t, Credit> credits_;
  std::set<std::uint64_t> gone_clients_;
  std::map<hub::SessionNumber, Stored> stored_;
  // When an end was last said; only the last saying can be committed.
  std::map<TaskId, Saying> said_ended_;
  std::map<TaskId, std::vector<SaidEnd>> said_ends_;
  std::map<LaneKey, Lane> lanes_;
  std::vector<wire::TaskRange> aborts_asked_;
  bool all_aborted_ = false;
  bool interrupted_ = false;
  std::vector<Confirmed> aborts_confirmed_;
  std::set<EngineKey> dead_;  // their nannies can speak for them
  std::map<EngineKey, TimePoint> deaths_;
  std::set<EngineKey> buried_;           // by a hub that was not told what they ran
  std::set<std::uint32_t> ids_of_left_;  // of engines that a hub counted as lost
};

}  // namespace roundhouse::sim
