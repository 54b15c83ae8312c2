#include "hub/core/payload_part.hpp"
#include "hub/core/request_body.hpp"
#include "hub/core/router_state.hpp"
#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

using wire::Packer;

}  // namespace

TaskId Router::State::id_of(const Task& task) {
  return {sessions.get(task.session).id, task.sequence};
}

TaskIndex Router::State::find_live(TaskId task) {
  const Session* session = sessions.find(task.session);
  return session == nullptr ? kNoTask : session->find(task.sequence);
}

Known Router::State::knowledge_of(TaskId task) {
  const Session* session = sessions.find(task.session);
  if (session == nullptr || task.sequence == 0 || task.sequence > session->accepted)
    return Known::unknown;
  return session->find(task.sequence) == kNoTask ? Known::ended : Known::unfinished;
}

bool Router::State::is_running(const Task& task) {
  return task.state == TaskState::assigned && engines.get(task.engine).runs(task.number);
}

Record Router::State::record_of(const Task& task) {
  const wire::Define& define = templates[task.template_number].define;
  Record out;
  out.task = id_of(task);
  out.status = is_running(task) ? TaskStatus::running : TaskStatus::pending;
  out.function = define.function;
  out.signature = define.signature;
  out.label = define.label;
  out.view = define.view;
  out.targets = define.targets;
  out.submitted_us = task.submitted_us;
  out.attempt = task.failures + 1U;
  out.depends = depends_of(task);
  if (task.engine == kNoEngine) return out;
  out.engine = EngineId{task.engine};
  if (const Engine* engine = engines.find(EngineId{task.engine})) {
    out.engine_uuid = engine->uuid;
    out.incarnation = engine->incarnation;
  }
  return out;
}

Result<wire::Raw> Router::State::result_status_body(const wire::Raw& request) {
  const auto asked = read_request(request);
  if (!asked) return asked.error();
  std::vector<TaskId> pending;
  std::vector<TaskId> running;
  std::vector<TaskId> completed;
  std::vector<TaskId> unknown;
  for (const TaskId id : asked->ids) {
    switch (knowledge_of(id)) {
      case Known::unknown: unknown.push_back(id); break;
      case Known::ended: completed.push_back(id); break;
      case Known::unfinished:
        (is_running(tasks.get(find_live(id))) ? running : pending).push_back(id);
    }
  }
  wire::Raw body;
  Packer p{body.bytes};
  p.map(4);
  pack_ids(p, "pending", pending);
  pack_ids(p, "running", running);
  pack_ids(p, "completed", completed);
  pack_ids(p, "unknown", unknown);
  return body;
}

Result<void> Router::State::watch(LinkId link, const wire::Request& request, Now now) {
  const auto asked = read_request(request.body);
  if (!asked) return asked.error();
  if (watches.size() + asked->ids.size() > WatchList::kTasksMax)
    return Error{Errc::over_quota, "clients watch " + std::to_string(watches.size()) +
                                       " tasks already, and " +
                                       std::to_string(WatchList::kTasksMax) + " is the limit"};
  std::vector<TaskId> waiting;
  std::vector<TaskId> ended;
  for (const TaskId id : asked->ids) {
    const Known known = knowledge_of(id);
    (known == Known::ended ? ended : waiting).push_back(id);
    // Accepted by an earlier hub that died before it was stored: its client submits it again.
    if (known == Known::unknown) doubts.emplace_back(now.steady + options.orphan, id);
  }
  watches.add(link, request.id, waiting, std::move(ended));
  return {};
}

void Router::State::expire_doubts(Now now) {
  while (!doubts.empty() && now.steady >= doubts.front().first) {
    const TaskId task = doubts.front().second;
    doubts.pop_front();
    if (watches.watched(task) && knowledge_of(task) == Known::unknown) watches.on_unknown(task);
  }
}

std::optional<Result<wire::Raw>> Router::State::live_payload(const wire::Raw& request) {
  const auto asked = read_request(request);
  if (!asked) return asked.error();
  const TaskIndex index = asked->ids.size() == 1 ? find_live(asked->ids.front()) : kNoTask;
  if (index == kNoTask) return std::nullopt;
  const Task& task = tasks.get(index);
  const std::string id = to_string(asked->ids.front());
  if (asked->of == PayloadOf::result)
    return Error{Errc::invalid, "task " + id + " has not ended: it has no result yet"};
  // Without its frames, or ended for its client, which need not have sent them.
  if (task.lacks_frames || task.settled)
    return Error{Errc::payload_lost, "the hub does not have the arguments of task " + id};
  PayloadPart part = part_of(task.payload, asked->offset);
  part.depends = depends_of(task);
  if (!part.depends.whole) return depends_left_out(asked->ids.front());
  part.define = &templates[task.template_number].define;
  if (task.direct && task.engine != kNoEngine) part.engine = EngineId{task.engine};
  wire::Raw body;
  pack_payload_part(part, body.bytes);
  return body;
}

}  // namespace roundhouse::hub
