#pragma once

// Timeline: the virtual clock of a world and what is going to happen. Events of one moment happen
// in the order in which they were planned. Thread rule: one thread.

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "shared/time.hpp"

namespace roundhouse::sim {

class Timeline {
 public:
  using Action = std::function<void()>;

  [[nodiscard]] TimePoint now() const { return now_; }

  // UTC microseconds, for the records.
  [[nodiscard]] std::int64_t wall_us() const {
    return 1'700'000'000'000'000 +
           std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch()).count();
  }

  void at(TimePoint when, Action action) {
    events_.push({when < now_ ? now_ : when, next_++, std::move(action)});
  }

  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  // The next event happens; false when there is none.
  bool step() {
    if (events_.empty()) return false;
    Event event = events_.top();
    events_.pop();
    now_ = event.when;
    ++steps_;
    event.action();
    return true;
  }

  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  struct Event {
    TimePoint when;
    std::uint64_t number = 0;
    Action action;

    friend bool operator<(const Event& a, const Event& b) {  // the top is the earliest
      return a.when != b.when ? a.when > b.when : a.number > b.number;
    }
  };

  TimePoint now_{std::chrono::seconds{1000}};
  std::priority_queue<Event> events_;
  std::uint64_t next_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace roundhouse::sim
