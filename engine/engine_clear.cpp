// Engine, the part that forgets its names because a client said so on control: a task thread does
// it, so that it falls between two tasks of a slot.
#include <utility>

#include "engine/engine.hpp"

namespace roundhouse::engine {

void Engine::clear_names(Lease::Guard& guard) {
  const std::vector<std::uint64_t> acts = std::exchange(clears_, {});
  session_.on_clearing();
  guard.unlock();
  host_.clear();
  guard.relock();
  session_.on_cleared(acts, out_);
  absorb();
}

}  // namespace roundhouse::engine
