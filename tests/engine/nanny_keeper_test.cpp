// What a nanny does while its process lives.
#include <csignal>

#include "tests/engine/core_harness.hpp"

namespace roundhouse::engine::testing {
namespace {

class KeeperUnderTest {
 public:
  KeeperUnderTest() : core(options(), now) {
    event([&](NannyOutbox& out) { core.start(now, out); });
    event([&](NannyOutbox& out) { core.on_ready(1, now, out); });
  }

  template <class F>
  Heard event(F&& act) {
    NannyOutbox out;
    act(out);
    core.check_invariants();
    Heard heard;
    for (const Send& send : out.sends) heard.take(send);
    acts.clear();
    for (const Send& send : out.sends)
      if (auto acted = wire::decode_as<wire::Acted>(send.message);
          heard.heard("control:acted") && acted.ok())
        acts.push_back(*std::move(acted));
    if (out.start) started = *out.start;
    wants_link = wants_link || out.connect;
    killed = killed || out.kill;
    signals.insert(signals.end(), out.signals.begin(), out.signals.end());
    if (out.exit) exit = out.exit;
    return heard;
  }

  template <class M>
  Heard hub_says(const M& message, Plane plane = Plane::control) {
    return event(
        [&](NannyOutbox& out) { core.on_message(plane, wire::encode(message), now, out); });
  }

  Heard connects() {
    wants_link = false;
    const Heard heard = event([&](NannyOutbox& out) { core.on_link(++connection, now, out); });
    hub_says(welcome_of(1));
    hub_says(welcome_of(1), Plane::task);
    return heard;
  }

  // The process ends, and the hub hears of it.
  wire::Died dies(ProcessEnded ended) {
    event([&](NannyOutbox& out) { core.on_process_ended(std::move(ended), now, out); });
    event([&](NannyOutbox& out) { core.on_link(++connection, now, out); });
    hub_says(welcome_of(1));
    const Heard heard = hub_says(welcome_of(1), Plane::task);
    REQUIRE(heard.deaths.size() == 1);
    hub_says(wire::Stored{0, true}, Plane::task);
    return heard.deaths[0];
  }

  TimePoint now{std::chrono::hours{1}};
  NannyCore core;
  std::uint64_t connection = 500;
  std::uint32_t started = 0;
  bool wants_link = false, killed = false;
  std::vector<int> signals;
  std::vector<wire::Acted> acts;  // of the last event
  std::optional<Farewell> exit;

 private:
  static NannyOptions options() {
    NannyOptions out;
    out.uuid = kUuid;
    out.crashes_max = 2;
    return out;
  }
};

TEST_CASE("a nanny whose process lives says hello as its keeper, and tries for ever") {
  KeeperUnderTest nanny;
  CHECK(nanny.wants_link);
  const Heard heard = nanny.connects();
  REQUIRE(heard.hellos.size() == 2);
  CHECK(heard.hellos[0].role == wire::Role::keeper);
  CHECK(heard.hellos[0].uuid == kUuid);
  nanny.event([&](NannyOutbox& out) { nanny.core.on_link_lost(nanny.now, out); });
  nanny.now += 1h;
  nanny.event([&](NannyOutbox& out) { nanny.core.on_tick(nanny.now, out); });
  CHECK(nanny.wants_link);
  CHECK_FALSE(nanny.exit);
}

TEST_CASE("signals are for the process, and one that kills it is no crash") {
  KeeperUnderTest nanny;
  for (std::uint32_t i = 1; i <= 5; ++i) {
    nanny.connects();
    nanny.signals.clear();
    nanny.hub_says(wire::Act{i, "signal", SIGUSR1, {}, false});
    CHECK(nanny.signals == std::vector<int>{SIGUSR1});
    CHECK(nanny.acts == std::vector<wire::Acted>{{i, true, 0, "", ""}});
    CHECK_FALSE(nanny.dies({.signal = SIGUSR1}).asked);
    CHECK(nanny.core.crashes() == 0);
    REQUIRE(nanny.started == i + 1);
  }
  CHECK(nanny.dies({.signal = SIGSEGV}).restarting);
  CHECK(nanny.core.crashes() == 1);
}

TEST_CASE("a restart kills the process, says that it was asked for, and is no crash") {
  KeeperUnderTest nanny;
  for (std::uint32_t i = 1; i <= 5; ++i) {
    nanny.connects();
    nanny.killed = false;
    nanny.hub_says(wire::Act{i, "restart", 0, {}, false});
    CHECK(nanny.killed);
    CHECK(nanny.acts == std::vector<wire::Acted>{{i, false, 0, "", ""}});
    const wire::Died died = nanny.dies({.signal = SIGKILL});
    CHECK(died.asked);
    CHECK(died.restarting);
    CHECK(nanny.core.crashes() == 0);
    REQUIRE(nanny.started == i + 1);
  }
}

TEST_CASE("what a nanny cannot do it says") {
  KeeperUnderTest nanny;
  nanny.connects();
  for (const wire::Act& act : {wire::Act{1, "clear", 0, {}, false},
                               {2, "signal", 0, {}, false},
                               {3, "signal", 65, {}, false}}) {
    nanny.hub_says(act);
    REQUIRE(nanny.acts.size() == 1);
    CHECK(nanny.acts[0].code == "refused");
  }
  CHECK(nanny.signals.empty());
}

TEST_CASE("a process that does not hear the hub's goodbye is killed, and the nanny ends") {
  KeeperUnderTest nanny;
  nanny.connects();
  nanny.hub_says(wire::Goodbye{"a client asked for it"});
  CHECK_FALSE(nanny.killed);
  nanny.now += 1s;
  nanny.event([&](NannyOutbox& out) { nanny.core.on_tick(nanny.now, out); });
  CHECK(nanny.killed);
  CHECK_FALSE(nanny.dies({.signal = SIGKILL}).restarting);
  REQUIRE(nanny.exit);
  CHECK(nanny.exit->exit == Exit::stopped);
}

TEST_CASE("a process that hears it ends by itself, and the nanny with it") {
  KeeperUnderTest nanny;
  nanny.connects();
  nanny.hub_says(wire::Goodbye{"a client asked for it"});
  ProcessEnded ended;
  ended.farewell = Farewell{Exit::dismissed, "the hub said goodbye"};
  nanny.event([&](NannyOutbox& out) { nanny.core.on_process_ended(ended, nanny.now, out); });
  REQUIRE(nanny.exit);
  CHECK(nanny.exit->exit == Exit::dismissed);
  CHECK_FALSE(nanny.killed);
}

TEST_CASE("a hub that wants no keepers has none, and the process goes on") {
  KeeperUnderTest nanny;
  nanny.event([&](NannyOutbox& out) { nanny.core.on_link(++nanny.connection, nanny.now, out); });
  nanny.hub_says(wire::Refused{"malformed", "'hello' has a bad role", true});
  CHECK_FALSE(nanny.core.next_deadline());
  CHECK(nanny.core.state() == NannyCore::State::running);
}

}  // namespace
}  // namespace roundhouse::engine::testing
