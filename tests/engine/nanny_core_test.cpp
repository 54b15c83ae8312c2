#include "engine/core/nanny_core.hpp"

#include "tests/engine/core_harness.hpp"

namespace roundhouse::engine::testing {
namespace {

using Numbers = std::vector<std::uint64_t>;

class NannyUnderTest {
 public:
  explicit NannyUnderTest(NannyOptions options = {}) : core(prepared(std::move(options)), now) {
    event([&](NannyOutbox& out) { core.start(now, out); });
  }

  template <class F>
  Heard event(F&& act) {
    NannyOutbox out;
    act(out);
    core.check_invariants();
    Heard heard;
    for (const Send& send : out.sends) heard.take(send);
    if (out.start) started = *out.start;
    if (out.connect) wants_link = true;
    if (out.close) closed = true;
    if (out.terminate) terminated = true;
    if (out.kill) killed = true;
    if (out.ready) ++ready;
    if (out.exit) exit = out.exit;
    return heard;
  }

  Heard engine_dies(ProcessEnded ended = {.signal = 11}) {
    closed = wants_link = false;
    return event([&](NannyOutbox& out) { core.on_process_ended(std::move(ended), now, out); });
  }

  Heard link_comes_up() {
    wants_link = false;
    return event([&](NannyOutbox& out) { core.on_link(++connection, now, out); });
  }

  Heard link_is_lost() {
    return event([&](NannyOutbox& out) { core.on_link_lost(now, out); });
  }

  template <class M>
  Heard hub_says(const M& message, Plane plane = Plane::task) {
    return event(
        [&](NannyOutbox& out) { core.on_message(plane, wire::encode(message), now, out); });
  }

  Heard hub_welcomes(std::uint64_t stored = 0) {
    hub_says(welcome_of(1, stored), Plane::control);
    return hub_says(welcome_of(1, stored));
  }

  Heard time_passes(Duration by) {
    now += by;
    return event([&](NannyOutbox& out) { core.on_tick(now, out); });
  }

  void engine_is_ready() {
    event([&](NannyOutbox& out) { core.on_ready(1, now, out); });
  }

  // A death that the hub hears of at once.
  void engine_dies_and_is_mourned() {
    engine_dies();
    if (core.state() != NannyCore::State::will) return;
    link_comes_up();
    hub_welcomes();
    hub_says(wire::Stored{0, true});
  }

  TimePoint now{std::chrono::hours{1}};
  NannyCore core;
  std::uint64_t connection = 500;
  std::uint32_t started = 0;
  bool wants_link = false, closed = false, terminated = false, killed = false;
  int ready = 0;
  std::optional<Farewell> exit;

 private:
  static NannyOptions prepared(NannyOptions options) {
    options.uuid = kUuid;
    return options;
  }
};

ProcessEnded crash_with_outcomes() {
  ProcessEnded ended{.signal = 9, .output = "last words"};
  ended.first_outcome = 4;
  for (std::uint64_t i = 0; i < 3; ++i)
    ended.outcomes.push_back(
        {{kAlice, 10 + i}, {1, 1}, wire::Ending::ok, 1, 2, Payload::of("r" + std::to_string(i))});
  ended.running = {{{kAlice, 13}, {1, 1}}};
  ended.next_number = 20;
  return ended;
}

TEST_CASE("a nanny starts the first incarnation and is ready once") {
  NannyUnderTest nanny;
  CHECK(nanny.started == 1);
  nanny.engine_is_ready();
  nanny.engine_is_ready();
  CHECK(nanny.ready == 1);
  CHECK(nanny.core.state() == NannyCore::State::running);
}

TEST_CASE("when the engine dies the nanny tells the hub its outcomes and then the death") {
  NannyUnderTest nanny;
  nanny.engine_is_ready();
  nanny.engine_dies(crash_with_outcomes());
  CHECK(nanny.wants_link);
  const Heard hello = nanny.link_comes_up();
  REQUIRE(hello.hellos.size() == 2);
  CHECK(hello.hellos[0].role == wire::Role::nanny);
  CHECK(hello.hellos[0].uuid == kUuid);
  CHECK(hello.hellos[0].incarnation == 1);
  CHECK(hello.hellos[0].next_number == 20);
  CHECK(hello.hellos[0].epoch == 1);
  const Heard heard = nanny.hub_welcomes(4);
  CHECK(heard.kinds == std::vector<std::string>{"task:outcome", "task:died"});
  CHECK(heard.outcome_numbers == Numbers{5, 6});
  CHECK(heard.outcomes[1].payload.body() == "r2");
  REQUIRE(heard.deaths.size() == 1);
  CHECK(heard.deaths[0].signal == 9);
  CHECK(heard.deaths[0].output == "last words");
  CHECK(heard.deaths[0].running == std::vector<wire::RunRef>{{{kAlice, 13}, {1, 1}}});
  CHECK(heard.deaths[0].restarting);
}

TEST_CASE("the next incarnation begins only after the will was heard") {
  NannyUnderTest nanny;
  nanny.engine_dies(crash_with_outcomes());
  nanny.link_comes_up();
  nanny.hub_welcomes(3);
  nanny.hub_says(wire::Stored{5, true});
  CHECK(nanny.started == 1);
  nanny.hub_says(wire::Stored{6, false});
  CHECK(nanny.started == 2);
  CHECK(nanny.closed);
  CHECK(nanny.core.state() == NannyCore::State::starting);
}

TEST_CASE("outcomes that are stored do not mean that the death is") {
  NannyUnderTest nanny;
  nanny.engine_dies(crash_with_outcomes());
  nanny.link_comes_up();
  nanny.hub_welcomes(3);
  nanny.hub_says(wire::Stored{6, false});
  CHECK(nanny.started == 1);
  nanny.hub_says(wire::Stored{6, true});
  CHECK(nanny.started == 2);
}

TEST_CASE("a hub that never stores does not keep the engine dead") {
  NannyUnderTest nanny;
  nanny.engine_dies(crash_with_outcomes());
  nanny.link_comes_up();
  nanny.hub_welcomes(3);
  nanny.time_passes(1999ms);
  CHECK(nanny.started == 1);
  nanny.hub_says(wire::Beat{}, Plane::control);
  CHECK(nanny.core.next_deadline() <= nanny.now + 1ms);
  nanny.time_passes(1ms);
  CHECK(nanny.started == 2);
}

TEST_CASE("where nothing is durable the hub need only have heard of the outcomes") {
  NannyUnderTest nanny;
  nanny.engine_dies(crash_with_outcomes());
  nanny.link_comes_up();
  wire::Welcome welcome = welcome_of(1, 3);
  welcome.durable = false;
  nanny.hub_says(welcome, Plane::control);
  nanny.hub_says(welcome);
  nanny.hub_says(wire::Stored{3, true});
  CHECK(nanny.started == 2);
}

TEST_CASE("a will that was cut short is told again from the start") {
  NannyUnderTest nanny;
  nanny.engine_dies(crash_with_outcomes());
  nanny.link_comes_up();
  nanny.hub_welcomes(3);
  nanny.link_is_lost();
  nanny.time_passes(400ms);
  CHECK(nanny.started == 1);
  CHECK(nanny.wants_link);
  nanny.link_comes_up();
  const Heard heard = nanny.hub_welcomes(3);
  CHECK(heard.kinds == std::vector<std::string>{"task:outcome", "task:died"});
  nanny.hub_says(wire::Stored{6, true});
  CHECK(nanny.started == 2);
}

TEST_CASE("while the hub is away the nanny keeps trying") {
  NannyUnderTest nanny;
  nanny.engine_dies(crash_with_outcomes());
  for (int i = 0; i < 200; ++i) {
    nanny.link_is_lost();
    REQUIRE(nanny.core.next_deadline().has_value());
    nanny.time_passes(*nanny.core.next_deadline() - nanny.now);
  }
  CHECK(nanny.started == 1);
  CHECK_FALSE(nanny.exit.has_value());
}

TEST_CASE("a nanny with a hub timeout gives up in the end") {
  NannyUnderTest nanny({.hub_timeout = 1s});
  nanny.engine_dies();
  for (int i = 0; i < 20 && !nanny.exit; ++i) {
    nanny.link_is_lost();
    if (nanny.core.next_deadline()) nanny.time_passes(*nanny.core.next_deadline() - nanny.now);
  }
  REQUIRE(nanny.exit.has_value());
  CHECK(nanny.exit->exit == Exit::no_hub);
}

TEST_CASE("the fifth crash within a minute is the last, and the hub is told that none follows") {
  NannyUnderTest nanny;
  for (int i = 0; i < 4; ++i) nanny.engine_dies_and_is_mourned();
  CHECK(nanny.started == 5);
  nanny.engine_dies();
  nanny.link_comes_up();
  const Heard heard = nanny.hub_welcomes();
  CHECK_FALSE(heard.deaths.at(0).restarting);
  nanny.hub_says(wire::Stored{0, true});
  CHECK(nanny.started == 5);
  REQUIRE(nanny.exit.has_value());
  CHECK(nanny.exit->exit == Exit::crash_loop);
  CHECK(nanny.exit->text.find("5 times within 1min") != std::string::npos);
  CHECK(nanny.exit->text.find("signal 11") != std::string::npos);
  CHECK(exit_status(nanny.exit->exit) != 0);
  CHECK(heard.deaths.at(0).given_up == nanny.exit->text);
}

TEST_CASE("deaths while a module is loaded are told, and do not count as crashes") {
  NannyUnderTest nanny;
  for (int i = 0; i < 20; ++i) {
    nanny.engine_dies({.signal = 6, .loading = content_hash("module")});
    nanny.link_comes_up();
    const Heard heard = nanny.hub_welcomes();
    CHECK(heard.deaths.at(0).loading == content_hash("module"));
    CHECK(heard.deaths.at(0).restarting);
    CHECK(heard.deaths.at(0).given_up.empty());
    nanny.hub_says(wire::Stored{0, true});
  }
  CHECK(nanny.started == 21);
  CHECK(nanny.core.crashes() == 0);
  CHECK_FALSE(nanny.exit.has_value());
}

TEST_CASE("crashes that are far apart are no loop") {
  NannyUnderTest nanny;
  for (int i = 0; i < 20; ++i) {
    nanny.time_passes(20s);
    nanny.engine_dies_and_is_mourned();
  }
  CHECK(nanny.started == 21);
  CHECK_FALSE(nanny.exit.has_value());
}

TEST_CASE("processes that end because a task overran its limit are no crash loop") {
  NannyUnderTest nanny;
  for (int i = 0; i < 20; ++i) {
    nanny.engine_dies({.exit_code = exit_status(Exit::overran),
                       .farewell = Farewell{Exit::overran, "a task went on"}});
    nanny.link_comes_up();
    const Heard heard = nanny.hub_welcomes();
    REQUIRE(heard.deaths.size() == 1);
    CHECK(heard.deaths[0].restarting);
    CHECK(heard.deaths[0].replaced == "a task went on");
    nanny.hub_says(wire::Stored{0, true});
  }
  CHECK(nanny.started == 21);
  CHECK(nanny.core.crashes() == 0);
  CHECK_FALSE(nanny.exit.has_value());
}

TEST_CASE("a nanny that is stopping starts nothing after a task that overran its limit") {
  NannyUnderTest nanny;
  nanny.event([&](NannyOutbox& out) { nanny.core.on_stop(nanny.now, out); });
  nanny.engine_dies({.farewell = Farewell{Exit::overran, "a task went on"}});
  nanny.link_comes_up();
  nanny.hub_welcomes();
  nanny.hub_says(wire::Stored{0, true});
  CHECK(nanny.started == 1);
  REQUIRE(nanny.exit.has_value());
  CHECK(nanny.exit->exit == Exit::stopped);
}

TEST_CASE("an engine that was dismissed, refused or could not start takes its nanny along") {
  for (const Exit why : {Exit::dismissed, Exit::refused, Exit::failed, Exit::no_hub}) {
    NannyUnderTest nanny;
    nanny.engine_dies({.exit_code = exit_status(why), .farewell = Farewell{why, "because"}});
    REQUIRE(nanny.exit.has_value());
    CHECK(*nanny.exit == Farewell{why, "because"});
    CHECK_FALSE(nanny.wants_link);
  }
}

TEST_CASE("a task that calls exit is a crash like any other") {
  NannyUnderTest nanny;
  nanny.engine_dies({.exit_code = 0});
  nanny.link_comes_up();
  CHECK(nanny.hub_welcomes().deaths.at(0).restarting);
}

TEST_CASE("stopping asks the engine, then kills it, then tells the hub that none follows") {
  NannyUnderTest nanny;
  nanny.engine_is_ready();
  nanny.event([&](NannyOutbox& out) { nanny.core.on_stop(nanny.now, out); });
  CHECK(nanny.terminated);
  nanny.time_passes(1900ms);
  CHECK_FALSE(nanny.killed);
  nanny.time_passes(100ms);
  CHECK(nanny.killed);
  nanny.engine_dies({.signal = 9});
  nanny.link_comes_up();
  CHECK_FALSE(nanny.hub_welcomes().deaths.at(0).restarting);
  nanny.hub_says(wire::Stored{0, true});
  REQUIRE(nanny.exit.has_value());
  CHECK(nanny.exit->exit == Exit::stopped);
}

TEST_CASE("a nanny that is stopped does not wait long for a hub that is away") {
  NannyUnderTest nanny;
  nanny.event([&](NannyOutbox& out) { nanny.core.on_stop(nanny.now, out); });
  nanny.engine_dies({.farewell = Farewell{Exit::stopped, "asked"}});
  nanny.link_is_lost();
  nanny.time_passes(1s);
  REQUIRE(nanny.exit.has_value());
  CHECK(nanny.exit->exit == Exit::stopped);
}

TEST_CASE("a nanny that is stopped in the middle of a will finishes it and starts nothing") {
  NannyUnderTest nanny;
  nanny.engine_dies(crash_with_outcomes());
  nanny.link_comes_up();
  nanny.hub_welcomes(3);
  const Heard heard = nanny.event([&](NannyOutbox& out) { nanny.core.on_stop(nanny.now, out); });
  REQUIRE(heard.deaths.size() == 1);
  CHECK_FALSE(heard.deaths[0].restarting);
  nanny.hub_says(wire::Stored{6, true});
  CHECK(nanny.started == 1);
  REQUIRE(nanny.exit.has_value());
  CHECK(nanny.exit->exit == Exit::stopped);
}

TEST_CASE("a hub that goes down dismisses the nanny, too") {
  NannyUnderTest nanny;
  nanny.engine_dies();
  nanny.link_comes_up();
  nanny.hub_says(wire::Goodbye{"shutdown"}, Plane::control);
  REQUIRE(nanny.exit.has_value());
  CHECK(nanny.exit->exit == Exit::dismissed);
}

TEST_CASE("a process that cannot be started is an error, not a crash") {
  NannyUnderTest nanny;
  nanny.event([&](NannyOutbox& out) { nanny.core.on_start_failed("no such file", out); });
  REQUIRE(nanny.exit.has_value());
  CHECK(nanny.exit->exit == Exit::failed);
}

}  // namespace
}  // namespace roundhouse::engine::testing
