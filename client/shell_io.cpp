// The I/O thread of a Shell: control, notifications, links, and the task socket when nobody else
// uses it.
#include <algorithm>
#include <vector>

#include "client/shell.hpp"
#include "shared/check.hpp"
#include "shared/clock.hpp"
#include "shared/net/poll.hpp"

namespace roundhouse::detail {
namespace {

constexpr int kTurnMax = 256;  // messages in one turn
// So long after a user's thread used the task socket, and then left, it is ours.
constexpr Duration kIdle = std::chrono::milliseconds{5};
// And so long we look every kIdle whether it left: its next call then need not wake us.
constexpr Duration kAttention = std::chrono::milliseconds{50};
constexpr std::chrono::milliseconds kGoodbyeMax{500};

}  // namespace

void Shell::run() {
  std::vector<net::PollItem> items;
  auto guard = lease_.lock();
  io_thread_ = std::this_thread::get_id();
  while (true) {
    const TimePoint now = steady_now();
    drain_control(guard, now);
    session_.on_tick(now, out_);
    absorb(guard, now);
    act(guard, now);
    if (stopping_) break;
    if (guard.free()) {
      tend(guard, now);
    } else {
      const auto confirm_at = session_.flush_deadline();
      if (session_.wants_flush() || (confirm_at && *confirm_at <= now)) guard.wake_holder();
    }
    if (!control_out_.empty() || close_wanted_ || connect_wanted_) continue;
    const bool may_tend = guard.free() && now - primary_at_ >= kIdle && link_ && needs_tending();
    std::optional<Duration> timeout = until_next_turn(now, may_tend);
    const bool tending = may_tend && guard.begin_poll(Lease::Holder::standby);
    // Declined: a user's thread wants the socket.
    if (may_tend && !tending) timeout = until_next_turn(now, false);
    items.assign(1, net::PollItem::readable(io_wake_.fd()));
    if (tending) {
      items.push_back(net::PollItem::readable(lease_.wake_fd()));
      items.push_back(link_->task_item());
    }
    if (link_) link_->add_control_items(items);
    if (!tending) guard.unlock();
    net::poll(items, timeout);
    if (tending)
      guard.end_poll();
    else
      guard.relock();
    io_wake_.clear();
    io_woken_ = false;
  }
}

bool Shell::needs_tending() const {
  // Before the welcome only this thread listens for it.
  return !session_.usable() || session_.outstanding() > 0 || session_.log().kept_records() > 0 ||
         !session_.shelf().empty() ||  // the hub may want a module at any time
         session_.flush_deadline().has_value();
}

// While a user's thread may leave at any moment, this one looks again soon.
std::optional<Duration> Shell::until_next_turn(TimePoint now, bool tending) {
  std::optional<TimePoint> next = session_.next_deadline();
  const auto sooner = [&next](TimePoint at) { next = next ? std::min(*next, at) : at; };
  if (const auto confirm_at = session_.flush_deadline(); confirm_at && tending) sooner(*confirm_at);
  const bool in_use = link_ && (needs_tending() || now - primary_at_ < kAttention);
  if (!tending && in_use) sooner(now + kIdle);
  io_attentive_ = in_use;
  if (!next) return std::nullopt;
  return std::max(*next - now, Duration{0});
}

void Shell::drain_control(Lease::Guard& guard, TimePoint now) {
  if (!link_) return;
  const bool down = link_->state() == net::LinkState::down;
  wire::Message message;
  for (int i = 0; i < kTurnMax && !close_wanted_; ++i) {
    const net::Receipt receipt = link_->receive(wire::Plane::control, message);
    if (receipt == net::Receipt::nothing) break;
    if (receipt == net::Receipt::message)
      session_.on_message(wire::Plane::control, message, now, out_);
    absorb(guard, now);
  }
  net::Notification hint;
  for (int i = 0; i < kTurnMax && !close_wanted_ && link_->receive(hint); ++i) {
    session_.on_message(wire::Plane::notify, {hint.body, {}}, now, out_);
    absorb(guard, now);
  }
  if (!down || close_wanted_) return;
  // What came before the loss is there still.
  guard.take();
  if (link_ && !close_wanted_) tend(guard, now);
  session_.on_link_down(wire::Plane::control, link_->reason(), now, out_);
  absorb(guard, now);
}

void Shell::act(Lease::Guard& guard, TimePoint now) {
  if (link_) {
    for (const wire::Message& message : control_out_)
      if (link_->send(wire::Plane::control, message) != net::SendResult::sent) break;
  }
  control_out_.clear();
  if (close_wanted_) disconnect(guard);
  if (connect_wanted_) connect(guard, now);
}

void Shell::disconnect(Lease::Guard& guard) {
  guard.take();
  close_wanted_ = false;
  if (stopping_ && link_) send_tasks();  // the last words: what was received, and goodbye
  task_out_.clear();
  if (!link_) return;
  link_->close(stopping_ ? kGoodbyeMax : std::chrono::milliseconds{0});
  link_.reset();
}

void Shell::connect(Lease::Guard& guard, TimePoint now) {
  guard.take();
  connect_wanted_ = false;
  try {
    link_ = connector_();
    link_->subscribe("engines");
    link_->subscribe(session_.peer_topic());
    connect_error_.reset();
  } catch (const Exception& error) {
    connect_error_ = Error{error.code(), error.what()};
    changed_.notify_all();
    session_.on_link_down(wire::Plane::control, error.what(), now, out_);
    absorb(guard, now);
    close_wanted_ = false;
    link_.reset();
    return;
  }
  session_.on_link_up(wire::Plane::task, now, out_);
  session_.on_link_up(wire::Plane::control, now, out_);
  absorb(guard, now);
  send_tasks();
}

}  // namespace roundhouse::detail
