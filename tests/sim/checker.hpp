#pragma once

// Checker: knows the truth of a world, and throws Violation when anything says otherwise. The
// actors tell it what happened; it never changes the world. Thread rule: one thread.
//
// What it holds everyone to: STYLE's list of properties, as the wire's contract words them.

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "hub/core/fact.hpp"
#include "shared/intervals.hpp"
#include "shared/records.hpp"
#include "shared/time.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/tasks.hpp"

namespace roundhouse::sim {

class Violation : public std::runtime_error {
 public:
  enum class Kind : std::uint8_t { correctness = 1, liveness = 2 };

  explicit Violation(const std::string& text, Kind kind = Kind::correctness)
      : std::runtime_error(text), kind_(kind) {}

  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// What a client asked for, in one task.
struct Wish {
  std::string body;
  Behaviour behaviour = Behaviour::ok;
  bool direct = false;
  bool framed = false;
  EngineId engine;  // of a direct task
  std::uint32_t retries = 0;
};

class Checker {
 public:
  explicit Checker(const WorldOptions& options) : options_(options) {}

  // --- clients
  void on_submitted(TaskId task, Wish wish);
  void on_outcome(TaskId task, const wire::OutcomeRecord& record);
  // What the client was told and what it sends: credit, and what `stored` promises.
  void on_told(SessionId session, const wire::Welcome& welcome);
  void on_told(SessionId session, const wire::Accepted& accepted);
  void on_sent(SessionId session, const wire::SubmitRecord& record);

  void on_client_gone(SessionId session) { gone_clients_.insert(session.value); }

  // --- hubs
  void on_hub_started(std::uint64_t epoch, TimePoint now);
  void on_assigned(const EngineKey& engine, SessionId session, const wire::AssignRecord& record,
                   TimePoint now);
  // The engine (or its nanny) has said all that it holds.
  void on_reported(std::uint64_t epoch, const EngineKey& engine, TimePoint now);
  // The client's hello, and what it said to have.
  void on_client_hello(std::uint64_t epoch, const wire::Hello& hello, TimePoint now);
  void on_fact(std::uint64_t epoch, const hub::Fact& fact);

  // --- the store
  void on_committed(const hub::Fact& fact);
  // What was committed is gone (it was in memory only).
  void on_store_lost();

  // --- engines
  void on_started(const EngineKey& engine, SessionId session, const wire::HoldingRecord& run,
                  bool direct, TimePoint now);
  void on_ended(const EngineKey& engine, TaskId task, bool direct, wire::Ending ending);
  // The process died while these ran; `with_nanny`: nobody can say what it did.
  void on_died(const EngineKey& engine, bool with_nanny);

  // The engine is cut off or stopped for so long that the hub may count it as lost.
  void on_troubled(const EngineKey& engine) { troubled_.insert(engine); }

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
    bool ended = false;
    wire::Ending ending = wire::Ending::ok;
    std::string value;
    std::vector<Execution> executions;
    std::map<Fence, Assignment> assignments;
  };

  struct Hub {
    TimePoint started;
    std::map<EngineKey, TimePoint> reported;
    std::map<std::uint64_t, std::pair<TimePoint, IntervalSet>> client_has;  // by session
  };

  struct Credit {
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

  struct Lane {
    std::uint64_t last = 0;
    unsigned running = 0;
  };

  using LaneKey = std::tuple<std::uint64_t, EngineKey>;  // session, engine

  [[noreturn]] static void fail(const std::string& text) { throw Violation(text); }

  [[nodiscard]] Task& get(TaskId task, const char* who);
  void check_value(TaskId id, const Task& task, const wire::OutcomeRecord& record) const;
  void check_lost(TaskId id, const Task& task) const;
  void check_again(TaskId id, const Task& task, const EngineKey& engine, Fence fence) const;
  [[nodiscard]] std::uint64_t stored_through(SessionId session) const;

  const WorldOptions& options_;
  std::map<TaskId, Task> tasks_;
  std::uint64_t unfinished_ = 0;
  std::map<std::uint64_t, Hub> hubs_;  // by epoch
  std::map<std::uint64_t, Credit> credits_;
  std::set<std::uint64_t> gone_clients_;
  std::map<hub::SessionNumber, Stored> stored_;
  std::map<LaneKey, Lane> lanes_;
  std::set<EngineKey> dead_;      // their nannies can speak for them
  std::set<EngineKey> vanished_;  // nobody can
  std::set<EngineKey> troubled_;
};

}  // namespace roundhouse::sim
