// Outcomes on their way to clients.

#include <algorithm>

#include "hub/core/router_state.hpp"
#include "shared/printed.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::size_t kDeliverMax = 4096;  // outcomes sent to one client in one turn

// What is wrong with a part of output, if anything.
std::string error_of(const wire::Output& part, EngineId from) {
  if (part.engine != from) return "'output' is of another engine";
  if (part.stream != 1 && part.stream != 2) return "'output' is of no stream";
  if (part.text.size() > wire::kOutputBytesMax) return "the text of 'output' is too large";
  if (part.offset > wire::kLiveBytesMax - part.text.size())
    return "'output' is beyond what is told of a stream";
  return {};
}

}  // namespace

// With durability `none` an engine keeps its outcomes until the clients have them.
void Router::State::confirm(const Undelivered& outcome) {
  if (options.durability != Durability::none || outcome.engine == kNoEngine) return;
  Engine& engine = engines.get(outcome.engine);
  if (engine.incarnation != outcome.incarnation) return;
  engine.received.add(outcome.outcome_number);
  touch(engine);
}

void Router::State::on_received(Session& session, const wire::Received& m, Now now, Outbox& out) {
  session.output_received =
      std::max(session.output_received, std::min(m.output, session.output_sent));
  bool any = false;
  const bool was_full = is_full(session);
  while (session.sent > 0 && session.number_of_front <= m.through) {
    Undelivered& outcome = session.undelivered.front();
    session.undelivered_bytes -= outcome.record.bytes();
    confirm(outcome);
    session.undelivered.pop_front();
    --session.sent, --undelivered;
    ++session.number_of_front;
    any = true;
  }
  if (!any) return;
  const std::uint64_t delivered =
      session.undelivered.empty() ? session.deliveries : session.undelivered.front().delivery - 1;
  emit(Delivered{session.number, delivered, now.wall_us}, out);
  if (was_full) engines.each([&](Engine& engine) { touch(engine); });
}

// What a task that runs has written is passed on to whom it belongs, if that is there and reads. It
// is not kept: the outcome brings the gist of it. Nothing but this bounds what waits for a client
// that does not read, for ZeroMQ's queue has no limit.
void Router::State::on_output(const Engine& from, const wire::Output& part, LinkId link, Now now,
                              Outbox& out) {
  if (const std::string error = error_of(part, from.id()); !error.empty())
    return malformed(link, {Errc::malformed, error}, now, out);
  Session* session = sessions.find(part.session);
  if (session == nullptr || !session->usable()) return;
  const TaskIndex index = session->find(part.sequence);
  if (index == kNoTask) return;
  const Task& task = tasks.get(index);
  const bool runs_there = task.state == TaskState::assigned && !task.settled &&
                          task.engine == from.index &&
                          task.fence == Fence{part.epoch, part.attempt};
  const std::uint64_t unread = session->output_sent - session->output_received;
  if (!runs_there || unread + cost_of(part) > wire::kOutputUnreadMax) return;
  session->output_sent += cost_of(part);
  out.sends.push_back({*session->task_link, encode(part)});
}

void Router::State::deliver(Session& session, Outbox& out) {
  if (!session.usable()) return;
  wire::BatchWriter<wire::OutcomeRecord> writer;
  std::uint64_t number = session.number_of_front + session.sent;
  std::uint64_t first = number;
  const std::size_t limit =
      std::min(session.undelivered.size(), static_cast<std::size_t>(session.sent) + kDeliverMax);
  while (session.sent < limit) {
    const Undelivered& outcome = session.undelivered[session.sent];
    if (writer.full() || !writer.fits(outcome.record.payload)) {
      out.sends.push_back({*session.task_link, writer.take(first)});
      first = number;
    }
    writer.add(outcome.record);
    ++session.sent, ++number;
  }
  if (!writer.empty()) out.sends.push_back({*session.task_link, writer.take(first)});
  if (session.sent < session.undelivered.size()) {
    touch(session);
    more_work = true;
  }
}

}  // namespace roundhouse::hub
