#include <doctest/doctest.h>

#include "shared/printed.hpp"
#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;

TEST_CASE("an outcome is kept for its client across connections and delivered once received") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  hub.breaks(client);
  hub.engine_finishes(engine);
  CHECK(client.outcomes.empty());
  CHECK(hub.router().undelivered() == 1);
  hub.client_returns(client);
  CHECK(client.outcomes.size() == 1);
  hub.breaks(client);
  hub.client_returns(client);
  CHECK(client.outcomes.size() == 2);  // it never said received: the client drops the second
  hub.client_receives_all(client);
  hub.breaks(client);
  hub.client_returns(client);
  CHECK(client.outcomes.size() == 2);
  CHECK(hub.router().undelivered() == 0);
}

TEST_CASE("a returning client says what it has, and that is not sent again") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins(4);
  hub.client_submits(client, {.count = 4});
  for (int i = 0; i < 4; ++i) hub.engine_finishes(engine);
  REQUIRE(client.outcomes.size() == 4);
  client.outcomes.clear();
  hub.breaks(client);
  wire::Hello has;
  has.settled = 2;
  has.ended = {{4, 4}};
  hub.client_returns(client, has);
  REQUIRE(client.outcomes.size() == 1);
  CHECK(client.outcomes[0].sequence == 3);
}

namespace {

wire::Output part_of(const wire::AssignRecord& task, SessionId session, EngineId engine) {
  wire::Output out;
  out.engine = engine;
  out.session = session, out.sequence = task.sequence;
  out.epoch = task.fence.epoch, out.attempt = task.fence.attempt;
  out.text = "text";
  return out;
}

}  // namespace

TEST_CASE("what a task writes goes to its client while it runs, and nowhere else") {
  HubHarness hub;
  auto& client = hub.client_joins();
  auto& other = hub.client_joins();
  auto& engine = hub.engine_joins();
  auto& stranger = hub.engine_joins();
  hub.client_submits(client, {.targets = {engine.id.value}});
  REQUIRE(engine.held.size() == 1);
  const wire::AssignRecord task = engine.held[0];
  hub.say(engine.task_link, part_of(task, client.session, engine.id));
  REQUIRE(client.inbox.all<wire::Output>().size() == 1);
  CHECK(client.inbox.all<wire::Output>()[0] == part_of(task, client.session, engine.id));
  CHECK(other.inbox.all<wire::Output>().empty());
  // Of another run, by another engine, of no task, when it is over, or when nobody is there.
  wire::Output old = part_of(task, client.session, engine.id);
  old.attempt = 0;
  hub.say(engine.task_link, old);
  hub.say(stranger.task_link, part_of(task, client.session, stranger.id));
  wire::Output unknown = part_of(task, client.session, engine.id);
  unknown.sequence = 99;
  hub.say(engine.task_link, unknown);
  hub.say(engine.task_link, part_of(task, SessionId{4711}, engine.id));
  hub.engine_finishes(engine);
  hub.say(engine.task_link, part_of(task, client.session, engine.id));
  CHECK(client.inbox.all<wire::Output>().size() == 1);
  hub.client_submits(client, {.targets = {engine.id.value}});
  const wire::AssignRecord next = engine.held[0];
  hub.breaks(client);
  hub.say(engine.task_link, part_of(next, client.session, engine.id));
  CHECK(client.inbox.all<wire::Output>().size() == 1);
}

namespace {

// A client with a task that runs, on an engine that can write a lot.
struct Writing {
  Writing() { hub.client_submits(client); }

  [[nodiscard]] wire::Output part(std::size_t size, std::uint64_t offset = 0) const {
    wire::Output out = part_of(engine.held[0], client.session, engine.id);
    out.text.assign(size, 'x'), out.offset = offset;
    return out;
  }

  // Writes parts of this size as long as they are passed on, and returns what they count for.
  std::size_t fill(std::size_t size) {
    const wire::MapMessage same = part(size);
    for (std::size_t cost = 0;; cost += cost_of(part(size))) {
      client.inbox.messages.clear();
      hub.say(engine.task_link, part(size));
      if (client.inbox.messages.empty()) return cost;
      REQUIRE(client.inbox.messages.front() == same);
      REQUIRE(cost <= 2 * wire::kOutputUnreadMax);
    }
  }

  HubHarness hub;
  FakeClient& client = hub.client_joins();
  FakeEngine& engine = hub.engine_joins();
};

}  // namespace

TEST_CASE("of live output no more is under way to a client than its budget") {
  Writing at;
  const std::size_t sent = at.fill(wire::kOutputBytesMax);
  CHECK(sent <= wire::kOutputUnreadMax);
  CHECK(sent + cost_of(at.part(wire::kOutputBytesMax)) > wire::kOutputUnreadMax);
  // A part that has room, behind one that had none.
  at.hub.say(at.engine.task_link, at.part(0));
  CHECK(at.client.inbox.all<wire::Output>().size() == 1);
  // The outcome comes all the same.
  at.hub.engine_finishes(at.engine);
  CHECK(at.client.outcomes.size() == 1);
}

TEST_CASE("parts of a few bytes count for what they cost who keeps them") {
  Writing at;
  CHECK(at.fill(1) / cost_of(at.part(1)) < wire::kOutputUnreadMax / 500);
}

TEST_CASE("what a client says to have received of live output is room for more") {
  Writing at;
  const std::size_t sent = at.fill(wire::kOutputBytesMax);
  const std::size_t half = sent / 2;
  at.hub.say(at.client.task_link, wire::Received{0, half});
  const std::size_t more = at.fill(wire::kOutputBytesMax);
  CHECK(more <= half + cost_of(at.part(wire::kOutputBytesMax)));
  CHECK(more + cost_of(at.part(wire::kOutputBytesMax)) > half);
  // Less than before, or more than there was, is not believed.
  at.hub.say(at.client.task_link, wire::Received{0, 1});
  CHECK(at.fill(wire::kOutputBytesMax) == 0);
  at.hub.say(at.client.task_link, wire::Received{0, ~0ULL});
  CHECK(at.fill(wire::kOutputBytesMax) <= wire::kOutputUnreadMax);
}

TEST_CASE("each connection of a client begins with a whole budget, and each session has its own") {
  Writing at;
  const std::size_t sent = at.fill(wire::kOutputBytesMax);
  at.hub.breaks(at.client);
  at.hub.client_returns(at.client);
  CHECK(at.fill(wire::kOutputBytesMax) == sent);
  FakeClient& other = at.hub.client_joins();
  FakeEngine& second = at.hub.engine_joins();
  at.hub.client_submits(other, {.targets = {second.id.value}});
  at.hub.say(second.task_link, part_of(second.held[0], other.session, second.id));
  CHECK(other.inbox.all<wire::Output>().size() == 1);
}

TEST_CASE("a part of output that no engine may say is refused, and not passed on") {
  Writing at;
  const auto refused = [&](const wire::Output& part) {
    at.engine.inbox.messages.clear(), at.client.inbox.messages.clear();
    at.hub.say(at.engine.task_link, part);
    CHECK(at.client.inbox.messages.empty());
    return at.engine.inbox.all<wire::Refused>().size() == 1;
  };
  wire::Output other = at.part(4);
  other.engine = EngineId{4711};
  CHECK(refused(other));
  wire::Output third = at.part(4);
  third.stream = 3;
  CHECK(refused(third));
  third.stream = 0;
  CHECK(refused(third));
  CHECK(refused(at.part(wire::kOutputBytesMax + 1)));
  CHECK(refused(at.part(4, wire::kLiveBytesMax - 3)));
  CHECK(refused(at.part(4, ~0ULL)));
  CHECK(refused(at.part(0, wire::kLiveBytesMax + 1)));
}

TEST_CASE("of a part of output only what it says is passed on") {
  Writing at;
  wire::Message message = wire::encode(at.part(4));
  message.frames.push_back(Buffer::copy(std::string(100'000, 'y')));
  at.hub.send(at.engine.task_link, message);
  CHECK(at.client.inbox.all<wire::Output>().size() == 1);
}
