// Results that a Client finds by ids: anybody's, and calls made again.
#include <algorithm>
#include <chrono>
#include <utility>

#include "client/body_json.hpp"
#include "client/job_ids.hpp"
#include "client/payload_parts.hpp"
#include "client/shell.hpp"
#include "shared/pack.hpp"
#include "shared/records.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse {
namespace {

using detail::BodyMap;

// A call as its task was submitted.
struct Call {
  std::string function;  // with its kind in front
  std::string signature;
  std::string source;
  ApplyMessage message;
  Encoded arguments;
};

std::string part_body(const std::string& id, std::uint64_t offset) {
  std::string out;
  wire::Packer p(out);
  p.map(3);
  p.str("ids"), p.array(1), p.str(id);
  p.str("of"), p.str("arguments");
  p.str("offset"), p.u64(offset);
  return out;
}

Limit read_limit(const BodyMap& map, std::string_view name) {
  const std::uint64_t us = map.number(name).value_or(0);
  if (us == 0) return no_limit;
  return std::chrono::microseconds(us);
}

void read_depends(const BodyMap& map, ApplyMessage& out) {
  const std::string bytes = map.text("depends");
  const wire::TaskRanges ranges(bytes);
  wire::DependencyMode after_mode;
  wire::DependencyMode follow_mode;
  wire::read_modes(map.number("modes").value_or(0), after_mode, follow_mode);
  const auto dependency = [](const wire::TaskRanges& part, wire::DependencyMode mode) {
    std::vector<Jobs::Ids> ids;
    for (const wire::TaskRange range : part)
      ids.push_back({range.session, {range.first, range.last}});
    if (ids.empty()) return Dependency();
    return Dependency(ids, {!mode.any, mode.success, mode.failure});
  };
  const std::size_t split =
      std::min<std::uint64_t>(map.number("after_ranges").value_or(0), ranges.size());
  out.after = dependency(ranges.part(0, split), after_mode);
  out.follow = dependency(ranges.part(split, ranges.size()), follow_mode);
}

Call read_call(const BodyMap& map, const std::string& id) {
  Call out;
  out.function = map.text("function");
  out.signature = map.text("signature");
  ApplyMessage& message = out.message;
  message.label = map.text("label");
  for (const std::string_view target : map.list("targets"))
    message.targets.push_back(static_cast<int>(wire::Unpacker(target).u32()));
  message.retries = static_cast<std::uint32_t>(map.number("retries").value_or(0));
  message.priority = static_cast<std::int32_t>(map.signed_number("priority").value_or(0));
  message.timeout = read_limit(map, "timeout_us");
  message.time_limit = read_limit(map, "time_limit_us");
  message.depend = {map.text("depend"), map.text("depend_signature"), map.text("depend_body")};
  message.require = {map.texts("require_modules"), map.texts("require_functions")};
  out.source = map.text("source");
  read_depends(map, message);
  if (const auto engine = map.number("engine"))
    message.engines.push_back(static_cast<int>(*engine));
  else if (map.text("view") == "direct")
    raise({Errc::unknown_engine, "task " + id + " never got to its engine, which is not known"});
  return out;
}

Call fetch_call(const Client& client, const std::string& id, const detail::ResultType& wanted) {
  detail::PayloadParts parts;
  Call out;
  do {
    const bool first = parts.offset() == 0;
    const HubReply reply = client.request("payload", part_body(id, parts.offset()));
    const BodyMap map(reply.body);
    if (first) {
      out = read_call(map, id);
      const std::string problem = detail::result_type_problem(out.function, out.signature, wanted);
      if (!problem.empty()) raise({Errc::wrong_signature, "task " + id + ": " + problem});
    }
    parts.add(map).or_throw();
  } while (!parts.complete());
  const Payload payload = parts.take();
  out.arguments.body = payload.body();
  for (std::size_t i = payload.spill; i < payload.frame_count(); ++i)
    out.arguments.frames.push_back((*payload.frames)[i]);
  return out;
}

}  // namespace

AsyncTasks Client::find_results(const Jobs& jobs, const detail::ResultType& wanted) const {
  detail::Shell& shell = this->shell();
  std::vector<TaskId> tasks;
  for (const std::string& id : detail::ids_of(jobs)) tasks.push_back(*parse_task_id(id));
  return AsyncTasks(shell.find_results(shell_, tasks, wanted));
}

AsyncResult<void> Client::resubmit(const Jobs& jobs) const {
  return {resubmit_all(jobs, {}).tasks_, &detail::collect_many<void>};
}

AsyncTasks Client::resubmit_all(const Jobs& jobs, const detail::ResultType& wanted) const {
  std::vector<Call> calls;
  for (const std::string& id : detail::ids_of(jobs)) calls.push_back(fetch_call(*this, id, wanted));
  for (const Call& call : calls) {
    const Targets engines(call.message.engines);
    if (!call.message.engines.empty()) (void)engines.resolve(shell().engines_for(engines));
  }
  std::vector<AsyncTasks> sent;
  std::vector<TaskId> tasks;
  for (Call& call : calls) {
    const auto [kind, name] = split_kind(call.function);
    call.message.kind = kind, call.message.function = name;
    call.message.signature = call.signature;
    call.message.source = call.source;
    sent.push_back(send_apply_message(call.message, {&call.arguments, 1}));
    tasks.push_back(*parse_task_id(sent.back().msg_ids().front()));
  }
  return AsyncTasks(shell().find_results(shell_, tasks, wanted));
}

}  // namespace roundhouse
