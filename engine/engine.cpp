#include "engine/engine.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "shared/clock.hpp"
#include "shared/log.hpp"
#include "shared/net/poll.hpp"
#include "shared/random.hpp"

namespace roundhouse::engine {

using wire::Plane;

namespace {

constexpr int kDrainMax = 256;  // messages of one plane in a row

}  // namespace

Engine::Engine(SessionOptions options, LinkMaker links, ModuleSet& modules, TaskHost& host,
               Page* page)
    : links_(std::move(links)),
      modules_(modules),
      host_(host),
      page_(page),
      session_(std::move(options), steady_now()),
      loader_(
          modules.shipped(), [this](wire::Have have) { on_module_loaded(std::move(have)); }, page) {
  slots_.reserve(kSeatsMax);
  while (slots_.size() < session_.options().slots) add_seat();
}

Engine::~Engine() {
  if (host_.output() != nullptr) host_.output()->tell(nullptr);
  {
    auto guard = lease_.lock();
    if (!farewell_) farewell_ = Farewell{Exit::stopped, "destroyed"};
    guard.take();
    guard.wake_followers();
    wake_parked();
  }
  slots_.clear();
}

void Engine::stop() noexcept {
  stop_asked_.store(true, std::memory_order_relaxed);
  control_wake_.wake();
}

SessionCounters Engine::counters() {
  auto guard = lease_.lock();
  return session_.counters();
}

bool Engine::connected() {
  auto guard = lease_.lock();
  return session_.connected();
}

// What the session wants done, sorted by who can do it. The mutex is held.
void Engine::absorb() {
  bool for_control = out_.close || out_.connect || out_.exit.has_value();
  for (Send& send : out_.sends) {
    if (send.plane == Plane::task) {
      to_task_.push_back(std::move(send.message));
    } else {
      to_control_.push_back(std::move(send.message));
      for_control = true;
    }
  }
  for (const ModuleOrder& changed : out_.orders)
    modules_.shipped().set_order(changed.build, changed.order);
  for (ModuleBytes& module : out_.loads) loader_.push(std::move(module));
  for (const std::uint32_t slot : out_.stops) stop_task(slot);
  clears_.insert(clears_.end(), out_.clears.begin(), out_.clears.end());
  overdue_.insert(overdue_.end(), out_.overdue.begin(), out_.overdue.end());
  if (out_.close) close_asked_ = true;
  if (out_.connect) connect_asked_ = true;
  if (out_.exit && !farewell_) farewell_ = std::move(out_.exit);
  out_.clear();
  if (session_.contact().connections() !=
      std::exchange(welcomes_seen_, session_.contact().connections()))
    for_control = true;
  if (for_control) control_wake_.wake();
  // Before any task of this connection runs: it may ask for the engine's id.
  if (session_.engine_id() != engine_id_) host_.set_engine_id(engine_id_ = session_.engine_id());
  const std::uint64_t confirmed = session_.outcomes().confirmed();
  if (page_ != nullptr && confirmed != trimmed_) page_->trim(trimmed_ = confirmed);
}

// Precondition of the following three: the mutex is held and the lease is free.

void Engine::drain_tasks(TimePoint now) {
  if (!link_) return;
  for (int i = 0; i < kDrainMax; ++i) {
    switch (link_->receive(Plane::task, incoming_)) {
      case net::Receipt::nothing: return;
      case net::Receipt::message: session_.on_message(Plane::task, incoming_, now, out_); break;
      case net::Receipt::oversized: session_.on_oversized(Plane::task, now, out_); break;
      case net::Receipt::foreign: break;
    }
    absorb();
  }
}

void Engine::flush_tasks() {
  // After a loss nothing can be sent, which the control thread hears of; what was to be sent is
  // kept by the session.
  if (link_)
    for (const wire::Message& message : to_task_)
      static_cast<void>(link_->send(Plane::task, message));
  to_task_.clear();
}

// Between two tasks that follow each other: has the hub something to say?
void Engine::glance(TimePoint now) {
  if (!link_ || now - looked_at_ < kGlance) return;
  looked_at_ = now;
  std::array items{link_->task_item()};
  net::poll(items, Duration{0});
  drain_tasks(now);
}

// After a task: the standby makes way, and what there is to send is sent, or left to another task
// thread that polls.
void Engine::settle(Lease::Guard& guard) {
  if (guard.holder() == Lease::Holder::standby) static_cast<void>(guard.displace_standby());
  if (to_task_.empty()) return;
  if (guard.free()) {
    flush_tasks();
  } else {
    guard.wake_holder();
  }
}

void Engine::work(std::uint32_t slot) {
  auto guard = lease_.lock();
  while (!farewell_) {
    if (!clears_.empty()) clear_names(guard);
    if (is_spare()) {
      park(guard, slot);
      continue;
    }
    // Without room in the page an outcome could be lost with the process: rather wait until the
    // hub has stored some.
    const bool may_begin = page_ == nullptr || page_->room();
    if (!may_begin || !session_.has_work()) {
      wait_for_work(guard);
      continue;
    }
    // The wall first: what is added up from it and the duration is never later than the end.
    const WallTime started = wall_now();
    const TimePoint now = steady_now();
    if (auto run = session_.take_next(slot, now))
      execute(guard, slot, std::move(*run), {now, started.microseconds});
  }
  guard.wake_followers();
}

void Engine::execute(Lease::Guard& guard, std::uint32_t slot, Run run, Start start) {
  Slot& mine = slots_[slot];
  mine.begun = start.at;
  mine.started_us = start.wall_us;
  mine.stop->store(false, std::memory_order_relaxed);
  if (page_ != nullptr) page_->begin(slot, run, mine.started_us);
  ++busy_, --looking_;
  last_start_ = start.at;
  const bool limited = run.shared->time_limit > Duration{0};  // the control thread watches it
  if (std::exchange(control_sleeps_, false) || limited) control_wake_.wake();
  guard.wake_followers();  // one of them leads now
  guard.unlock();
  TaskOutput* const output = host_.output();
  if (output != nullptr) output->begin(slot, run.task, run.fence, start.at);
  const TimePoint called = steady_now();
  Finish finish;
  {
    mine.seat->task_depth = run.shared->depth;
    const TaskThread::Scope scope(*mine.seat);
    finish = mine.runner->run(run, mine.stop.get());
  }
  const TimePoint ended = steady_now();
  run.payload = {};
  TaskOutput::Ended printed;
  if (output != nullptr) printed = output->end(slot, ended - called);
  guard.relock();
  --busy_, ++looking_;
  if (mine.overdue) return;
  send_output(std::move(printed.parts));
  finish.printed = std::move(printed.printed);
  finish.started_us = mine.started_us;
  finish.duration_ns = static_cast<std::uint64_t>((ended - start.at).count());
  finish = session_.judge(slot, std::move(finish), ended);
  if (page_ != nullptr) {
    page_->record(session_.outcomes().last() + 1,
                  {run.task, run.fence, finish.ending, finish.started_us, finish.duration_ns,
                   finish.payload, finish.printed});
    page_->end(slot);
  }
  session_.on_finished(slot, run, std::move(finish), ended, out_);
  absorb();
  wake_next_back();
  settle(guard);
  if (guard.free()) glance(ended);
}

void Engine::wait_for_work(Lease::Guard& guard) {
  if (session_.connected() && session_.outcomes().unsent() > 0) {  // there is no company to come
    session_.on_outcome_tick(steady_now(), out_, true);
    absorb();
    return settle(guard);
  }
  if (!guard.displace_standby()) {
    guard.follow();
    return;
  }
  looked_at_ = steady_now();
  drain_tasks(looked_at_);
  flush_tasks();
  const bool work = session_.has_work() && (page_ == nullptr || page_->room());
  if (work || farewell_ || !clears_.empty()) return;
  std::array<net::PollItem, 2> items{net::PollItem::readable(lease_.wake_fd()), {}};
  if (link_) items[1] = link_->task_item();
  if (!guard.begin_poll(Lease::Holder::primary)) return;
  net::poll(items, std::nullopt);
  guard.end_poll();
  looked_at_ = steady_now();
  drain_tasks(looked_at_);
  flush_tasks();
  if (session_.has_work()) guard.wake_followers();
}

Farewell Engine::run() {
  if (host_.output() != nullptr)
    host_.output()->tell(
        [this](std::vector<wire::Output>&& parts) { on_output(std::move(parts)); });
  {
    auto guard = lease_.lock();
    last_start_ = looked_at_ = steady_now();
    session_.start(last_start_, out_);
    absorb();
  }
  auto guard = lease_.lock();
  while (looking_ < session_.options().slots) {
    slots_[looking_].thread = std::jthread([this, slot = looking_] { work(slot); });
    ++looking_;
  }
  for (;;) {
    turn(guard);
    carry_out(guard);
    if (farewell_) break;
    sleep(guard);
  }
  guard.take();
  guard.wake_followers();
  wake_parked();
  if (link_) link_->close(kFlushMax);
  link_.reset();
  log::info("engine_ended", {{"why", to_string(farewell_->exit)}, {"text", farewell_->text}});
  return *farewell_;
}

// One turn of the control thread: what came, then the clock. The mutex is held.
void Engine::turn(Lease::Guard& guard) {
  const TimePoint now = steady_now();
  if (stop_asked_.load(std::memory_order_relaxed)) {
    session_.on_stop("stopped by a signal", now, out_);
    absorb();
  }
  drain_control(now);
  look_at_link(guard, now);
  session_.on_control_tick(now, out_);
  absorb();
  if (!overdue_.empty()) end_overdue(now);
  if (guard.free()) {
    drain_tasks(now);
    session_.on_outcome_tick(now, out_, busy_ > 0 && now - last_start_ >= kTakeOver);
    absorb();
    flush_tasks();
    if (session_.has_work() || !clears_.empty()) guard.wake_followers();
  } else if (!to_task_.empty() || !clears_.empty() ||
             (session_.connected() && session_.outcomes().due(now))) {
    guard.wake_holder();  // what control brought is to be answered there, and outcomes are sent
  }
  report_changes();
}

void Engine::drain_control(TimePoint now) {
  if (!link_) return;
  for (int i = 0; i < kDrainMax; ++i) {
    switch (link_->receive(Plane::control, control_incoming_)) {
      case net::Receipt::nothing: return;
      case net::Receipt::message:
        session_.on_message(Plane::control, control_incoming_, now, out_);
        break;
      case net::Receipt::oversized: session_.on_oversized(Plane::control, now, out_); break;
      case net::Receipt::foreign: break;
    }
    absorb();
  }
}

void Engine::look_at_link(Lease::Guard& guard, TimePoint now) {
  if (!link_ || close_asked_ || link_->state() != net::LinkState::down) return;
  log::info("hub_lost", {{"why", link_->reason()}});
  guard.take();
  drain_tasks(now);  // what came before the loss
  session_.on_link_lost(now, out_);
  close_asked_ = true;
  absorb();
}

void Engine::carry_out(Lease::Guard& guard) {
  if (link_)
    for (const wire::Message& message : to_control_)
      static_cast<void>(link_->send(Plane::control, message));
  to_control_.clear();
  if (std::exchange(close_asked_, false) && link_) {
    guard.take();
    flush_tasks();
    link_->close(kFlushMax);
    link_.reset();
  }
  if (farewell_) return;
  if (std::exchange(connect_asked_, false)) connect(guard);
}

void Engine::connect(Lease::Guard& guard) {
  guard.unlock();  // a name may have to be looked up, a file read
  auto made = links_();
  guard.relock();
  const TimePoint now = steady_now();
  if (!made) {
    log::debug("hub_not_found", {{"why", made.error().text}});
    session_.on_link_lost(now, out_);
    absorb();
    return;
  }
  guard.take();
  link_ = std::move(*made);
  to_task_.clear();
  session_.on_link(random_u64(), now, out_);
  absorb();
  flush_tasks();
  for (const wire::Message& message : to_control_)
    static_cast<void>(link_->send(Plane::control, message));
  to_control_.clear();
}

void Engine::report_changes() {
  const std::uint64_t welcomes = session_.contact().connections();
  if (welcomes == welcomes_reported_ || !session_.connected()) return;
  welcomes_reported_ = welcomes;
  if (page_ != nullptr) page_->set_epoch(session_.contact().epoch());
  log::info("hub_found", {{"engine", session_.engine_id().value},
                          {"epoch", session_.contact().epoch()},
                          {"holding", session_.queue().waiting() + session_.queue().running()}});
  if (auto tell = std::exchange(first_welcome_, nullptr)) tell();
}

// Nobody has looked at the task socket for a while, because all slots are in user code.
bool Engine::tending_due(TimePoint now) const {
  return link_ != nullptr && busy_ > 0 && now - looked_at_ >= kTakeOver;
}

void Engine::sleep(Lease::Guard& guard) {
  const TimePoint now = steady_now();
  items_.clear();
  items_.push_back(net::PollItem::readable(control_wake_.fd()));
  if (link_) link_->add_control_items(items_);
  std::optional<Duration> control_timeout;
  if (const auto deadline = session_.control_deadline())
    control_timeout = std::max(*deadline - now, Duration{0});
  auto timeout = control_timeout;
  const bool active = busy_ > 0 || now - last_start_ < kQuiet;
  if (active) timeout = std::min(timeout.value_or(kTakeOver), kTakeOver);
  control_sleeps_ = !active;
  const std::size_t own_items = items_.size();
  if (guard.free() && tending_due(now)) {
    items_.push_back(net::PollItem::readable(lease_.wake_fd()));
    items_.push_back(link_->task_item());
  }
  // It may be refused, when a task thread is about to take over: then let it.
  const bool tend = items_.size() > own_items && guard.begin_poll(Lease::Holder::standby);
  if (tend) {
    net::poll(items_, control_timeout);
    guard.end_poll();
  } else {
    guard.unlock();
    net::poll(std::span(items_).first(own_items), timeout);
    guard.relock();
  }
  control_sleeps_ = false;
  control_wake_.clear();
}

}  // namespace roundhouse::engine
