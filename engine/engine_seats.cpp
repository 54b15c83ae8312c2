// Engine, the part that knows of seats: their threads, tasks that wait for others, and tasks that
// are to end.
#include <string>
#include <system_error>
#include <utility>

#include "engine/engine.hpp"
#include "shared/check.hpp"
#include "shared/clock.hpp"
#include "shared/log.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::engine {

void Engine::add_seat() {
  const auto number = static_cast<std::uint32_t>(slots_.size());
  Slot& slot = slots_.emplace_back();
  slot.runner = std::make_unique<TaskRunner>(modules_, host_);
  slot.stop = std::make_unique<std::atomic<bool>>(false);
  slot.seat = std::make_unique<Seat>(*this, number, *slot.stop);
}

// Everything below: the mutex is held.

bool Engine::is_spare() const {
  return looking_ + session_.queue().active() > session_.options().slots;
}

// Until a task that waits needs somebody to look for work.
void Engine::park(Lease::Guard& guard, std::uint32_t slot) {
  Seat& seat = *slots_[slot].seat;
  --looking_;
  parked_.push_back(slot);
  guard.wake_followers();
  while (!seat.called && !farewell_) seat.turn.wait(guard.native());
  seat.called = false;
}

// Somebody looks for work for a slot that is about to be lent. Throws Exception (io_failed).
void Engine::call_up() {
  if (farewell_ || is_spare()) return;  // one looks already
  if (!parked_.empty()) {
    Seat& seat = *slots_[parked_.back()].seat;
    parked_.pop_back();
    seat.called = true;
    seat.turn.notify_one();
  } else {
    add_seat();
    const auto number = static_cast<std::uint32_t>(slots_.size() - 1);
    try {
      slots_.back().thread = std::jthread([this, number] { work(number); });
    } catch (const std::system_error& problem) {
      slots_.pop_back();
      throw Exception(Errc::io_failed, std::string("a task cannot wait for others, because its "
                                                   "engine has no thread for them: ") +
                                           problem.what());
    }
  }
  ++looking_;
}

// A slot is free that its own thread does not care for.
void Engine::offer_work(Lease::Guard& guard) {
  if (!session_.has_work()) return;
  guard.wake_holder();
  guard.wake_followers();
}

void Engine::wake_next_back() {
  if (const auto seat = session_.queue().next_back()) slots_[*seat].seat->turn.notify_one();
}

void Engine::wake_parked() {
  for (Slot& slot : slots_) slot.seat->turn.notify_one();
}

void Engine::stop_task(std::uint32_t slot) {
  Seat& seat = *slots_[slot].seat;
  slots_[slot].stop->store(true);
  if (seat.wake) seat.wake();
  seat.turn.notify_one();
}

// The task of the calling thread waits for others from now on.
void Engine::lend(std::uint32_t slot, std::function<void()> wake) {
  auto guard = lease_.lock();
  if (!session_.queue().may_lend())
    throw Exception(Errc::over_quota, std::to_string(kLentMax) +
                                          " tasks of this engine wait for others already: no "
                                          "more than that can");
  call_up();
  RH_CHECK(session_.lend(slot, steady_now(), out_));
  slots_[slot].seat->wake = std::move(wake);
  --busy_;
  absorb();
  wake_next_back();
  if (session_.queue().wanted_depth() > 0) control_wake_.wake();  // it lifts the limit
  settle(guard);
  offer_work(guard);
}

// It waits no more, and goes on when it has a slot.
void Engine::take_back(std::uint32_t slot) noexcept {
  auto guard = lease_.lock();
  Seat& seat = *slots_[slot].seat;
  seat.wake = nullptr;
  session_.want_back(slot);
  while (!farewell_ && !session_.take_back(slot, steady_now(), out_))
    seat.turn.wait(guard.native());
  ++busy_;
  last_start_ = steady_now();
  absorb();
  wake_next_back();
  settle(guard);
  offer_work(guard);
}

// Tasks that go on past their limit end here, and this process after them: into the page first, so
// that the nanny knows of it whatever happens now.
void Engine::end_overdue(TimePoint now) {
  for (const std::uint32_t index : std::exchange(overdue_, {})) {
    Slot& slot = slots_[index];
    slot.overdue = true;
    const wire::FinishedRecord outcome = session_.end_overdue(
        index, slot.started_us, static_cast<std::uint64_t>((now - slot.begun).count()),
        host_.output() == nullptr ? Slice{} : host_.output()->so_far(index), now);
    log::warn("task_overran", {{"task", to_string(outcome.task)}});
    if (page_ == nullptr) continue;
    page_->record(session_.outcomes().last(), outcome);
    page_->end(index);
  }
  session_.on_overrun(out_);
  absorb();
}

}  // namespace roundhouse::engine
