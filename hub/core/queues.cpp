#include "hub/core/queue_counts.hpp"
#include "hub/core/request_body.hpp"
#include "hub/core/router_state.hpp"
#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

using wire::Packer;

constexpr std::size_t kVerboseIdsMax = 20'000;  // of one answer

}  // namespace

void Router::State::pack_queue(Engine& engine, bool verbose, std::size_t& room, Packer& p) {
  const QueueCounts counts = count_queue(engine);
  p.map(verbose ? 6 : 4);
  p.str("engine"), p.u64(engine.index);
  p.str("queue"), p.u64(counts.queue);
  p.str("running"), p.u64(counts.running);
  p.str("completed"), p.u64(engine.completed);
  if (!verbose) return;
  std::vector<TaskId> queue;
  std::vector<TaskId> running;
  const auto add = [&](std::vector<TaskId>& ids, TaskIndex index) {
    if (room == 0) return;
    --room;
    ids.push_back(id_of(tasks.get(index)));
  };
  for (const TaskIndex index : engine.assigned) {
    if (index == kNoTask) continue;
    add(running.size() < engine.begun_max() ? running : queue, index);
  }
  for (const auto& [key, lane] : engine.lanes)
    for (TaskIndex index = lane.waiting.first; index != kNoTask && room > 0;
         index = tasks.get(index).next)
      add(queue, index);
  pack_ids(p, "queue_ids", queue);
  pack_ids(p, "running_ids", running);
}

std::vector<TaskId> Router::State::unassigned_ids(std::size_t& room) {
  std::vector<TaskId> out;
  for (const ShapeIndex shape : ready.order())
    for (const auto& [session, line] : ready.get(shape).lines)
      for (TaskIndex index = line.tasks.first; index != kNoTask && room > 0;
           index = tasks.get(index).next, --room)
        out.push_back(id_of(tasks.get(index)));
  dependencies.each([&](DependenceIndex, const Dependence& dependence) {
    for (TaskIndex index = dependence.tasks.first; index != kNoTask && room > 0;
         index = tasks.get(index).next, --room)
      out.push_back(id_of(tasks.get(index)));
  });
  return out;
}

Result<wire::Raw> Router::State::queue_status_body(const wire::Raw& request) {
  const auto asked = read_request(request);
  if (!asked) return asked.error();
  std::vector<Engine*> chosen;
  if (asked->engines.empty()) {
    engines.each([&](Engine& engine) {
      if (engine.is_there()) chosen.push_back(&engine);
    });
  }
  for (const std::uint32_t id : asked->engines) {
    Engine* engine = engines.find(EngineId{id});
    if (engine == nullptr || !engine->is_there())
      return Error{Errc::unknown_engine,
                   "engine " + std::to_string(id) +
                       " is not there: `roundhouse engines` lists those that are"};
    chosen.push_back(engine);
  }
  wire::Raw body;
  Packer p{body.bytes};
  std::size_t room = kVerboseIdsMax;
  p.map(asked->verbose ? 4 : 2);
  p.str("engines"), p.array(chosen.size());
  for (Engine* engine : chosen) pack_queue(*engine, asked->verbose, room, p);
  p.str("unassigned"), p.u64(ready.size() + dependencies.waiting());
  if (!asked->verbose) return body;
  pack_ids(p, "unassigned_ids", unassigned_ids(room));
  p.str("more"), p.boolean(room == 0);
  return body;
}

}  // namespace roundhouse::hub
