#include "engine/core/nanny_core.hpp"

#include <algorithm>
#include <utility>

#include "shared/check.hpp"

namespace roundhouse::engine {
namespace {

using wire::Kind;
using wire::Plane;

std::string describe(const ProcessEnded& ended) {
  return ended.signal != 0 ? "signal " + std::to_string(ended.signal)
                           : "exit status " + std::to_string(ended.exit_code);
}

// All that `died` may carry of it: very many runs share that.
constexpr std::size_t kPrintedTold = std::size_t{512} << 10U;

// What each run had written, as outcomes have it.
std::vector<std::string> encoded(std::vector<wire::Printed> printed) {
  std::vector<std::string> out;
  if (std::ranges::all_of(printed, &wire::Printed::empty)) return out;
  const std::size_t share = kPrintedTold / (2 * printed.size());
  for (wire::Printed& each : printed) {
    each.out.shorten(share), each.err.shorten(share);
    out.push_back(wire::encode_printed(each));
  }
  return out;
}

}  // namespace

NannyCore::NannyCore(NannyOptions options, TimePoint) : options_(std::move(options)) {}

void NannyCore::start(TimePoint now, NannyOutbox& out) {
  begin_incarnation(now, out);
}

void NannyCore::begin_incarnation(TimePoint now, NannyOutbox& out) {
  state_ = State::starting;
  restart_asked_ = false;
  signal_asked_ = 0;
  keep(now, out);
  out.start = ++incarnation_;
}

void NannyCore::on_ready(std::uint64_t epoch, TimePoint, NannyOutbox& out) {
  epoch_ = std::max(epoch_, epoch);
  if (state_ == State::starting) state_ = State::running;
  if (!std::exchange(told_ready_, true)) out.ready = true;
}

void NannyCore::note_epoch(std::uint64_t epoch) {
  epoch_ = std::max(epoch_, epoch);
}

void NannyCore::on_start_failed(std::string text, NannyOutbox& out) {
  end({Exit::failed, std::move(text)}, out);
}

void NannyCore::on_process_ended(ProcessEnded ended, TimePoint now, NannyOutbox& out) {
  RH_CHECK(state_ == State::starting || state_ == State::running);
  kill_at_.reset();
  stop_keeping(out);
  if (ended.farewell && ended.farewell->exit == Exit::overran) {
    // Told to the tasks of its other slots, which ended with it. No fault of the engine's.
    std::string why = std::move(ended.farewell->text);
    ended.farewell.reset();
    if (!stopping_) {
      begin_will(std::move(ended), std::nullopt, now, out);
      will_->died.replaced = std::move(why);
      return;
    }
  }
  if (ended.farewell && ended.farewell->exit != Exit::stopped) {
    return end(*ended.farewell, out);
  }
  if (stopping_ || ended.farewell) {
    Farewell then = ended.farewell.value_or(Farewell{Exit::stopped, "stopped"});
    begin_will(std::move(ended), std::move(then), now, out);
    will_->give_up_at = now + options_.farewell_max;
    return;
  }
  // What a client wanted is no crash.
  const bool asked = restart_asked_ || (ended.signal != 0 && ended.signal == signal_asked_);
  std::optional<Farewell> then = asked ? std::nullopt : count_crash(ended, now);
  begin_will(std::move(ended), std::move(then), now, out);
  will_->died.asked = restart_asked_;
}

std::optional<Farewell> NannyCore::count_crash(const ProcessEnded& ended, TimePoint now) {
  if (!ended.loading.empty()) return std::nullopt;
  crashes_.push_back(now);
  while (now - crashes_.front() > options_.crash_window) crashes_.pop_front();
  if (crashes_.size() < options_.crashes_max) return std::nullopt;
  return Farewell{Exit::crash_loop,
                  "the engine process ended " + std::to_string(crashes_.size()) + " times within " +
                      roundhouse::to_string(options_.crash_window) + ", the last time with " +
                      describe(ended) + "; not started again"};
}

void NannyCore::begin_will(ProcessEnded ended, std::optional<Farewell> then, TimePoint now,
                           NannyOutbox& out) {
  state_ = State::will;
  const HubContact::Terms terms{options_.hub_timeout, options_.hub_timeout, epoch_};
  will_.emplace(Will{HubContact{terms, now}, {}, {}, ended.next_number, {}, false, {}, {}});
  std::uint64_t number = ended.first_outcome;
  for (wire::FinishedRecord& outcome : ended.outcomes)
    will_->outcomes.restore(number++, std::move(outcome));
  will_->died = {ended.signal,
                 ended.exit_code,
                 std::move(ended.output).value_or(std::string()),
                 std::move(ended.running),
                 !then.has_value(),
                 ended.loading,
                 then && then->exit == Exit::crash_loop ? then->text : std::string(),
                 false,
                 encoded(std::move(ended.printed)),
                 {}};
  will_->then = std::move(then);
  will_->contact.start(now, out);
}

wire::Hello NannyCore::hello(wire::Role role) const {
  wire::Hello hello;
  hello.role = role;
  hello.uuid = options_.uuid;
  hello.incarnation = incarnation_;
  hello.slots = options_.slots;
  if (will_) hello.next_number = will_->next_number;
  hello.pid = options_.pid;
  hello.host = options_.host;
  hello.label = options_.label;
  return hello;
}

void NannyCore::on_link(std::uint64_t connection, TimePoint now, NannyOutbox& out) {
  if (keeper_) return keeper_->on_link(connection, hello(wire::Role::keeper), now, out);
  if (state_ != State::will) return;
  will_->died_sent.reset();
  will_->heard = false;
  will_->contact.on_link(connection, hello(wire::Role::nanny), now, out);
}

void NannyCore::on_link_lost(TimePoint now, NannyOutbox& out) {
  if (keeper_) return keeper_->on_link_lost(now, out);
  if (state_ != State::will) return;
  will_->contact.on_link_lost(now, out);
  settle(now, out);
}

void NannyCore::on_message(Plane plane, const wire::Message& message, TimePoint now,
                           NannyOutbox& out) {
  if (keeper_) return on_keeper_message(plane, message, now, out);
  if (state_ != State::will || !will_->contact.has_link()) return;
  const auto kind = wire::kind_of(message);
  if (!kind && will_->contact.is_foreign(kind.error()))
    return end({Exit::refused, kind.error().text}, out);
  if (!kind) return will_->contact.on_malformed(plane, kind.error(), now, out);
  switch (will_->contact.on_message(plane, *kind, message, now, out)) {
    case HubContact::News::none:
    case HubContact::News::welcome_control: break;
    case HubContact::News::welcome_task: tell(now, out); break;
    case HubContact::News::goodbye:
      return end({Exit::dismissed, "the hub said goodbye: " + will_->contact.text()}, out);
    case HubContact::News::refused:
      return end({Exit::refused, "the hub refused this engine: " + will_->contact.text()}, out);
    case HubContact::News::other:
      if (*kind == Kind::stored) {
        const auto stored = wire::decode_as<wire::Stored>(message);
        if (!stored) return will_->contact.on_malformed(plane, stored.error(), now, out);
        will_->contact.on_sound();
        will_->outcomes.confirm(stored->through);
        if (stored->died) will_->heard = will_->died_sent.has_value();
      }
  }
  settle(now, out);
}

// The outcomes, and behind them the death: so the hub never takes a finished task for a lost one.
void NannyCore::tell(TimePoint now, NannyOutbox& out) {
  will_->outcomes.rewind(will_->contact.welcome().stored);
  will_->outcomes.send(out);
  out.send(Plane::task, will_->died);
  will_->died_sent = now;
}

bool NannyCore::delivered(TimePoint now) const {
  const Will& will = *will_;
  if (!will.died_sent || !will.contact.usable(Plane::task)) return false;
  if (now - *will.died_sent >= options_.stored_max) return true;
  return will.heard && (will.outcomes.unconfirmed() == 0 || !will.contact.welcome().durable);
}

void NannyCore::settle(TimePoint now, NannyOutbox& out) {
  if (state_ != State::will) return;
  const bool too_late = will_->give_up_at && now >= *will_->give_up_at;
  if (delivered(now) || too_late) return end_will(now, out);
  if (will_->contact.given_up())
    end({Exit::no_hub, "no hub to tell what became of the tasks: " + will_->contact.text()}, out);
}

void NannyCore::end_will(TimePoint now, NannyOutbox& out) {
  epoch_ = std::max(epoch_, will_->contact.epoch());
  if (will_->then) return end(*will_->then, out);
  will_->contact.leave(out);
  out.connect = false;
  will_.reset();
  begin_incarnation(now, out);
}

void NannyCore::end(Farewell farewell, NannyOutbox& out) {
  if (will_) will_->contact.leave(out);
  will_.reset();
  stop_keeping(out);
  state_ = State::over;
  kill_at_.reset();
  out.connect = false;
  out.exit = std::move(farewell);
}

void NannyCore::on_stop(TimePoint now, NannyOutbox& out) {
  if (state_ == State::over || std::exchange(stopping_, true)) return;
  if (state_ != State::will) {
    out.terminate = true;
    kill_at_ = now + options_.stop_grace;
    return;
  }
  if (!will_->then) will_->then = Farewell{Exit::stopped, "stopped"};
  will_->give_up_at = now + options_.farewell_max;
  will_->died.restarting = false;
  // Once more, now that nothing follows.
  if (will_->died_sent && will_->contact.usable(Plane::task)) out.send(Plane::task, will_->died);
}

void NannyCore::on_tick(TimePoint now, NannyOutbox& out) {
  if (kill_at_ && now >= *kill_at_) {
    kill_at_.reset();
    out.kill = true;
  }
  if (keeper_) keeper_->on_tick(now, out);
  if (state_ != State::will) return;
  will_->contact.on_tick(now, out);
  settle(now, out);
}

std::optional<TimePoint> NannyCore::next_deadline() const {
  std::optional<TimePoint> next = kill_at_;
  const auto consider = [&next](std::optional<TimePoint> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  if (keeper_) consider(keeper_->next_deadline());
  if (state_ != State::will) return next;
  consider(will_->contact.next_deadline());
  consider(will_->give_up_at);
  if (will_->died_sent && will_->contact.usable(Plane::task))
    consider(*will_->died_sent + options_.stored_max);
  return next;
}

void NannyCore::check_invariants() const {
  RH_CHECK(will_.has_value() == (state_ == State::will));
  RH_CHECK(!kill_at_ || state_ == State::starting || state_ == State::running);
  RH_CHECK(crashes_.size() <= options_.crashes_max);
  RH_CHECK(!keeper_ || state_ == State::starting || state_ == State::running);
  if (keeper_) keeper_->check_invariants();
  if (!will_) return;
  will_->contact.check_invariants();
  will_->outcomes.check_invariants();
  RH_CHECK(will_->then.has_value() != will_->died.restarting);
}

}  // namespace roundhouse::engine
