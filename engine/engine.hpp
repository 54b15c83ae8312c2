#pragma once

// SHELL. Engine: the engine process's threads around one Session.
//
//   Engine engine({.session = {...}}, links_by_file(context, path), modules, host, &page);
//   engine.on_first_welcome([] { ... });
//   Farewell farewell = engine.run();     // the calling thread is the control thread from now on
//
// The control thread has the control plane, connecting and stopping. Each slot has a task thread;
// an idle one polls the task socket, runs what comes and sends its outcome itself, so that a call
// pays no hand-over. While all of them run user code for longer than kTakeOver, the control thread
// tends the task socket, too: who may touch it is the lease's to say (shared/lease.hpp), whose
// mutex also guards the session and the page.
//
// A task that waits for others keeps its thread, and lends its slot: another thread looks for work
// meanwhile, made when it is needed first and parked when it is not. So there are as many threads
// as slots, and one more for each task that waited at the same time, kLentMax at most.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/core/session.hpp"
#include "engine/hub_link.hpp"
#include "engine/module.hpp"
#include "engine/module_loader.hpp"
#include "engine/page.hpp"
#include "engine/task_host.hpp"
#include "engine/task_runner.hpp"
#include "shared/lease.hpp"
#include "shared/mailbox.hpp"
#include "shared/task_thread.hpp"

namespace roundhouse::engine {

// The control thread takes the task socket after user code has run for so long.
inline constexpr Duration kTakeOver = std::chrono::milliseconds{5};
// Without any task for so long it stops looking every kTakeOver and has itself woken instead.
inline constexpr Duration kQuiet = std::chrono::milliseconds{50};
// Between tasks that follow each other a task thread looks at the socket so often.
inline constexpr Duration kGlance = std::chrono::microseconds{200};
inline constexpr std::chrono::milliseconds kFlushMax{1000};  // for what was sent before closing

class Engine {
 public:
  // `modules`, `host` and `page` outlive the engine; `page` may be null (no nanny).
  Engine(SessionOptions options, LinkMaker links, ModuleSet& modules, TaskHost& host,
         Page* page = nullptr);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  // Waits for the tasks that still run.
  ~Engine();

  // Called once, by the control thread, when a hub has welcomed the engine. Before run().
  void on_first_welcome(std::function<void()> tell) { first_welcome_ = std::move(tell); }

  // Until the engine ends; then the link is closed (what was sent may still be leaving, for at most
  // kFlushMax: destroy the context to wait for it), and tasks may still run on their threads, whose
  // outcomes nobody will see. Call once.
  Farewell run();
  // Ends run(), in order. Any thread; safe in a signal handler.
  void stop() noexcept;

  // Of the control thread's counters, for tests: any thread.
  [[nodiscard]] SessionCounters counters();
  [[nodiscard]] bool connected();

 private:
  // What the thread of a seat tells of the task that it runs.
  class Seat final : public TaskThread {
   public:
    Seat(Engine& engine, std::uint32_t number, const std::atomic<bool>& stop)
        : engine_(engine), number_(number), stop_(stop) {}

    [[nodiscard]] std::uint32_t depth() const noexcept override { return task_depth; }

    [[nodiscard]] bool asked_to_stop() const noexcept override { return stop_.load(); }

    std::uint32_t task_depth = 0;  // the thread's own
    // Guarded by the lease's mutex.
    std::condition_variable turn;  // it is called up, or may have a slot again
    bool called = false;
    std::function<void()> wake;  // of a task that waits

   private:
    void lend(std::function<void()> wake_it) override { engine_.lend(number_, std::move(wake_it)); }

    void take_back() noexcept override { engine_.take_back(number_); }

    Engine& engine_;
    const std::uint32_t number_;
    const std::atomic<bool>& stop_;
  };

  // A seat (run_queue.hpp) and its thread.
  struct Slot {
    std::unique_ptr<TaskRunner> runner;
    std::unique_ptr<std::atomic<bool>> stop;  // what its task sees as its stop token
    std::unique_ptr<Seat> seat;
    std::int64_t started_us = 0;
    TimePoint begun;
    bool overdue = false;  // its run was ended without it, and the process follows
    std::jthread thread;
  };

  struct Start {
    TimePoint at;
    std::int64_t wall_us = 0;  // read before `at`
  };

  // Task threads.
  void work(std::uint32_t slot);
  void execute(Lease::Guard& guard, std::uint32_t slot, Run run, Start start);
  void wait_for_work(Lease::Guard& guard);
  void clear_names(Lease::Guard& guard);

  // engine_seats.cpp
  void add_seat();
  void lend(std::uint32_t slot, std::function<void()> wake);
  void take_back(std::uint32_t slot) noexcept;
  // Whether more threads look for work than there are slots for.
  [[nodiscard]] bool is_spare() const;
  void park(Lease::Guard& guard, std::uint32_t slot);
  void call_up();
  void offer_work(Lease::Guard& guard);
  void wake_next_back();
  void wake_parked();
  void stop_task(std::uint32_t slot);

  // Whoever holds the lease's mutex and may use the task socket.
  void drain_tasks(TimePoint now);
  void flush_tasks();
  void glance(TimePoint now);
  void settle(Lease::Guard& guard);

  void send_output(std::vector<wire::Output>&& parts);
  // The thread of TaskOutput.
  void on_output(std::vector<wire::Output>&& parts);

  // The loader's thread.
  void on_module_loaded(wire::Have have);

  // The control thread.
  void turn(Lease::Guard& guard);
  void end_overdue(TimePoint now);
  void drain_control(TimePoint now);
  void look_at_link(Lease::Guard& guard, TimePoint now);
  void carry_out(Lease::Guard& guard);
  void connect(Lease::Guard& guard);
  void sleep(Lease::Guard& guard);
  void report_changes();
  [[nodiscard]] bool tending_due(TimePoint now) const;

  // After each call into the session.
  void absorb();

  // Constant after construction.
  LinkMaker links_;
  ModuleSet& modules_;
  TaskHost& host_;
  Page* const page_;
  std::function<void()> first_welcome_;
  std::atomic<bool> stop_asked_{false};
  WakeFd control_wake_;

  Lease lease_;
  // Guarded by the lease's mutex.
  Session session_;
  Outbox out_;                             // of the call into the session that is going on
  std::vector<wire::Message> to_task_;     // to be sent by whoever may use the task socket
  std::vector<wire::Message> to_control_;  // to be sent by the control thread
  bool close_asked_ = false;
  bool connect_asked_ = false;
  std::vector<std::uint64_t> clears_;   // acts: the names are to be forgotten before the next task
  std::vector<std::uint32_t> overdue_;  // slots to be ended with the process
  std::optional<Farewell> farewell_;
  bool control_sleeps_ = false;  // and wants to be woken when a task begins
  std::uint32_t busy_ = 0;       // slots in user code
  std::uint32_t looking_ = 0;    // task threads that are neither in user code nor parked
  std::vector<std::uint32_t> parked_;
  TimePoint last_start_;       // of any task
  TimePoint looked_at_;        // when a task thread last drained or polled the task socket
  std::uint64_t trimmed_ = 0;  // what the page was told
  EngineId engine_id_;
  std::uint64_t welcomes_seen_ = 0;
  wire::Message incoming_;  // task plane
  // Changed by the control thread, with the lease taken; read by it freely, by others under it.
  std::unique_ptr<net::Link> link_;
  // The control thread's.
  wire::Message control_incoming_;
  std::vector<net::PollItem> items_;
  std::uint64_t welcomes_reported_ = 0;
  // Last: joined before anything they use is destroyed.
  std::vector<Slot> slots_;  // by seat; stays where it is
  ModuleLoader loader_;
};

}  // namespace roundhouse::engine
