#include "tests/sim/options.hpp"

#include <array>

namespace roundhouse::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A coin first: half of the worlds do not have the thing at all.
unsigned maybe(Prng& prng, std::uint64_t low, std::uint64_t high) {
  const bool has = prng.chance(50);
  const auto value = static_cast<unsigned>(prng.between(low, high));
  return has ? value : 0;
}

void draw_router(Prng& prng, hub::RouterOptions& router) {
  constexpr std::array kDurabilities{hub::Durability::relaxed, hub::Durability::relaxed,
                                     hub::Durability::commit, hub::Durability::none};
  router.durability = kDurabilities.at(prng.below(kDurabilities.size()));
  router.heartbeat = prng.duration(milliseconds{50}, milliseconds{1000});
  router.dead = 3 * router.heartbeat;
  router.grace = prng.chance(20) ? Duration{0} : prng.duration(milliseconds{50}, seconds{4});
  router.orphan = seconds{20};
  if (prng.chance(30)) router.session_tasks_max = prng.between(1, 40);
  if (prng.chance(20)) router.session_bytes_max = prng.between(50, 2000);
  if (prng.chance(30)) router.undelivered_max = prng.between(1, 20);
  if (prng.chance(20)) router.undelivered_bytes_max = prng.between(50, 2000);
  if (prng.chance(30)) router.window_max = static_cast<std::uint32_t>(prng.between(1, 8));
  if (prng.chance(30)) router.cascade_max = prng.between(1, 10);
}

void draw_faults(Prng& prng, WorldOptions& world) {
  if (prng.chance(10)) return;  // nothing breaks at all
  world.break_weight = maybe(prng, 1, 10);
  world.silent_break_weight = maybe(prng, 1, 3);
  world.engine_crash_weight = maybe(prng, 1, 8);
  world.engine_kill_weight = maybe(prng, 1, 3);
  world.engine_stop_weight = maybe(prng, 1, 2);
  world.hub_kill_weight = maybe(prng, 1, 6);
  world.freeze_weight = maybe(prng, 1, 4);
  world.store_fail_weight = maybe(prng, 1, 3);
  world.client_kill_weight = prng.chance(30) ? 1 : 0;
  world.client_leave_weight = prng.chance(20) ? 1 : 0;
  world.engine_join_weight = maybe(prng, 1, 3);
  world.fault_every = prng.duration(milliseconds{10}, milliseconds{400});
}

}  // namespace

WorldOptions draw_world(std::uint64_t seed) {
  Prng prng{seed};
  WorldOptions world;
  world.seed = seed;
  world.engines = static_cast<unsigned>(prng.between(1, 5));
  world.clients = static_cast<unsigned>(prng.between(1, 3));
  world.slots_max = prng.chance(50) ? 1 : 3;
  world.tasks = static_cast<unsigned>(prng.between(1, 60));
  draw_router(prng, world.router);
  world.delay_max = prng.chance(50) ? prng.duration(microseconds{20}, microseconds{300})
                                    : prng.duration(milliseconds{1}, milliseconds{20});
  world.slow_percent = maybe(prng, 1, 10);
  world.hint_loss_percent = maybe(prng, 1, 30);
  world.drain_max = static_cast<unsigned>(prng.chance(30) ? 1 : prng.between(2, 64));
  world.task_max = prng.chance(50) ? prng.duration(microseconds{1}, milliseconds{1})
                                   : prng.duration(milliseconds{1}, milliseconds{200});
  world.direct_percent = static_cast<unsigned>(prng.chance(20) ? 0 : prng.between(5, 90));
  world.run_percent = maybe(prng, 5, 50);
  world.failing_percent = maybe(prng, 1, 20);
  world.crashing_percent = prng.chance(25) ? 3 : 0;
  world.frames_percent = maybe(prng, 5, 30);
  world.retries_max = maybe(prng, 1, 3);
  world.targets_percent = maybe(prng, 10, 40);
  world.unknown_engine_percent = prng.chance(20) ? 5 : 0;
  world.commit_max =
      prng.chance(70) ? milliseconds{3} : prng.duration(milliseconds{3}, milliseconds{300});
  world.keeps_frames = prng.chance(50);
  draw_faults(prng, world);
  world.troubled = prng.duration(milliseconds{200}, seconds{3});
  // A task whose engines are all gone for good waits for ever; that is not what is tested here.
  if (world.engine_kill_weight + world.engine_stop_weight > 0) world.targets_percent = 0;
  world.modules_percent = prng.chance(30) ? 10 : 0;
  world.picky_percent = prng.chance(30) ? 20 : 0;
  world.router.policy = static_cast<hub::PolicyName>(prng.below(hub::kPolicyNames.size()));
  world.router.seed = prng.next();
  if (prng.chance(30)) world.router.retry_delay = prng.duration({}, milliseconds{300});
  world.depends_percent = maybe(prng, 5, 90);
  world.foreign_percent = maybe(prng, 5, 40);
  // What a lost client's quota keeps from running may be waited for, for ever.
  if (world.client_kill_weight + world.client_leave_weight > 0) world.foreign_percent = 0;
  world.abort_percent = maybe(prng, 5, 60);
  world.steer_percent = maybe(prng, 2, 20);
  Prng nested{seed ^ 0x4e57U};  // of its own: worlds without are what they were
  if (nested.chance(25)) world.nested_percent = static_cast<unsigned>(nested.between(5, 70));
  Prng output{seed ^ 0x0707U};  // likewise
  if (output.chance(25)) world.output_percent = static_cast<unsigned>(output.between(10, 90));
  return world;
}

std::string describe(const WorldOptions& w) {
  constexpr std::array kNames{"none", "relaxed", "commit"};
  const auto number = [](const char* name, std::uint64_t value) {
    return std::string(" ") + name + "=" + std::to_string(value);
  };
  return "world seed=" + std::to_string(w.seed) + number("engines", w.engines) +
         number("slots", w.slots_max) + number("clients", w.clients) + number("tasks", w.tasks) +
         " durability=" + kNames.at(static_cast<std::size_t>(w.router.durability)) +
         " heartbeat=" + to_string(w.router.heartbeat) + " grace=" + to_string(w.router.grace) +
         number("session_tasks", w.router.session_tasks_max) +
         number("undelivered", w.router.undelivered_max) + number("window", w.router.window_max) +
         " delay=" + to_string(w.delay_max) + " task=" + to_string(w.task_max) +
         " policy=" + std::string(name_of(w.router.policy)) + " commit=" + to_string(w.commit_max) +
         number("retries", w.retries_max) + number("depends", w.depends_percent) +
         number("foreign", w.foreign_percent) + number("abort", w.abort_percent) +
         number("steer", w.steer_percent) + number("nested", w.nested_percent) +
         number("output", w.output_percent) + number("break", w.break_weight) +
         number("silent", w.silent_break_weight) + number("crash", w.engine_crash_weight) +
         number("kill", w.engine_kill_weight) + number("stop", w.engine_stop_weight) +
         number("hub_kill", w.hub_kill_weight) + number("freeze", w.freeze_weight) +
         number("store_fail", w.store_fail_weight) + number("client_kill", w.client_kill_weight);
}

}  // namespace roundhouse::sim
