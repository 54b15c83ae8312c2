#include "tests/sim/nested_client.hpp"

#include <utility>

namespace roundhouse::sim {

NestedClient::NestedClient(const Parts& parts, unsigned engine, Prng prng,
                           std::function<void(std::uint64_t sequence)> ended)
    : ClientActor(parts, 1000 + engine, prng), ended_(std::move(ended)) {
  left_ = 0;
}

std::uint64_t NestedClient::submit_for(std::uint32_t depth) {
  Wish wish;
  wish.depth = depth + 1;
  Body body = draw_body();
  if (body.behaviour == Behaviour::nests && wish.depth >= kDepthMax) body.behaviour = Behaviour::ok;
  wish.behaviour = body.behaviour;
  wish.body = body.text();
  wire::Define define;
  define.function = "f0";
  define.signature = "s";
  define.depth = wish.depth;
  if (prng_.chance(10)) define.priority = prng_.chance(50) ? 3 : -3;
  wire::SubmitRecord record;
  if (prng_.chance(parts_.options.direct_percent))
    if (const auto engine = draw_engine()) {
      wish.direct = true;
      wish.engine = *engine;
      std::string bytes;
      for (unsigned shift = 0; shift < 32; shift += 8)
        bytes.push_back(static_cast<char>(engine->value >> shift));
      record.engines = Slice{Buffer::take(std::move(bytes))};
    }
  define.view = wish.direct ? "direct" : "load_balanced";
  record.template_number = session_.define(define);
  record.payload = Payload::of(wish.body);
  const std::uint64_t sequence = session_.submit(std::move(record));
  parts_.checker.on_submitted({session_.id(), sequence}, std::move(wish), parts_.timeline.now());
  settle();
  return sequence;
}

}  // namespace roundhouse::sim
