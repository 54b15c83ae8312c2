#include "tests/sim/hub_actor.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace roundhouse::sim {

using std::chrono::microseconds;

namespace {

std::string name(hub::LinkId link) {
  constexpr const char* kPlanes[] = {"task", "control", "notify"};
  return std::string(link.side == hub::Side::client ? "client" : "engine") + " link " +
         std::to_string(link.peer) + " " + kPlanes[static_cast<std::size_t>(link.plane)];
}

std::string name(const hub::Fact& fact) {
  if (const auto* f = std::get_if<hub::SessionOpened>(&fact))
    return "SessionOpened " + std::to_string(f->number);
  if (const auto* f = std::get_if<hub::TemplateDefined>(&fact))
    return "TemplateDefined " + std::to_string(f->number);
  if (const auto* f = std::get_if<hub::Submitted>(&fact))
    return "Submitted " + std::to_string(f->session) + ": " + std::to_string(f->first) + "-" +
           std::to_string(f->last);
  if (const auto* f = std::get_if<hub::Ended>(&fact))
    return "Ended " + std::to_string(f->session) + "/" + std::to_string(f->sequence) +
           " delivery " + std::to_string(f->delivery) + " " + std::string(to_string(f->ending));
  if (const auto* f = std::get_if<hub::Delivered>(&fact))
    return "Delivered " + std::to_string(f->session) + ": " + std::to_string(f->through);
  if (const auto* f = std::get_if<hub::EngineJoined>(&fact))
    return "EngineJoined " + std::to_string(f->id.value) + "." + std::to_string(f->incarnation);
  if (const auto* f = std::get_if<hub::ModuleKept>(&fact))
    return "ModuleKept " + short_text(f->build) + " order " + std::to_string(f->order);
  if (const auto* f = std::get_if<hub::ModuleDropped>(&fact))
    return "ModuleDropped " + short_text(f->build);
  if (const auto* f = std::get_if<hub::PolicySet>(&fact)) return "PolicySet " + f->policy;
  if (const auto* f = std::get_if<hub::AbortAsked>(&fact))
    return "AbortAsked " + std::to_string(f->session) + ": " + std::to_string(f->tasks.size()) +
           " ranges from " + std::to_string(f->tasks.front().first);
  if (std::holds_alternative<hub::HubStopped>(fact)) return "HubStopped";
  const auto& left = std::get<hub::EngineLeft>(fact);
  return "EngineLeft " + std::to_string(left.id.value) + "." + std::to_string(left.incarnation) +
         ": " + left.reason;
}

}  // namespace

StoreActor::Mail HubActor::mail() {
  const std::uint64_t life = life_;
  const auto post = [this, life](Event event) {
    parts_.timeline.after(microseconds{20}, [this, life, event = std::move(event)]() mutable {
      if (life == life_ && router_) enqueue(std::move(event));
    });
  };
  return {[this, post](std::uint64_t through) {
            post([this, through](hub::Now now) {
              parts_.trace.say("hub", "stored through fact " + std::to_string(through));
              router_->on_stored(through, now, out_);
            });
          },
          [this, post] {
            post([this](hub::Now now) { router_->on_store_failed("disk full", now, out_); });
          },
          [this, post] { post([this](hub::Now now) { router_->on_store_recovered(now, out_); }); }};
}

void HubActor::start() {
  ++life_;
  hub::Restored restored = parts_.store.open(mail());
  const hub::Now now{parts_.timeline.now(), parts_.timeline.wall_us()};
  parts_.trace.say("hub", "starts with epoch " + std::to_string(restored.epoch + 1) + ", " +
                              std::to_string(restored.pending.size()) + " batches, " +
                              std::to_string(restored.undelivered.size()) + " outcomes, " +
                              std::to_string(restored.engines.size()) + " engines");
  const hub::Restored found = restored;
  router_ = std::make_unique<hub::Router>(parts_.options.router, std::move(restored), now);
  router_->check_invariants();
  parts_.checker.on_hub_started(router_->epoch(), found, now.steady);
  frozen_since_.reset();
  if (frozen_until_ > now.steady) frozen_since_ = now.steady;
  parts_.network.bind(this);
  plan_turn(now.steady);
}

void HubActor::kill() {
  parts_.trace.say("hub", "is killed");
  ++life_;
  router_.reset();
  out_.clear();
  inbox_.clear();
  templates_.clear();
  client_hellos_.clear();
  welcome_.clear();
  planned_.reset();
  frozen_since_.reset();
  frozen_until_ = {};
  parts_.network.bind(nullptr);
  parts_.store.crash();
}

void HubActor::freeze_until(TimePoint time) {
  parts_.trace.say("hub", "is frozen");
  if (router_ && !frozen_since_) frozen_since_ = parts_.timeline.now();
  frozen_until_ = time;
}

void HubActor::on_arrival(hub::LinkId link, const wire::Message& message) {
  enqueue([this, link, key = parts_.network.engine_of(link), message](hub::Now now) {
    handle(link, key, message, now);
  });
}

void HubActor::handle(hub::LinkId link, const EngineKey& key, const wire::Message& message,
                      hub::Now now) {
  if (parts_.trace.on())
    parts_.trace.say(
        "hub", "< " + name(link) + " " + sim::describe(message, link.side == hub::Side::engine));
  watch_incoming(link, key, message);
  router_->on_message(link, message, now, out_);
}

void HubActor::on_down(hub::LinkId link) {
  enqueue([this, link](hub::Now now) {
    parts_.trace.say("hub", name(link) + " is down");
    welcome_.erase(parts_.network.connection_of(link));
    router_->on_link_down(link, now, out_);
  });
}

// The shell confirms a subscription to a peer's own topic.
void HubActor::on_subscription(ConnectionId connection, const std::string& topic) {
  if (!topic.starts_with("peer/")) return;
  wire::Hint hint;
  hint.epoch = router_->epoch();
  hint.event = "subscribed";
  parts_.network.publish_to(connection, topic, wire::encode(hint));
}

void HubActor::enqueue(Event event) {
  inbox_.push_back(std::move(event));
  plan_turn(parts_.timeline.now() + prng_.duration(microseconds{1}, microseconds{50}));
}

void HubActor::plan_turn(TimePoint at) {
  at = std::max({at, parts_.timeline.now() + microseconds{1}, frozen_until_});
  if (planned_ && *planned_ <= at) return;
  planned_ = at;
  parts_.timeline.at(at, [this, at, life = life_] {
    if (life != life_ || !router_ || planned_ != at) return;
    planned_.reset();
    if (frozen_until_ > parts_.timeline.now()) return plan_turn(frozen_until_);
    turn();
  });
}

void HubActor::turn() {
  const hub::Now now{parts_.timeline.now(), parts_.timeline.wall_us()};
  if (frozen_since_) parts_.checker.on_hub_awake(router_->epoch(), *frozen_since_, now.steady);
  frozen_since_.reset();
  for (unsigned i = 0; i < parts_.options.drain_max && !inbox_.empty(); ++i) {
    const Event event = std::move(inbox_.front());
    inbox_.pop_front();
    event(now);
    router_->check_invariants();
  }
  router_->on_tick(now, out_);
  router_->check_invariants();
  router_->schedule(now, out_);
  router_->check_invariants();
  carry_out();
  if (!inbox_.empty()) plan_turn(now.steady + microseconds{1});
  if (const auto next = router_->next_deadline()) plan_turn(*next);
}

void HubActor::carry_out() {
  for (const hub::Fact& fact : out_.facts) {
    if (parts_.trace.on()) parts_.trace.say("hub", "fact " + name(fact));
    parts_.checker.on_fact(router_->epoch(), fact, parts_.timeline.now());
  }
  parts_.store.append(out_.facts);
  for (const hub::Query& query : out_.queries) answer(query);
  for (const ContentHash& build : out_.fetches) read_module(build);
  for (const hub::PlaceQuestion& question : out_.place_questions) find_places(question);
  for (const hub::Send& send : out_.sends) {
    if (parts_.trace.on())
      parts_.trace.say("hub", "> " + name(send.link) + " " + sim::describe(send.message, false));
    if (!parts_.network.send_to_peer(send.link, send.message)) on_down(send.link);
    watch_outgoing(send);
  }
  for (const hub::Publish& hint : out_.hints) parts_.network.publish(hint.topic, hint.message);
  for (const hub::LinkId link : out_.closes) {
    parts_.trace.say("hub", "closes " + name(link));
    welcome_.erase(parts_.network.connection_of(link));
    parts_.network.close_link(link);
  }
  out_.clear();
}

void HubActor::find_places(const hub::PlaceQuestion& question) {
  auto places = parts_.store.places(question);
  parts_.timeline.after(prng_.duration(microseconds{200}, parts_.options.commit_max),
                        [this, life = life_, number = question.number, places = std::move(places)] {
                          if (life != life_ || !router_) return;
                          enqueue([this, number, places](hub::Now now) {
                            router_->on_places(number, places, now, out_);
                          });
                        });
}

void HubActor::answer(const hub::Query& query) {
  if (query.verb == "purge_results") parts_.store.purge();
  wire::Reply reply;
  reply.id = query.request;
  parts_.timeline.after(microseconds{200}, [this, life = life_, link = query.link, reply] {
    if (life != life_ || !router_) return;
    enqueue([this, link, reply](hub::Now) { router_->on_answer(link, reply, out_); });
  });
}

void HubActor::read_module(const ContentHash& build) {
  parts_.timeline.after(microseconds{500}, [this, life = life_, build] {
    if (life != life_ || !router_) return;
    enqueue([this, build](hub::Now now) {
      router_->on_module_read(build, parts_.store.read_module(build), now, out_);
    });
  });
}

void HubActor::watch_incoming(hub::LinkId link, const EngineKey& key,
                              const wire::Message& message) {
  const auto kind = wire::kind_of(message);
  if (!kind) return;
  const TimePoint now = parts_.timeline.now();
  if (link.side == hub::Side::client) {
    if (*kind == wire::Kind::hello && link.plane == wire::Plane::task)
      if (const auto hello = wire::decode_as<wire::Hello>(message)) client_hellos_[link] = *hello;
    return;
  }
  const std::uint64_t epoch = router_->epoch();
  if (*kind == wire::Kind::hello) return parts_.checker.on_engine_hello(epoch, key);
  if (!welcome_.contains(parts_.network.connection_of(link))) return;  // the hub drops it
  parts_.checker.on_engine_heard(epoch, key, now);
  wire::Batch<wire::HoldingRecord> holding;
  if (*kind == wire::Kind::died)
    parts_.checker.on_told_of_death(epoch, key, now);
  else if (*kind == wire::Kind::holding && wire::decode_batch(message, holding).ok() &&
           holding.first == 1)
    parts_.checker.on_reported(epoch, key, now);
}

void HubActor::watch_outgoing(const hub::Send& send) {
  const auto kind = wire::kind_of(send.message);
  if (!kind) throw Violation("the hub sends nonsense: " + kind.error().text);
  if (send.link.side == hub::Side::client) {
    // A hello counts from the welcome on, which says that it came on both planes (PROTOCOL 1).
    if (*kind == wire::Kind::welcome)
      if (const auto hello = client_hellos_.find(send.link); hello != client_hellos_.end())
        parts_.checker.on_client_welcome(router_->epoch(), hello->second, parts_.timeline.now());
    return;
  }
  const EngineKey key = parts_.network.engine_of(send.link);
  if (*kind == wire::Kind::welcome) {
    welcome_.insert(parts_.network.connection_of(send.link));
    parts_.checker.on_engine_heard(router_->epoch(), key, parts_.timeline.now());
  }
  if (*kind == wire::Kind::define) {
    const auto define = wire::decode_as<wire::Define>(send.message);
    if (!define) throw Violation("the hub sends nonsense: " + define.error().text);
    templates_[{key, define->number}] = define->session;
  }
  if (*kind != wire::Kind::assign) return;
  wire::Batch<wire::AssignRecord> batch;
  if (const auto decoded = wire::decode_batch(send.message, batch); !decoded)
    throw Violation("the hub sends nonsense: " + decoded.error().text);
  for (const wire::AssignRecord& record : batch.records) {
    const auto session = templates_.find({key, record.template_number});
    if (session == templates_.end())
      throw Violation("the hub uses template " + std::to_string(record.template_number) +
                      " before its define");
    parts_.checker.on_assigned(key, session->second, record, parts_.timeline.now());
  }
}

}  // namespace roundhouse::sim
