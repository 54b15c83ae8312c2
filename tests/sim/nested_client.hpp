#pragma once

// NestedClient: the client of one engine process, by which its tasks submit others and wait for
// them. Thread rule: one thread.

#include <cstdint>
#include <functional>

#include "tests/sim/client_actor.hpp"

namespace roundhouse::sim {

class NestedClient final : public ClientActor {
 public:
  static constexpr std::uint32_t kDepthMax = 3;

  // `engine`: different for each process of a world.
  NestedClient(const Parts& parts, unsigned engine, Prng prng,
               std::function<void(std::uint64_t sequence)> ended);

  // Submits a task for one of that depth that waits for it; gives its sequence.
  std::uint64_t submit_for(std::uint32_t depth);

 private:
  void on_ended(std::uint64_t sequence) override { ended_(sequence); }

  std::function<void(std::uint64_t)> ended_;
};

}  // namespace roundhouse::sim
