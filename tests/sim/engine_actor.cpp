#include "tests/sim/engine_actor.hpp"

#include <algorithm>
#include <utility>

namespace roundhouse::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

Uuid uuid_of(unsigned number) {
  Uuid out;
  out.bytes[0] = static_cast<std::uint8_t>(number);
  out.bytes[15] = 0xee;
  return out;
}

bool may_give_up(const WorldOptions& options, Prng& prng) {
  return prng.chance(10) && options.targets_percent == 0;
}

engine::NannyOptions nanny_options(const Uuid& uuid, std::uint32_t slots, unsigned crashes_max) {
  engine::NannyOptions out;
  out.uuid = uuid;
  out.slots = slots;
  out.host = "sim";
  out.crashes_max = crashes_max;
  return out;
}

}  // namespace

EngineActor::EngineActor(const EngineParts& parts, unsigned number, std::uint32_t slots, Prng prng)
    : parts_(parts),
      prng_(prng),
      name_("nanny " + std::to_string(number)),
      uuid_(uuid_of(number)),
      slots_(slots),
      nanny_(nanny_options(uuid_, slots, may_give_up(parts.options, prng_) ? 3 : 1000),
             parts.timeline.now()) {}

void EngineActor::start() {
  nanny_.start(parts_.timeline.now(), out_);
  settle();
}

void EngineActor::begin_process(std::uint32_t incarnation) {
  engine::SessionOptions options;
  options.uuid = uuid_;
  options.incarnation = incarnation;
  options.slots = slots_;
  options.host = "sim";
  options.has_nanny = true;
  options.limit_grace = milliseconds{20};
  options.terms.epoch = nanny_.epoch();
  parts_.timeline.after(prng_.duration(milliseconds{1}, milliseconds{20}), [this, options] {
    if (gone_) return;
    processes_.push_back(std::make_unique<Process>(parts_, *this, options, prng_.fork()));
    processes_.back()->start();
  });
}

void EngineActor::on_ready(std::uint64_t epoch) {
  parts_.timeline.after(microseconds{50}, [this, epoch, process = processes_.back().get()] {
    if (gone_ || process->dead()) return;
    nanny_.on_ready(epoch, parts_.timeline.now(), out_);
    settle();
  });
}

void EngineActor::on_exit(const engine::Farewell& farewell) {
  parts_.trace.say(name_, "its process exits: " + farewell.text);
  bury(0, farewell);
}

void EngineActor::crash() {
  if (process() != nullptr) bury(9, std::nullopt);
}

// The process is dead; the nanny learns it a moment later, and looks at the page.
void EngineActor::bury(std::int32_t signal, std::optional<engine::Farewell> farewell) {
  Process* process = this->process();
  process->die();
  parts_.checker.on_died(process->engine_key(), false, parts_.timeline.now());
  engine::ProcessEnded ended;
  ended.signal = signal;
  ended.farewell = std::move(farewell);
  const Page& page = process->page();
  ended.first_outcome = page.first_outcome;
  ended.outcomes.assign(page.outcomes.begin(), page.outcomes.end());
  for (const auto& run : page.slots)
    if (run) ended.running.push_back(*run);
  ended.next_number = page.next_number;
  if (!page.loading.empty()) ended.loading = *page.loading.begin();
  parts_.timeline.after(prng_.duration(microseconds{100}, milliseconds{5}), [this, ended] {
    if (gone_) return;
    nanny_.on_process_ended(ended, parts_.timeline.now(), out_);
    settle();
  });
}

void EngineActor::kill() {
  parts_.trace.say(name_, "is killed");
  if (Process* running = process()) {
    running->die();
    parts_.checker.on_died(running->engine_key(), true, parts_.timeline.now());
  } else {
    parts_.checker.on_died(own_key(), true, parts_.timeline.now());
  }
  if (link_) parts_.network.close(*std::exchange(link_, std::nullopt), false);
  gone_ = true;
}

void EngineActor::stop() {
  parts_.trace.say(name_, "is asked to stop");
  nanny_.on_stop(parts_.timeline.now(), out_);
  settle();
}

void EngineActor::freeze_until(TimePoint time) {
  if (Process* running = process()) {
    parts_.trace.say(name_, "its process is frozen");
    running->freeze_until(time);
  }
}

void EngineActor::on_plane_message(ConnectionId connection, wire::Plane plane,
                                   const wire::Message& message) {
  if (gone_ || link_ != connection) return;
  if (parts_.trace.on()) parts_.trace.say(name_, "< " + sim::describe(message, true));
  nanny_.on_message(plane, message, parts_.timeline.now(), out_);
  settle();
}

void EngineActor::on_plane_down(ConnectionId connection, wire::Plane) {
  if (gone_ || link_ != connection) return;
  nanny_.on_link_lost(parts_.timeline.now(), out_);
  settle();
}

void EngineActor::settle() {
  carry_out();
  if (gone_) return;
  nanny_.check_invariants();
  plan_tick();
}

void EngineActor::carry_out() {
  while (!out_.empty() && !gone_) {
    engine::NannyOutbox now = std::exchange(out_, {});
    for (const engine::Send& send : now.sends) {
      if (parts_.trace.on()) parts_.trace.say(name_, "> " + sim::describe(send.message, true));
      if (link_) parts_.network.send(*link_, send.plane, send.message);
    }
    if (now.close && link_)
      parts_.network.close(*std::exchange(link_, std::nullopt), prng_.chance(80));
    if (now.connect) {
      link_ = parts_.network.connect(hub::Side::engine, *this);
      nanny_.on_link(prng_.next() | 1U, parts_.timeline.now(), out_);
    }
    if (now.start) begin_process(*now.start);
    if (!now.signals.empty()) crash();  // all that clients send kill
    if (now.terminate && process() != nullptr)
      parts_.timeline.after(microseconds{100}, [this, running = process()] { running->stop(); });
    if (now.kill) crash();
    if (now.exit) {
      parts_.trace.say(name_, "ends: " + now.exit->text);
      if (now.exit->exit == engine::Exit::refused)
        throw Violation(name_ + " was refused: " + now.exit->text);
      gone_ = true;
    }
  }
}

void EngineActor::plan_tick() {
  const std::optional<TimePoint> next = nanny_.next_deadline();
  if (!next) return;
  const TimePoint at = std::max(*next, parts_.timeline.now() + microseconds{10});
  if (planned_ && *planned_ <= at) return;
  planned_ = at;
  parts_.timeline.at(at, [this, at] {
    if (gone_ || planned_ != at) return;
    planned_.reset();
    nanny_.on_tick(parts_.timeline.now(), out_);
    settle();
  });
}

std::optional<ConnectionId> EngineActor::link() const {
  if (link_) return link_;
  return process() == nullptr ? std::nullopt : process()->link();
}

bool EngineActor::lost_clients() const {
  return std::ranges::any_of(processes_, [](const auto& process) {
    return process->dead() && process->nested() != nullptr;
  });
}

std::string EngineActor::client_unrest() const {
  const Process* running = process();
  return running == nullptr || running->nested() == nullptr ? "" : running->nested()->unrest();
}

std::string EngineActor::unrest() const {
  if (gone_) return {};
  const Process* running = process();
  if (running == nullptr) return name_ + " has no process";
  const engine::Session& session = running->session();
  if (!session.connected()) return name_ + " is not connected";
  if (session.queue().waiting() + session.queue().running() > 0) return name_ + " has work";
  if (session.outcomes().unconfirmed() > 0)
    return name_ + " keeps " + std::to_string(session.outcomes().unconfirmed()) + " outcomes";
  return {};
}

}  // namespace roundhouse::sim
