#include <algorithm>
#include <string>
#include <vector>

#include "hub/core/request_body.hpp"
#include "hub/core/router_state.hpp"
#include "shared/pack.hpp"

// Why a task waits. Router answers; what has ended is told by its record.

namespace roundhouse::hub {
namespace {

using wire::Packer;

constexpr std::size_t kEnginesMax = 1000;       // told of one by one
constexpr std::size_t kWaitsForMax = 100;       // likewise
constexpr std::uint32_t kAheadMax = 1U << 20U;  // tasks that are counted

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::string many(std::uint64_t count, const std::string& one, const std::string& several) {
  return number(count) + ' ' + (count == 1 ? one : several);
}

// How many tasks of its list are in front of it.
std::uint32_t count_ahead(TaskTable& tasks, TaskIndex index) {
  std::uint32_t out = 0;
  for (TaskIndex at = tasks.get(index).previous; at != kNoTask && out < kAheadMax;
       at = tasks.get(at).previous)
    ++out;
  return out;
}

}  // namespace

// Why this engine does not take a task of that shape; an empty code: it would.
EngineReason Router::State::reason_of(Engine& engine, const Shape& shape) {
  const auto reason = [&](const char* code, std::string text) {
    return EngineReason{engine.index, code, std::move(text)};
  };
  if (!shape.targets.empty() && !std::ranges::binary_search(shape.targets, engine.index))
    return reason("no_target", "is not among the targets");
  if (engine.presence != Presence::online)
    return reason("away", std::string("is ") + to_string(engine.presence));
  for (const ModuleIndex index : shape.needs) {
    const Module& module = modules.get(index);
    const std::string name = "the build " + short_text(module.build) + " of " + module.name;
    const auto found = engine.modules.find(index);
    if (found != engine.modules.end() && found->second.state == EngineModule::State::loaded)
      continue;
    if (found != engine.modules.end() && found->second.state == EngineModule::State::failed)
      return reason("module", "could not load " + name + ": " + found->second.text);
    if (!module.failure.empty())
      return reason("module", "lacks " + name + ", which cannot be had: " + module.failure);
    return reason("module", "is being sent " + name);
  }
  if (!engine.takes_work()) return reason("joining", "is loading modules before it takes tasks");
  if (std::ranges::binary_search(shape.barred, engine.index))
    return reason("unmet", "lacks what the task depends on");
  if (std::ranges::binary_search(shape.avoided, engine.index))
    return reason("failed",
                  "has failed it: it goes where it has not, while there is such an engine");
  if (shape.depth < engine.wanted_depth)
    return reason("busy", "has " + many(engine.lent, "task that waits", "tasks that wait") +
                              " for others, and takes what these have submitted first");
  if (engine.is_full() || !engine.has_room)
    return reason("busy", "has " + many(engine.in_flight, "task", "tasks") + ", all it is given");
  return reason("", "has room");
}

std::string Router::State::why_ready(const Task& task, const std::vector<EngineReason>& reasons) {
  if (in_grace)
    return "the hub was started again, and waits for the engines and clients that it knew";
  if (is_full(sessions.get(task.session)))
    return "its client has not received " + number(sessions.get(task.session).undelivered.size()) +
           " outcomes: nothing more of its session is started until it has";
  const auto count = [&](std::string_view code) {
    return static_cast<std::size_t>(std::ranges::count(reasons, code, &EngineReason::code));
  };
  const std::size_t possible = reasons.size() - count("no_target");
  if (reasons.empty()) return "there is no engine: `roundhouse engines add 1` starts one";
  if (possible == 0 || count("away") == possible)
    return "none of the engines that may run it is here";
  if (count("module") > 0 && count("module") + count("away") == possible)
    return "no engine has the modules that it needs";
  if (count("") > 0) return "an engine has room: it is about to be sent";
  return std::string("the engines ") +
         (count("failed") > 0 ? "where it has not failed" : "that may run it") +
         " have all that they are given: " + many(count("busy"), "is busy", "are busy");
}

// The first tasks that it names and that have not ended.
std::vector<WaitsFor> Router::State::unfinished_of(const Dependence& dependence) {
  std::vector<WaitsFor> out;
  const wire::TaskRanges ranges = dependence.on.ranges();
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const wire::TaskRange range = ranges[i];
    for (std::uint64_t at = range.first; at <= range.last && out.size() < kWaitsForMax; ++at) {
      const TaskId id{range.session, at};
      const Known known = knowledge_of(id);
      if (known == Known::ended) continue;
      WaitsFor& other = out.emplace_back(WaitsFor{id, i >= dependence.on.after_ranges, "unknown"});
      if (known == Known::unknown) continue;
      const Task& task = tasks.get(find_live(id));
      other.state = task.state == TaskState::waiting ? "waiting"
                    : is_running(task)               ? "running"
                                                     : "pending";
    }
  }
  return out;
}

Explanation Router::State::explain_task(TaskIndex index) {
  Explanation out;
  const Task& task = tasks.get(index);
  if (task.state == TaskState::assigned) {
    const Engine& engine = engines.get(task.engine);
    out.state = is_running(task) ? "running" : "sent";
    std::uint32_t older = 0;
    for (std::uint64_t at = engine.first_number; at < task.number; ++at)
      older += engine.find(at) == kNoTask ? 0U : 1U;
    out.ahead = older;
    const std::string name = "engine " + number(task.engine);
    if (engine.presence != Presence::online)
      out.why = name + " has it, and is " + to_string(engine.presence);
    else if (out.state == std::string("running"))
      out.why = name + " runs it";
    else
      out.why = name + " has it, behind " + many(older, "other task", "other tasks");
    if (task.aborting) out.why += "; it is aborted, and the engine is asked to stop it";
    return out;
  }
  if (task.state == TaskState::waiting) {
    out.state = "waiting";
    const Dependence& dependence = dependencies.get(task.dependence);
    out.why = why_waiting(dependence);
    out.waits_for = unfinished_of(dependence);
    return out;
  }
  out.ahead = count_ahead(tasks, index);
  if (task.lacks_frames) {
    out.state = "lacking";
    out.why = "the hub was started again: its client has to send the large arguments once more";
  } else if (task.state == TaskState::in_lane) {
    out.state = "in_lane";
    if (task.engine == kNoEngine) {
      out.why = task.aborting ? "it was aborted, and is about to end"
                              : "the engine that it is for is not there: it is about to end";
      return out;
    }
    Engine& engine = engines.get(task.engine);
    const std::uint32_t sent = engine.lanes[lane_of(task, templates)].in_flight;
    const std::string name = "engine " + number(task.engine);
    if (engine.presence != Presence::online) {
      out.why = name + " is " + to_string(engine.presence);
    } else {
      out.why = "it waits for " + name + ", behind " + many(out.ahead + sent, "call", "calls") +
                " of its client there";
    }
    if (const Template& made = templates[task.template_number]; !made.needs.empty()) {
      Shape shape;
      shape.needs = made.needs;
      out.engines.push_back(reason_of(engine, shape));
    }
  } else {
    const bool rests = task.state == TaskState::resting;
    out.state = rests ? "resting" : "ready";
    if (rests) out.ahead = 0;
    const Shape& shape = ready.get(shape_of(index));
    engines.each([&](Engine& engine) {
      if (engine.presence == Presence::lost && engine.gone) return;
      out.engines.push_back(reason_of(engine, shape));
    });
    out.why = rests ? "it failed, and waits a while before it is tried again"
                    : why_ready(task, out.engines);
  }
  return out;
}

Result<wire::Raw> Router::State::explain_body(const wire::Raw& request) {
  const auto asked = read_request(request);
  if (!asked) return asked.error();
  if (asked->ids.size() != 1)
    return Error{Errc::invalid, "explain is about one task: say `ids` with one id"};
  const TaskId id = asked->ids.front();
  Explanation told;
  switch (knowledge_of(id)) {
    case Known::unknown:
      return Error{Errc::unknown_task, "nobody has submitted a task " + to_string(id)};
    case Known::ended: told.state = "ended"; break;
    case Known::unfinished: told = explain_task(find_live(id));
  }
  if (told.engines.size() > kEnginesMax) told.engines.resize(kEnginesMax);
  wire::Raw body;
  Packer p{body.bytes};
  p.map(6);
  p.str("msg_id"), p.str(to_string(id));
  p.str("state"), p.str(told.state);
  p.str("why"), p.str(told.why);
  p.str("ahead"), p.u64(told.ahead);
  p.str("waits_for"), p.array(told.waits_for.size());
  for (const WaitsFor& other : told.waits_for) {
    p.map(3);
    p.str("msg_id"), p.str(to_string(other.task));
    p.str("of"), p.str(other.follow ? "follow" : "after");
    p.str("state"), p.str(other.state);
  }
  p.str("engines"), p.array(told.engines.size());
  for (const EngineReason& reason : told.engines) {
    p.map(3);
    p.str("engine"), p.u64(reason.engine);
    p.str("code"), p.str(reason.code);
    p.str("text"), p.str(reason.text);
  }
  return body;
}

}  // namespace roundhouse::hub
