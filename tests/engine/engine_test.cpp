#include "engine/engine.hpp"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/fake_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/task.hpp>

namespace roundhouse::engine {
namespace {

using namespace std::chrono_literals;
using test::FakeHub;

const std::string kModule = RH_BINARY_DIR "/lib/unruly_tasks.so";
const std::string kRules = RH_BINARY_DIR "/lib/rule_tasks.so";
constexpr std::uint32_t kTwice = 1, kSleep = 2, kMuch = 3, kUnknown = 4, kMisfit = 5, kWait = 6;

// An engine in this process, with its control thread, and a hub for it.
class RunningEngine {
 public:
  explicit RunningEngine(std::uint32_t slots = 1) : host_(slots), slots_(slots) {
    REQUIRE(modules_.load(kModule).ok());
    REQUIRE(modules_.load(kRules).ok());
    hub.emplace(folder.path());
    start();
    hub->await_peer();
    define_all();
  }

  ~RunningEngine() {
    if (engine_) engine_->stop();
    if (ended_.valid()) ended_.wait();
    engine_.reset();
  }

  void start() {
    SessionOptions options;
    options.uuid = Uuid{{9}};
    options.slots = slots_;
    options.limit_grace = 100ms;
    auto made = Page::create();
    REQUIRE(made.ok());
    page = std::move(*made);
    engine_ = std::make_unique<Engine>(
        options, links_by_file(context_, FakeHub::file_in(folder.path())), modules_, host_, &*page);
    engine_->on_first_welcome([this] { ready = true; });
    ended_ = std::async(std::launch::async, [this] { return engine_->run(); });
  }

  void define_all() {
    hub->define(kTwice, "unruly_tasks::twice", signature_of<int(int)>());
    hub->define(kSleep, "unruly_tasks::sleep_ms", signature_of<std::uint32_t(std::uint32_t)>());
    hub->define(kMuch, "unruly_tasks::much", signature_of<std::string(std::uint64_t)>());
    hub->define(kUnknown, "no_such_function");
    hub->define(kMisfit, "unruly_tasks::twice", signature_of<double(double)>());
    hub->define(kWait, "unruly_tasks::wait_for_file", signature_of<void(std::string)>());
  }

  // A template whose tasks have a time limit.
  void define_limited(std::uint32_t number, const std::string& function, std::string_view signature,
                      Duration limit) {
    wire::Define define;
    define.number = number;
    define.session = hub->session;
    define.function = function;
    define.signature = std::string(signature);
    define.time_limit_us = static_cast<std::uint64_t>(limit / 1us);
    hub->send(define);
  }

  Engine& engine() { return *engine_; }

  Farewell await_end() { return ended_.get(); }

  test::TempDir folder;
  std::optional<FakeHub> hub;
  std::optional<Page> page;
  std::atomic<bool> ready{false};

 private:
  net::Context context_;
  TaskHost host_;
  ModuleSet modules_{host_};
  std::uint32_t slots_;
  std::unique_ptr<Engine> engine_;
  std::future<Farewell> ended_;
};

TEST_CASE("an engine runs what it is sent and answers with the result") {
  RunningEngine running;
  CHECK(running.hub->await_result<int>(running.hub->assign(kTwice, 21)) == 42);
  const auto& outcome = running.hub->outcomes.at(1);
  CHECK(outcome.task.session == running.hub->session);
  CHECK(outcome.fence == Fence{1, 1});
  CHECK(outcome.started_us > 1'600'000'000'000'000);
  CHECK(outcome.duration_ns > 0);
  CHECK(test::comes_true([&] { return running.ready.load(); }));
}

TEST_CASE("many short tasks come back in order, in batches") {
  RunningEngine running;
  constexpr int kTasks = 5000;
  for (int i = 0; i < kTasks; ++i) running.hub->assign(kTwice, i);
  running.hub->until([&] { return running.hub->outcomes.size() == kTasks; });
  for (std::uint64_t i = 0; i < kTasks; ++i) {
    REQUIRE(running.hub->outcome_numbers[i] == i + 1);
    REQUIRE(running.hub->await_result<int>(i + 1) == 2 * static_cast<int>(i));
  }
  running.hub->until([&] { return running.engine().counters().finished == kTasks; });
}

TEST_CASE("an outcome that waited for company is sent when that is taken back") {
  RunningEngine running;
  FakeHub& hub = *running.hub;
  hub.await_outcome(hub.assign(kSleep, 3U));  // so long they take
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 6; ++i) hub.add({}, kSleep, 3U);
    const std::uint64_t last = hub.send_added();
    const std::vector<std::uint64_t> others{last - 4, last - 3, last - 2, last - 1, last};
    hub.revoked.clear();
    CHECK(test::comes_true([&] { return running.engine().counters().assigned == last; }));
    hub.send(wire::Revoke{others});
    hub.await_outcome(last - 5);
    hub.until([&] {
      return std::ranges::all_of(others, [&](std::uint64_t number) {
        return hub.outcomes.contains(number) || std::ranges::count(hub.revoked, number) > 0;
      });
    });
  }
}

TEST_CASE("an outcome does not wait for company that takes longer than was thought") {
  for (const std::uint32_t slots : {1U, 2U}) {
    RunningEngine running(slots);
    FakeHub& hub = *running.hub;
    const std::string gate = running.folder.file("gate");
    hub.await_outcome(hub.assign(kWait, running.folder.path()));  // which is there
    for (int i = 0; i < 500; ++i)
      hub.add({.direct = true}, kWait, i == 1 ? gate : running.folder.path());
    const std::uint64_t last = hub.send_added();
    hub.await_outcome(last - 499);
    CHECK(hub.outcomes.count(last - 498) == 0);
    test::write_file(gate, "open");
    hub.await_outcome(last);
  }
}

TEST_CASE("what the hub has stored leaves the page") {
  RunningEngine running;
  running.hub->stores = false;
  running.hub->await_outcome(running.hub->assign(kTwice, 1));
  running.hub->stores = true;
  running.hub->await_outcome(running.hub->assign(kTwice, 1));
  running.hub->await_outcome(running.hub->assign(kTwice, 1));  // read behind `stored`
  running.hub->until([&] {
    running.hub->await_outcome(running.hub->assign(kTwice, 1));
    return running.page->read().outcomes.size() <= 1;
  });
}

TEST_CASE("an unknown function and a wrong signature are outcomes that explain themselves") {
  RunningEngine running;
  const auto unknown = running.hub->await_error(running.hub->assign(kUnknown));
  CHECK(unknown.name == "UnknownFunction");
  CHECK(unknown.value.find("no_such_function") != std::string::npos);
  const auto misfit = running.hub->await_error(running.hub->assign(kMisfit, 1.5));
  CHECK(misfit.name == "WrongSignature");
}

TEST_CASE("large results travel as frames") {
  RunningEngine running;
  for (const std::uint64_t bytes : {100ULL, 16'000ULL, 16'384ULL, 20'000'000ULL}) {
    const auto number = running.hub->assign(kMuch, bytes);
    CHECK(running.hub->await_result<std::string>(number) == std::string(bytes, 'x'));
    const Payload& payload = running.hub->outcomes.at(number).payload;
    CHECK((payload.frame_count() > 0) == (bytes >= 16'384));
  }
}

TEST_CASE("beats, revocations and outcomes do not wait for a long task") {
  RunningEngine running;
  FakeHub& hub = *running.hub;
  for (int i = 0; i < 3; ++i) hub.await_outcome(hub.assign(kTwice, i));  // known to be short
  const std::string gate = running.folder.file("gate");
  hub.assign(kTwice, 1);
  const auto blocked = hub.assign(kWait, gate);
  const auto behind = hub.assign(kTwice, 5);
  hub.await_outcome(blocked - 1);
  const auto beats = hub.beats;
  hub.until([&] { return hub.beats >= beats + 3; });
  hub.send(wire::Revoke{{blocked, behind}});
  hub.until([&] { return !hub.revoked.empty(); });
  CHECK(hub.revoked == std::vector<std::uint64_t>{behind});
  CHECK(hub.outcomes.count(blocked) == 0);
  test::write_file(gate, "open");
  hub.await_outcome(blocked);
  CHECK(hub.await_result<int>(hub.assign(kTwice, 4)) == 8);
  CHECK(hub.outcomes.count(behind) == 0);
}

TEST_CASE("names are forgotten on control: at once, or by a busy engine after its task") {
  RunningEngine running;
  FakeHub& hub = *running.hub;
  const wire::Acted heard{1, false, 0, "", ""};
  const wire::Acted done{1, true, 0, "", ""};
  hub.send(wire::Act{1, "clear", 0, {}, false}, wire::Plane::control);
  hub.until([&] { return hub.acted.size() == 2; });
  CHECK(hub.acted == std::vector{heard, done});
  hub.acted.clear();
  const std::string gate = running.folder.file("gate");
  const auto blocked = hub.assign(kWait, gate);
  hub.serve_for(20ms);
  hub.send(wire::Act{1, "clear", 0, {}, false}, wire::Plane::control);
  hub.until([&] { return !hub.acted.empty(); });
  const auto beats = hub.beats;
  hub.until([&] { return hub.beats >= beats + 2; });
  CHECK(hub.acted == std::vector{heard});
  test::write_file(gate, "open");
  hub.await_outcome(blocked);
  hub.until([&] { return hub.acted.size() == 2; });
  CHECK(hub.acted.back() == done);
}

TEST_CASE("work that comes while a long task runs is run after it") {
  RunningEngine running;
  FakeHub& hub = *running.hub;
  const auto slow = hub.assign(kSleep, 60U);
  hub.serve_for(20ms);
  const auto next = hub.assign(kTwice, 3);
  CHECK(hub.await_result<int>(next) == 6);
  CHECK(hub.outcomes.count(slow) == 1);
}

TEST_CASE("an engine with several slots runs as many tasks at a time, lanes one by one") {
  RunningEngine running(3);
  FakeHub& hub = *running.hub;
  const std::string gate = running.folder.file("gate");
  const auto first = hub.assign_with({.direct = true}, kWait, gate);
  const auto second = hub.assign_with({.direct = true}, kTwice, 1);
  CHECK(hub.await_result<int>(hub.assign(kTwice, 2)) == 4);
  const auto slow = hub.assign(kWait, gate);
  CHECK(hub.await_result<int>(hub.assign(kTwice, 3)) == 6);
  CHECK(hub.outcomes.count(second) == 0);
  test::write_file(gate, "open");
  hub.await_outcome(second);
  hub.await_outcome(slow);
  CHECK(hub.outcomes.count(first) == 1);
}

TEST_CASE("many slots share many tasks and lose none") {
  RunningEngine running(8);
  constexpr int kTasks = 4000;
  for (int i = 0; i < kTasks; ++i) running.hub->assign(kTwice, i);
  running.hub->until([&] { return running.hub->outcomes.size() == kTasks; });
  for (std::uint64_t i = 0; i < kTasks; ++i)
    REQUIRE(running.hub->await_result<int>(i + 1) == 2 * static_cast<int>(i));
}

TEST_CASE("a hub that is started again finds outcomes and what is held, and work goes on") {
  RunningEngine running;
  const std::string gate = running.folder.file("gate");
  running.hub->stores = false;
  running.hub->await_outcome(running.hub->assign(kTwice, 1));
  const auto blocked = running.hub->assign(kWait, gate);
  const auto behind = running.hub->assign(kTwice, 4);
  running.hub->until([&] { return running.engine().counters().assigned == 3; });
  running.hub.reset();

  running.hub.emplace(running.folder.path(), 2);
  const wire::Hello hello = running.hub->await_peer();
  CHECK(hello.epoch == 1);
  CHECK(hello.next_number == 4);
  running.hub->until([&] { return running.hub->holding_complete; });
  CHECK(running.hub->outcome_numbers == std::vector<std::uint64_t>{1});
  REQUIRE(running.hub->holding.size() == 2);
  CHECK(running.hub->holding[0].number == blocked);
  CHECK(running.hub->holding[0].running);
  CHECK(running.hub->holding[1].number == behind);
  test::write_file(gate, "open");
  CHECK(running.hub->await_result<int>(behind) == 8);
  running.define_all();
  CHECK(running.hub->await_result<int>(running.hub->assign(kTwice, 7)) == 14);
}

TEST_CASE("tasks end while there is no hub, and their outcomes wait for the next one") {
  RunningEngine running;
  const std::string gate = running.folder.file("gate");
  running.hub->assign(kWait, gate);
  const auto behind = running.hub->assign(kTwice, 4);
  running.hub->until([&] { return running.engine().counters().assigned == 2; });
  running.hub.reset();
  test::write_file(gate, "open");
  REQUIRE(test::comes_true([&] { return running.engine().counters().finished == 2; }));
  running.hub.emplace(running.folder.path(), 2);
  running.hub->await_peer();
  CHECK(running.hub->await_result<int>(behind) == 8);
  running.hub->until([&] { return running.hub->holding_complete; });
  CHECK(running.hub->holding.empty());
}

TEST_CASE("goodbye ends an idle engine and one whose task goes on") {
  for (const bool busy : {false, true}) {
    RunningEngine running;
    const std::string gate = running.folder.file("gate");
    if (busy) {
      running.hub->assign(kWait, gate);
      running.hub->until([&] { return running.engine().counters().assigned == 1; });
    }
    running.hub->send(wire::Goodbye{"enough"}, wire::Plane::control);
    const Farewell farewell = running.await_end();
    CHECK(farewell.exit == Exit::dismissed);
    CHECK(farewell.text.find("enough") != std::string::npos);
    test::write_file(gate, "open");
  }
}

constexpr std::uint32_t kLimited = 7;

TEST_CASE(
    "a task that looks at its stop token ends at its limit, and the next one is not stopped") {
  RunningEngine running;
  FakeHub& hub = *running.hub;
  running.define_limited(kLimited, "rule_tasks::spin_until_stopped", signature_of<int()>(), 20ms);
  for (int i = 0; i < 3; ++i) {
    const wire::FinishedRecord& outcome = hub.await_outcome(hub.assign(kLimited));
    CHECK(outcome.ending == wire::Ending::timed_out);
    CHECK(outcome.duration_ns >= 20'000'000);
    CHECK(wire::decode_error(outcome.payload.body()).name == "TimeLimitExceeded");
    CHECK(hub.await_result<int>(hub.assign(kTwice, 4)) == 8);
  }
}

TEST_CASE("a task that goes on past its limit ends without its thread, and the engine with it") {
  RunningEngine running(2);
  FakeHub& hub = *running.hub;
  const std::string gate = running.folder.file("gate");
  const auto other = hub.assign(kWait, gate);
  hub.until([&] { return running.engine().counters().assigned == 1; });
  running.define_limited(kLimited, "unruly_tasks::wait_for_file", signature_of<void(std::string)>(),
                         20ms);
  const auto endless = hub.assign(kLimited, gate);
  const wire::FinishedRecord& outcome = hub.await_outcome(endless);
  CHECK(outcome.ending == wire::Ending::timed_out);
  CHECK(test::contains(wire::decode_error(outcome.payload.body()).value, "process was ended"));
  CHECK(running.await_end().exit == Exit::overran);
  // What a nanny would find.
  const ProcessEnded left = running.page->read();
  CHECK(left.running == std::vector<wire::RunRef>{{{hub.session, other}, {1, 1}}});
  test::write_file(gate, "open");
}

TEST_CASE("an engine without a nanny says goodbye when it is stopped") {
  RunningEngine running;
  running.hub->await_outcome(running.hub->assign(kTwice, 1));
  running.engine().stop();
  CHECK(running.await_end().exit == Exit::stopped);
  running.hub->until([&] { return !running.hub->goodbyes.empty(); });
}

}  // namespace
}  // namespace roundhouse::engine
