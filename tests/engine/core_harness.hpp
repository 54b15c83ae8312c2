#pragma once

// Plays the hub for the cores of engine and nanny: every message crosses the codec, virtual time
// moves only when told, and invariants are checked after each event.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "engine/core/nanny_core.hpp"
#include "engine/core/session.hpp"
#include "shared/message.hpp"
#include "shared/records.hpp"
#include <roundhouse/version.hpp>

namespace roundhouse::engine::testing {

using wire::Plane;
using namespace std::chrono_literals;

inline const Uuid kUuid{{1, 2, 3}};
inline const SessionId kAlice{0xa11ce};
inline const SessionId kBob{0xb0b};
inline constexpr std::uint32_t kAliceTemplate = 1;
inline constexpr std::uint32_t kBobTemplate = 2;

// What a core said, decoded: kinds in order as "task:hello", and the contents of batches.
struct Heard {
  std::vector<std::string> kinds;
  std::vector<wire::FinishedRecord> outcomes;
  std::vector<std::uint64_t> outcome_numbers;
  std::vector<wire::HoldingRecord> holding;
  bool holding_complete = false;
  std::vector<std::uint64_t> revoked;
  std::vector<wire::Hello> hellos;
  std::vector<wire::Died> deaths;
  std::string refused;

  [[nodiscard]] bool heard(const std::string& kind) const {
    for (const std::string& each : kinds)
      if (each == kind) return true;
    return false;
  }

  void take(const Send& send) {
    const auto kind = wire::kind_of(send.message);
    REQUIRE(kind.ok());
    kinds.push_back((send.plane == Plane::task ? "task:" : "control:") +
                    std::string(wire::to_string(*kind)));
    switch (*kind) {
      case wire::Kind::outcome: return take_outcomes(send.message);
      case wire::Kind::holding: return take_holding(send.message);
      case wire::Kind::revoked: revoked = decoded<wire::Revoked>(send.message).numbers; return;
      case wire::Kind::hello: hellos.push_back(decoded<wire::Hello>(send.message)); return;
      case wire::Kind::died: deaths.push_back(decoded<wire::Died>(send.message)); return;
      case wire::Kind::refused: refused = decoded<wire::Refused>(send.message).text; return;
      default: REQUIRE(wire::decode(send.message).ok());
    }
  }

  template <class M>
  static M decoded(const wire::Message& message) {
    auto out = wire::decode_as<M>(message);
    REQUIRE(out.ok());
    return std::move(*out);
  }

  void take_outcomes(const wire::Message& message) {
    wire::Batch<wire::FinishedRecord> batch;
    REQUIRE(wire::decode_batch(message, batch).ok());
    for (auto& record : batch.records) {
      outcome_numbers.push_back(batch.first++);
      outcomes.push_back(std::move(record));
    }
  }

  void take_holding(const wire::Message& message) {
    wire::Batch<wire::HoldingRecord> batch;
    REQUIRE(wire::decode_batch(message, batch).ok());
    CHECK_FALSE(holding_complete);
    holding_complete = batch.first == 1;
    holding.insert(holding.end(), batch.records.begin(), batch.records.end());
  }
};

inline wire::Welcome welcome_of(std::uint64_t epoch, std::uint64_t stored = 0) {
  wire::Welcome welcome;
  welcome.major = kProtocolMajor;
  welcome.epoch = epoch;
  welcome.engine = EngineId{7};
  welcome.stored = stored;
  return welcome;
}

// An assignment in short.
struct Assigned {
  std::uint64_t number = 0;
  std::uint32_t template_number = kAliceTemplate;
  bool direct = false;
  std::uint32_t attempt = 1;
  std::uint64_t epoch = 1;
};

class EngineUnderTest {
 public:
  explicit EngineUnderTest(std::uint32_t slots = 1, HubContact::Terms terms = {},
                           bool has_nanny = false)
      : session({kUuid, 3, slots, 42, "host", "label", terms, has_nanny}, now) {
    Outbox out;
    session.start(now, out);
    take(out);
  }

  explicit EngineUnderTest(SessionOptions options) : session(std::move(options), now) {
    Outbox out;
    session.start(now, out);
    take(out);
  }

  // One event, with the checks around it. Returns what was heard because of it.
  template <class F>
  Heard event(F&& act) {
    Outbox out;
    act(out);
    session.check_invariants();
    return take(out);
  }

  Heard link_comes_up() {
    wants_link = false;
    return event([&](Outbox& out) { session.on_link(++connection, now, out); });
  }

  Heard link_is_lost() {
    return event([&](Outbox& out) { session.on_link_lost(now, out); });
  }

  template <class M>
  Heard hub_says(const M& message, Plane plane = Plane::task) {
    return event([&](Outbox& out) { session.on_message(plane, wire::encode(message), now, out); });
  }

  Heard hub_sends(const wire::Message& message, Plane plane = Plane::task) {
    return event([&](Outbox& out) { session.on_message(plane, message, now, out); });
  }

  // Hello was said already; returns what the engine says on the task plane.
  Heard hub_welcomes(std::uint64_t epoch = 1, std::uint64_t stored = 0) {
    hub_says(welcome_of(epoch, stored), Plane::control);
    Heard heard = hub_says(welcome_of(epoch, stored));
    for (const auto& [number, id] : {std::pair{kAliceTemplate, kAlice}, {kBobTemplate, kBob}}) {
      wire::Define define;
      define.number = number;
      define.session = id;
      define.function = "f" + std::to_string(number);
      hub_says(define);
    }
    return heard;
  }

  void connects(std::uint64_t epoch = 1) {
    link_comes_up();
    hub_welcomes(epoch);
  }

  Heard hub_assigns(const std::vector<Assigned>& tasks) {
    wire::BatchWriter<wire::AssignRecord> writer;
    for (const Assigned& each : tasks)
      writer.add({each.number,
                  100 + each.number,
                  {each.epoch, each.attempt},
                  each.template_number,
                  each.direct,
                  Payload::of("args" + std::to_string(each.number))});
    return hub_sends(writer.take(0));
  }

  // The number of what the slot runs now; 0 when there is nothing to run.
  std::uint64_t slot_starts(std::uint32_t slot = 0) {
    auto run = session.take_next(slot, now);
    session.check_invariants();
    if (!run) return 0;
    CHECK(run->payload.body() == "args" + std::to_string(run->number));
    const std::uint64_t number = run->number;
    if (runs.size() <= slot) runs.resize(slot + 1);
    runs[slot] = std::move(*run);
    return number;
  }

  Heard slot_finishes(std::uint32_t slot = 0, Duration took = 1ms, std::string result = "result") {
    now += took;
    Finish finish{wire::Ending::ok, Payload::of(std::move(result)), 1000,
                  static_cast<std::uint64_t>(took.count())};
    return event([&](Outbox& out) {
      session.on_finished(slot, runs.at(slot), std::move(finish), now, out);
    });
  }

  Heard runs_one(Duration took = 1ms) {
    REQUIRE(slot_starts() != 0);
    return slot_finishes(0, took);
  }

  Heard time_passes(Duration by) {
    now += by;
    return event([&](Outbox& out) { session.on_tick(now, out); });
  }

  // Ticks at every deadline until so much time has passed.
  Heard time_passes_in_steps(Duration by) {
    Heard all;
    const TimePoint end = now + by;
    while (session.next_deadline() && *session.next_deadline() <= end && !exit) {
      now = std::max(now, *session.next_deadline());
      Heard heard = time_passes(0ms);
      all.kinds.insert(all.kinds.end(), heard.kinds.begin(), heard.kinds.end());
      if (wants_link && link_fails) {
        wants_link = false;
        link_is_lost();
      }
    }
    now = end;
    return all;
  }

  TimePoint now{std::chrono::hours{1}};
  Session session;
  std::uint64_t connection = 1000;
  std::vector<Run> runs;
  bool wants_link = false;
  bool closed = false;
  bool link_fails = true;
  std::uint64_t tries = 0;
  std::optional<Farewell> exit;

 private:
  Heard take(Outbox& out) {
    Heard heard;
    for (const Send& send : out.sends) heard.take(send);
    if (out.close) closed = true;
    if (out.connect) {
      wants_link = true;
      ++tries;
    }
    if (out.exit) exit = out.exit;
    return heard;
  }
};

}  // namespace roundhouse::engine::testing
