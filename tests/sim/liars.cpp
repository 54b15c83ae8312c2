#include "tests/sim/liars.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hub/core/router.hpp"
#include "shared/records.hpp"
#include "tests/sim/checker.hpp"
#include "tests/sim/prng.hpp"
#include <roundhouse/version.hpp>

namespace roundhouse::sim {
namespace {

using namespace std::chrono_literals;
using hub::LinkId;
using hub::Side;
using wire::Plane;
using wire::Role;

constexpr unsigned kSteps = 200;
constexpr std::uint64_t kSessions = 3;
constexpr unsigned kUuids = 3;
constexpr unsigned kTemplates = 3;  // with 0 to 2 retries
constexpr unsigned kHonestTurns = 10'000;

struct Liar {
  Role role = Role::client;
  SessionId session;
  LinkId task;
  LinkId control;
  std::vector<wire::AssignRecord> given;
  std::uint64_t next_number = 1;   // of the next assignment
  std::uint64_t last_outcome = 0;  // sent by an engine, come to a client
  std::uint64_t submitted = 0;
  bool refused = false;
};

Uuid claimed_uuid(std::uint64_t number) {
  Uuid out;
  out.bytes[0] = static_cast<std::uint8_t>(number + 1);
  return out;
}

hub::RouterOptions draw_options(Prng& prng) {
  hub::RouterOptions out;
  out.durability = static_cast<hub::Durability>(prng.below(3));
  out.window_max = 4, out.cascade_max = 3;
  out.undelivered_max = prng.chance(50) ? 3 : 1000;
  out.orphan = 5s;
  return out;
}

hub::Restored draw_restored(Prng& prng) {
  hub::Restored out;
  out.epoch = prng.below(4);
  const std::uint64_t known = out.epoch > 0 ? prng.below(kUuids + 1) : 0;
  for (std::uint32_t i = 0; i < known; ++i)
    out.engines.push_back({EngineId{i}, claimed_uuid(i), 1, 2, prng.chance(20)});
  return out;
}

class Liars {
 public:
  explicit Liars(std::uint64_t seed)
      : prng_(seed), router_(draw_options(prng_), draw_restored(prng_), now_) {}

  std::uint64_t run() {
    for (unsigned step = 0; step < kSteps; ++step) {
      now_.steady += prng_.chance(90) ? prng_.duration(0ms, 20ms) : prng_.duration(0ms, 4s);
      if (peers_.empty() || prng_.chance(12))
        join();
      else if (prng_.chance(8))
        something_breaks(prng_.pick(peers_));
      else
        lie(prng_.pick(peers_));
    }
    end_well();
    return messages_;
  }

 private:
  // --- what is said

  void join() {
    const Role role = prng_.chance(50)   ? Role::client
                      : prng_.chance(75) ? Role::engine
                                         : Role::nanny;
    wire::Hello hello;
    hello.epoch = prng_.below(2);
    if (role == Role::client) {
      hello.session = SessionId{1 + prng_.below(kSessions)}, hello.secret = claimed_uuid(50);
      hello.settled = prng_.chance(20) ? prng_.below(6) : 0;
      if (prng_.chance(20)) hello.ended = {{number(), number()}, {number(), number()}};
    } else {
      hello.uuid = claimed_uuid(prng_.below(kUuids));
      hello.incarnation = 1 + static_cast<std::uint32_t>(prng_.below(3));
      hello.slots = 1 + static_cast<std::uint32_t>(prng_.below(3));
      hello.next_number = prng_.chance(60) ? 1 + prng_.below(4) : number();
    }
    greet(role, hello);
  }

  Liar& greet(Role role, wire::Hello hello) {
    const Side side = role == Role::client ? Side::client : Side::engine;
    Liar& liar = peers_.emplace_back();
    liar.role = role, liar.session = hello.session, liar.next_number = hello.next_number;
    liar.task = {side, Plane::task, next_link_++},
    liar.control = {side, Plane::control, next_link_++};
    hello.major = kProtocolMajor, hello.minor = kProtocolMinor;
    hello.role = role, hello.connection = next_link_;
    say(liar.task, hello), say(liar.control, hello);
    for (std::uint32_t i = 1; role == Role::client && i <= kTemplates; ++i) {
      wire::Define define;
      define.number = i, define.function = "f", define.retries = i - 1;
      define.timeout_us = i == 3 ? 20'000 : 0;
      say(liar.task, define);
    }
    return peers_.back();
  }

  void lie(Liar& liar) {
    const std::uint64_t kind = prng_.below(10);
    // Once in a while what only somebody else may say.
    const bool as_client = (liar.role == Role::client) != prng_.chance(3);
    if (as_client)
      kind < 6 ? submit(liar) : say(liar.task, wire::Received{number(), number()});
    else if (kind < 2)
      hold(liar);
    else if (kind < 6)
      finish(liar);
    else if (kind == 6)
      say(liar.task, wire::Revoked{{number(), number(), number()}});
    else if (kind == 7)
      write(liar);
    else if (kind == 8)
      say(liar.task, wire::Lent{small_number(), small_number()});
    else
      die(liar);
  }

  // On anything: what is no task, what never will be, the same again and again.
  void depend(wire::SubmitRecord& record) {
    std::vector<wire::TaskRange> ranges;
    for (std::uint64_t i = prng_.between(1, 4); i > 0; --i) {
      const std::uint64_t first = number();
      ranges.push_back({SessionId{1 + prng_.below(kSessions + 1)}, first,
                        prng_.chance(90) ? first + prng_.below(20) : number()});
    }
    record.depends = Slice{Buffer::take(wire::encode_ranges(ranges))};
    record.after_ranges = static_cast<std::uint32_t>(prng_.below(ranges.size() + 2));
    record.after_mode = {prng_.chance(50), prng_.chance(70), prng_.chance(50)};
    record.follow_mode = {prng_.chance(50), prng_.chance(70), prng_.chance(50)};
  }

  void submit(Liar& liar) {
    wire::SubmitRecord record;
    record.sequence = prng_.chance(85) ? liar.submitted + 1 : number();
    record.count = 1 + static_cast<std::uint32_t>(prng_.below(3));
    record.template_number = 1 + static_cast<std::uint32_t>(prng_.below(kTemplates));
    record.payload = Payload::of("x");
    if (prng_.chance(30))
      record.engines =
          Slice{Buffer::take(std::string{static_cast<char>(prng_.below(kUuids + 1)), 0, 0, 0})};
    if (prng_.chance(40)) depend(record);
    liar.submitted = std::max(liar.submitted, record.sequence + record.count - 1);
    wire::BatchWriter<wire::SubmitRecord> writer;
    writer.add(record);
    send(liar.task, writer.take(0));
  }

  void hold(Liar& liar) {
    wire::BatchWriter<wire::HoldingRecord> writer;
    for (std::uint64_t left = prng_.below(4); left > 0; --left) {
      wire::HoldingRecord record{number(), task(), fence(), false};
      if (prng_.chance(70) && !liar.given.empty()) {
        const wire::AssignRecord& given = prng_.pick(liar.given);
        record = {given.number, task_of(given), given.fence, false};
        if (prng_.chance(10)) record.number = number();
      } else if (prng_.chance(60) && liar.next_number > 1) {
        record.number = 1 + prng_.below(std::min<std::uint64_t>(liar.next_number - 1, 4));
      }
      writer.add(record);
    }
    send(liar.task, writer.take(prng_.chance(70) ? 1 : 0));
  }

  void finish(Liar& liar) {
    wire::BatchWriter<wire::FinishedRecord> writer;
    const std::uint64_t count = 1 + prng_.below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
      wire::FinishedRecord record{task(), fence(), {}, 0, 1000, Payload::of("result")};
      if (prng_.chance(75) && !liar.given.empty()) {
        const wire::AssignRecord& given = prng_.pick(liar.given);
        record.task = task_of(given), record.fence = given.fence;
      }
      record.ending = static_cast<wire::Ending>(prng_.below(5));
      writer.add(record);
    }
    const std::uint64_t first = prng_.chance(85) ? liar.last_outcome + 1 : number();
    liar.last_outcome = first + count - 1;
    send(liar.task, writer.take(first));
  }

  // As if a task had written it: any task's, on any engine, from anywhere on, and too much.
  void write(Liar& liar) {
    wire::Output part;
    const bool mine = prng_.chance(75) && !liar.given.empty();
    const wire::AssignRecord given = mine ? prng_.pick(liar.given) : wire::AssignRecord{};
    const TaskId id = mine ? task_of(given) : task();
    const Fence run = mine ? given.fence : fence();
    part.session = id.session, part.sequence = id.sequence;
    part.epoch = run.epoch, part.attempt = run.attempt;
    part.engine = EngineId{static_cast<std::uint32_t>(prng_.below(kUuids + 1))};
    part.stream = static_cast<std::uint32_t>(prng_.below(4)), part.offset = number();
    part.text.assign(prng_.chance(90) ? prng_.below(20) : wire::kOutputBytesMax + 1, 'x');
    say(liar.task, part);
  }

  void die(Liar& liar) {
    wire::Died died;
    died.signal = 9, died.restarting = prng_.chance(50);
    for (std::uint64_t left = prng_.below(3); left > 0; --left)
      died.running.push_back({task(), fence()});
    say(liar.task, died);
  }

  void something_breaks(Liar& liar) {
    if (prng_.chance(20)) return say(liar.task, wire::Goodbye{"no more"});
    if (prng_.chance(50))
      router_.on_link_down(prng_.chance(50) ? liar.task : liar.control, now_, out_);
    else
      router_.on_stored(router_.counters().facts, now_, out_);
    turn();
  }

  std::uint64_t number() {
    if (prng_.chance(90)) return prng_.below(10);
    return prng_.chance(50) ? ~std::uint64_t{0} - prng_.below(3)
                            : (std::uint64_t{1} << (20 + prng_.below(44))) - prng_.below(3);
  }

  std::uint32_t small_number() { return static_cast<std::uint32_t>(number()); }

  TaskId task() { return {SessionId{1 + prng_.below(kSessions + 1)}, 1 + prng_.below(12)}; }

  Fence fence() {
    const auto attempt = static_cast<std::uint32_t>(prng_.below(4));
    return {prng_.below(6), prng_.chance(90) ? attempt : ~attempt};
  }

  TaskId task_of(const wire::AssignRecord& given) {
    return {sessions_[given.template_number], given.sequence};
  }

  // --- what comes of it

  // All are silent for so long that the hub gives them up. Then those come who keep the rules.
  void end_well() {
    for (unsigned i = 0; i < 40; ++i) {
      now_.steady += 500ms;
      router_.on_stored(router_.counters().facts, now_, out_);
      turn();
    }
    peers_.clear();
    wire::Hello hello;
    for (hello.session.value = 1; hello.session.value <= kSessions; ++hello.session.value) {
      hello.secret = claimed_uuid(50);
      greet(Role::client, hello);
    }
    hello = {};
    hello.uuid = claimed_uuid(kUuids), hello.incarnation = 1, hello.slots = 4;
    wire::BatchWriter<wire::HoldingRecord> nothing;
    send(greet(Role::engine, hello).task, nothing.take(1));
    for (unsigned i = 0; i < kHonestTurns && !is_quiet(); ++i) {
      now_.steady += 1ms;
      router_.on_stored(router_.counters().facts, now_, out_);
      turn();
      for (Liar& peer : peers_) be_honest(peer);
    }
    const auto fail = [](const std::string& what) { throw Violation(what + " after the lies"); };
    if (!is_quiet())
      fail(std::to_string(router_.unfinished()) + " tasks without an outcome, " +
           std::to_string(router_.undelivered()) + " outcomes without a client,");
    if (router_.counters().finished != router_.counters().submitted)
      fail("not one outcome for each task");
    for (const Liar& peer : peers_)
      if (peer.refused) fail("somebody honest was refused");
  }

  [[nodiscard]] bool is_quiet() const {
    return router_.unfinished() == 0 && router_.undelivered() == 0;
  }

  void be_honest(Liar& peer) {
    if (peer.role == Role::client) return say(peer.task, wire::Received{peer.last_outcome});
    const auto given = std::exchange(peer.given, {});
    for (const wire::AssignRecord& record : given) {
      if (record.number != peer.next_number++) throw Violation("an assignment is missing");
      wire::BatchWriter<wire::FinishedRecord> writer;
      writer.add({task_of(record), record.fence, {}, 0, 1000, Payload::of("result")});
      send(peer.task, writer.take(++peer.last_outcome));
    }
  }

  template <class M>
  void say(LinkId link, const M& message) {
    send(link, wire::encode(message));
  }

  void send(LinkId link, const wire::Message& message) {
    ++messages_;
    router_.on_message(link, message, now_, out_);
    turn();
  }

  void turn() {
    carry_out();
    router_.on_tick(now_, out_);
    router_.schedule(now_, out_);
    carry_out();
    router_.check_invariants();
  }

  void carry_out() {
    for (const hub::Send& sent : out_.sends)
      for (Liar& peer : peers_)
        if (sent.link == peer.task || sent.link == peer.control) receive(peer, sent.message);
    const auto closes = out_.closes;
    const auto questions = out_.place_questions;
    out_.clear();
    for (const hub::PlaceQuestion& question : questions) {
      std::vector<hub::RanOn> ran;
      for (const auto& tasks : question.tasks)
        if (prng_.chance(80))
          ran.push_back({tasks.session, tasks.first, tasks.last,
                         EngineId{static_cast<std::uint32_t>(prng_.below(kUuids + 1))}});
      router_.on_places(question.number, std::move(ran), now_, out_);
    }
    for (const LinkId link : closes) router_.on_link_down(link, now_, out_);
  }

  void receive(Liar& peer, const wire::Message& message) {
    const wire::Kind kind = wire::kind_of(message).value();
    wire::Batch<wire::AssignRecord> assigned;
    wire::Batch<wire::OutcomeRecord> outcomes;
    if (kind == wire::Kind::assign && wire::decode_batch(message, assigned))
      peer.given.insert(peer.given.end(), assigned.records.begin(), assigned.records.end());
    else if (kind == wire::Kind::define)
      if (const auto define = wire::decode_as<wire::Define>(message))
        sessions_[define->number] = define->session;
      else
        throw Violation("a template that cannot be read");
    else if (kind == wire::Kind::outcome && wire::decode_batch(message, outcomes))
      peer.last_outcome = outcomes.first + outcomes.records.size() - 1;
    else if (kind == wire::Kind::output)
      if (const auto part = wire::decode_as<wire::Output>(message);
          !part || part->session != peer.session || part->text.size() > wire::kOutputBytesMax)
        throw Violation("output that is not for this client");
    peer.refused = peer.refused || kind == wire::Kind::refused;
  }

  Prng prng_;
  hub::Now now_{TimePoint{1000s}, 1'700'000'000'000'000};
  hub::Router router_;
  hub::Outbox out_;
  std::vector<Liar> peers_;
  std::map<std::uint32_t, SessionId> sessions_;  // by template
  std::uint32_t next_link_ = 1;
  std::uint64_t messages_ = 0;
};

}  // namespace

std::uint64_t run_liars(std::uint64_t seed) {
  return Liars{seed}.run();
}

}  // namespace roundhouse::sim
