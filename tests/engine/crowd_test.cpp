#include "engine/crowd.hpp"

#include <optional>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/fake_hub.hpp"
#include <roundhouse/arguments.hpp>

namespace roundhouse::engine {
namespace {

using test::FakeHub;

// A crowd on a thread, and a hub for it.
struct RunningCrowd {
  explicit RunningCrowd(std::size_t count)
      : hub(folder.path()),
        crowd(links_by_file(context, FakeHub::file_in(folder.path())), count),
        thread([this] { crowd.run(); }) {}

  ~RunningCrowd() { crowd.stop(); }

  test::TempDir folder;
  std::optional<FakeHub> hub;
  net::Context context;
  Crowd crowd;
  std::jthread thread;
};

TEST_CASE("one of a crowd answers every task, whatever it is, with an empty result") {
  RunningCrowd running(1);
  FakeHub& hub = *running.hub;
  const wire::Hello hello = hub.await_peer();
  CHECK(hello.slots == 1);
  CHECK(hello.label == "crowd-0");
  hub.define(1, "nobody::has_it");
  std::uint64_t last = 0;
  for (int i = 0; i < 1000; ++i) last = hub.assign(1, 5);
  hub.until([&] { return hub.outcomes.size() == last; });
  const wire::FinishedRecord& outcome = hub.outcomes.at(last);
  CHECK(outcome.ending == wire::Ending::ok);
  CHECK_NOTHROW(decode_result<void>(outcome.payload.body(), {}));
}

TEST_CASE("a crowd beats, comes back to the next hub, and says goodbye when it is stopped") {
  RunningCrowd running(1);
  const wire::Hello first = running.hub->await_peer();
  running.hub->until([&] { return running.hub->beats >= 3; });
  running.hub.reset();
  running.hub.emplace(running.folder.path(), 2);
  const wire::Hello again = running.hub->await_peer();
  CHECK(again.uuid == first.uuid);
  CHECK(again.connection != first.connection);
  running.hub->until([&] { return running.hub->beats >= 1; });  // it knows that it is welcome
  running.crowd.stop();
  running.hub->until([&] { return !running.hub->goodbyes.empty(); });
}

TEST_CASE("each of a crowd has a link of its own") {
  RunningCrowd running(5);
  running.hub->await_peer();
  running.hub->until([&] { return running.hub->beats >= 20; });
  running.crowd.stop();
  running.hub->until([&] { return running.hub->goodbyes.size() == 5; });
}

}  // namespace
}  // namespace roundhouse::engine
