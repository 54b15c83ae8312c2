#pragma once

// EngineActor: a nanny and the engine processes that live under it one after the other, each with
// the production core, over one page of memory that outlives them. Thread rule: one thread.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/core/nanny_core.hpp"
#include "engine/core/session.hpp"
#include "tests/sim/checker.hpp"
#include "tests/sim/nested_client.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/timeline.hpp"
#include "tests/sim/trace.hpp"

namespace roundhouse::sim {

struct EngineParts {
  Timeline& timeline;
  const WorldOptions& options;
  Network& network;
  Checker& checker;
  Trace& trace;
};

// What the process writes and the nanny reads when it is dead.
struct Page {
  std::vector<std::optional<wire::RunRef>> slots;
  std::deque<wire::FinishedRecord> outcomes;  // from first_outcome on
  std::uint64_t first_outcome = 1;
  std::uint64_t next_number = 1;  // one more than the highest that was started
  std::set<ContentHash> loading;
};

// One engine process. Dead ones stay in memory, and nothing reaches them.
class Process final : public PeerEnd {
 public:
  struct Owner {
    virtual void on_ready(std::uint64_t epoch) = 0;
    virtual void on_exit(const engine::Farewell& farewell) = 0;
    virtual void on_crashing_task() = 0;

   protected:
    ~Owner() = default;
  };

  Process(const EngineParts& parts, Owner& owner, const engine::SessionOptions& options, Prng prng);

  void start();
  void die();  // SIGKILL: at once
  void stop();

  void freeze_until(TimePoint time) {
    frozen_until_ = time;
    if (nested_) nested_->freeze_until(time);
  }

  // By which its tasks submit others; null when none has.
  [[nodiscard]] const NestedClient* nested() const { return nested_.get(); }

  [[nodiscard]] bool dead() const { return dead_; }

  [[nodiscard]] const engine::Session& session() const { return session_; }

  [[nodiscard]] Page& page() { return page_; }

  [[nodiscard]] std::optional<ConnectionId> link() const { return link_; }

  void on_plane_message(ConnectionId connection, wire::Plane plane,
                        const wire::Message& message) override;
  void on_plane_down(ConnectionId connection, wire::Plane plane) override;

  [[nodiscard]] TimePoint frozen_until() const override { return frozen_until_; }

  [[nodiscard]] EngineKey engine_key() const override {
    return {session_.options().uuid, session_.options().incarnation};
  }

 private:
  void settle();
  void carry_out();
  void load(const engine::ModuleBytes& module);
  void end_overdue(const std::vector<std::uint32_t>& slots);
  void begin_runs();
  void clear();
  void begin(std::uint32_t slot, engine::Run run);
  void write(std::uint32_t slot, const wire::RunRef& run, std::uint64_t offset);
  void nest(std::uint32_t slot, const std::shared_ptr<engine::Run>& run, const std::string& body);
  void on_nested_end(std::uint64_t sequence);
  void go_on();
  void finish(std::uint32_t slot, const std::shared_ptr<engine::Run>& run, const std::string& body);
  [[nodiscard]] engine::Finish finish_of(const std::string& body, bool framed, TaskId task) const;
  void plan_tick();

  EngineParts parts_;
  Owner& owner_;
  Prng prng_;
  Prng output_prng_;  // of its own: worlds without output are what they were
  std::string name_;
  engine::Session session_;
  engine::Outbox out_;
  Page page_;
  std::optional<ConnectionId> link_;
  std::vector<bool> busy_;
  std::unique_ptr<NestedClient> nested_;

  // What runs wait for, by seat, and how they go on.
  struct Wait {
    std::set<std::uint64_t> tasks;
    bool returning = false;
    std::function<void()> then;
  };

  std::map<std::uint32_t, Wait> waits_;
  std::set<ContentHash> loaded_;
  std::vector<std::uint64_t> clears_;  // acts: for the next slot that is idle
  std::optional<TimePoint> planned_;
  TimePoint frozen_until_;
  bool dead_ = false;
  bool told_ready_ = false;
};

class EngineActor final : public PeerEnd, public Process::Owner {
 public:
  EngineActor(const EngineParts& parts, unsigned number, std::uint32_t slots, Prng prng);

  void start();
  void crash();  // the process alone
  void kill();   // nanny and process
  void stop();   // SIGTERM to the nanny
  void freeze_until(TimePoint time);

  [[nodiscard]] bool gone() const { return gone_; }

  // The process that runs, or null.
  [[nodiscard]] Process* process() const {
    return processes_.empty() || processes_.back()->dead() ? nullptr : processes_.back().get();
  }

  // A client of its tasks has died with its process.
  [[nodiscard]] bool lost_clients() const;

  // What the client of its tasks waits for; empty: nothing.
  [[nodiscard]] std::string client_unrest() const;
  // Nothing is left to be told or done.
  [[nodiscard]] std::string unrest() const;
  // A connection of the process or the nanny, if there is one.
  [[nodiscard]] std::optional<ConnectionId> link() const;

  void on_plane_message(ConnectionId connection, wire::Plane plane,
                        const wire::Message& message) override;
  void on_plane_down(ConnectionId connection, wire::Plane plane) override;

  [[nodiscard]] TimePoint frozen_until() const override { return {}; }

  // Of a connection: as a keeper it says nothing of whether the process is well.
  [[nodiscard]] EngineKey engine_key() const override {
    return nanny_.state() == engine::NannyCore::State::will ? own_key() : EngineKey{};
  }

 private:
  void on_ready(std::uint64_t epoch) override;
  void on_exit(const engine::Farewell& farewell) override;

  void on_crashing_task() override { crash(); }

  [[nodiscard]] EngineKey own_key() const { return {uuid_, nanny_.incarnation()}; }

  void bury(std::int32_t signal, std::optional<engine::Farewell> farewell);
  void begin_process(std::uint32_t incarnation);
  void settle();
  void carry_out();
  void plan_tick();

  EngineParts parts_;
  Prng prng_;
  std::string name_;
  Uuid uuid_;
  std::uint32_t slots_ = 1;
  engine::NannyCore nanny_;
  engine::NannyOutbox out_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::optional<ConnectionId> link_;
  std::optional<TimePoint> planned_;
  bool gone_ = false;
};

}  // namespace roundhouse::sim
