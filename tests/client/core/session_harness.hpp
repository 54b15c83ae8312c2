// A client session and the hub that it speaks with, played by the test in the hub's words. Every
// message goes through the codec in both directions; invariants are checked after every event.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "client/core/session.hpp"
#include "shared/message.hpp"
#include "shared/records.hpp"
#include <roundhouse/version.hpp>

namespace roundhouse::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SessionHarness {
 public:
  static constexpr std::uint64_t kEpoch = 7;

  explicit SessionHarness(client::SessionOptions options = default_options())
      : session(options, now) {}

  static client::SessionOptions default_options() {
    client::SessionOptions out;
    out.session = SessionId{0xabc};
    out.secret.bytes[0] = 1;
    out.label = "test";
    return out;
  }

  // Time.
  void passes(Duration time) {
    now += time;
    tick();
  }

  void tick() {
    session.on_tick(now, out);
    settle();
  }

  void flush() {
    session.flush(now, out);
    settle();
  }

  // The connection, step by step and all at once.
  void link_comes_up() {
    REQUIRE(connect_asked);
    connect_asked = false;
    session.on_link_up(wire::Plane::task, now, out);
    settle();
    session.on_link_up(wire::Plane::control, now, out);
    settle();
  }

  void link_is_lost(std::string_view reason = "lost") {
    session.on_link_down(wire::Plane::task, reason, now, out);
    settle();
  }

  [[nodiscard]] wire::Welcome welcome(std::uint64_t accepted = 0, std::uint64_t stored = 0) const {
    wire::Welcome out_;
    out_.major = kProtocolMajor;
    out_.epoch = epoch;
    out_.accepted = accepted;
    out_.stored = stored;
    out_.credit_tasks = credit_tasks;
    out_.credit_bytes = credit_bytes;
    out_.durable = durable;
    return out_;
  }

  void hub_welcomes(const wire::Welcome& message) {
    hub_says(wire::Plane::task, message);
    hub_says(wire::Plane::control, message);
    flush();
  }

  void connects(std::uint64_t accepted = 0, std::uint64_t stored = 0) {
    if (!connect_asked) passes(seconds{1});
    if (!connect_asked) tick();
    link_comes_up();
    hub_welcomes(welcome(accepted, stored));
  }

  // The hub speaks.
  template <class M>
  void hub_says(wire::Plane plane, const M& message) {
    hub_sends(plane, wire::encode(message));
  }

  void hub_sends(wire::Plane plane, const wire::Message& message) {
    session.on_message(plane, message, now, out);
    settle();
  }

  void hub_accepts(std::uint64_t accepted, std::uint64_t stored = 0) {
    hub_says(wire::Plane::task, wire::Accepted{accepted, stored, credit_tasks, credit_bytes});
    flush();
  }

  // Outcomes of these tasks, in one message, numbered from where the connection is.
  void hub_delivers(const std::vector<std::uint64_t>& sequences,
                    wire::Ending ending = wire::Ending::ok) {
    wire::BatchWriter<wire::OutcomeRecord> writer;
    for (const std::uint64_t sequence : sequences) {
      wire::OutcomeRecord record;
      record.sequence = sequence;
      record.ending = ending;
      record.attempt = 1;
      record.engine = EngineId{0};
      record.payload = Payload::of("result of " + std::to_string(sequence));
      writer.add(record);
    }
    const std::uint64_t first = next_outcome;
    next_outcome += sequences.size();
    hub_sends(wire::Plane::task, writer.take(first));
  }

  // The client submits.
  std::uint64_t submits(std::string body, std::uint32_t count = 1) {
    wire::SubmitRecord record;
    record.count = count;
    record.template_number = session.define(definition("f"));
    record.payload = Payload::of(std::move(body));
    return session.submit(std::move(record));
  }

  std::uint64_t submits_with_frame(std::size_t bytes) {
    wire::SubmitRecord record;
    record.template_number = session.define(definition("f"));
    record.payload = Payload::of("head");
    record.payload.frames =
        std::make_shared<const Frames>(Frames{Buffer::take(std::string(bytes, 'x'))});
    return session.submit(std::move(record));
  }

  static wire::Define definition(std::string function) {
    wire::Define out;
    out.function = std::move(function);
    return out;
  }

  // What the hub got: taken, so that a test can say that it was all.
  template <class M>
  std::vector<M> took(wire::Plane plane) {
    std::vector<M> found;
    std::deque<client::Send> others;
    for (client::Send& send : sent) {
      if (send.plane == plane && *wire::kind_of(send.message) == M::kKind)
        found.push_back(*wire::decode_as<M>(send.message));
      else
        others.push_back(std::move(send));
    }
    sent = std::move(others);
    return found;
  }

  // Submissions, flattened; how many messages they came in is in `batches`.
  std::vector<wire::SubmitRecord> took_submissions() {
    std::vector<wire::SubmitRecord> found;
    std::deque<client::Send> others;
    batches = 0;
    for (client::Send& send : sent) {
      if (*wire::kind_of(send.message) != wire::Kind::submit) {
        others.push_back(std::move(send));
        continue;
      }
      wire::Batch<wire::SubmitRecord> batch;
      REQUIRE(wire::decode_batch(send.message, batch));
      CHECK(send.message.header.size() < wire::kHeaderBytesMax);
      ++batches;
      for (wire::SubmitRecord& record : batch.records) found.push_back(std::move(record));
    }
    sent = std::move(others);
    return found;
  }

  // "1 2 3", "1 2+4" for task 2 and the three behind it in one record.
  std::string sequences_sent() {
    std::string text;
    for (const wire::SubmitRecord& record : took_submissions()) {
      text += (text.empty() ? "" : " ") + std::to_string(record.sequence);
      if (record.count > 1) text += "+" + std::to_string(record.count);
    }
    return text;
  }

  std::string outcomes_known() {
    std::string text;
    for (const wire::OutcomeRecord& record : outcomes)
      text += (text.empty() ? "" : " ") + std::to_string(record.sequence);
    outcomes.clear();
    return text;
  }

  void forget_sent() { sent.clear(); }

  TimePoint now{seconds{100}};
  std::uint64_t epoch = kEpoch;
  std::uint64_t credit_tasks = 1'000'000;
  std::uint64_t credit_bytes = 1U << 30U;
  bool durable = true;
  client::Session session;
  client::Outbox out;
  std::deque<client::Send> sent;
  std::vector<wire::OutcomeRecord> outcomes;
  std::vector<wire::Reply> replies;
  std::optional<Error> failed;
  bool connect_asked = false;
  bool closed = false;
  bool engines_changed = false;
  std::size_t batches = 0;
  std::uint64_t next_outcome = 1;

 private:
  void settle() {
    for (client::Send& send : out.sends) sent.push_back(std::move(send));
    for (wire::OutcomeRecord& record : out.outcomes) outcomes.push_back(std::move(record));
    for (wire::Reply& reply : out.replies) replies.push_back(std::move(reply));
    if (out.close) {
      closed = true;
      next_outcome = 1;
    }
    connect_asked = connect_asked || out.connect;
    engines_changed = engines_changed || out.engines_changed;
    if (out.failed) failed = out.failed;
    out.clear();
    session.check_invariants();
  }
};

}  // namespace roundhouse::test
