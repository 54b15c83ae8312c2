// What a Client asks the hub about many tasks.
#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "client/body_json.hpp"
#include "client/job_ids.hpp"
#include "client/shell.hpp"
#include "client/task_record.hpp"
#include "shared/pack.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse {
namespace {

using detail::BodyMap;

constexpr std::size_t kTasksPerAnswer = 10'000;

void put(wire::Packer& p, const FieldValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value))
    p.i64(*number);
  else if (const auto* text = std::get_if<std::string>(&value))
    p.str(*text);
  else
    p.nil();
}

void put(wire::Packer& p, const Condition& condition);

void put_list(wire::Packer& p, const std::vector<Condition>& parts) {
  p.array(parts.size());
  for (const Condition& part : parts) put(p, part);
}

void put_comparison(wire::Packer& p, const Condition& condition) {
  const bool set = condition.comparison() == "$in" || condition.comparison() == "$nin";
  p.map(1), p.str(condition.field());
  p.map(1), p.str(condition.comparison());
  if (set) {
    p.array(condition.values().size());
    for (const FieldValue& value : condition.values()) put(p, value);
  } else {
    put(p, condition.values().empty() ? FieldValue(missing) : condition.values().front());
  }
}

void put(wire::Packer& p, const Condition& condition) {
  switch (condition.kind()) {
    case Condition::Kind::compare: return put_comparison(p, condition);
    case Condition::Kind::every:
      if (condition.parts().empty()) return p.map(0);
      p.map(1), p.str("$and");
      return put_list(p, condition.parts());
    case Condition::Kind::any: p.map(1), p.str("$or"); return put_list(p, condition.parts());
    case Condition::Kind::none: p.map(1), p.str("$not"); return put(p, condition.parts().front());
  }
}

std::string query_body(const TaskQuery& query, std::size_t limit, std::size_t offset,
                       std::string_view place) {
  std::string out;
  wire::Packer p(out);
  p.map(place.empty() ? 5 : 6);
  p.str("where"), put(p, query.where);
  p.str("order"), p.str((query.order.descending ? "-" : "") + query.order.field);
  p.str("limit"), p.u64(limit);
  p.str("offset"), p.u64(offset);
  p.str("fields"), p.array(query.fields.size());
  for (const std::string& field : query.fields) p.str(field);
  if (!place.empty()) p.str("after"), p.raw(place);
  return out;
}

// A request about the next of these ids.
std::string part_of(std::span<const std::string> ids, std::size_t at) {
  std::string out;
  wire::Packer p(out);
  const auto part = ids.subspan(at, std::min(detail::kIdsPerQuestion, ids.size() - at));
  p.map(1), p.str("ids"), p.array(part.size());
  for (const std::string& id : part) p.str(id);
  return out;
}

std::uint64_t purged_by(const HubReply& reply) {
  return BodyMap(reply.body).number("purged").value_or(0);
}

void append(std::vector<std::string>& to, std::vector<std::string> from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

// The list that `after` of the wire is: the value of the order field of this task, and its id.
std::string place_of(const Client& client, const TaskQuery& query) {
  TaskQuery one;
  one.where = fields::msg_id == query.after;
  one.order = query.order;
  one.fields = {query.order.field};
  const HubReply reply = client.request("db_query", query_body(one, 1, 0, {}));
  const auto records = BodyMap(reply.body).list("records");
  if (records.empty())
    raise({Errc::unknown_task,
           "the hub has no record of task " + query.after + ": it was purged, or never was"});
  const std::string_view value = BodyMap(records.front()).find(query.order.field);
  std::string out;
  wire::Packer p(out);
  p.array(2);
  value.empty() ? p.nil() : p.raw(value);
  p.str(query.after);
  return out;
}

}  // namespace

std::vector<TaskRecord> Client::db_query(const TaskQuery& query) const {
  std::vector<TaskRecord> out;
  std::string place = query.after.empty() ? std::string() : place_of(*this, query);
  std::size_t offset = query.offset;
  while (!query.limit || out.size() < *query.limit) {
    const std::size_t left = query.limit ? *query.limit - out.size() : kTasksPerAnswer;
    const HubReply reply =
        request("db_query", query_body(query, std::min(left, kTasksPerAnswer), offset, place));
    const BodyMap map(reply.body);
    for (const std::string_view bytes : map.list("records"))
      out.push_back(detail::read_record(bytes));
    place = map.find("next");
    offset = 0;
    if (!map.truth("more") || place.empty()) break;
  }
  return out;
}

std::vector<std::string> Client::hub_history(std::optional<std::size_t> newest) const {
  TaskQuery query;
  query.fields = {"msg_id"};
  query.limit = newest;
  if (newest) query.order = newest_first;
  std::vector<std::string> out;
  for (TaskRecord& record : db_query(query)) out.push_back(std::move(record.metadata.msg_id));
  if (newest) std::reverse(out.begin(), out.end());
  return out;
}

ResultStatus Client::result_status(const Jobs& jobs) const {
  const std::vector<std::string> ids = detail::ids_of(jobs);
  ResultStatus out;
  for (std::size_t at = 0; at < ids.size(); at += detail::kIdsPerQuestion) {
    const HubReply reply = request("result_status", part_of(ids, at));
    const BodyMap map(reply.body);
    append(out.pending, map.texts("pending"));
    append(out.running, map.texts("running"));
    append(out.completed, map.texts("completed"));
    append(out.unknown, map.texts("unknown"));
  }
  if (out.unknown.empty()) return out;
  // Own ones that wait for room at the hub.
  const MsgIds waiting = outstanding();
  for (std::string& id : std::exchange(out.unknown, {}))
    (waiting.contains(id) ? out.pending : out.unknown).push_back(std::move(id));
  return out;
}

std::uint64_t Client::purge_jobs(const Jobs& jobs) const {
  const std::vector<std::string> ids = detail::ids_of(jobs);
  std::uint64_t purged = 0;
  for (std::size_t at = 0; at < ids.size(); at += detail::kIdsPerQuestion)
    purged += purged_by(request("purge_results", part_of(ids, at)));
  return purged;
}

std::uint64_t Client::purge_results(All) const {
  std::string body;
  wire::Packer p(body);
  p.map(1), p.str("all"), p.boolean(true);
  return purged_by(request("purge_results", body));
}

std::uint64_t Client::purge_results(const PurgeOptions& what) const {
  using std::chrono::microseconds;
  std::string body;
  wire::Packer p(body);
  p.map(1 + (what.older_than ? 1U : 0U) + (what.where ? 1U : 0U));
  p.str("engines"), p.array(what.engines.size());
  for (const int engine : what.engines) p.u64(static_cast<std::uint64_t>(engine));
  if (what.older_than) {
    const auto age = std::chrono::duration_cast<microseconds>(*what.older_than);
    p.str("older_than_us"),
        p.u64(static_cast<std::uint64_t>(std::max(age, microseconds{0}).count()));
  }
  if (what.where) p.str("where"), put(p, *what.where);
  return purged_by(request("purge_results", body));
}

std::size_t Client::purge_local(const Jobs& jobs) const {
  return shell().purge(jobs);
}

std::size_t Client::purge_local(All) const {
  return shell().purge(Jobs(shell().finished()));
}

void Client::purge_everything() const {
  shell().purge_everything();
  (void)purge_results(all);
}

}  // namespace roundhouse
