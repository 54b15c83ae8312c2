#include "tests/chaos/judge.hpp"

#include <string>

#include <doctest/doctest.h>

#include "tests/chaos/options.hpp"

namespace roundhouse::chaos {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kBegin = 1000 * 1000 * kMs;

// A key of the first client process, without retries and without an array.
std::uint64_t plain_key() {
  for (std::uint64_t number = 1;; ++number)
    if (const auto key = key_of(0, 0, number); retries_of(key) == 0 && !has_array(key)) return key;
}

// One of which this is true.
std::uint64_t key_of_kind(bool (*kind)(std::uint64_t)) {
  std::uint64_t number = 1;
  while (!kind(key_of(0, 0, number))) ++number;
  return key_of(0, 0, number);
}

std::int64_t at(std::int64_t ms) {
  return kBegin + ms * kMs;
}

// One task, submitted at 0 ms, run at 1 ms by process 70, told and recorded as right at 2 ms.
struct Story {
  explicit Story(std::uint64_t the_key = plain_key()) : key(the_key) {
    submit(true);
    evidence.has_records = true;
    evidence.starts = {{key, at(1), 70}};
    tell(Ending::ok, chaos_tasks::answer_to(key));
    record(Ending::ok, chaos_tasks::answer_to(key));
  }

  void submit(bool stored) {
    evidence.clients = {{0,
                         0,
                         {{.entry = Entry::session, .key = 5},
                          {.entry = Entry::submitted, .key = key, .value = 1, .at_ns = at(0)},
                          {.entry = Entry::stored, .value = stored ? 1U : 0U}}}};
  }

  void tell(Ending ending, std::uint64_t value, std::int64_t ms = 2) {
    evidence.clients[0].notes.push_back(
        {.entry = Entry::outcome, .ending = ending, .key = key, .value = value, .at_ns = at(ms)});
  }

  void tell_successor(Ending ending, std::uint64_t value) {
    evidence.clients.push_back({0,
                                1,
                                {{.entry = Entry::outcome,
                                  .ending = ending,
                                  .key = key,
                                  .value = value,
                                  .at_ns = at(9)}}});
  }

  void record(Ending ending, std::uint64_t value, std::uint64_t times = 1) {
    evidence.records[key] = {times, ending, value};
  }

  void forget_outcome() { evidence.clients[0].notes.pop_back(); }

  void fault(FaultKind kind, std::int64_t ms, pid_t hub, pid_t nanny, pid_t engine) {
    evidence.faults.push_back({kind, at(ms), at(ms), hub, nanny, engine, 0});
  }

  [[nodiscard]] Verdict verdict() const { return judge(evidence); }

  std::uint64_t key;
  Evidence evidence;
};

TEST_CASE("a task that ran once and gave what it should is no matter for complaint") {
  const Verdict verdict = Story().verdict();
  CHECK(verdict.good());
  CHECK(verdict.complaints.empty());
  CHECK(verdict.submitted == 1);
  CHECK(verdict.accepted == 1);
  CHECK(verdict.runs == 1);
  CHECK(verdict.endings.at(Ending::ok) == 1);
  CHECK(verdict.fetched == 0);
}

TEST_CASE("a task is lost that was accepted and has no outcome") {
  Story story;
  story.forget_outcome();
  CHECK(story.verdict().lost == 1);
  CHECK(story.verdict().complaints.size() == 1);
  SUBCASE("not if a successor of its client got it") {
    story.tell_successor(Ending::ok, chaos_tasks::answer_to(story.key));
    CHECK(story.verdict().good());
    CHECK(story.verdict().fetched == 1);
  }
  SUBCASE("also if the hub says to the successor that it knows no such task") {
    story.tell_successor(Ending::unknown, 0);
    CHECK(story.verdict().lost == 1);
  }
  SUBCASE("not if the hub never said that it had it") {
    story.submit(false);
    story.tell_successor(Ending::unknown, 0);
    CHECK(story.verdict().good());
    CHECK(story.verdict().accepted == 0);
  }
  SUBCASE("and one that was told, but is not on record") {
    story.tell_successor(Ending::ok, chaos_tasks::answer_to(story.key));
    story.evidence.records.clear();
    CHECK(story.verdict().lost == 1);
  }
}

TEST_CASE("a task is doubled that has two outcomes, or not the same one everywhere") {
  Story story;
  const std::uint64_t right = chaos_tasks::answer_to(story.key);
  SUBCASE("its client was told twice") {
    story.tell(Ending::ok, right, 3);
  }
  SUBCASE("two clients were told different things") {
    story.tell_successor(Ending::engine_lost, 0);
  }
  SUBCASE("it is on record twice") {
    story.record(Ending::ok, right, 2);
  }
  SUBCASE("the record says something else") {
    story.record(Ending::engine_lost, 0);
  }
  SUBCASE("the record has another value") {
    story.record(Ending::ok, right + 1);
  }
  SUBCASE("the record says that it was lost to it, and no hub died") {
    story.record(Ending::not_recorded, 0);
  }
  CHECK(story.verdict().doubled == 1);
}

TEST_CASE("what was told right before the hub died may be lost to the record, which says so") {
  Story story;
  story.record(Ending::not_recorded, 0);
  story.fault(FaultKind::hub, 3, 50, 0, 0);
  CHECK(story.verdict().good());
  CHECK(story.verdict().not_recorded == 1);
}

TEST_CASE("when the client dies, too, the record says no more than that the engine was lost") {
  Story story;
  story.record(Ending::engine_lost, 0);
  story.fault(FaultKind::hub_and_nanny, 3, 50, 60, 70);
  CHECK(story.verdict().doubled == 1);
  story.evidence.clients.push_back({0, 1, {}});  // its successor
  CHECK(story.verdict().good());
  CHECK(story.verdict().not_recorded == 1);
}

TEST_CASE("a record that says what was told is not lost, whoever died") {
  Story story;
  story.forget_outcome();
  story.tell(Ending::engine_lost, 0);
  story.record(Ending::engine_lost, 0);
  story.fault(FaultKind::hub_and_nanny, 3, 50, 60, 70);
  story.evidence.clients.push_back({0, 1, {}});
  story.fault(FaultKind::engine, 1, 0, 0, 70);
  CHECK(story.verdict().good());
  CHECK(story.verdict().not_recorded == 0);
}

TEST_CASE("an outcome is wrong that is not the task's, or that nothing explains") {
  Story story;
  story.forget_outcome();
  SUBCASE("another value") {
    story.tell(Ending::ok, 17);
    story.record(Ending::ok, 17);
  }
  SUBCASE("a result without a run") {
    story.tell(Ending::ok, chaos_tasks::answer_to(story.key));
    story.evidence.starts.clear();
  }
  SUBCASE("an error") {
    story.tell(Ending::error, 0);
    story.record(Ending::error, 0);
  }
  SUBCASE("an argument lost that was not large") {
    story.tell(Ending::payload_lost, 0);
    story.record(Ending::payload_lost, 0);
  }
  SUBCASE("an argument lost while its client lived") {
    Story large(key_of_kind(has_array));
    large.forget_outcome();
    large.tell(Ending::payload_lost, 0);
    large.record(Ending::payload_lost, 0);
    story = large;
  }
  SUBCASE("an engine lost, though only the hub was killed") {
    story.tell(Ending::engine_lost, 0);
    story.record(Ending::engine_lost, 0);
    story.fault(FaultKind::hub, 1, 50, 0, 0);
  }
  CHECK(story.verdict().wrong == 1);
}

TEST_CASE("a large argument may be lost with its client, unless it is on the disk") {
  Story story(key_of_kind(has_array));
  story.forget_outcome();
  story.tell_successor(Ending::payload_lost, 0);
  story.record(Ending::payload_lost, 0);
  CHECK(story.verdict().good());
  story.evidence.keeps_arrays = true;
  CHECK(story.verdict().wrong == 1);
}

TEST_CASE("a task may lose its engine when one was hit") {
  Story story;
  story.forget_outcome();
  story.tell(Ending::engine_lost, 0);
  story.record(Ending::engine_lost, 0);
  story.fault(FaultKind::engine, 1, 0, 0, 70);
  CHECK(story.verdict().good());
}

TEST_CASE("a task without retries that ran twice needs an excuse") {
  Story story;
  story.evidence.starts.push_back({story.key, at(1500), 71});
  SUBCASE("there is none") {
    CHECK(story.verdict().run_twice == 1);
  }
  SUBCASE("that only the hub died is none") {
    story.fault(FaultKind::hub, 900, 50, 0, 0);
    CHECK(story.verdict().run_twice == 1);
  }
  SUBCASE("that only its nanny died is none") {
    story.fault(FaultKind::nanny, 900, 0, 60, 70);
    CHECK(story.verdict().run_twice == 1);
  }
  SUBCASE("nor that another engine's nanny died with the hub") {
    story.fault(FaultKind::hub_and_nanny, 900, 50, 61, 72);
    CHECK(story.verdict().run_twice == 1);
  }
  SUBCASE("that a hub froze is none") {
    story.fault(FaultKind::frozen_hub, 900, 50, 0, 0);
    story.fault(FaultKind::nanny, 901, 0, 60, 70);
    CHECK(story.verdict().run_twice == 1);
  }
  SUBCASE("hub and nanny died at once") {
    story.fault(FaultKind::hub_and_nanny, 900, 50, 60, 70);
    CHECK(story.verdict().excused_dead == 1);
    CHECK(story.verdict().good());
  }
  SUBCASE("the hub died while it waited for the nanny") {
    story.fault(FaultKind::nanny, 900, 0, 60, 70);
    story.fault(FaultKind::hub, 1200, 50, 0, 0);
    CHECK(story.verdict().excused_dead == 1);
    CHECK(story.verdict().good());
  }
  SUBCASE("not when it had waited long enough") {
    story.fault(FaultKind::nanny, 900, 0, 60, 70);
    story.fault(FaultKind::hub, 9000, 50, 0, 0);
    CHECK(story.verdict().run_twice == 1);
  }
  SUBCASE("the engine was frozen while its hub died") {
    story.evidence.faults.push_back(
        {FaultKind::frozen_engine_dead_hub, at(900), at(2500), 50, 0, 70, 0});
    CHECK(story.verdict().excused_frozen == 1);
    CHECK(story.verdict().good());
  }
  SUBCASE("not when it was back within the grace") {
    story.evidence.faults.push_back(
        {FaultKind::frozen_engine_dead_hub, at(900), at(1100), 50, 0, 70, 0});
    CHECK(story.verdict().run_twice == 1);
  }
  SUBCASE("a hub that is frozen waits longer for a nanny") {
    story.fault(FaultKind::nanny, 900, 0, 60, 70);
    story.evidence.faults.push_back({FaultKind::frozen_hub, at(1000), at(8000), 50, 0, 0, 0});
    story.fault(FaultKind::hub, 9000, 50, 0, 0);
    CHECK(story.verdict().excused_dead == 1);
  }
  SUBCASE("not when its hub lived") {
    story.evidence.faults.push_back({FaultKind::frozen_engine, at(900), at(2500), 0, 0, 70, 0});
    CHECK(story.verdict().run_twice == 1);
  }
}

TEST_CASE("one excuse does not cover two runs too many") {
  Story story;
  story.evidence.starts.push_back({story.key, at(1500), 71});
  story.evidence.starts.push_back({story.key, at(1600), 72});
  story.fault(FaultKind::hub_and_nanny, 900, 50, 60, 70);
  CHECK(story.verdict().run_twice == 1);
}

TEST_CASE("a task may run as often as its retries allow, and no more") {
  Story story(key_of_kind([](std::uint64_t key) { return retries_of(key) > 0; }));
  story.evidence.starts.push_back({story.key, at(2), 71});
  story.evidence.starts.push_back({story.key, at(3), 72});
  CHECK(story.verdict().good());
  story.evidence.starts.push_back({story.key, at(4), 73});
  CHECK(story.verdict().run_twice == 1);
}

TEST_CASE("options are read, and refused with what is wrong with them") {
  std::string problem;
  const auto options = parse_options({"--kills", "20", "--seed", "7", "--durability", "commit",
                                      "--kinds", "hub,nanny+engine", "--json"},
                                     problem);
  REQUIRE(options);
  CHECK(options->kills == 20);
  CHECK(options->seed == 7);
  CHECK(options->durability == "commit");
  CHECK(options->kinds == std::vector{FaultKind::hub, FaultKind::nanny_and_engine});
  CHECK(options->json);
  CHECK_FALSE(options->keep);
  CHECK(parse_options({}, problem)->kills == 1000);
  const std::vector<std::vector<std::string>> refused{{"--kills"},
                                                      {"--kills", "many"},
                                                      {"--engines", "0"},
                                                      {"--durability", "none"},
                                                      {"--kinds", "moon"},
                                                      {"--nonsense", "1"},
                                                      {"7"}};
  for (const auto& words : refused) {
    problem.clear();
    CHECK_FALSE(parse_options(words, problem));
    CHECK(problem.find(words[0]) != std::string::npos);
  }
}

}  // namespace
}  // namespace roundhouse::chaos
