// What clients want to end: tasks of their own and of others, also such as they have not submitted
// yet, at random.

#include <utility>

#include "shared/pack.hpp"
#include "tests/sim/client_actor.hpp"

namespace roundhouse::sim {

namespace {

wire::Raw abort_body(const std::vector<wire::TaskRange>& ranges, bool all, bool force) {
  wire::Raw out;
  wire::Packer p{out.bytes};
  p.map(3);
  p.str("ranges"), p.array(ranges.size());
  for (const wire::TaskRange& range : ranges) {
    p.array(2);
    p.str(to_string(TaskId{range.session, range.first}));
    p.str(to_string(TaskId{range.session, range.last}));
  }
  p.str("all"), p.boolean(all);
  p.str("force"), p.boolean(force);
  return out;
}

hub::AbortCounts counts_in(const wire::Raw& body) {
  hub::AbortCounts out;
  wire::Unpacker u{body.bytes};
  for (std::size_t pairs = u.map(); pairs > 0 && u.ok(); --pairs) {
    const std::string_view key = u.str();
    const std::uint64_t value = u.u64();
    if (key == "aborted") out.aborted = value;
    if (key == "stopping") out.stopping = value;
    if (key == "ended") out.ended = value;
    if (key == "marked") out.marked = value;
    if (key == "unknown") out.unknown = value;
  }
  return out;
}

}  // namespace

void ClientActor::abort_something() {
  Abort abort;
  abort.all = aborts_prng_.chance(5);
  for (std::uint64_t i = aborts_prng_.between(1, 3); i > 0 && !abort.all; --i) {
    const bool foreign = aborts_prng_.chance(15);
    const SessionId whose{foreign ? 7000 + aborts_prng_.below(parts_.options.clients)
                                  : session_.id().value};
    // The latest, mostly, and some that may come.
    const std::uint64_t end = foreign ? parts_.options.tasks : submitted_ + 3;
    const std::uint64_t last = aborts_prng_.between(1, end);
    const std::uint64_t reach = aborts_prng_.chance(30) ? last - 1 : aborts_prng_.below(4);
    abort.ranges.push_back({whose, last - std::min(reach, last - 1), last});
  }
  const bool force = aborts_prng_.chance(20);
  parts_.checker.on_abort_asked(abort);
  const std::uint64_t id = session_.request("abort", abort_body(abort.ranges, abort.all, force),
                                            client::Repeat::yes, out_);
  asked_.insert(id);
  aborts_.emplace(id, std::move(abort));
}

void ClientActor::on_abort_answer(const wire::Reply& reply) {
  const auto asked = aborts_.extract(reply.id);
  if (asked.empty()) return;
  if (!reply.code.empty()) throw Violation(name_ + " may not abort: " + reply.text);
  parts_.checker.on_abort_answer(asked.mapped(), counts_in(reply.body), session_.epoch());
}

}  // namespace roundhouse::sim
