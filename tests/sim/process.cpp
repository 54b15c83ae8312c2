// The engine process: its core, its slots and the tasks in them.

#include <algorithm>
#include <utility>

#include "shared/check.hpp"
#include "tests/sim/engine_actor.hpp"

namespace roundhouse::sim {

using std::chrono::microseconds;

namespace {

constexpr std::uint64_t kWrittenMax = 1000;  // by a run, as far as the hub hears of it

}  // namespace

Process::Process(const EngineParts& parts, Owner& owner, const engine::SessionOptions& options,
                 Prng prng)
    : parts_(parts),
      owner_(owner),
      prng_(prng),
      output_prng_(parts.options.seed * 1000 + 10U * options.uuid.bytes[0] + options.incarnation),
      name_("engine " + std::to_string(options.uuid.bytes[0]) + "." +
            std::to_string(options.incarnation)),
      session_(options, parts.timeline.now()),
      busy_(options.slots, false) {
  page_.slots.resize(options.slots);
}

void Process::start() {
  parts_.trace.say(name_, "starts");
  session_.start(parts_.timeline.now(), out_);
  settle();
}

void Process::die() {
  if (std::exchange(dead_, true)) return;
  parts_.trace.say(name_, "is dead");
  if (nested_) nested_->kill();
  if (link_) parts_.network.close(*std::exchange(link_, std::nullopt), false);
}

void Process::stop() {
  if (dead_) return;
  session_.on_stop("stopped", parts_.timeline.now(), out_);
  settle();
}

void Process::on_plane_message(ConnectionId connection, wire::Plane plane,
                               const wire::Message& message) {
  if (dead_ || link_ != connection) return;
  if (parts_.trace.on()) parts_.trace.say(name_, "< " + sim::describe(message, true));
  session_.on_message(plane, message, parts_.timeline.now(), out_);
  while (!page_.outcomes.empty() && page_.first_outcome <= session_.outcomes().confirmed()) {
    page_.outcomes.pop_front();
    ++page_.first_outcome;
  }
  settle();
}

void Process::on_plane_down(ConnectionId connection, wire::Plane) {
  if (dead_ || link_ != connection) return;
  parts_.trace.say(name_, "lost its link");
  session_.on_link_lost(parts_.timeline.now(), out_);
  settle();
}

void Process::settle() {
  carry_out();
  if (dead_) return;
  go_on();
  clear();
  begin_runs();
  if (dead_) return;
  carry_out();
  if (dead_) return;
  session_.check_invariants();
  if (session_.counters().violations > 0) throw Violation(name_ + ": the hub broke a rule");
  if (!told_ready_ && session_.connected()) {
    told_ready_ = true;
    owner_.on_ready(session_.contact().epoch());
  }
  plan_tick();
}

void Process::carry_out() {
  while (!out_.empty() && !dead_) {
    engine::Outbox now = std::exchange(out_, {});
    for (const engine::Send& send : now.sends) {
      if (parts_.trace.on()) parts_.trace.say(name_, "> " + sim::describe(send.message, true));
      if (link_) parts_.network.send(*link_, send.plane, send.message);
    }
    if (now.close && link_)
      parts_.network.close(*std::exchange(link_, std::nullopt), prng_.chance(80));
    if (now.connect) {
      link_ = parts_.network.connect(hub::Side::engine, *this);
      session_.on_link(prng_.next() | 1U, parts_.timeline.now(), out_);
    }
    for (const engine::ModuleBytes& module : now.loads) load(module);
    clears_.insert(clears_.end(), now.clears.begin(), now.clears.end());
    if (!now.overdue.empty()) end_overdue(now.overdue);
    if (now.exit) owner_.on_exit(*now.exit);
  }
}

// These were to stop by force: they end now, and the process with them.
void Process::end_overdue(const std::vector<std::uint32_t>& slots) {
  for (const std::uint32_t slot : slots) {
    page_.outcomes.push_back(
        session_.end_overdue(slot, parts_.timeline.wall_us(), 1, {}, parts_.timeline.now()));
    page_.slots[slot].reset();
    waits_.erase(slot);
  }
  session_.on_overrun(out_);
}

// Takes a while, as initialisers do; and the process may die of it.
void Process::load(const engine::ModuleBytes& module) {
  wire::Have have;
  have.build = module.build, have.name = module.name, have.size = module.size;
  ContentHasher hasher;
  for (const Buffer& part : module.parts) hasher.add(part.view());
  if (hasher.finish() != module.build) throw Violation(name_ + " got another module");
  have.tasks = {"f0", "f1", "f2"};
  page_.loading.insert(have.build);
  const Duration longest = std::max<Duration>(microseconds{10}, parts_.options.task_max);
  parts_.timeline.after(prng_.duration(microseconds{10}, longest), [this, have] {
    if (dead_) return;
    page_.loading.erase(have.build);
    loaded_.insert(have.build);
    session_.on_module_loaded(have, parts_.timeline.now(), out_);
    settle();
  });
}

// Between two tasks of a slot.
void Process::clear() {
  if (clears_.empty() || std::ranges::find(busy_, false) == busy_.end()) return;
  session_.on_clearing();
  session_.on_cleared(std::exchange(clears_, {}), out_);
}

void Process::begin_runs() {
  for (std::uint32_t seat = 0; !dead_; ++seat) {
    if (busy_.size() <= seat) busy_.resize(seat + 1U), page_.slots.resize(seat + 1U);
    if (busy_[seat]) continue;
    std::optional<engine::Run> run = session_.take_next(seat, parts_.timeline.now());
    if (!run) return;
    begin(seat, *std::move(run));
  }
}

void Process::begin(std::uint32_t slot, engine::Run run) {
  const TimePoint now = parts_.timeline.now();
  busy_[slot] = true;
  page_.slots[slot] = wire::RunRef{run.task, run.fence};
  page_.next_number = std::max(page_.next_number, run.number + 1);
  if (parts_.trace.on())
    parts_.trace.say(name_, "runs " + std::to_string(run.task.session.value % 1000) + "/" +
                                std::to_string(run.task.sequence));
  for (const ContentHash& build : run.shared->builds)
    if (!loaded_.contains(build))
      throw Violation(name_ + " was given a task before the build " + short_text(build));
  parts_.checker.on_started(engine_key(), run.task.session, {run.number, run.task, run.fence, true},
                            run.direct, now);
  const std::string text = run.payload.body();
  const std::optional<Body> body = parse_body(text);
  if (!body) throw Violation("a task arrived with the body '" + text + "'");
  const Duration duration = microseconds{body->microseconds};
  if (parts_.options.output_percent > 0 && output_prng_.chance(parts_.options.output_percent))
    write(slot, *page_.slots[slot], 0);
  if (body->behaviour == Behaviour::crashes) {
    parts_.timeline.after(duration, [this] {
      if (!dead_) owner_.on_crashing_task();
    });
    return;
  }
  auto kept = std::make_shared<engine::Run>(std::move(run));
  if (body->behaviour == Behaviour::nests) {
    parts_.timeline.after(duration / 2, [this, slot, kept, text] { nest(slot, kept, text); });
    return;
  }
  parts_.timeline.after(duration, [this, slot, kept, text] { finish(slot, kept, text); });
}

// The next part of what the run writes, if it still runs, and so on.
void Process::write(std::uint32_t slot, const wire::RunRef& run, std::uint64_t offset) {
  if (dead_ || page_.slots[slot] != run || offset > kWrittenMax) return;
  std::uint64_t next = offset;
  if (frozen_until_ <= parts_.timeline.now()) {
    wire::Output part;
    part.session = run.task.session, part.sequence = run.task.sequence;
    part.epoch = run.fence.epoch, part.attempt = run.fence.attempt;
    part.engine = session_.engine_id();
    part.offset = offset;
    part.text = written_by(run.task, run.fence, offset, output_prng_.between(1, 40));
    next += part.text.size();
    // Without a hub it goes nowhere.
    if (session_.connected() && link_)
      parts_.network.send(*link_, wire::Plane::task, wire::encode(part));
  }
  const Duration longest = std::max<Duration>(microseconds{20}, parts_.options.task_max / 8);
  parts_.timeline.after(output_prng_.duration(microseconds{10}, longest),
                        [this, slot, run, next] { write(slot, run, next); });
}

// The run submits others and waits for them, with its slot lent.
void Process::nest(std::uint32_t slot, const std::shared_ptr<engine::Run>& run,
                   const std::string& body) {
  if (dead_) return;
  if (frozen_until_ > parts_.timeline.now()) {
    parts_.timeline.at(frozen_until_, [this, slot, run, body] { nest(slot, run, body); });
    return;
  }
  if (session_.over()) return;
  if (!nested_) {
    const unsigned number = 1000U * engine_key().uuid.bytes[0] + engine_key().incarnation;
    nested_ = std::make_unique<NestedClient>(
        ClientActor::Parts{parts_.timeline, parts_.options, parts_.network, parts_.checker,
                           parts_.trace},
        number, prng_.fork(), [this](std::uint64_t sequence) { on_nested_end(sequence); });
    nested_->start();
  }
  if (!session_.lend(slot, parts_.timeline.now(), out_)) return finish(slot, run, body);
  Wait& wait = waits_[slot];
  const auto rest = microseconds{parse_body(body)->microseconds} / 2;
  wait.then = [this, slot, run, body, rest] {
    parts_.timeline.after(rest, [this, slot, run, body] { finish(slot, run, body); });
  };
  for (std::uint64_t i = 1 + prng_.below(3); i > 0; --i)
    wait.tasks.insert(nested_->submit_for(run->shared->depth));
  settle();
}

void Process::on_nested_end(std::uint64_t sequence) {
  if (dead_) return;
  for (auto& [slot, wait] : waits_) {
    if (wait.tasks.erase(sequence) == 0 || !wait.tasks.empty()) continue;
    session_.want_back(slot);
    wait.returning = true;
    // Not here: its client is at work.
    parts_.timeline.after(microseconds{1}, [this] {
      if (!dead_) settle();
    });
  }
}

// Runs that have what they waited for, as far as there are slots.
void Process::go_on() {
  bool again = true;
  while (std::exchange(again, false)) {
    for (auto wait = waits_.begin(); wait != waits_.end(); ++wait) {
      if (!wait->second.returning) continue;
      if (!session_.take_back(wait->first, parts_.timeline.now(), out_)) continue;
      wait->second.then();
      waits_.erase(wait);
      again = true;
      break;
    }
  }
}

engine::Finish Process::finish_of(const std::string& body, bool framed, TaskId task) const {
  engine::Finish out;
  const Behaviour behaviour = parse_body(body)->behaviour;
  if (behaviour == Behaviour::picky && (engine_key().uuid.bytes[0] + parse_body(body)->token) % 2) {
    out.ending = wire::Ending::unmet;
    out.payload = Payload::of(wire::encode_error({"UnmetDependency", "what it needs", ""}));
    return out;
  }
  const bool fails = behaviour == Behaviour::fails ||
                     (behaviour == Behaviour::flaky && parts_.checker.executions(task) == 1);
  if (fails) {
    out.ending = wire::Ending::error;
    out.payload = Payload::of(wire::encode_error({"TaskError", body, ""}));
    return out;
  }
  out.payload = Payload::of(result_of(body));
  if (framed) out.payload.frames = std::make_shared<const Frames>(Frames{Buffer::copy(body)});
  return out;
}

void Process::finish(std::uint32_t slot, const std::shared_ptr<engine::Run>& run,
                     const std::string& body) {
  if (dead_) return;
  const TimePoint now = parts_.timeline.now();
  if (frozen_until_ > now) {
    parts_.timeline.at(frozen_until_, [this, slot, run, body] { finish(slot, run, body); });
    return;
  }
  engine::Finish finish = finish_of(body, run->payload.frame_count() > 0, run->task);
  finish.started_us = parts_.timeline.wall_us();
  finish.duration_ns = 1000U * parse_body(body)->microseconds;
  finish = session_.judge(slot, std::move(finish), now);
  parts_.checker.on_ended(engine_key(), {run->task, run->fence}, run->direct, finish.ending);
  page_.outcomes.push_back({run->task, run->fence, finish.ending, finish.started_us,
                            finish.duration_ns, finish.payload});
  page_.slots[slot].reset();
  busy_[slot] = false;
  const std::uint64_t number = session_.on_finished(slot, *run, std::move(finish), now, out_);
  RH_CHECK(number == page_.first_outcome + page_.outcomes.size() - 1);
  settle();
}

void Process::plan_tick() {
  const std::optional<TimePoint> next = session_.next_deadline();
  if (!next) return;
  const TimePoint at = std::max({*next, parts_.timeline.now() + microseconds{10}, frozen_until_});
  if (planned_ && *planned_ <= at) return;
  planned_ = at;
  parts_.timeline.at(at, [this, at] {
    if (dead_ || planned_ != at) return;
    planned_.reset();
    if (frozen_until_ > parts_.timeline.now()) return plan_tick();
    session_.on_tick(parts_.timeline.now(), out_);
    settle();
  });
}

}  // namespace roundhouse::sim
