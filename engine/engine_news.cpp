// What an engine's other threads have to tell the hub: of modules, and of what tasks write.
#include <utility>

#include "engine/engine.hpp"
#include "shared/clock.hpp"

namespace roundhouse::engine {

void Engine::on_module_loaded(wire::Have have) {
  auto guard = lease_.lock();
  if (farewell_) return;
  session_.on_module_loaded(std::move(have), steady_now(), out_);
  absorb();
  settle(guard);
}

// What tasks write while they run, or wrote before their outcome. Without a hub it goes nowhere.
// The mutex is held.
void Engine::send_output(std::vector<wire::Output>&& parts) {
  if (!session_.connected()) return;
  for (wire::Output& part : parts) {
    part.engine = session_.engine_id();
    to_task_.push_back(wire::encode(part));
  }
}

void Engine::on_output(std::vector<wire::Output>&& parts) {
  auto guard = lease_.lock();
  if (farewell_) return;
  send_output(std::move(parts));
  settle(guard);
}

}  // namespace roundhouse::engine
