#include "engine/page.hpp"

#include <csignal>
#include <functional>
#include <string>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "shared/check.hpp"
#include "tests/support/patience.hpp"

namespace roundhouse::engine {
namespace {

const SessionId kAlice{0xa11ce};

Run run_of(std::uint64_t number) {
  return {number, {kAlice, 100 + number}, {3, 2}, false, nullptr, {}};
}

wire::FinishedRecord outcome_of(std::uint64_t number, std::string body = "result") {
  return {{kAlice, 100 + number}, {3, 2}, wire::Ending::ok, 55, 66, Payload::of(std::move(body))};
}

Page make_page(std::size_t ring_bytes = kRingBytesMin) {
  auto page = Page::create(ring_bytes);
  REQUIRE(page.ok());
  return std::move(*page);
}

// Runs `act` in a child, which must kill itself or will be; returns when it is dead.
void in_a_doomed_child(const std::function<void()>& act) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    act();
    kill(getpid(), SIGKILL);
    _exit(1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
}

TEST_CASE("a fresh page says that nothing happened") {
  const ProcessEnded left = make_page().read();
  CHECK(left.outcomes.empty());
  CHECK(left.running.empty());
  CHECK(left.next_number == 1);
  CHECK_FALSE(left.farewell.has_value());
}

TEST_CASE("the nanny reads what a killed process ran, had finished and had not begun") {
  Page page = make_page();
  in_a_doomed_child([&] {
    page.begin(0, run_of(1), 5);
    page.record(1, outcome_of(1));
    page.end(0);
    page.begin(0, run_of(2), 6);
    page.begin(7, run_of(3), 7);
    page.set_epoch(3);
  });
  const ProcessEnded left = page.read();
  REQUIRE(left.outcomes.size() == 1);
  CHECK(left.first_outcome == 1);
  CHECK(left.outcomes[0].task == TaskId{kAlice, 101});
  CHECK(left.outcomes[0].fence == Fence{3, 2});
  CHECK(left.outcomes[0].started_us == 55);
  CHECK(left.outcomes[0].duration_ns == 66);
  CHECK(left.outcomes[0].payload.body() == "result");
  CHECK(left.running ==
        std::vector<wire::RunRef>{{{kAlice, 102}, {3, 2}}, {{kAlice, 103}, {3, 2}}});
  CHECK(left.next_number == 4);
  CHECK(page.epoch() == 3);
}

TEST_CASE("the nanny reads what a killed process had printed in the runs that ended with it") {
  Page page = make_page();
  in_a_doomed_child([&] {
    page.begin(0, run_of(1), 5);
    page.printed().begin(0);
    page.printed().claim(0, {{kAlice, 101}, {3, 2}});
    page.printed().append(0, 0, "of the one before");
    page.record(1, outcome_of(1));
    page.end(0);
    page.begin(0, run_of(2), 6);
    page.printed().begin(0);
    page.begin(7, run_of(3), 7);
    page.printed().begin(7);
    page.printed().claim(7, {{kAlice, 103}, {3, 2}});
    page.printed().append(7, 1, "its error");
  });
  const ProcessEnded left = page.read({PipeRest{"", " and the rest"}, {}});
  REQUIRE(left.printed.size() == 2);
  CHECK(left.printed[0].empty());
  CHECK(left.printed[1].out.text() == " and the rest");
  CHECK(left.printed[1].err.text() == "its error");
  CHECK(left.output == " and the restits error");
}

TEST_CASE("a task whose outcome is recorded does not count as running") {
  Page page = make_page();
  page.begin(0, run_of(1), 5);
  page.record(1, outcome_of(1));
  const ProcessEnded left = page.read();
  CHECK(left.outcomes.size() == 1);
  CHECK(left.running.empty());
}

TEST_CASE("frames and spilled bodies come back as they were") {
  Page page = make_page(1U << 20U);
  wire::FinishedRecord record = outcome_of(1, "");
  record.payload.spill = 1;
  record.payload.frames = std::make_shared<const Frames>(
      Frames{Buffer::copy(std::string(20'001, 'a')), Buffer::copy("bb"), Buffer()});
  page.record(1, record);
  page.record(2, outcome_of(2, "next"));
  const ProcessEnded left = page.read();
  REQUIRE(left.outcomes.size() == 2);
  CHECK(left.outcomes[0].payload == record.payload);
  CHECK(left.outcomes[0].payload.body() == std::string(20'001, 'a'));
  CHECK(left.outcomes[1].payload.body() == "next");
}

TEST_CASE("an outcome of every ending outlives the process, and those behind it") {
  Page page = make_page();
  const auto last = static_cast<std::uint64_t>(wire::Ending::unmet);
  for (std::uint64_t ending = 0; ending <= last; ++ending) {
    wire::FinishedRecord record = outcome_of(ending + 1);
    record.ending = static_cast<wire::Ending>(ending);
    page.record(ending + 1, record);
  }
  const ProcessEnded left = page.read();
  REQUIRE(left.outcomes.size() == last + 1);
  CHECK(left.outcomes.back().ending == wire::Ending::unmet);
}

TEST_CASE("what the hub has stored is trimmed, and the ring goes round for ever") {
  Page page = make_page();
  std::uint64_t number = 0;
  for (int turn = 0; turn < 2000; ++turn) {
    for (int i = 0; i < 3; ++i) {
      ++number;
      page.record(number, outcome_of(number, std::string(number % 700, 'x')));
    }
    page.trim(number - 2);
    const ProcessEnded left = page.read();
    REQUIRE(left.outcomes.size() == 2);
    REQUIRE(left.first_outcome == number - 1);
    REQUIRE(left.outcomes[1].payload.inline_size() == number % 700);
  }
  page.trim(number);
  CHECK(page.ring_used() == 0);
  CHECK(page.read().outcomes.empty());
}

TEST_CASE("an outcome larger than the ring leaves a marker and is lost with the process") {
  Page page = make_page();
  page.record(1, outcome_of(1, std::string(200'000, 'x')));
  page.record(2, outcome_of(2));
  const ProcessEnded left = page.read();
  REQUIRE(left.outcomes.size() == 2);
  CHECK(left.outcomes[0].ending == wire::Ending::engine_lost);
  CHECK(wire::decode_error(left.outcomes[0].payload.body()).name == "EngineError");
  CHECK(left.outcomes[1].payload.body() == "result");
  page.trim(1);
  CHECK(page.read().first_outcome == 2);
}

TEST_CASE("a full ring takes markers, and says before it cannot even do that") {
  Page page = make_page();
  std::uint64_t number = 0;
  std::uint64_t recorded_whole = 0;
  while (page.room()) {
    ++number;
    page.record(number, outcome_of(number, std::string(500, 'x')));
    if (page.read().outcomes.back().ending == wire::Ending::ok) ++recorded_whole;
  }
  CHECK(recorded_whole > 20);
  for (std::uint32_t i = 0; i < kSlotsMax; ++i) {
    ++number;
    page.record(number, outcome_of(number));
  }
  CHECK(page.read().outcomes.size() == number);
  page.trim(number);
  CHECK(page.room());
}

TEST_CASE("memory that a burst needed is given back") {
  constexpr std::size_t kRing = 32U << 20U;
  Page page = make_page(kRing);
  for (std::uint64_t number = 1; number <= 20; ++number)
    page.record(number, outcome_of(number, std::string(1U << 20U, 'x')));
  CHECK(page.ring_used() > (20U << 20U));
  page.trim(20);
  CHECK(page.ring_used() == 0);

  struct stat status {};

  REQUIRE(fstat(page.fd(), &status) == 0);
  CHECK(status.st_blocks * 512 < (4 << 20));
  page.record(21, outcome_of(21));
  CHECK(page.read().outcomes.at(0).payload.body() == "result");
}

TEST_CASE("a farewell tells an end on purpose from a crash") {
  Page page = make_page();
  page.write_farewell({Exit::refused, std::string(5000, 'y')});
  const ProcessEnded left = page.read();
  REQUIRE(left.farewell.has_value());
  CHECK(left.farewell->exit == Exit::refused);
  CHECK(left.farewell->text == std::string(kFarewellBytesMax, 'y'));
}

TEST_CASE("a page says which module was being loaded") {
  Page page = make_page();
  CHECK(page.read().loading.empty());
  page.begin_loading(content_hash("a module"));
  CHECK(page.read().loading == content_hash("a module"));
  page.end_loading();
  CHECK(page.read().loading.empty());
}

TEST_CASE("a page is opened through an inherited descriptor, and nothing else is") {
  Page page = make_page();
  page.record(1, outcome_of(1));
  auto other = Page::open(dup(page.fd()));
  REQUIRE(other.ok());
  other->begin(3, run_of(9), 1);
  CHECK(page.read().running.size() == 1);
  CHECK(page.read().outcomes.size() == 1);
  const int stranger = memfd_create("stranger", 0);
  REQUIRE(ftruncate(stranger, 1 << 20) == 0);
  CHECK(Page::open(stranger).error().code == Errc::malformed);
  CHECK(Page::open(-1).error().code == Errc::io_failed);
}

TEST_CASE("a ring that a wild pointer damaged ends at the damage") {
  Page page = make_page();
  for (std::uint64_t number = 1; number <= 3; ++number) page.record(number, outcome_of(number));
  const std::size_t ring_at =
      static_cast<std::size_t>(lseek(page.fd(), 0, SEEK_END)) - kRingBytesMin;
  const std::uint64_t nonsense = 0xffff'ffff'ffff;
  const auto second = static_cast<off_t>(ring_at + page.ring_used() / 3);
  REQUIRE(pwrite(page.fd(), &nonsense, sizeof nonsense, second) == sizeof nonsense);
  CHECK(page.read().outcomes.size() == 1);
}

TEST_CASE("killed at any moment, a process leaves a state that makes sense") {
  for (int round = 0; round < 40; ++round) {
    Page page = make_page();
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      std::uint64_t number = 0;
      for (;;) {
        ++number;
        page.begin(static_cast<std::uint32_t>(number % 4), run_of(number), 1);
        page.record(number, outcome_of(number, std::string(number % 300, 'x')));
        page.end(static_cast<std::uint32_t>(number % 4));
        if (number % 5 == 0) page.trim(number - 3);
      }
    }
    test::pause_for(std::chrono::microseconds{1000 + 137 * round});
    kill(child, SIGKILL);
    REQUIRE(waitpid(child, nullptr, 0) == child);
    const ProcessEnded left = page.read();
    const std::uint64_t last = left.first_outcome + left.outcomes.size() - 1;
    CHECK(left.running.size() <= 1);
    for (std::size_t i = 0; i < left.outcomes.size(); ++i) {
      const std::uint64_t number = left.first_outcome + i;
      REQUIRE(left.outcomes[i].task.sequence == 100 + number);
      REQUIRE(left.outcomes[i].payload.body() == std::string(number % 300, 'x'));
    }
    if (!left.outcomes.empty()) {
      CHECK(left.next_number >= last + 1);
      CHECK(left.next_number <= last + 2);
    }
    for (const wire::RunRef& ref : left.running) CHECK(ref.task.sequence == 100 + last + 1);
  }
}

}  // namespace
}  // namespace roundhouse::engine
