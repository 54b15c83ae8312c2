// Outcomes on their way to clients.

#include <algorithm>

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::size_t kDeliverMax = 4096;  // outcomes sent to one client in one turn

}  // namespace

// With durability `none` an engine keeps its outcomes until the clients have them.
void Router::State::confirm(const Undelivered& outcome) {
  if (options.durability != Durability::none || outcome.engine == kNoEngine) return;
  Engine& engine = engines.get(outcome.engine);
  if (engine.incarnation != outcome.incarnation) return;
  engine.received.add(outcome.outcome_number);
  touch(engine);
}

void Router::State::on_received(Session& session, std::uint64_t through, Now now, Outbox& out) {
  bool any = false;
  const bool was_full = is_full(session);
  while (session.sent > 0 && session.number_of_front <= through) {
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

// What a task that runs has written is passed on as it came, to whom it belongs and is there. It is
// not kept: the outcome brings the gist of it.
void Router::State::on_output(const Engine& from, const wire::Output& m, const wire::Message& raw,
                              Outbox& out) {
  const Session* session = sessions.find(m.session);
  if (session == nullptr || !session->usable()) return;
  const TaskIndex index = session->find(m.sequence);
  if (index == kNoTask) return;
  const Task& task = tasks.get(index);
  const bool runs_there = task.state == TaskState::assigned && task.engine == from.index &&
                          task.fence == Fence{m.epoch, m.attempt};
  if (runs_there) out.sends.push_back({*session->task_link, raw});
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
