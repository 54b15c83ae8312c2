#include "engine/core/outcome_log.hpp"

#include "tests/engine/core_harness.hpp"

namespace roundhouse::engine::testing {
namespace {

using Numbers = std::vector<std::uint64_t>;

wire::FinishedRecord outcome(std::uint64_t sequence, std::string body = "x") {
  return {{kAlice, sequence}, {1, 1}, wire::Ending::ok, 1, 2, Payload::of(std::move(body))};
}

Heard send(OutcomeLog& log) {
  Outbox out;
  log.send(out);
  log.check_invariants();
  Heard heard;
  for (const Send& each : out.sends) heard.take(each);
  return heard;
}

const TimePoint kNow{std::chrono::hours{1}};

TEST_CASE("outcomes are numbered densely from one") {
  OutcomeLog log;
  CHECK(log.add(outcome(5), kNow) == 1);
  CHECK(log.add(outcome(3), kNow) == 2);
  CHECK(send(log).outcome_numbers == Numbers{1, 2});
  CHECK(log.add(outcome(9), kNow) == 3);
  CHECK(send(log).outcome_numbers == Numbers{3});
  CHECK(send(log).kinds.empty());
}

TEST_CASE("numbers go on after everything was confirmed") {
  OutcomeLog log;
  log.add(outcome(1), kNow);
  send(log);
  log.confirm(1);
  CHECK(log.unconfirmed() == 0);
  CHECK(log.add(outcome(2), kNow) == 2);
}

TEST_CASE("a rewound log sends again what is not stored, and nothing that is") {
  OutcomeLog log;
  for (std::uint64_t i = 1; i <= 5; ++i) log.add(outcome(i), kNow);
  send(log);
  log.rewind(3);
  CHECK(log.confirmed() == 3);
  CHECK(send(log).outcome_numbers == Numbers{4, 5});
  log.rewind(0);
  CHECK(send(log).outcome_numbers == Numbers{4, 5});
}

TEST_CASE("many outcomes become several batches with their right numbers") {
  OutcomeLog log;
  for (std::uint64_t i = 1; i <= 1100; ++i) log.add(outcome(i), kNow);
  const Heard heard = send(log);
  CHECK(heard.kinds.size() == 3);
  REQUIRE(heard.outcome_numbers.size() == 1100);
  for (std::uint64_t i = 0; i < 1100; ++i) {
    CHECK(heard.outcome_numbers[i] == i + 1);
    CHECK(heard.outcomes[i].task.sequence == i + 1);
  }
}

TEST_CASE("frames travel with their outcome, however they fall into batches") {
  OutcomeLog log;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    wire::FinishedRecord record = outcome(i, "");
    Frames frames;
    for (int f = 0; f < 300; ++f) frames.push_back(Buffer::copy(std::to_string(i * 1000)));
    record.payload.frames = std::make_shared<const Frames>(std::move(frames));
    log.add(std::move(record), kNow);
  }
  const Heard heard = send(log);
  REQUIRE(heard.outcomes.size() == 5);
  for (std::uint64_t i = 0; i < 5; ++i) {
    REQUIRE(heard.outcomes[i].payload.frame_count() == 300);
    CHECK((*heard.outcomes[i].payload.frames)[299].view() == std::to_string((i + 1) * 1000));
  }
}

TEST_CASE("a log is due when its oldest unsent outcome is, or a batch is full") {
  OutcomeLog log;
  CHECK_FALSE(log.due(kNow));
  CHECK_FALSE(log.deadline().has_value());
  log.add(outcome(1), kNow);
  log.add(outcome(2), kNow + 400us);
  CHECK(log.deadline() == kNow + 500us);
  CHECK_FALSE(log.due(kNow + 499us));
  CHECK(log.due(kNow + 500us));
  send(log);
  CHECK_FALSE(log.due(kNow + 1s));
  log.add(outcome(3, std::string(200'000, 'x')), kNow);
  CHECK(log.due(kNow));
}

TEST_CASE("a restored log keeps the numbers that it was given") {
  OutcomeLog log;
  log.restore(41, outcome(1));
  log.restore(42, outcome(2));
  CHECK(log.confirmed() == 40);
  CHECK(send(log).outcome_numbers == Numbers{41, 42});
  log.rewind(41);
  CHECK(send(log).outcome_numbers == Numbers{42});
}

TEST_CASE("memory returns to nothing when all is confirmed") {
  OutcomeLog log;
  for (std::uint64_t i = 1; i <= 100; ++i) log.add(outcome(i, "body"), kNow);
  CHECK(log.bytes() > 400);
  log.confirm(100);
  log.check_invariants();
  CHECK(log.bytes() == 0);
  CHECK(log.unsent() == 0);
}

}  // namespace
}  // namespace roundhouse::engine::testing
