#include "client/shell.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

#include <pthread.h>
#include <unistd.h>

#include "client/deadline.hpp"
#include "shared/check.hpp"
#include "shared/clock.hpp"
#include "shared/host.hpp"
#include "shared/net/poll.hpp"
#include "shared/random.hpp"

namespace roundhouse::detail {
namespace {

constexpr int kDrainMax = 64;                            // messages in one turn
constexpr Duration kNoHubMax = std::chrono::seconds{1};  // a hub that is just starting
constexpr std::uint64_t kFullBatch = wire::kBatchRecordsMax;

// Counts forks of this process, in the child: the one thing that is per process and not per client.
std::atomic<std::uint32_t> fork_generation{0};

std::uint32_t watch_forks() {
  [[maybe_unused]] static const int watched = ::pthread_atfork(
      nullptr, nullptr, [] { fork_generation.fetch_add(1, std::memory_order_relaxed); });
  return fork_generation.load(std::memory_order_relaxed);
}

Uuid random_uuid() {
  Uuid out;
  random_bytes(out.bytes);
  return out;
}

std::string program_name() {
  return program_invocation_short_name == nullptr ? "" : program_invocation_short_name;
}

client::SessionOptions session_options(const ClientOptions& options) {
  client::SessionOptions out;
  out.session = SessionId{random_u64()};
  out.secret = random_uuid();
  out.seed = random_u64();
  out.pid = static_cast<std::uint32_t>(::getpid());
  out.host = host_name();
  out.label = options.label.empty() ? program_name() : options.label;
  return out;
}

// Trying again helps only against a hub that is not there yet.
bool is_final(Errc code) {
  return code != Errc::not_connected && code != Errc::io_failed;
}

}  // namespace

std::shared_ptr<Shell> Shell::open(const ClientOptions& options, Connector connector) {
  // In the child of a fork there are no threads to join and no sockets to close: let it be.
  std::shared_ptr<Shell> shell(new Shell(options, std::move(connector)), [](Shell* dying) {
    if (dying->in_other_process()) return;
    dying->close();
    delete dying;
  });
  shell->await_welcome();
  return shell;
}

Shell::Shell(const ClientOptions& options, Connector connector)
    : options_(options),
      connector_(std::move(connector)),
      fork_generation_(watch_forks()),
      session_(session_options(options), steady_now()),
      thread_([this] { run(); }) {}

Shell::~Shell() = default;

bool Shell::in_other_process() const {
  return fork_generation.load(std::memory_order_relaxed) != fork_generation_;
}

void Shell::require_same_process() const {
  if (in_other_process())
    throw ForkedError(
        "this client belongs to the parent process: make a new rh::Client after a fork");
}

void Shell::require_open() const {
  if (!session_.failure()) return;
  const Error& failure = *session_.failure();
  throw ConnectionError(failure);
}

void Shell::await_welcome() {
  auto guard = lease_.lock();
  const TimePoint start = steady_now();
  const TimePoint deadline = deadline_of(options_.timeout);
  const TimePoint no_hub = std::min(deadline, start + kNoHubMax);
  while (!session_.usable() || !session_.engines().known()) {
    if (session_.failure()) throw ConnectionError(*session_.failure());
    if (connect_error_ && is_final(connect_error_->code)) raise(*connect_error_);
    const TimePoint now = steady_now();
    if (connect_error_ && now >= no_hub) raise(*connect_error_);
    if (now >= deadline)
      throw ConnectionError("the hub did not answer within " +
                            roundhouse::to_string(options_.timeout) +
                            (session_.link_reason().empty() ? "" : ": " + session_.link_reason()));
    changed_.wait_until(guard.native(), connect_error_ ? no_hub : deadline);
  }
}

void Shell::close() noexcept {
  if (in_other_process()) return;
  {
    auto guard = lease_.lock();
    if (stopping_) return;
    const auto taken_over = [this] { return session_.log().accepted() >= session_.log().last(); };
    try {
      wait_locked(guard, taken_over, deadline_of(Timeout(options_.linger)));
    } catch (const Exception&) {
      // Refused: there is nothing to wait for.
    }
    if (stopping_) return;
    stopping_ = true;
    session_.leave("closed", out_);
    absorb(guard, steady_now());
    wake_io();
  }
  thread_.join();
  dispatcher_.stop();
}

void Shell::absorb(Lease::Guard& guard, TimePoint now) {
  bool places_changed = take_hub_answers(now);
  for (client::Send& send : out_.sends)
    (send.plane == wire::Plane::task ? task_out_ : control_out_).push_back(std::move(send.message));
  if (out_.close) close_wanted_ = true;
  if (out_.connect) connect_wanted_ = true;
  for (const wire::Output& part : out_.outputs) hear(part);
  if (!out_.outcomes.empty()) {
    const WallTime wall = wall_now();
    for (wire::OutcomeRecord& outcome : out_.outcomes) {
      const std::uint64_t sequence = outcome.sequence;
      if (mirrors_.contains(sequence)) {
        mirror(outcome, now);
        places_changed = true;
      }
      hear_rest(slab_, outcome, 0);
      const Slot* head = slab_.finish(std::move(outcome), now, wall);
      if (head == nullptr || head->unfinished > 0) continue;
      const std::uint64_t first = sequence - slab_.get(sequence).offset;
      if (!hearers_.empty()) hearers_.erase(first);
      if (head->watched) call_watchers(first);
    }
    guard.wake_followers();
  }
  if (out_.modules_changed) guard.wake_followers();
  if (places_changed) {
    guard.wake_followers();
    guard.wake_holder();
  }
  bool news = out_.usable_changed || out_.engines_changed || out_.engines_answered || out_.failed;
  for (wire::Reply& reply : out_.replies) {
    const auto answer = answers_.find(reply.id);
    if (answer == answers_.end()) continue;
    answer->second = std::move(reply);
    news = true;
  }
  if (out_.engines_changed) {
    tell_engine_changes();
    for (const auto& [id, engine] : session_.engines().engines()) seen_[id] = engine;
  }
  if (news) changed_.notify_all();
  if (out_.usable_changed) guard.wake_followers();  // submissions may wait for room
  if (out_.failed) {
    call_all_watchers();
    guard.wake_followers();
    guard.wake_holder();
  }
  out_.clear();
  if (!control_out_.empty() || close_wanted_ || connect_wanted_) wake_io();
}

void Shell::wake_io() {
  if (io_woken_ || io_thread_ == std::this_thread::get_id()) return;
  io_woken_ = true;
  io_wake_.wake();
}

void Shell::send_tasks() {
  // A send that fails is the link's end: the I/O thread hears of it, and all is sent again.
  for (const wire::Message& message : task_out_)
    if (!link_ || link_->send(wire::Plane::task, message) != net::SendResult::sent) break;
  task_out_.clear();
}

void Shell::tend(Lease::Guard& guard, TimePoint now) {
  flush_asked_ = false;
  if (!link_ || close_wanted_) return;
  do {
    session_.flush(now, out_);
    absorb(guard, now);
    send_tasks();
  } while (session_.wants_flush());
  for (int i = 0; i < kDrainMax; ++i) {
    const net::Receipt receipt = link_->receive(wire::Plane::task, incoming_);
    if (receipt == net::Receipt::nothing) break;
    if (receipt != net::Receipt::message) continue;
    session_.on_message(wire::Plane::task, incoming_, now, out_);
    absorb(guard, now);
    if (close_wanted_) return;
  }
  // What came may have brought credit.
  while (session_.wants_flush()) {
    session_.flush(now, out_);
    absorb(guard, now);
    send_tasks();
  }
  if (!task_out_.empty()) send_tasks();  // parts of modules
}

void Shell::ask_to_flush(Lease::Guard& guard) {
  if (!session_.wants_flush()) return;
  if (session_.log().unsent_tasks() >= kFullBatch && guard.free()) {
    session_.flush(steady_now(), out_);
    absorb(guard, steady_now());
    send_tasks();
    return;
  }
  if (flush_asked_) return;
  flush_asked_ = true;
  if (!guard.wake_holder()) wake_io();
}

void Shell::poll_as_primary(Lease::Guard& guard, std::optional<TimePoint> deadline, TimePoint now) {
  std::array<net::PollItem, 2> items{net::PollItem::readable(lease_.wake_fd()), net::PollItem{}};
  if (link_ && !close_wanted_) items[1] = link_->task_item();
  // Outcomes are confirmed a little later; the I/O thread, which ticks, wakes us for it.
  std::optional<std::chrono::nanoseconds> timeout;
  if (deadline) timeout = *deadline - now;
  if (!io_attentive_ && session_.flush_deadline()) wake_io();
  if (!guard.begin_poll(Lease::Holder::primary)) return;
  net::poll(items, timeout);
  guard.end_poll();
}

bool Shell::wait_locked(Lease::Guard& guard, const std::function<bool()>& done,
                        std::optional<TimePoint> deadline) {
  bool is_done = done();
  while (!is_done) {
    require_open();
    const TimePoint now = steady_now();
    if (deadline && now >= *deadline) break;
    if (!guard.displace_standby()) {
      if (session_.wants_flush()) guard.wake_holder();
      guard.follow(deadline);
      is_done = done();
      continue;
    }
    primary_at_ = now;
    tend(guard, now);
    is_done = done();
    if (is_done) break;
    poll_as_primary(guard, deadline, now);
    if (!guard.free()) continue;
    primary_at_ = steady_now();
    tend(guard, primary_at_);
    is_done = done();
  }
  guard.wake_followers();  // one of them leads now
  // Or the I/O thread tends the socket, which it may not expect yet.
  if (!io_attentive_) wake_io();
  return is_done;
}

bool Shell::wait(const std::function<bool()>& done, Timeout timeout) {
  require_same_process();
  auto guard = lease_.lock();
  if (done()) return true;
  return wait_lending(guard, done, deadline_of(timeout));
}

void Shell::abandon(Slot& head, std::uint64_t first) noexcept {
  if (in_other_process()) return;
  auto guard = lease_.lock();
  if (!is_place(first)) {
    depends_.erase(first);
    return slab_.abandon(head, first);
  }
  abandon_places(head, first & ~kPlaceBit);
  absorb(guard, steady_now());
}

}  // namespace roundhouse::detail
