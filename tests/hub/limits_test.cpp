// What a peer that does not keep to the protocol can cost the hub: an answer or two, and never the
// memory of others.

#include <doctest/doctest.h>

#include "hub/core/detach.hpp"
#include "tests/support/hub_harness.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using wire::Ending;

namespace {

wire::SubmitRecord task(std::uint64_t sequence, std::uint32_t count = 1,
                        const std::string& body = "x") {
  wire::SubmitRecord out;
  out.sequence = sequence, out.count = count, out.template_number = 1;
  out.payload = Payload::of(body);
  return out;
}

wire::Message batch(const std::vector<wire::SubmitRecord>& records) {
  wire::BatchWriter<wire::SubmitRecord> writer;
  for (const auto& record : records) writer.add(record);
  return writer.take(0);
}

wire::Define numbered(std::uint32_t number) {
  wire::Define out;
  out.number = number, out.function = "f";
  return out;
}

struct Submitting {
  explicit Submitting(const hub::RouterOptions& options = {})
      : hub(options), client(hub.client_joins()) {
    hub.say(client.task_link, numbered(1));
  }

  void send(const std::vector<wire::SubmitRecord>& records) {
    hub.send(client.task_link, batch(records));
  }

  // What the only refusal says, as code and text; it must not be the client's end.
  [[nodiscard]] wire::Refused refusal() const {
    const auto all = client.inbox.all<wire::Refused>();
    REQUIRE(all.size() == 1);
    CHECK_FALSE(all[0].fatal);
    return all[0];
  }

  HubHarness hub;
  FakeClient& client;
};

std::vector<wire::FinishedRecord> outcomes_of_nobody(std::uint64_t first, std::uint64_t count) {
  std::vector<wire::FinishedRecord> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    wire::FinishedRecord& record = out.emplace_back();
    record.task = {SessionId{7}, first + i};
    record.fence = {1, 1};
    record.payload = Payload::of("0123456789");
  }
  return out;
}

// The numbers of outcomes are those of the tasks.
void send_outcomes(HubHarness& hub, FakeEngine& engine,
                   const std::vector<wire::FinishedRecord>& records) {
  wire::BatchWriter<wire::FinishedRecord> writer;
  for (const auto& record : records) writer.add(record);
  hub.send(engine.task_link, writer.take(records.front().task.sequence));
}

// A session that submits those tasks after all.
FakeClient& owner_comes(HubHarness& hub, std::uint32_t count) {
  FakeClient& client = hub.client_joins();
  client.session = SessionId{7};
  hub.client_returns(client);
  hub.client_submits(client, {.count = count, .targets = {77}});  // nobody else runs them
  return client;
}

hub::RouterOptions few_orphans() {
  hub::RouterOptions out;
  out.orphans_max = 4;
  out.dead = 3600s;  // nobody beats here
  return out;
}

hub::Restored second_epoch() {
  hub::Restored out;
  out.epoch = 1;
  return out;
}

}  // namespace

TEST_CASE("a batch with a gap is dropped whole, and told what was expected") {
  Submitting to;
  to.send({task(1), task(3)});
  CHECK(to.hub.router().unfinished() == 0);
  CHECK(to.refusal().code == "sequence_gap");
  CHECK(to.refusal().text.find("2 was expected") != std::string::npos);
  to.send({task(1)});  // on this connection nothing more is taken
  CHECK(to.hub.router().unfinished() == 0);
  to.hub.client_returns(to.client);
  CHECK(to.client.inbox.all<wire::Welcome>().back().accepted == 0);
  to.send({task(1), task(2)});
  CHECK(to.hub.router().unfinished() == 2);
}

TEST_CASE("what is sent again costs no credit, also when the rest of its run is new") {
  hub::RouterOptions options;
  options.session_tasks_max = 10;
  options.session_bytes_max = 20;
  Submitting to(options);
  to.send({task(1, 8, "0123456789")});
  to.send({task(1, 8, "0123456789"), task(1, 8, "0123456789"), task(1, 10, "")});
  CHECK(to.client.inbox.all<wire::Refused>().empty());
  CHECK(to.hub.router().unfinished() == 10);
  CHECK(to.hub.router().counters().duplicates == 24);
}

TEST_CASE("more tasks than the credit are refused as a batch") {
  hub::RouterOptions options;
  options.session_tasks_max = 10;
  Submitting to(options);
  to.send({task(1, 8), task(9, 3)});
  CHECK(to.refusal().code == "over_quota");
  CHECK(to.hub.router().unfinished() == 0);
}

TEST_CASE("bytes beyond the credit are refused, but of one record as large as it likes") {
  hub::RouterOptions options;
  options.session_bytes_max = 100;
  Submitting to(options);
  const std::string large(1000, 'x');
  to.send({task(1, 1, large)});
  CHECK(to.hub.router().unfinished() == 1);
  to.send({task(2, 1, "")});
  CHECK(to.hub.router().unfinished() == 2);
  to.send({task(3)});
  CHECK(to.refusal().code == "over_quota");
  CHECK(to.hub.router().unfinished() == 2);
}

TEST_CASE("credit for bytes comes back when tasks end") {
  hub::RouterOptions options;
  options.session_bytes_max = 100;
  Submitting to(options);
  auto& engine = to.hub.engine_joins();
  for (std::uint64_t i = 1; i <= 5; ++i) {
    to.send({task(i, 1, std::string(100, 'x'))});
    to.hub.engine_finishes(engine);
    to.hub.passes(20ms);
  }
  CHECK(to.client.inbox.all<wire::Refused>().empty());
  CHECK(to.client.outcomes.size() == 5);
}

TEST_CASE("templates have a size, alone and all together") {
  Submitting to;
  wire::Define define = numbered(2);
  define.label.assign(wire::kTemplateBytesMax, 'x');
  to.hub.say(to.client.task_link, define);
  CHECK(to.refusal().code == "too_large");
  define.label.resize(wire::kTemplateBytesMax - 1);
  for (; define.number <= wire::kTemplatesBytesMax / wire::kTemplateBytesMax; ++define.number)
    to.hub.say(to.client.task_link, define);
  CHECK(to.client.inbox.all<wire::Refused>().size() == 1);
  to.hub.say(to.client.task_link, define);
  const auto refused = to.client.inbox.all<wire::Refused>();
  REQUIRE(refused.size() == 2);
  CHECK(refused[1].code == "over_quota");
}

TEST_CASE("templates without end, or with numbers that are none, end the connection") {
  Submitting to;
  for (int i = 0; i < 20; ++i) to.hub.say(to.client.task_link, numbered(0));
  CHECK(to.client.inbox.all<wire::Refused>().size() == 16);
  CHECK(to.hub.closed.size() == 2);  // both planes
}

TEST_CASE("a small body does not hold the large message that it came in") {
  wire::Message padded = batch({task(1, 1, "small"), task(2, 1, "")});
  const std::string bytes(padded.header.view());
  wire::Batch<wire::SubmitRecord> decoded;
  REQUIRE(wire::decode_batch(padded, decoded));
  hub::detach_bodies(decoded.records, padded.header);
  CHECK(decoded.records[0].payload.block == padded.header);  // shared: it is no waste

  padded.header = Buffer::copy(bytes + std::string(100'000, 'x'));
  for (auto& record : decoded.records) record.payload.block = padded.header;
  hub::detach_bodies(decoded.records, padded.header);
  CHECK(decoded.records[0].payload.body() == "small");
  CHECK(decoded.records[0].payload.block.size() == 5);
  CHECK(decoded.records[1].payload.body().empty());
}

TEST_CASE("what a task depends on does not hold the large message that it came in") {
  wire::SubmitRecord record = task(1, 1);
  record.depends = Slice{Buffer::take(wire::encode_ranges({{SessionId{7}, 1, 3}}))};
  record.after_ranges = 1;
  const wire::Message message = batch({record});
  wire::Batch<wire::SubmitRecord> decoded;
  REQUIRE(wire::decode_batch(message, decoded));
  wire::SubmitRecord& got = decoded.records[0];
  hub::detach_bodies(decoded.records, message.header);
  CHECK(got.depends.buffer == message.header);  // shared: it is no waste

  const std::string bytes(message.header.view());
  const Buffer padded = Buffer::copy(bytes + std::string(100'000, 'x'));
  got.depends.buffer = padded;
  hub::detach_bodies(decoded.records, padded);
  CHECK(got.depends.buffer.size() == wire::TaskRanges::kBytes);
  CHECK(got.after()[0] == wire::TaskRange{SessionId{7}, 1, 3});
}

TEST_CASE("a small body beside a large one gets a block of its own, and a run stays one") {
  const std::string large(hub::kSharedMessageMax, 'x');
  const wire::Message message = batch({task(1, 1, "small"), task(2, 1, large)});
  wire::Batch<wire::SubmitRecord> decoded;
  REQUIRE(wire::decode_batch(message, decoded));
  hub::detach_bodies(decoded.records, message.header);
  CHECK(decoded.records[0].payload.block.size() == 5);
  CHECK(decoded.records[0].payload.body() == "small");
  CHECK(decoded.records[1].payload.block.size() == message.header.size());
  CHECK(decoded.records[1].payload.body() == large);
}

TEST_CASE("the tasks of a detached run keep their parts") {
  wire::SubmitRecord run = task(1, 2);
  run.payload.block = Buffer::take("..HEADaab");
  run.payload.head_at = 2, run.payload.head_size = 4;
  run.payload.tail_at = 6, run.payload.tail_size = 3;
  run.ends = Slice{Buffer::take(std::string("\2\0\0\0\3\0\0\0", 8))};
  run.payload.stand_alone();
  CHECK(run.payload_of(0).body() == "HEADaa");
  CHECK(run.payload_of(1).body() == "HEADb");
  CHECK(run.payload.block.size() == 7);
}

TEST_CASE("whoever is asked who it is sixteen times is told to go") {
  HubHarness hub;
  const auto link = hub.new_link(hub::Side::client, wire::Plane::task);
  for (int i = 0; i < 20; ++i) hub.say(link, wire::Received{1});
  const Inbox& inbox = hub.strangers[link.key()];
  CHECK(inbox.all<wire::Who>().size() == 15);
  REQUIRE(inbox.all<wire::Refused>().size() == 1);
  CHECK(inbox.all<wire::Refused>()[0].code == "say_hello");
  CHECK(inbox.all<wire::Refused>()[0].fatal);
  CHECK(hub.closed == std::vector{link});
  CHECK(hub.router().counters().malformed == 0);  // it may have been welcome a moment ago
}

TEST_CASE("what is still on its way by a connection that was given up is not answered") {
  HubHarness hub;
  auto& client = hub.client_joins();
  const auto old = client.task_link;
  hub.client_returns(client);
  for (int i = 0; i < 20; ++i) hub.say(old, wire::Received{1});
  CHECK(hub.strangers[old.key()].messages.empty());
  CHECK(hub.closed.size() == 2);
}

TEST_CASE("hello said again and again ends the connection") {
  HubHarness hub;
  auto& client = hub.client_joins();
  const wire::Hello hello = hub.hello_of(client);
  for (int i = 0; i < 20; ++i) hub.say(client.control_link, hello);
  CHECK(client.inbox.all<wire::Refused>().size() == 16);
  CHECK(hub.closed.size() == 2);
}

TEST_CASE("who has spoken and not said hello goes after a while, but not for a hub that slept") {
  HubHarness hub;
  const auto link = hub.new_link(hub::Side::client, wire::Plane::task);
  hub.say(link, wire::Received{1});
  hub.passes(4s);
  CHECK(hub.closed.empty());
  hub.passes(2s);
  CHECK(hub.closed == std::vector{link});
}

TEST_CASE("outcomes of unknown tasks beyond the limit stay with their engine, and come again") {
  HubHarness hub{few_orphans(), second_epoch()};
  auto& engine = hub.engine_joins();
  send_outcomes(hub, engine, outcomes_of_nobody(1, 6));
  send_outcomes(hub, engine, outcomes_of_nobody(7, 2));  // nothing of it is taken either
  hub.stores_everything();
  hub.passes(50ms);
  CHECK(engine.inbox.all<wire::Stored>().empty());
  CHECK(hub.closed.empty());

  auto& client = owner_comes(hub, 8);
  CHECK(client.outcomes.size() == 4);
  hub.passes(1s);  // there is room: the engine is made to come again
  CHECK(hub.closed.size() == 2);
  hub.breaks(engine);
  hub.engine_returns(engine);
  send_outcomes(hub, engine, outcomes_of_nobody(1, 8));
  CHECK(client.outcomes.size() == 8);
  hub.stores_everything();
  hub.passes(50ms);
  CHECK(engine.inbox.all<wire::Stored>().back().through == 8);
}

TEST_CASE("outcomes of unknown tasks are bound by their bytes, too, and gone when their time is") {
  hub::RouterOptions options;
  options.orphan_bytes_max = 25;
  HubHarness hub{options, second_epoch()};
  auto& engine = hub.engine_joins();
  send_outcomes(hub, engine, outcomes_of_nobody(1, 5));
  CHECK(owner_comes(hub, 5).outcomes.size() == 3);

  HubHarness other{few_orphans(), second_epoch()};
  auto& late = other.engine_joins();
  send_outcomes(other, late, outcomes_of_nobody(1, 5));
  other.passes(59s);
  CHECK(other.closed.empty());
  other.passes(2s);
  CHECK(other.closed.size() == 2);
}

TEST_CASE("what a nanny tells beyond what is kept for the end is heard behind what was kept") {
  constexpr std::uint64_t kBatches = 80;
  constexpr std::uint64_t kEach = 60;
  HubHarness hub{few_orphans(), second_epoch()};
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  REQUIRE(engine.held.size() == 1);
  auto records = outcomes_of_nobody(1, kEach);
  for (wire::FinishedRecord& record : records)
    record.payload = Payload::of(std::string(16'000, 'x'));
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  for (std::uint64_t i = 0; i < kBatches; ++i) {
    for (std::uint64_t j = 0; j < kEach; ++j) records[j].task.sequence = 1 + i * kEach + j;
    send_outcomes(hub, engine, records);
  }
  records = outcomes_of_nobody(1 + kBatches * kEach, 1);
  wire::FinishedRecord& known = records.emplace_back();
  known.task = {client.session, 1};
  known.fence = engine.held[0].fence;
  known.payload = Payload::of("answer");
  send_outcomes(hub, engine, records);
  CHECK(client.outcome_of(1).payload.body() == "answer");
  CHECK(engine.inbox.all<wire::Refused>().empty());
}

TEST_CASE("a nanny is heard to the end, however much its engine left behind") {
  HubHarness hub{few_orphans(), second_epoch()};
  auto& client = hub.client_joins();
  auto& engine = hub.engine_joins();
  hub.client_submits(client);
  REQUIRE(engine.held.size() == 1);
  auto records = outcomes_of_nobody(1, 6);
  wire::FinishedRecord& known = records.emplace_back();
  known.task = {client.session, 1};
  known.fence = engine.held[0].fence;
  known.payload = Payload::of("answer");
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  send_outcomes(hub, engine, records);
  CHECK(client.outcomes.empty());  // with the end of the process
  hub.say(engine.task_link, wire::Died{});
  CHECK(client.outcomes.size() == 1);
}
