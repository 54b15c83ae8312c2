// Work that was sent ahead and is taken back: PROTOCOL 7, Revoking.
#include <algorithm>
#include <functional>

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

constexpr Duration kRebalance = std::chrono::milliseconds{5};
constexpr Duration kSilence = 2 * kRebalance;  // of an engine that has work: its slots are blocked
constexpr std::size_t kEnginesLooked = 64;     // of each kind, at a time
constexpr std::size_t kTasksLooked = 4096;     // of one engine

}  // namespace

// Whether what waits in the engine would wait there for long.
bool Router::State::is_slow(const Engine& engine, Now now) const {
  const double backlog_ns = engine.mean_ns * (engine.load() - engine.slots) / engine.slots;
  return backlog_ns > 2.0 * static_cast<double>(options.lookahead.count()) ||
         now.steady - engine.last_outcome > kSilence + 2 * engine.lag;
}

// Takes work back from engines that cannot come to it, when others have slots free. What is ready
// fits into none of these, or it would be there. Some engines are looked at each time, in turn.
void Router::State::rebalance(Now now, Outbox& out) {
  rebalance_due.reset();
  if (idle_engines.empty() || behind_engines.empty()) return;
  rebalance_due = now.steady + kRebalance;
  std::uint32_t room = 0;  // of the idle ones, for what is taken back
  std::size_t looked = 0;
  for (const EngineIndex index : idle_engines) {
    const Engine& idle = engines.get(index);
    room += idle.window + idle.lent - idle.free_in_flight;
    if (++looked == kEnginesLooked) break;
  }
  std::vector<EngineIndex> slow;
  auto next = behind_engines.lower_bound(next_behind);
  for (looked = std::min(kEnginesLooked, behind_engines.size()); looked > 0; --looked, ++next) {
    if (next == behind_engines.end()) next = behind_engines.begin();
    const Engine& engine = engines.get(*next);
    if (now.steady >= engine.not_asked_before && is_slow(engine, now)) slow.push_back(*next);
    next_behind = *next + 1;
  }
  std::stable_sort(slow.begin(), slow.end(), [this](EngineIndex a, EngineIndex b) {
    return engines.get(a).free_in_flight > engines.get(b).free_in_flight;
  });
  for (std::size_t i = 0; i < slow.size() && room > 0; ++i)
    room -= take_back(engines.get(slow[i]), room, now, out);
}

// Asks for half of what waits there, the latest first, as far as some idle engine may run it; how
// many tasks that are.
std::uint32_t Router::State::take_back(Engine& engine, std::uint32_t room, Now now, Outbox& out) {
  const std::uint32_t excess = engine.load() - engine.slots;
  const std::uint32_t wanted = std::min((excess + 1) / 2, room);
  std::unordered_map<ShapeIndex, bool> known;
  wire::Revoke revoke;
  std::size_t looked = 0;
  for (std::uint64_t number = engine.first_number + engine.assigned.size();
       number-- > engine.first_number && revoke.numbers.size() < wanted && looked < kTasksLooked;
       ++looked) {
    const TaskIndex index = engine.find(number);
    if (index == kNoTask || tasks.get(index).direct) continue;
    const ShapeIndex shape = shape_of(index);
    const auto [place, is_new] = known.try_emplace(shape, false);
    if (is_new) place->second = fits_idle(ready.get(shape), now, out);
    if (place->second) revoke.numbers.push_back(number);
  }
  if (revoke.numbers.empty()) return 0;
  const auto asked = static_cast<std::uint32_t>(revoke.numbers.size());
  engine.revoking = engine.held_up = true;
  list(engine);
  flush(engine, out);
  out.sends.push_back({*engine.task_link, encode(revoke)});
  return asked;
}

// What was asked back, or is given back unasked. Some of the latter may be of tasks that were not
// submitted to this hub yet.
void Router::State::on_revoked(Engine& engine, const wire::Revoked& revoked, Now now) {
  engine.revoking = false;
  if (revoked.numbers.empty()) engine.not_asked_before = now.steady + kRebalance;
  std::vector<std::uint64_t> numbers = revoked.numbers;
  std::sort(numbers.rbegin(), numbers.rend());
  for (const std::uint64_t number : numbers) {
    const TaskIndex index = engine.find(number);
    if (index == kNoTask || (tasks.get(index).direct && !tasks.get(index).aborting)) continue;
    leave_engine(tasks.get(index));
    enqueue(index, true);
    ++counters.revoked;
  }
  if (!numbers.empty())
    drop_orphans(engine, [&](std::uint64_t number) {
      return std::ranges::binary_search(numbers, number, std::greater<>());
    });
  touch(engine);
}

bool Router::State::fits_idle(const Shape& shape, Now now, Outbox& out) {
  wire::ErrorValue error;
  const auto fits = [&](EngineIndex index) {
    Engine* engine = engines.find(EngineId{index});
    return engine != nullptr && engine->is_idle && shape.depth >= engine->wanted_depth &&
           is_meant(shape, index) && !std::ranges::binary_search(shape.avoided, index) &&
           standing(*engine, shape.needs, now, out, error) == Standing::ready;
  };
  if (!shape.targets.empty()) return std::any_of(shape.targets.begin(), shape.targets.end(), fits);
  std::size_t looked = 0;
  for (const EngineIndex index : idle_engines) {
    if (fits(index)) return true;
    if (++looked == kEnginesLooked) break;
  }
  return false;
}

}  // namespace roundhouse::hub
