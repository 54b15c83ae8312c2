#pragma once

// THREAD. TaskThread: what the thread of an engine that runs a task tells to whatever the task
// calls in this process: that it holds a slot, which it lends while it waits for other tasks.
//
//   if (TaskThread* task = TaskThread::current()) {   // a client's call that has to wait
//     const TaskThread::Waiting waiting(*task, [&] { wake_me(); });
//     wait_until([&] { return done() || task->asked_to_stop(); });
//   }                                                  // goes on when it has a slot again
//
// Thread rule: current() is the calling thread's own; asked_to_stop() from any thread.

#include <cstdint>
#include <functional>
#include <vector>

namespace roundhouse {

class TaskThread {
 public:
  // Of the task that the calling thread runs; null on every other thread.
  [[nodiscard]] static TaskThread* current() noexcept;

  TaskThread() = default;
  TaskThread(const TaskThread&) = delete;
  TaskThread& operator=(const TaskThread&) = delete;
  virtual ~TaskThread() = default;

  // How many tasks that wait for each other are above it: 0 for what no task has submitted.
  [[nodiscard]] virtual std::uint32_t depth() const noexcept = 0;
  // Its task was aborted, or is past its time limit.
  [[nodiscard]] virtual bool asked_to_stop() const noexcept = 0;

  // The calling thread runs that task while it lives.
  class Scope {
   public:
    explicit Scope(TaskThread& task) noexcept;
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();

   private:
    TaskThread* outer_;
  };

  // Something that the task holds and that others may need while it waits, as a lock. Let go before
  // the slot is lent, and taken again, on the same thread, when the task has one. Neither throws.
  class Held {
   public:
    // Nothing happens on a thread that runs no task.
    Held(std::function<void()> let_go, std::function<void()> take_again);
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held();

   private:
    friend class TaskThread;
    TaskThread* const task_;
    const std::function<void()> let_go_;
    const std::function<void()> take_again_;
  };

  // While it lives the task waits. `wake` is called, by any thread, when it is asked to stop. The
  // destructor returns when the task has a slot again, or is to end. Throws Exception (over_quota)
  // when too many tasks of the engine wait.
  class Waiting {
   public:
    Waiting(TaskThread& task, std::function<void()> wake);
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting();

   private:
    TaskThread& task_;
  };

 protected:
  virtual void lend(std::function<void()> wake) = 0;
  virtual void take_back() noexcept = 0;

 private:
  void take_held_again() noexcept;

  std::vector<Held*> held_;  // the latest last
};

}  // namespace roundhouse
