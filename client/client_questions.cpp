// What a Client asks the hub, and how the answers become plain values.
#include <algorithm>
#include <array>
#include <set>

#include "client/body_json.hpp"
#include "client/shell.hpp"
#include "client/task_record.hpp"
#include "shared/pack.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse {
namespace {

using detail::BodyMap;
using detail::json_of;

constexpr std::size_t kCompletedIdsMax = 1000;  // of one engine

std::string ids_body(std::span<const std::string> ids) {
  std::string out;
  wire::Packer p(out);
  p.map(1);
  p.str("ids"), p.array(ids.size());
  for (const std::string& id : ids) p.str(id);
  return out;
}

void put_engines(wire::Packer& p, std::string_view key, std::span<const int> engines) {
  p.str(key), p.array(engines.size());
  for (const int engine : engines) p.u64(static_cast<std::uint64_t>(engine));
}

template <class T>
T number_of(const BodyMap& map, std::string_view name) {
  return static_cast<T>(map.number(name).value_or(0));
}

}  // namespace

std::string HubReply::json() const {
  return json_of(body);
}

HubReply Client::request(std::string_view verb, std::string_view body) const {
  constexpr std::array<std::string_view, 6> kOnce{"interrupt", "signal",   "restart",
                                                  "clear",     "shutdown", "remove_module"};
  const bool once = std::ranges::find(kOnce, verb) != kOnce.end();
  const client::Repeat repeat = once ? client::Repeat::no : client::Repeat::yes;
  return {shell().ask(std::string(verb), std::string(body), repeat).body};
}

std::vector<EngineInfo> Client::engines() const {
  const HubReply reply = request("engines");
  const BodyMap answer(reply.body);
  std::vector<std::string_view> each = answer.list("engines");
  const std::vector<std::string_view> restarting = answer.list("restarting");
  each.insert(each.end(), restarting.begin(), restarting.end());
  std::vector<EngineInfo> out;
  for (const std::string_view bytes : each) {
    const BodyMap map(bytes);
    EngineInfo info;
    info.id = number_of<int>(map, "id");
    info.uuid = map.text("uuid");
    info.incarnation = number_of<std::uint32_t>(map, "incarnation");
    info.slots = number_of<std::uint32_t>(map, "slots");
    info.state = map.text("state");
    info.queue = number_of<std::uint64_t>(map, "queue");
    info.running = number_of<std::uint64_t>(map, "running");
    info.completed = number_of<std::uint64_t>(map, "completed");
    info.host = map.text("host");
    info.pid = number_of<std::uint32_t>(map, "pid");
    info.json = json_of(bytes);
    out.push_back(std::move(info));
  }
  std::sort(out.begin(), out.end(),
            [](const EngineInfo& a, const EngineInfo& b) { return a.id < b.id; });
  return out;
}

QueueStatus Client::queue_status(Targets targets, bool verbose) const {
  std::string body;
  wire::Packer p(body);
  p.map(2);
  p.str("verbose"), p.boolean(verbose);
  put_engines(
      p, "targets",
      targets.is_all() ? std::vector<int>{} : targets.resolve(shell().engines_for(targets)));
  const HubReply reply = request("queue_status", body);
  const BodyMap map(reply.body);
  QueueStatus out;
  for (const std::string_view bytes : map.list("engines")) {
    const BodyMap engine(bytes);
    EngineQueue& queue = out.engines.emplace_back();
    queue.engine = number_of<int>(engine, "engine");
    queue.queue = number_of<std::uint64_t>(engine, "queue");
    queue.running = number_of<std::uint64_t>(engine, "running");
    queue.completed = number_of<std::uint64_t>(engine, "completed");
    queue.queue_ids = engine.texts("queue_ids");
    queue.running_ids = engine.texts("running_ids");
  }
  out.unassigned_ids = map.texts("unassigned_ids");
  out.unassigned = number_of<std::uint64_t>(map, "unassigned");
  out.more = map.truth("more");
  out.json = json_of(reply.body);
  if (!verbose) return out;
  for (EngineQueue& engine : out.engines) {
    TaskQuery query;
    query.where = fields::engine_id == engine.engine && fields::outcome != missing;
    query.order = newest_first;
    query.limit = kCompletedIdsMax;
    query.fields = {"msg_id"};
    for (TaskRecord& record : db_query(query))
      engine.completed_ids.push_back(std::move(record.metadata.msg_id));
  }
  return out;
}

TaskRecords Client::result(std::span<const std::string> ids) const {
  TaskRecords out;
  std::vector<std::string> left(ids.begin(), ids.end());
  while (!left.empty()) {
    const std::size_t count = std::min(left.size(), detail::kIdsPerQuestion);
    const HubReply reply = request("result", ids_body(std::span(left).first(count)));
    const BodyMap map(reply.body);
    for (const std::string_view bytes : map.list("records"))
      out.records.push_back(detail::read_record(bytes));
    for (std::string& id : map.texts("missing")) out.missing.push_back(std::move(id));
    // Those for which an answer had no room are asked for again; a hub that never answers any of
    // them is not asked for ever.
    std::vector<std::string> more = map.texts("more");
    if (more.size() >= count) {
      for (std::string& id : more) out.missing.push_back(std::move(id));
      more.clear();
    }
    left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(count));
    left.insert(left.begin(), more.begin(), more.end());
  }
  return out;
}

Explanation Client::explain(std::string_view msg_id) const {
  const std::string id(msg_id);
  const HubReply reply = request("explain", ids_body({&id, 1}));
  const BodyMap map(reply.body);
  Explanation out;
  out.msg_id = id;
  out.state = map.text("state");
  out.why = map.text("why");
  out.ahead = number_of<std::uint64_t>(map, "ahead");
  for (const std::string_view bytes : map.list("engines")) {
    const BodyMap engine(bytes);
    out.engines.push_back(
        {number_of<int>(engine, "engine"), engine.text("code"), engine.text("text")});
  }
  for (const std::string_view bytes : map.list("waits_for")) {
    const BodyMap other(bytes);
    out.waits_for.push_back({other.text("msg_id"), other.text("of"), other.text("state")});
  }
  out.json = json_of(reply.body);
  if (out.state != "ended") return out;
  const TaskRecords found = result({&id, 1});
  if (found.records.empty())
    raise({Errc::unknown_task, "task " + id + " has ended, and its record was purged"});
  const Metadata& metadata = found.records.front().metadata;
  const std::string where =
      metadata.engine_id ? " on engine " + std::to_string(*metadata.engine_id) : "";
  out.why = metadata.error ? "it ended" + where + " with " + metadata.error->name + ": " +
                                 metadata.error->value
                           : "it ended well" + where;
  if (metadata.attempt > 1) out.why += ", at attempt " + std::to_string(metadata.attempt);
  out.json = found.records.front().json;
  return out;
}

HubStatus Client::status() const {
  const HubReply reply = request("status");
  const BodyMap map(reply.body);
  HubStatus out;
  out.epoch = number_of<std::uint64_t>(map, "epoch");
  out.pid = number_of<std::uint64_t>(map, "pid");
  out.uptime = std::chrono::milliseconds(number_of<std::int64_t>(map, "uptime_ms"));
  out.engines = number_of<std::uint64_t>(map, "engines");
  out.sessions = number_of<std::uint64_t>(map, "sessions");
  out.unfinished = number_of<std::uint64_t>(map, "unfinished");
  out.policy = map.text("policy");
  out.store = map.text("store");
  for (const std::string_view bytes : map.list("given_up")) {
    const BodyMap engine(bytes);
    out.given_up.push_back(
        {number_of<int>(engine, "id"), engine.text("host"), engine.text("text")});
  }
  out.json = json_of(reply.body);
  return out;
}

std::string Client::policy() const {
  return BodyMap(request("policy").body).text("policy");
}

void Client::set_policy(std::string_view name) const {
  std::string body;
  wire::Packer p(body);
  p.map(1);
  p.str("policy"), p.str(name);
  (void)request("policy", body);
}

}  // namespace roundhouse
