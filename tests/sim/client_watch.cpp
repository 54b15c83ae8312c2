// What the checker is told of a client's task plane.

#include "tests/sim/client_actor.hpp"

namespace roundhouse::sim {

void ClientActor::watch(wire::Plane plane, const wire::Message& message, bool incoming) {
  if (plane != wire::Plane::task) return;
  const auto kind = wire::kind_of(message);
  if (!kind) throw Violation(kind.error().text);
  if (!incoming) {
    wire::Batch<wire::SubmitRecord> batch;
    if (*kind != wire::Kind::submit) return;
    if (const auto decoded = wire::decode_batch(message, batch); !decoded)
      throw Violation(name_ + " sends nonsense: " + decoded.error().text);
    for (const auto& record : batch.records) parts_.checker.on_sent(session_.id(), record);
    return;
  }
  if (*kind == wire::Kind::welcome) {
    if (const auto welcome = wire::decode_as<wire::Welcome>(message))
      parts_.checker.on_told(session_.id(), *welcome);
  } else if (*kind == wire::Kind::accepted) {
    if (const auto accepted = wire::decode_as<wire::Accepted>(message))
      parts_.checker.on_told(session_.id(), *accepted);
  } else if (*kind == wire::Kind::refused) {
    const auto refused = wire::decode_as<wire::Refused>(message);
    if (!refused || refused->code != to_string(Errc::store_failed))
      throw Violation(name_ + " was refused: " + (refused ? refused->text : "?"));
  }
}

}  // namespace roundhouse::sim
