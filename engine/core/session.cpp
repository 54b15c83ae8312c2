#include "engine/core/session.hpp"

#include <algorithm>
#include <utility>

#include "shared/check.hpp"

namespace roundhouse::engine {
namespace {

using wire::Kind;
using wire::Plane;

// An average over about the last eight tasks: follows quickly, forgets a single outlier.
void smooth(std::optional<Duration>& typical, Duration sample) {
  typical = typical ? *typical + (sample - *typical) / 8 : sample;
}

std::unique_ptr<const Rules> rules_of(wire::Define& define) {
  if (define.depend.empty() && define.require_modules.empty() && define.require_functions.empty())
    return nullptr;
  return std::make_unique<const Rules>(Rules{
      std::move(define.depend), std::move(define.depend_signature), std::move(define.depend_body),
      std::move(define.require_modules), std::move(define.require_functions)});
}

// One that is longer than anything will ever run is none.
Duration limit_of(std::uint64_t microseconds) {
  constexpr Duration kLimitMax = std::chrono::hours{24 * 366};
  const auto most = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(kLimitMax).count());
  if (microseconds > most) return Duration{0};
  return std::chrono::microseconds{microseconds};
}

std::optional<TimePoint> earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

Session::Session(SessionOptions options, TimePoint now)
    : options_(std::move(options)),
      contact_(options_.terms, now),
      queue_(options_.slots),
      modules_(options_.shipped_modules),
      limits_(kSeatsMax, options_.limit_grace),
      idle_since_(now) {
  for (const wire::Have& have : options_.modules) modules_.add(have);
}

void Session::start(TimePoint now, Outbox& out) {
  contact_.start(now, out);
}

wire::Hello Session::hello() const {
  wire::Hello hello;
  hello.role = wire::Role::engine;
  hello.uuid = options_.uuid;
  hello.incarnation = options_.incarnation;
  hello.slots = options_.slots;
  hello.next_number = next_number_;
  hello.pid = options_.pid;
  hello.host = options_.host;
  hello.label = options_.label;
  return hello;
}

void Session::on_link(std::uint64_t connection, TimePoint now, Outbox& out) {
  if (over_) return;
  templates_.clear();
  stopped_ahead_.clear();
  interrupts_.clear();
  modules_.on_link();
  contact_.on_link(connection, hello(), now, out);
}

void Session::on_link_lost(TimePoint now, Outbox& out) {
  if (over_) return;
  contact_.on_link_lost(now, out);
  if (contact_.given_up()) end(Exit::no_hub, "no hub: " + contact_.text(), out);
}

void Session::on_message(Plane plane, const wire::Message& message, TimePoint now, Outbox& out) {
  if (over_ || !contact_.has_link()) {
    ++counters_.strays;
    return;
  }
  const auto kind = wire::kind_of(message);
  if (!kind) {
    if (contact_.is_foreign(kind.error())) return end(Exit::refused, kind.error().text, out);
    contact_.on_malformed(plane, kind.error(), now, out);
  } else {
    switch (contact_.on_message(plane, *kind, message, now, out)) {
      case HubContact::News::none:
      case HubContact::News::welcome_control: break;
      case HubContact::News::welcome_task: on_welcome(out); break;
      case HubContact::News::goodbye:
        if (contact_.usable(Plane::task)) outcomes_.send(out);
        end(Exit::dismissed, "the hub said goodbye: " + contact_.text(), out);
        return;
      case HubContact::News::refused:
        end(Exit::refused, "the hub refused this engine: " + contact_.text(), out);
        return;
      case HubContact::News::other:
        if (plane == Plane::task && contact_.usable(plane)) {
          on_task_plane(*kind, message, now, out);
        } else if (*kind == Kind::stop && contact_.usable(plane)) {
          on_stop_asked(message, now, out);
        } else if (*kind == Kind::act && contact_.usable(plane)) {
          on_act(message, now, out);
        } else {
          ++counters_.strays;
        }
    }
  }
  if (contact_.given_up()) end(Exit::no_hub, "no hub: " + contact_.text(), out);
}

void Session::on_oversized(Plane plane, TimePoint now, Outbox& out) {
  if (over_ || !contact_.has_link()) return;
  contact_.on_malformed(plane, {Errc::too_large, "a message has too many frames"}, now, out);
}

void Session::on_task_plane(Kind kind, const wire::Message& message, TimePoint now, Outbox& out) {
  switch (kind) {
    case Kind::assign: return on_assign(message, now, out);
    case Kind::stored: return on_stored(message, now, out);
    case Kind::define: return on_define(message, now, out);
    case Kind::revoke: return on_revoke(message, now, out);
    case Kind::offer: return on_offer(message, now, out);
    case Kind::part: return on_part(message, now, out);
    default:
      contact_.on_malformed(
          Plane::task,
          {Errc::unknown_kind,
           "an engine takes no " + std::string(wire::to_string(kind)) + " on the task plane"},
          now, out);
  }
}

// First what the hub may not have yet, then everything that is still to be run: what is in neither
// never arrived here. Modules before the last word, after which the hub offers what is lacking.
void Session::on_welcome(Outbox& out) {
  outcomes_.rewind(contact_.welcome().stored);
  outcomes_.send(out);
  modules_.on_welcome(out);
  said_lent_ = {};
  say_lent(out);
  send_holding(out);
}

void Session::send_holding(Outbox& out) {
  wire::BatchWriter<wire::HoldingRecord> writer;
  for (const wire::HoldingRecord& record : queue_.holding()) {
    if (writer.full()) out.sends.push_back({Plane::task, writer.take(0)});
    writer.add(record);
  }
  out.sends.push_back({Plane::task, writer.take(1)});
}

void Session::on_define(const wire::Message& message, TimePoint now, Outbox& out) {
  auto define = wire::decode_as<wire::Define>(message);
  if (!define) return contact_.on_malformed(Plane::task, define.error(), now, out);
  contact_.on_sound();
  auto shared = std::make_shared<Template>();
  shared->session = define->session;
  shared->function = std::move(define->function);
  shared->signature = std::move(define->signature);
  shared->source = std::move(define->source);
  shared->builds = std::move(define->builds);
  shared->time_limit = limit_of(define->time_limit_us);
  shared->depth = define->depth;
  shared->rules = rules_of(*define);
  templates_[define->number] = std::move(shared);
}

void Session::on_assign(const wire::Message& message, TimePoint now, Outbox& out) {
  const auto decoded = wire::decode_batch(message, batch_);
  if (!decoded) return contact_.on_malformed(Plane::task, decoded.error(), now, out);
  contact_.on_sound();
  std::vector<std::uint64_t> dropped;
  for (wire::AssignRecord& record : batch_.records) {
    if (record.number < next_number_) {
      ++counters_.duplicates;
      continue;
    }
    if (record.number > next_number_) {
      violation("assignment " + std::to_string(record.number) + " came where " +
                    std::to_string(next_number_) + " was expected",
                now, out);
      break;
    }
    const auto shared = templates_.find(record.template_number);
    if (shared == templates_.end()) {
      violation("template " + std::to_string(record.template_number) + " was not defined", now,
                out);
      break;
    }
    ++next_number_;
    ++counters_.assigned;
    Run run{record.number,  TaskId{shared->second->session, record.sequence},
            record.fence,   record.direct,
            shared->second, std::move(record.payload)};
    if (!stopped_ahead_.empty() && was_stopped_ahead(run))
      dropped.push_back(run.number);
    else
      queue_.push(std::move(run));
  }
  batch_.records.clear();
  if (!dropped.empty()) promise(std::move(dropped), out);
  if (queue_.wanted_depth() > 0)
    if (auto shallow = queue_.give_back_shallow(); !shallow.empty())
      promise(std::move(shallow), out);
}

void Session::on_stored(const wire::Message& message, TimePoint now, Outbox& out) {
  const auto stored = wire::decode_as<wire::Stored>(message);
  if (!stored) return contact_.on_malformed(Plane::task, stored.error(), now, out);
  contact_.on_sound();
  outcomes_.confirm(stored->through);
}

void Session::on_revoke(const wire::Message& message, TimePoint now, Outbox& out) {
  auto revoke = wire::decode_as<wire::Revoke>(message);
  if (!revoke) return contact_.on_malformed(Plane::task, revoke.error(), now, out);
  contact_.on_sound();
  promise(queue_.revoke(std::move(revoke->numbers)), out);
}

void Session::on_offer(const wire::Message& message, TimePoint now, Outbox& out) {
  const auto offer = wire::decode_as<wire::Offer>(message);
  if (!offer) return contact_.on_malformed(Plane::task, offer.error(), now, out);
  contact_.on_sound();
  modules_.on_offer(*offer, out);
}

void Session::on_part(const wire::Message& message, TimePoint now, Outbox& out) {
  const auto part = wire::decode_as<wire::Part>(message);
  if (!part) return contact_.on_malformed(Plane::task, part.error(), now, out);
  contact_.on_sound();
  if (!modules_.on_part(message, *part, out)) ++counters_.strays;
}

void Session::on_module_loaded(wire::Have have, TimePoint, Outbox& out) {
  modules_.on_loaded(std::move(have), !over_ && contact_.usable(Plane::task), out);
}

void Session::violation(std::string text, TimePoint now, Outbox& out) {
  ++counters_.violations;
  out.send(Plane::task, wire::Refused{std::string(to_string(Errc::malformed)), text, false});
  contact_.reconnect(std::move(text), now, out);
}

void Session::on_tick(TimePoint now, Outbox& out) {
  on_outcome_tick(now, out);
  on_control_tick(now, out);
}

void Session::on_control_tick(TimePoint now, Outbox& out) {
  if (over_) return;
  contact_.on_tick(now, out);
  if (contact_.given_up()) return end(Exit::no_hub, "no hub: " + contact_.text(), out);
  for (const std::uint32_t slot : limits_.take_late(now)) out.stops.push_back(slot);
  lift_limit(now, out);
  out.overdue = limits_.overdue(now);
  if (clear_until_ && now > *clear_until_ && out.overdue.empty())
    return end_process("a clear that was to end went on", out);
  if (const auto idle = idle_deadline(); idle && now >= *idle)
    on_stop("no work for " + roundhouse::to_string(options_.idle_timeout), now, out);
}

void Session::on_outcome_tick(TimePoint now, Outbox& out, bool all) {
  if (over_ || !contact_.usable(Plane::task)) return;
  if (all || outcomes_.due(now)) outcomes_.send(out);
}

void Session::on_stop(std::string reason, TimePoint, Outbox& out) {
  if (over_) return;
  if (contact_.usable(Plane::task)) {
    outcomes_.send(out);
    // On the task plane, so that it comes behind the outcomes.
    if (!options_.has_nanny) out.send(Plane::task, wire::Goodbye{reason});
  }
  end(Exit::stopped, std::move(reason), out);
}

void Session::end(Exit exit, std::string text, Outbox& out) {
  if (over_) return;
  over_ = true;
  contact_.leave(out);
  out.connect = false;
  out.exit = Farewell{exit, std::move(text)};
}

std::optional<Run> Session::take_next(std::uint32_t slot, TimePoint now) {
  if (over_) return std::nullopt;
  std::optional<Run> run = queue_.take_next(slot);
  if (!run) return std::nullopt;
  limits_.begin(slot, run->shared->time_limit, now);
  if (queue_.lent() > 0) progress_at_ = now;
  return run;
}

Finish Session::judge(std::uint32_t slot, Finish finish, TimePoint now) const {
  if (!limits_.stopped(slot) && !limits_.late(slot, now)) return finish;
  finish.ending = limits_.stopped(slot) ? wire::Ending::aborted : wire::Ending::timed_out;
  finish.payload = end_text(slot, false);
  return finish;
}

wire::FinishedRecord Session::end_overdue(std::uint32_t slot, std::int64_t started_us,
                                          std::uint64_t duration_ns, Slice printed, TimePoint now) {
  const RunQueue::Running run = queue_.running_in(slot);
  const wire::Ending ending =
      limits_.stopped(slot) ? wire::Ending::aborted : wire::Ending::timed_out;
  wire::FinishedRecord out{run.task,          run.fence,   ending,
                           started_us,        duration_ns, end_text(slot, true),
                           std::move(printed)};
  limits_.end(slot);
  queue_.finish(slot);
  ++counters_.finished;
  note_ended(run.task, run.fence);
  static_cast<void>(outcomes_.add(out, now));
  return out;
}

void Session::end_process(const std::string& why, Outbox& out) {
  if (over_) return;
  // A nanny tells it in one breath with the end of the process: who hears of it sends the next task
  // to the process that follows.
  if (contact_.usable(Plane::task) && !options_.has_nanny) {
    outcomes_.send(out);
    out.send(Plane::task, wire::Goodbye{why});
  }
  end(Exit::overran, why, out);
}

std::uint64_t Session::on_finished(std::uint32_t slot, const Run& run, Finish finish, TimePoint now,
                                   Outbox& out) {
  finish = judge(slot, std::move(finish), now);
  limits_.end(slot);
  queue_.finish(slot);
  if (queue_.lent() > 0) progress_at_ = now;
  ++counters_.finished;
  idle_since_ = now;
  note_ended(run.task, run.fence);
  if (!interrupts_.empty()) say_interrupted(out);
  smooth(run.shared->typical, Duration{static_cast<Duration::rep>(finish.duration_ns)});
  const std::uint64_t number =
      outcomes_.add({run.task, run.fence, finish.ending, finish.started_us, finish.duration_ns,
                     std::move(finish.payload), std::move(finish.printed)},
                    now);
  if (!over_ && contact_.usable(Plane::task) && !wait_for_company(run, now)) outcomes_.send(out);
  return number;
}

// Lets what is unsent wait for the next outcome; false when it is to be sent. Company is worth
// waiting for where that comes in a moment; or where the session of this run has so much left here
// that the hub need not hear yet, and its own next outcomes are later anyway, for which no task
// waits.
bool Session::wait_for_company(const Run& run, TimePoint now) {
  const Template* next = queue_.next();
  if (next == nullptr || !next->typical) return false;
  if (next->known_short()) return !outcomes_.due(now);
  if (next->session != run.shared->session || next->depth > 0 || outcomes_.is_full()) return false;
  const auto waiting = static_cast<Duration::rep>(std::min<std::size_t>(queue_.waiting(), 1000));
  const Duration left = *next->typical * (waiting - 1) / queue_.slots();
  if (left < kEnoughLeft || outcomes_.waited(now) + *next->typical > kGatherLong) return false;
  outcomes_.be_patient();
  return true;
}

std::optional<TimePoint> Session::next_deadline() const {
  if (over_) return std::nullopt;
  const auto outcomes =
      contact_.usable(Plane::task) ? outcomes_.deadline() : std::optional<TimePoint>{};
  return earlier(outcomes, control_deadline());
}

std::optional<TimePoint> Session::control_deadline() const {
  if (over_) return std::nullopt;
  return earlier(earlier(clear_deadline(), earlier(idle_deadline(), limit_deadline())),
                 earlier(contact_.next_deadline(), limits_.next_deadline()));
}

void Session::check_invariants() const {
  contact_.check_invariants();
  queue_.check_invariants();
  outcomes_.check_invariants();
  modules_.check_invariants();
  RH_CHECK(counters_.assigned + 1 == next_number_);
  RH_CHECK(counters_.assigned ==
           counters_.finished + counters_.revoked + queue_.waiting() + queue_.running());
  RH_CHECK(outcomes_.last() == counters_.finished);
  RH_CHECK(over_ == (contact_.state() == HubContact::State::over));
}

}  // namespace roundhouse::engine
