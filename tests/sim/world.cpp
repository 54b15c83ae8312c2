#include "tests/sim/world.hpp"

#include <algorithm>
#include <utility>

namespace roundhouse::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t kStepsMax = 5'000'000;
constexpr Duration kFinishMax = seconds{300};  // from healing to rest
constexpr unsigned kEnginesMax = 20;

}  // namespace

World::World(const WorldOptions& options, bool trace, std::uint64_t steps_max)
    : options_(options),
      steps_max_(steps_max == 0 ? kStepsMax : steps_max),
      prng_(options.seed ^ 0x5eedU),
      trace_(timeline_, trace),
      checker_(options_),
      network_(timeline_, options_, prng_.fork()),
      store_(timeline_, options_, checker_, prng_.fork()),
      hub_({timeline_, options_, network_, store_, checker_, trace_}, prng_.fork()) {
  trace_.say("world", describe(options_));
  if (prng_.chance(80)) {
    hub_.start();
  } else {
    timeline_.after(prng_.duration(milliseconds{1}, milliseconds{300}), [this] { hub_.start(); });
  }
  for (unsigned i = 0; i < options_.engines; ++i)
    timeline_.after(prng_.duration(Duration{0}, milliseconds{prng_.chance(80) ? 5 : 500}),
                    [this] { join_engine(); });
  for (unsigned i = 0; i < options_.clients; ++i) {
    clients_.push_back(std::make_unique<ClientActor>(
        ClientActor::Parts{timeline_, options_, network_, checker_, trace_}, i, prng_.fork()));
    timeline_.after(prng_.duration(Duration{0}, milliseconds{20}),
                    [client = clients_.back().get()] { client->start(); });
  }
  if (options_.fault_weight() > 0) plan_fault();
}

void World::join_engine() {
  if (engines_.size() >= kEnginesMax && !healed_) return;
  engines_.push_back(std::make_unique<EngineActor>(
      EngineParts{timeline_, options_, network_, checker_, trace_},
      static_cast<unsigned>(engines_.size() + 1),
      static_cast<std::uint32_t>(prng_.between(1, options_.slots_max)), prng_.fork()));
  engines_.back()->start();
}

void World::plan_fault() {
  timeline_.after(prng_.duration(options_.fault_every / 4, options_.fault_every * 2), [this] {
    if (healed_) return;
    break_something();
    plan_fault();
  });
}

void World::break_something() {
  auto dice = prng_.below(options_.fault_weight());
  const auto is = [&dice](unsigned weight) {
    if (dice < weight) {
      dice = ~std::uint64_t{0};
      return true;
    }
    dice -= weight;
    return false;
  };
  EngineActor* engine = some_engine();
  if (is(options_.break_weight)) return break_connection(false);
  if (is(options_.silent_break_weight)) return break_connection(true);
  if (is(options_.engine_crash_weight)) return engine == nullptr ? void() : engine->crash();
  if (is(options_.engine_kill_weight)) return engine == nullptr ? void() : engine->kill();
  if (is(options_.engine_stop_weight)) return engine == nullptr ? void() : engine->stop();
  if (is(options_.hub_kill_weight)) return kill_hub();
  if (is(options_.freeze_weight)) return freeze_something();
  if (is(options_.store_fail_weight))
    return store_.fail_until(timeline_.now() + prng_.duration(milliseconds{1}, seconds{1}));
  if (is(options_.client_kill_weight)) return lose_client(false);
  if (is(options_.client_leave_weight)) return lose_client(true);
  join_engine();
}

EngineActor* World::some_engine() {
  std::vector<EngineActor*> alive;
  for (const auto& engine : engines_)
    if (!engine->gone()) alive.push_back(engine.get());
  return alive.empty() ? nullptr : prng_.pick(alive);
}

void World::break_connection(bool silent) {
  const std::vector<ConnectionId> all = network_.connections();
  if (all.empty()) return;
  const ConnectionId one = prng_.pick(all);
  trace_.say("world", silent ? "a connection breaks silently" : "a connection breaks");
  // A host that is cut off loses all planes; control alone would never find out about another.
  const bool whole = silent || prng_.chance(40);
  const std::uint64_t chosen = prng_.below(3);
  for (std::uint64_t i = 0; i < 3; ++i)
    if (whole || i == chosen) network_.break_plane(one, static_cast<wire::Plane>(i), silent);
}

void World::kill_hub() {
  if (!hub_.alive()) return;
  hub_.kill();
  const Duration pause = prng_.chance(70) ? prng_.duration(milliseconds{1}, milliseconds{100})
                                          : prng_.duration(milliseconds{100}, seconds{3});
  timeline_.after(pause, [this] { hub_.start(); });
}

void World::freeze_something() {
  const Duration dead = options_.router.dead;
  const TimePoint until = timeline_.now() + (prng_.chance(60) ? prng_.duration(Duration{0}, dead)
                                                              : prng_.duration(dead, 3 * dead));
  const std::uint64_t who = prng_.below(3);
  if (who == 0) return hub_.freeze_until(until);
  if (who == 1) return prng_.pick(clients_)->freeze_until(until);
  if (EngineActor* engine = some_engine()) engine->freeze_until(until);
}

void World::lose_client(bool politely) {
  ClientActor& client = *prng_.pick(clients_);
  if (client.gone()) return;
  lost_clients_ = true;
  politely ? client.leave() : client.kill();
}

void World::until(TimePoint time) {
  bool there = false;
  timeline_.at(time, [&there] { there = true; });
  while (!there && timeline_.step()) {
    if (timeline_.steps() <= steps_max_) continue;
    throw Violation("the world goes in circles: " + unrest(), Violation::Kind::liveness);
  }
}

void World::heal() {
  trace_.say("world", "heals");
  healed_ = true;
  network_.heal();
  store_.fail_until({});
  for (const auto& client : clients_) client->submit_rest();
  join_engine();  // those that are there may be about to stop
}

bool World::some_client_is_lost() const {
  return lost_clients_ ||
         std::ranges::any_of(engines_, [](const auto& engine) { return engine->lost_clients(); });
}

// Without its client a session keeps its outcomes, and at its quota its tasks.
bool World::may_go_on() const {
  const hub::RouterOptions standard;
  const hub::RouterOptions& router = options_.router;
  const bool has_quota = router.undelivered_max != standard.undelivered_max ||
                         router.undelivered_bytes_max != standard.undelivered_bytes_max;
  return some_client_is_lost() && (has_quota || router.durability == hub::Durability::none);
}

std::string World::unrest() const {
  if (!hub_.alive()) return "there is no hub";
  for (const auto& client : clients_)
    if (const std::string why = client->unrest(); !why.empty()) return why;
  for (const auto& engine : engines_)
    if (const std::string why = engine->client_unrest(); !why.empty()) return why;
  if (may_go_on()) return {};
  for (const auto& engine : engines_)
    if (const std::string why = engine->unrest(); !why.empty()) return why;
  if (hub_.router().unfinished() > 0)
    return "the hub has " + std::to_string(hub_.router().unfinished()) + " unfinished tasks";
  if (hub_.router().undelivered() > 0 && !some_client_is_lost())
    return "the hub keeps " + std::to_string(hub_.router().undelivered()) + " outcomes";
  if (!store_.idle()) return "the store is not idle";
  return {};
}

TimePoint World::thaws() const {
  TimePoint out = std::max(timeline_.now(), hub_.frozen_until());
  for (const auto& client : clients_) out = std::max(out, client->frozen_until());
  for (const auto& engine : engines_)
    if (engine->process() != nullptr) out = std::max(out, engine->process()->frozen_until());
  return out;
}

void World::come_to_rest() {
  const TimePoint deadline = timeline_.now() + kFinishMax;
  std::string why = unrest();
  while (!why.empty() && timeline_.now() < deadline) {
    // A crash loop may have ended the last engine meanwhile.
    if (some_engine() == nullptr) join_engine();
    until(timeline_.now() + milliseconds{100});
    why = unrest();
  }
  checker_.check_all_ended();
  if (!why.empty()) throw Violation("not at rest in time: " + why, Violation::Kind::liveness);
}

void World::run() {
  until(timeline_.now() + options_.troubled);
  heal();
  const TimePoint thawed = thaws();
  come_to_rest();
  // By then every loss of before has been found out: a silent one, and that of an engine that an
  // earlier hub knew. What that stirs up has to come to rest, too; and then nothing moves any more.
  const hub::RouterOptions& router = options_.router;
  until(std::max(timeline_.now(), thawed) + router.grace + 3 * router.dead);
  come_to_rest();
  until(timeline_.now() + 2 * router.dead);
  // What goes on for a lost client asks engines' own clients for more.
  if (const std::string why = unrest(); !why.empty() && !may_go_on())
    throw Violation("no longer at rest: " + why, Violation::Kind::liveness);
  checker_.check_store();
  if (hub_.router().counters().malformed > 0 || hub_.router().counters().gaps > 0)
    throw Violation("a peer sent the hub something malformed, or left a gap");
}

}  // namespace roundhouse::sim
