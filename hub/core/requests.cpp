#include <algorithm>

#include "hub/core/queue_counts.hpp"
#include "hub/core/request_body.hpp"
#include "hub/core/router_state.hpp"
#include "hub/core/steer.hpp"
#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

using wire::Packer;

constexpr std::size_t kGivenUpMax = 100;  // in an answer: the latest to join

void key_value(Packer& p, std::string_view key, std::uint64_t value) {
  p.str(key), p.u64(value);
}

void key_value(Packer& p, std::string_view key, std::string_view value) {
  p.str(key), p.str(value);
}

}  // namespace

// Those that the router answers by itself, without the database.
Result<wire::Raw> Router::State::answer_at_once(const wire::Request& request, Now now) {
  if (request.verb == "engines") return engines_body();
  if (request.verb == "status") return status_body(now);
  if (request.verb == "modules") return modules_body();
  if (request.verb == "explain") return explain_body(request.body);
  if (request.verb == "queue_status") return queue_status_body(request.body);
  if (request.verb == "result_status") return result_status_body(request.body);
  return Error{Errc::invalid,
               "this hub does not know the request '" + request.verb.substr(0, 40) + "'"};
}

void Router::State::on_request(const Peer& peer, LinkId link, const wire::Request& request, Now now,
                               Outbox& out) {
  wire::Reply reply;
  reply.id = request.id;
  const auto answer = [&](const Result<wire::Raw>& body) {
    if (body)
      reply.body = *body;
    else
      reply.code = to_string(body.error().code), reply.text = body.error().text;
    out.sends.push_back({link, encode(reply)});
  };
  if (peer.side != Side::client) return answer(Error{Errc::refused, "only clients ask the hub"});
  const auto asked = read_request(request.body);
  if (!asked) return answer(asked.error());
  Query query{link, request.id, request.verb, request.body, {}, now.wall_us};
  if (request.verb == "db_query") {
    if (const auto begun = begin_search(std::move(query)); !begun) answer(begun.error());
  } else if (request.verb == "result") {
    for (const TaskId id : asked->ids)
      if (const TaskIndex index = find_live(id); index != kNoTask)
        query.live.push_back(record_of(tasks.get(index)));
    out.queries.push_back(std::move(query));
  } else if (request.verb == "payload") {
    if (const auto live = live_payload(request.body)) return answer(*live);
    out.queries.push_back(std::move(query));
  } else if (request.verb == "purge_results") {
    placements.clear();
    out.queries.push_back(std::move(query));
  } else if (request.verb == "watch") {
    if (const auto begun = watch(link, request, now); !begun) answer(begun.error());
  } else if (request.verb == "unwatch") {
    wire::Raw body;
    Packer p{body.bytes};
    p.map(1), p.str("watched"), p.boolean(watches.remove(link, asked->watch));
    answer(body);
  } else if (request.verb == "abort") {
    if (const auto begun = begin_abort(link, request); !begun) answer(begun.error());
  } else if (request.verb == "remove_module") {
    answer(remove_module(asked->build, out));
  } else if (request.verb == "policy") {
    answer(policy_body(request.body, out));
  } else if (const auto verb = Steer::verb_of(request.verb)) {
    if (const auto begun = Steer{*this}.begin(link, request, *verb, now, out); !begun)
      answer(begun.error());
  } else {
    answer(answer_at_once(request, now));
  }
}

// Changes it when it is asked to; what holds from now on, under this hub and those after it.
Result<wire::Raw> Router::State::policy_body(const wire::Raw& request, Outbox& out) {
  const auto asked = read_request(request);
  if (!asked) return asked.error();
  if (asked->policy) {
    const Result<PolicyName> wanted = parse_policy(*asked->policy);
    if (!wanted) return wanted.error();
    policy.change(*wanted);
    emit(PolicySet{std::string(name_of(*wanted))}, out);
  }
  wire::Raw body;
  Packer p{body.bytes};
  p.map(2);
  key_value(p, "policy", name_of(policy.name()));
  p.str("policies"), p.array(kPolicyNames.size());
  for (const std::string_view name : kPolicyNames) p.str(name);
  return body;
}

wire::Raw Router::State::engines_body() {
  wire::Raw body;
  Packer p{body.bytes};
  std::size_t here = 0;
  std::size_t restarting = 0;
  engines.each([&](const Engine& engine) {
    const bool lost = engine.presence == Presence::lost;
    here += lost ? 0U : 1U;
    restarting += lost && engine.back_by ? 1U : 0U;
  });
  const auto pack = [&](Engine& engine, const char* state) {
    const QueueCounts counts = count_queue(engine);
    p.map(10);
    key_value(p, "id", engine.index);
    key_value(p, "uuid", to_string(engine.uuid));
    key_value(p, "incarnation", engine.incarnation);
    key_value(p, "slots", engine.slots);
    key_value(p, "state", state);
    key_value(p, "queue", counts.queue);
    key_value(p, "running", counts.running);
    key_value(p, "completed", engine.completed);
    key_value(p, "host", engine.host);
    key_value(p, "pid", engine.presence == Presence::lost ? 0 : engine.pid);
  };
  p.map(4);
  key_value(p, "epoch", epoch);
  key_value(p, "number", hints);
  p.str("engines"), p.array(here);
  engines.each([&](Engine& engine) {
    if (engine.presence != Presence::lost) pack(engine, to_string(engine.presence));
  });
  p.str("restarting"), p.array(restarting);
  engines.each([&](Engine& engine) {
    if (engine.presence == Presence::lost && engine.back_by) pack(engine, "restarting");
  });
  return body;
}

wire::Raw Router::State::status_body(Now now) {
  std::size_t online = 0;
  std::size_t assigned = 0;
  std::size_t in_lanes = 0;
  engines.each([&](const Engine& engine) {
    online += engine.presence == Presence::online ? 1U : 0U;
    assigned += engine.in_flight;
    in_lanes += count_queue(engine).in_lanes;
  });
  wire::Raw body;
  Packer p{body.bytes};
  p.map(21);
  key_value(p, "epoch", epoch);
  key_value(p, "pid", options.pid);
  key_value(
      p, "uptime_ms",
      static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::milliseconds>(now.steady - started).count()));
  key_value(p, "engines", online);
  key_value(p, "sessions", sessions.size());
  key_value(p, "unfinished", tasks.size());
  key_value(p, "ready", ready.size());
  key_value(p, "waiting", dependencies.waiting());
  key_value(p, "resting", resting.size());
  key_value(p, "in_lanes", in_lanes);
  key_value(p, "assigned", assigned);
  key_value(p, "undelivered", undelivered);
  key_value(p, "policy", name_of(policy.name()));
  key_value(p, "submitted", counters.submitted);
  key_value(p, "finished", counters.finished);
  key_value(p, "revoked", counters.revoked);
  key_value(p, "stale_fence", counters.stale_fence);
  key_value(p, "duplicates", counters.duplicates);
  key_value(p, "malformed", counters.malformed);
  key_value(p, "store", store_failure.empty() ? std::string_view{"ok"} : store_failure);
  std::vector<const Engine*> given_up;
  engines.each([&](const Engine& engine) {
    if (!engine.given_up.empty()) given_up.push_back(&engine);
  });
  const std::size_t from = given_up.size() - std::min(given_up.size(), kGivenUpMax);
  p.str("given_up"), p.array(given_up.size() - from);
  for (std::size_t i = from; i < given_up.size(); ++i) {
    p.map(3);
    key_value(p, "id", given_up[i]->index);
    key_value(p, "host", given_up[i]->host);
    key_value(p, "text", given_up[i]->given_up);
  }
  return body;
}

}  // namespace roundhouse::hub
