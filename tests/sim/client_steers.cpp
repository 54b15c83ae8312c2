// What clients do to engines: interrupts, restarts, signals and clears, at random. Each is answered
// in time, whatever the engine does, or its connection is lost.

#include <algorithm>
#include <array>

#include "shared/pack.hpp"
#include "tests/sim/client_actor.hpp"

namespace roundhouse::sim {

void ClientActor::steer_something() {
  constexpr std::array<const char*, 4> kVerbs{"interrupt", "restart", "clear", "signal"};
  constexpr std::uint64_t kKill = 9;
  const char* verb = kVerbs.at(steers_prng_.below(kVerbs.size()));
  const bool all = steers_prng_.chance(20);
  wire::Raw body;
  wire::Packer p{body.bytes};
  p.map(3);
  if (all)
    p.str("all"), p.boolean(true);
  else
    p.str("engines"), p.array(1), p.u64(steers_prng_.below(parts_.options.engines));
  p.str("signal"), p.u64(kKill);
  p.str("wait_ms"), p.u64(steers_prng_.chance(30) ? 0 : steers_prng_.below(3000));
  if (verb == kVerbs[0]) parts_.checker.on_interrupt_asked();
  const std::uint64_t id = session_.request(verb, std::move(body), client::Repeat::no, out_);
  asked_.insert(id);
  steers_.insert(id);
}

void ClientActor::on_steer_answer(const wire::Reply& reply) {
  if (steers_.erase(reply.id) == 0) return;
  if (!reply.code.empty()) {
    const bool may = reply.code == "unknown_engine" || reply.code == "not_connected";
    if (!may) throw Violation(name_ + " may not do that to engines: " + reply.code);
    return;
  }
  wire::Unpacker u{reply.body.bytes};
  if (u.map() != 1 || u.str() != "engines") throw Violation("no answer about engines");
}

}  // namespace roundhouse::sim
