// A Shell in a task of an engine: what it submits is deeper than the task, and while the task waits
// its slot is lent.
#include <algorithm>

#include "client/shell.hpp"
#include "shared/clock.hpp"
#include "shared/task_thread.hpp"

namespace roundhouse::detail {

// One more than that of the task whose thread this is.
std::uint32_t Shell::depth_of_calls() const {
  const TaskThread* task = TaskThread::current();
  const std::uint32_t own = task == nullptr ? 0 : task->depth() + 1;
  return std::max(own, depth_min_.load(std::memory_order_relaxed));
}

bool Shell::wait_lending(Lease::Guard& guard, const std::function<bool()>& done,
                         std::optional<TimePoint> deadline) {
  TaskThread* const task = TaskThread::current();
  const TimePoint now = steady_now();
  if (task == nullptr || (deadline && now >= *deadline)) return wait_locked(guard, done, deadline);
  if (guard.free()) tend(guard, now);  // what it waits for is on its way before the slot is lent
  if (done()) return true;
  const auto is_over = [&] { return task->asked_to_stop() || done(); };
  bool is_done = false;
  guard.unlock();  // nothing of the engine's is asked for with the lock held
  {
    const TaskThread::Waiting waiting(*task, [this] {
      auto other = lease_.lock();
      other.wake_followers();
      other.wake_holder();
    });
    guard.relock();
    try {
      wait_locked(guard, is_over, deadline);
    } catch (...) {
      guard.unlock();
      throw;
    }
    is_done = done();
    guard.unlock();
  }
  guard.relock();
  if (!is_done && task->asked_to_stop())
    throw Exception(Errc::aborted, "this task was asked to stop while it waited for others");
  return is_done;
}

}  // namespace roundhouse::detail
