#include "tests/support/hub_harness.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include <roundhouse/version.hpp>

namespace roundhouse::test {
namespace {

Uuid uuid_of(std::uint64_t number) {
  Uuid out;
  for (std::size_t i = 0; i < 8; ++i) out.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  out.bytes[15] = 1;
  return out;
}

std::string little_endian(const std::vector<std::uint32_t>& values) {
  std::string out;
  for (const std::uint32_t value : values)
    for (unsigned shift = 0; shift < 32; shift += 8)
      out.push_back(static_cast<char>(value >> shift));
  return out;
}

}  // namespace

const wire::OutcomeRecord& FakeClient::outcome_of(std::uint64_t sequence) const {
  const auto found = std::find_if(outcomes.begin(), outcomes.end(),
                                  [&](const auto& o) { return o.sequence == sequence; });
  REQUIRE_MESSAGE(found != outcomes.end(), "no outcome came for task ", sequence);
  return *found;
}

std::string FakeClient::error_of(std::uint64_t sequence) const {
  return wire::decode_error(outcome_of(sequence).payload.body()).name;
}

std::string FakeClient::why(std::uint64_t sequence) const {
  return wire::decode_error(outcome_of(sequence).payload.body()).value;
}

bool FakeClient::has(std::uint64_t sequence) const {
  return std::ranges::any_of(outcomes, [&](const auto& o) { return o.sequence == sequence; });
}

HubHarness::HubHarness(hub::RouterOptions options, hub::Restored restored) {
  now_.steady = TimePoint{1000s};
  now_.wall_us = 1'700'000'000'000'000;
  next_random_ += 1000 * restored.epoch;  // strangers to the hub before
  router_ = std::make_unique<hub::Router>(options, std::move(restored), now_);
}

hub::LinkId HubHarness::new_link(hub::Side side, wire::Plane plane) {
  return {side, plane, next_peer_++};
}

wire::Hello HubHarness::hello_of(const FakeClient& client) const {
  wire::Hello hello;
  hello.major = kProtocolMajor, hello.minor = kProtocolMinor;
  hello.connection = client.connection;
  hello.session = client.session, hello.secret = client.secret;
  return hello;
}

wire::Hello HubHarness::hello_of(const FakeEngine& engine, wire::Role role) const {
  wire::Hello hello;
  hello.major = kProtocolMajor, hello.minor = kProtocolMinor;
  hello.role = role;
  hello.connection = engine.task_link.peer;
  hello.uuid = engine.uuid, hello.incarnation = engine.incarnation, hello.slots = engine.slots;
  hello.next_number = engine.next_number;
  return hello;
}

void HubHarness::connect(FakeClient& client, const wire::Hello& hello) {
  client.task_link = new_link(hub::Side::client, wire::Plane::task);
  client.control_link = new_link(hub::Side::client, wire::Plane::control);
  client.outcome_number = 0;
  say(client.task_link, hello);
  say(client.control_link, hello);
}

void HubHarness::connect(FakeEngine& engine, wire::Role role) {
  engine.task_link = new_link(hub::Side::engine, wire::Plane::task);
  engine.control_link = new_link(hub::Side::engine, wire::Plane::control);
  const wire::Hello hello = hello_of(engine, role);
  say(engine.task_link, hello);
  say(engine.control_link, hello);
}

FakeClient& HubHarness::client_joins() {
  FakeClient& client = *clients_.emplace_back(std::make_unique<FakeClient>());
  client.session = SessionId{next_random_++};
  client.secret = uuid_of(next_random_++);
  client.connection = next_random_++;
  connect(client, hello_of(client));
  return client;
}

void HubHarness::client_returns(FakeClient& client, const wire::Hello& extra) {
  client.connection = next_random_++;
  wire::Hello hello = hello_of(client);
  hello.settled = extra.settled, hello.ended = extra.ended, hello.failed = extra.failed;
  connect(client, hello);
}

FakeEngine& HubHarness::engine_joins(std::uint32_t slots) {
  FakeEngine& engine = *engines_.emplace_back(std::make_unique<FakeEngine>());
  engine.uuid = uuid_of(next_random_++);
  engine.slots = slots;
  connect(engine, wire::Role::engine);
  holding_is_said(engine);
  stores_everything();
  return engine;
}

void HubHarness::engine_returns(FakeEngine& engine, bool says_what_it_holds) {
  connect(engine, wire::Role::engine);
  if (says_what_it_holds) holding_is_said(engine);
}

FakeClient& HubHarness::client_of_before(const FakeClient& client, const wire::Hello& extra) {
  FakeClient& out = *clients_.emplace_back(std::make_unique<FakeClient>());
  out.session = client.session, out.secret = client.secret;
  client_returns(out, extra);
  return out;
}

FakeEngine& HubHarness::engine_of_before(const FakeEngine& engine, bool says_what_it_holds) {
  FakeEngine& out = *engines_.emplace_back(std::make_unique<FakeEngine>(engine));
  out.inbox = {};
  engine_returns(out, says_what_it_holds);
  return out;
}

void HubHarness::nanny_speaks(FakeEngine& engine) {
  connect(engine, wire::Role::nanny);
}

void HubHarness::engine_restarts(FakeEngine& engine) {
  ++engine.incarnation;
  engine.held.clear();
  engine.next_number = 1, engine.outcomes_sent = 0;
  connect(engine, wire::Role::engine);
  holding_is_said(engine);
  stores_everything();
}

void HubHarness::holding_is_said(FakeEngine& engine) {
  wire::BatchWriter<wire::HoldingRecord> writer;
  for (const auto& task : engine.held)
    writer.add({task.number,
                {engine.templates.at(task.template_number).session, task.sequence},
                task.fence,
                false});
  send(engine.task_link, writer.take(1));
}

std::uint64_t HubHarness::client_submits(FakeClient& client, const TaskWish& wish) {
  wire::Define define;
  define.number = ++client.templates;
  define.function = "f", define.targets = wish.targets, define.retries = wish.retries;
  define.priority = wish.priority, define.builds = wish.builds;
  define.depth = wish.depth;
  define.timeout_us = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(wish.timeout).count());
  say(client.task_link, define);
  wire::SubmitRecord record;
  record.sequence = client.next_sequence, record.count = wish.count;
  record.template_number = define.number;
  if (!wish.engines.empty()) record.engines = Slice{Buffer::take(little_endian(wish.engines))};
  record.blank = wish.blank;
  std::vector<wire::TaskRange> ranges = wish.after;
  ranges.insert(ranges.end(), wish.follow.begin(), wish.follow.end());
  if (!ranges.empty()) record.depends = Slice{Buffer::take(wire::encode_ranges(ranges))};
  record.after_ranges = static_cast<std::uint32_t>(wish.after.size());
  record.after_mode = wish.after_mode, record.follow_mode = wish.follow_mode;
  if (!wish.blank) record.payload = Payload::of(wish.body);
  if (wish.framed)
    record.payload.frames = std::make_shared<const Frames>(Frames{Buffer::copy("frame")});
  client.next_sequence += wish.count;
  wire::BatchWriter<wire::SubmitRecord> writer;
  writer.add(record);
  send(client.task_link, writer.take(0));
  return record.sequence;
}

void HubHarness::client_receives_all(FakeClient& client) {
  say(client.task_link, wire::Received{client.outcome_number});
}

void HubHarness::engine_finishes(FakeEngine& engine, wire::Ending ending, Duration duration) {
  REQUIRE_MESSAGE(!engine.held.empty(), "the engine holds no task");
  engine_finishes(engine, wire::AssignRecord{engine.held.front()}, ending, duration);
}

void HubHarness::engine_finishes(FakeEngine& engine, const wire::AssignRecord& task,
                                 wire::Ending ending, Duration duration) {
  wire::FinishedRecord record;
  record.task = {engine.templates.at(task.template_number).session, task.sequence};
  record.fence = task.fence, record.ending = ending;
  record.duration_ns = static_cast<std::uint64_t>(duration.count());
  record.payload = Payload::of(ending == wire::Ending::ok
                                   ? "result"
                                   : wire::encode_error({"std::runtime_error", "bad", ""}));
  std::erase_if(engine.held, [&](const auto& held) { return held.number == task.number; });
  wire::BatchWriter<wire::FinishedRecord> writer;
  writer.add(record);
  send(engine.task_link, writer.take(++engine.outcomes_sent));
}

void HubHarness::send(hub::LinkId link, const wire::Message& message) {
  hub::Outbox out;
  router_->on_message(link, message, now_, out);
  take(out);
  turn();
}

void HubHarness::breaks(FakeClient& client) {
  hub::Outbox out;
  router_->on_link_down(client.task_link, now_, out);
  take(out);
  turn();
}

void HubHarness::breaks(FakeEngine& engine) {
  hub::Outbox out;
  router_->on_link_down(engine.control_link, now_, out);
  take(out);
  turn();
}

void HubHarness::stores_everything() {
  hub::Outbox out;
  router_->on_stored(router_->counters().facts, now_, out);
  take(out);
  turn();
}

void HubHarness::places_are_told(std::vector<hub::RanOn> places) {
  REQUIRE(!place_questions.empty());
  const std::uint64_t question = place_questions.front().number;
  place_questions.erase(place_questions.begin());
  hub::Outbox out;
  router_->on_places(question, std::move(places), now_, out);
  take(out);
  turn();
}

void HubHarness::module_is_read(const ContentHash& build, Result<Frames> parts) {
  hub::Outbox out;
  router_->on_module_read(build, std::move(parts), now_, out);
  take(out);
  turn();
}

void HubHarness::passes(Duration time) {
  const TimePoint until = now_.steady + time;
  while (now_.steady < until) {
    const auto next = router_->next_deadline().value_or(until);
    const TimePoint at = std::clamp(next, now_.steady + 1ms, until);
    now_.wall_us += std::chrono::duration_cast<std::chrono::microseconds>(at - now_.steady).count();
    now_.steady = at;
    turn();
  }
}

void HubHarness::turn() {
  hub::Outbox out;
  router_->on_tick(now_, out);
  router_->schedule(now_, out);
  take(out);
  router_->check_invariants();
}

void HubHarness::take(hub::Outbox& out) {
  for (auto& fact : out.facts) facts.push_back(std::move(fact));
  for (auto& query : out.queries) queries.push_back(std::move(query));
  fetches.insert(fetches.end(), out.fetches.begin(), out.fetches.end());
  for (auto& question : out.place_questions) place_questions.push_back(std::move(question));
  for (const auto& send : out.sends) deliver(send);
  for (const auto& hint : out.hints) hints.push_back(*wire::decode_as<wire::Hint>(hint.message));
  for (const auto& link : out.closes) closed.push_back(link);
  stop_asked = stop_asked || out.stop;
  out.clear();
}

void HubHarness::deliver(const hub::Send& send) {
  const auto kind = wire::kind_of(send.message);
  REQUIRE(kind.ok());
  for (auto& client : clients_) {
    if (send.link != client->task_link && send.link != client->control_link) continue;
    if (*kind != wire::Kind::outcome) {
      CHECK((*kind != wire::Kind::output || send.message.frames.empty()));
      client->inbox.messages.push_back(*wire::decode(send.message));
      return;
    }
    wire::Batch<wire::OutcomeRecord> batch;
    REQUIRE(wire::decode_batch(send.message, batch).ok());
    CHECK(batch.first == client->outcome_number + 1);
    client->outcome_number += batch.records.size();
    for (auto& record : batch.records) client->outcomes.push_back(std::move(record));
    return;
  }
  for (auto& engine : engines_) {
    if (send.link != engine->task_link && send.link != engine->control_link) continue;
    if (*kind == wire::Kind::assign) {
      wire::Batch<wire::AssignRecord> batch;
      REQUIRE(wire::decode_batch(send.message, batch).ok());
      for (auto& record : batch.records) {
        CHECK(engine->templates.contains(record.template_number));
        engine->next_number = record.number + 1;
        engine->held.push_back(std::move(record));
      }
      return;
    }
    engine->inbox.messages.push_back(*wire::decode(send.message));
    const auto& message = engine->inbox.messages.back();
    if (const auto* define = std::get_if<wire::Define>(&message))
      engine->templates[define->number] = *define;
    if (const auto* welcome = std::get_if<wire::Welcome>(&message)) engine->id = welcome->engine;
    return;
  }
  if (auto decoded = wire::decode(send.message))
    strangers[send.link.key()].messages.push_back(*decoded);
}

hub::Restored restored_from(const HubHarness& hub) {
  hub::Restored out;
  out.epoch = 1;
  for (const auto& fact : hub.facts) {
    if (const auto* opened = std::get_if<hub::SessionOpened>(&fact)) {
      out.sessions.push_back({opened->number, opened->id, opened->secret, opened->label, 0, 0, 0});
    } else if (const auto* defined = std::get_if<hub::TemplateDefined>(&fact)) {
      out.templates.push_back(*defined);
    } else if (const auto* submitted = std::get_if<hub::Submitted>(&fact)) {
      out.sessions.at(submitted->session - 1).accepted = submitted->last;
      out.pending.push_back({submitted->session,
                             submitted->first,
                             submitted->last,
                             submitted->batch,
                             submitted->at_us,
                             {}});
    } else if (const auto* ended = std::get_if<hub::Ended>(&fact)) {
      for (auto& pending : out.pending)
        if (pending.first <= ended->sequence && ended->sequence <= pending.last)
          pending.ended.push_back({ended->sequence, ended->sequence});
      out.undelivered.push_back(*ended);
      if (ended->ending != wire::Ending::ok)
        out.sessions.at(ended->session - 1).failed.push_back({ended->sequence, ended->sequence});
    } else if (const auto* joined = std::get_if<hub::EngineJoined>(&fact)) {
      out.engines.push_back({joined->id, joined->uuid, joined->incarnation, joined->slots, false});
    } else if (const auto* left = std::get_if<hub::EngineLeft>(&fact)) {
      for (auto& engine : out.engines)
        if (engine.id == left->id && left->gone)
          engine.gone = true, engine.given_up = left->given_up;
    } else if (const auto* asked = std::get_if<hub::AbortAsked>(&fact)) {
      out.aborts.push_back(*asked);
    } else if (const auto* set = std::get_if<hub::PolicySet>(&fact)) {
      out.policy = set->policy;
    }
  }
  return out;
}

}  // namespace roundhouse::test
