// Results that a Client finds by ids: anybody's, and calls made again.
#include <utility>

#include "client/body_json.hpp"
#include "client/job_ids.hpp"
#include "client/payload_parts.hpp"
#include "client/shell.hpp"
#include "shared/pack.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse {
namespace {

using detail::BodyMap;

// A call as its task was submitted.
struct Call {
  std::string function;
  std::string signature;
  std::string label;
  std::vector<int> targets;
  std::vector<int> engines;
  std::uint32_t retries = 0;
  std::int32_t priority = 0;
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

Call read_call(const BodyMap& map, const std::string& id) {
  Call out;
  out.function = map.text("function");
  out.signature = map.text("signature");
  out.label = map.text("label");
  for (const std::string_view target : map.list("targets"))
    out.targets.push_back(static_cast<int>(wire::Unpacker(target).u32()));
  out.retries = static_cast<std::uint32_t>(map.number("retries").value_or(0));
  out.priority = static_cast<std::int32_t>(map.signed_number("priority").value_or(0));
  if (const auto engine = map.number("engine"))
    out.engines.push_back(static_cast<int>(*engine));
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
  for (const Call& call : calls)
    if (!call.engines.empty()) (void)Targets(call.engines).resolve(ids());
  std::vector<AsyncTasks> sent;
  std::vector<TaskId> tasks;
  for (Call& call : calls) {
    const auto [kind, name] = split_kind(call.function);
    sent.push_back(send_apply_message({.function = name,
                                       .signature = call.signature,
                                       .kind = kind,
                                       .engines = call.engines,
                                       .targets = call.targets,
                                       .label = call.label,
                                       .retries = call.retries,
                                       .priority = call.priority},
                                      {&call.arguments, 1}));
    tasks.push_back(*parse_task_id(sent.back().msg_ids().front()));
  }
  return AsyncTasks(shell().find_results(shell_, tasks, wanted));
}

}  // namespace roundhouse
