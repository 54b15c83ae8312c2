#pragma once

// World: one hub over its store, engines under their nannies, clients and the network between
// them, on one virtual clock and one thread. Two phases: first anything may break, and nothing
// wrong may happen; then everything is healed, and everything must finish in time.
//
//   World world{draw_world(seed), false};
//   world.run();                            // throws Violation

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/checker.hpp"
#include "tests/sim/client_actor.hpp"
#include "tests/sim/engine_actor.hpp"
#include "tests/sim/hub_actor.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/store.hpp"
#include "tests/sim/timeline.hpp"
#include "tests/sim/trace.hpp"

namespace roundhouse::sim {

class World {
 public:
  // `steps_max`: events after which the world counts as stuck; 0: the usual.
  World(const WorldOptions& options, bool trace, std::uint64_t steps_max = 0);

  void run();

  [[nodiscard]] std::uint64_t steps() const { return timeline_.steps(); }

  [[nodiscard]] TimePoint now() const { return timeline_.now(); }

 private:
  void until(TimePoint time);
  void plan_fault();
  void break_something();
  void break_connection(bool silent);
  void join_engine();
  void kill_hub();
  void freeze_something();
  void lose_client(bool politely);
  void heal();
  void come_to_rest();
  // When everything frozen goes on.
  [[nodiscard]] TimePoint thaws() const;
  [[nodiscard]] bool some_client_is_lost() const;
  // Nobody of this world may be left to see that some work ends.
  [[nodiscard]] bool may_go_on() const;
  // What is not at rest yet; empty when everything is.
  [[nodiscard]] std::string unrest() const;
  [[nodiscard]] EngineActor* some_engine();

  const WorldOptions options_;
  std::uint64_t steps_max_;
  Prng prng_;
  Timeline timeline_;
  Trace trace_;
  Checker checker_;
  Network network_;
  StoreActor store_;
  HubActor hub_;
  std::vector<std::unique_ptr<EngineActor>> engines_;
  std::vector<std::unique_ptr<ClientActor>> clients_;
  bool healed_ = false;
  bool lost_clients_ = false;
};

}  // namespace roundhouse::sim
