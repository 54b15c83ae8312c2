#include <array>

#include "hub/core/router_state.hpp"
#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

using wire::Packer;
using wire::Unpacker;

// What a request may say; PROTOCOL 9.
struct Asked {
  std::vector<std::uint32_t> engines;
  std::vector<std::string> ids;
  bool verbose = false;
  bool all = false;
  bool hub = false;
};

Result<Asked> read(const wire::Raw& body) {
  Asked asked;
  if (body.bytes.empty()) return asked;
  Unpacker u{body.bytes};
  const std::size_t pairs = u.map();
  for (std::size_t i = 0; i < pairs && u.ok(); ++i) {
    const std::string_view key = u.str();
    if (key == "targets" || key == "engines") {
      for (std::size_t left = u.array(); left > 0 && u.ok(); --left)
        asked.engines.push_back(u.u32());
    } else if (key == "ids") {
      for (std::size_t left = u.array(); left > 0 && u.ok(); --left)
        asked.ids.emplace_back(u.str());
    } else if (key == "verbose") {
      asked.verbose = u.boolean();
    } else if (key == "all") {
      asked.all = u.boolean();
    } else if (key == "hub") {
      asked.hub = u.boolean();
    } else {
      u.skip();
    }
  }
  if (!u.done()) return Error{Errc::malformed, "the body of the request cannot be read"};
  return asked;
}

void key_value(Packer& p, std::string_view key, std::uint64_t value) {
  p.str(key), p.u64(value);
}

void key_value(Packer& p, std::string_view key, std::string_view value) {
  p.str(key), p.str(value);
}

// Direct tasks that have not been sent to the engine yet.
std::size_t waiting_in_lanes(const Engine& engine) {
  std::size_t waiting = 0;
  for (const auto& [session, lane] : engine.lanes) waiting += lane.waiting.size;
  return waiting;
}

}  // namespace

void Router::State::on_request(const Peer& peer, LinkId link, const wire::Request& request, Now now,
                               Outbox& out) {
  wire::Reply reply;
  reply.id = request.id;
  const auto fail = [&](const Error& error) {
    reply.code = to_string(error.code), reply.text = error.text;
  };
  if (peer.side != Side::client) {
    fail({Errc::refused, "only clients ask the hub"});
  } else if (request.verb == "engines") {
    reply.body = engines_body();
  } else if (request.verb == "status") {
    reply.body = status_body(now);
  } else if (request.verb == "queue_status") {
    auto body = queue_status_body(request.body);
    if (body)
      reply.body = std::move(*body);
    else
      fail(body.error());
  } else if (request.verb == "shutdown") {
    const auto asked = read(request.body);
    if (!asked) {
      fail(asked.error());
    } else {
      Packer p{reply.body.bytes};
      p.map(1), p.str("stopping"), p.boolean(true);
      out.sends.push_back({link, encode(reply)});
      return shut_down(request.body, out);
    }
  } else if (request.verb == "history" || request.verb == "result" ||
             request.verb == "purge_results") {
    if (const auto asked = read(request.body); !asked) {
      fail(asked.error());
    } else {
      out.queries.push_back(
          {link, request.id, request.verb, request.body,
           request.verb == "result" ? live_records(request.body) : std::vector<wire::Raw>{}});
      return;
    }
  } else {
    fail(
        {Errc::invalid, "this hub does not know the request '" + request.verb.substr(0, 40) + "'"});
  }
  out.sends.push_back({link, encode(reply)});
}

wire::Raw Router::State::engines_body() {
  wire::Raw body;
  Packer p{body.bytes};
  std::size_t count = 0;
  engines.each([&](const Engine& engine) { count += engine.presence != Presence::lost ? 1U : 0U; });
  p.map(3);
  key_value(p, "epoch", epoch);
  key_value(p, "number", hints);
  p.str("engines");
  p.array(count);
  engines.each([&](Engine& engine) {
    if (engine.presence == Presence::lost) return;
    const std::size_t waiting = waiting_in_lanes(engine);
    const std::uint64_t running = std::min(engine.in_flight, engine.slots);
    p.map(10);
    key_value(p, "id", engine.index);
    key_value(p, "uuid", to_string(engine.uuid));
    key_value(p, "incarnation", engine.incarnation);
    key_value(p, "slots", engine.slots);
    key_value(p, "state", to_string(engine.presence));
    key_value(p, "queue", waiting + engine.in_flight - running);
    key_value(p, "running", running);
    key_value(p, "completed", engine.completed);
    key_value(p, "host", engine.host);
    key_value(p, "pid", engine.pid);
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
    in_lanes += waiting_in_lanes(engine);
  });
  wire::Raw body;
  Packer p{body.bytes};
  p.map(17);
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
  key_value(p, "in_lanes", in_lanes);
  key_value(p, "assigned", assigned);
  key_value(p, "undelivered", undelivered);
  key_value(p, "submitted", counters.submitted);
  key_value(p, "finished", counters.finished);
  key_value(p, "revoked", counters.revoked);
  key_value(p, "stale_fence", counters.stale_fence);
  key_value(p, "duplicates", counters.duplicates);
  key_value(p, "malformed", counters.malformed);
  key_value(p, "store", store_failure.empty() ? std::string_view{"ok"} : store_failure);
  return body;
}

Result<wire::Raw> Router::State::queue_status_body(const wire::Raw& request) {
  const auto asked = read(request);
  if (!asked) return asked.error();
  std::vector<Engine*> chosen;
  if (asked->engines.empty()) {
    engines.each([&](Engine& engine) {
      if (engine.presence != Presence::lost) chosen.push_back(&engine);
    });
  }
  for (const std::uint32_t id : asked->engines) {
    Engine* engine = engines.find(EngineId{id});
    if (engine == nullptr || engine->presence == Presence::lost)
      return Error{Errc::unknown_engine,
                   "engine " + std::to_string(id) +
                       " is not there: `roundhouse engines` lists those that are"};
    chosen.push_back(engine);
  }
  wire::Raw body;
  Packer p{body.bytes};
  p.map(2);
  p.str("engines");
  p.array(chosen.size());
  for (Engine* engine : chosen) {
    const std::size_t waiting = waiting_in_lanes(*engine);
    const std::uint64_t running = std::min(engine->in_flight, engine->slots);
    p.map(asked->verbose ? 5 : 4);
    key_value(p, "engine", engine->index);
    key_value(p, "queue", waiting + engine->in_flight - running);
    key_value(p, "running", running);
    key_value(p, "completed", engine->completed);
    if (!asked->verbose) continue;
    p.str("ids");
    std::vector<std::string> ids;
    for (const TaskIndex index : engine->assigned)
      if (index != kNoTask && ids.size() < wire::kListMax)
        ids.push_back(to_string(
            TaskId{sessions.get(tasks.get(index).session).id, tasks.get(index).sequence}));
    p.array(ids.size());
    for (const std::string& id : ids) p.str(id);
  }
  key_value(p, "unassigned", ready.size());
  return body;
}

// Those of the asked tasks that have no outcome yet: only the router knows about them.
std::vector<wire::Raw> Router::State::live_records(const wire::Raw& request) {
  std::vector<wire::Raw> records;
  const auto asked = read(request);
  if (!asked) return records;
  for (const std::string& text : asked->ids) {
    const auto id = parse_task_id(text);
    Session* session = id ? sessions.find(id->session) : nullptr;
    const TaskIndex index = session == nullptr ? kNoTask : session->find(id->sequence);
    if (index == kNoTask) continue;
    const Task& task = tasks.get(index);
    const wire::Define& define = templates[task.template_number].define;
    const bool is_assigned = task.state == TaskState::assigned;
    wire::Raw record;
    Packer p{record.bytes};
    p.map(is_assigned ? 9 : 8);
    key_value(p, "msg_id", text);
    key_value(p, "session", to_string(TaskId{session->id, 0}).substr(0, 16));
    key_value(p, "label", define.label);
    key_value(p, "function", define.function);
    key_value(p, "view", define.view);
    p.str("submitted"), p.i64(task.submitted_us);
    key_value(p, "attempt", task.failures + 1U);
    key_value(p, "status", is_assigned ? "running" : "pending");
    if (is_assigned) key_value(p, "engine_id", task.engine);
    records.push_back(std::move(record));
  }
  return records;
}

void Router::State::shut_down(const wire::Raw& request, Outbox& out) {
  const auto asked = read(request);
  if (!asked) return;
  engines.each([&](Engine& engine) {
    const bool named = asked->engines.empty() ||
                       std::find(asked->engines.begin(), asked->engines.end(), engine.index) !=
                           asked->engines.end();
    if (!named || !engine.control_link) return;
    engine.gone = true;
    out.sends.push_back({*engine.control_link, encode(wire::Goodbye{"a client asked for it"})});
  });
  if (asked->hub) out.stop = true;
}

}  // namespace roundhouse::hub
