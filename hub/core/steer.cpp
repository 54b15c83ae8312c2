// What clients want of engines: PROTOCOL 9, "Steering engines".
#include "hub/core/steer.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::size_t kSteeringJobsMax = 1024;
constexpr Duration kForgetMax = std::chrono::seconds{10};  // after which nobody listens any more
constexpr std::uint64_t kWaitMaxMs = 3'600'000;
// Without a word of an engine that is to interrupt its tasks its process is replaced.
constexpr Duration kSilentMax = std::chrono::seconds{2};

constexpr std::array<std::pair<std::string_view, SteerVerb>, 5> kVerbs{{
    {"interrupt", SteerVerb::interrupt},
    {"signal", SteerVerb::signal},
    {"restart", SteerVerb::restart},
    {"clear", SteerVerb::clear},
    {"shutdown", SteerVerb::shutdown},
}};

std::string_view name_of(SteerVerb verb) {
  return kVerbs.at(static_cast<std::size_t>(verb)).first;
}

void settle(Steered& part, bool done, std::string state, std::string text = {}) {
  part.settled = true;
  part.done = done;
  part.state = std::move(state);
  part.text = std::move(text);
}

bool has_left(const Engine& engine) {
  return engine.gone && engine.presence == Presence::lost;
}

// Of one that is not settled.
std::string_view pending_state(const SteerJob& job, const Steered& part) {
  if (!part.heard) return job.waits ? "no_answer" : "asked";
  switch (job.verb) {
    case SteerVerb::clear: return "busy";
    case SteerVerb::interrupt: return "stopping";
    case SteerVerb::restart: return "restarting";
    case SteerVerb::shutdown: return "leaving";
    case SteerVerb::signal: return "asked";
  }
  return "asked";
}

std::string_view pending_text(const SteerJob& job, const Steered& part) {
  if (!job.waits) return {};
  if (!part.heard) return "it did not answer in time: it may be frozen, or too busy";
  if (job.verb == SteerVerb::clear) return "it runs a task, and is cleared after it";
  return {};
}

}  // namespace

std::optional<SteerVerb> Router::State::Steer::verb_of(std::string_view name) {
  for (const auto& [word, verb] : kVerbs)
    if (word == name) return verb;
  return std::nullopt;
}

const LinkId* Router::State::Steer::keeper_of(const Engine& engine) const {
  const auto found = s.steering.keepers.find(engine.uuid);
  return found == s.steering.keepers.end() ? nullptr : &found->second;
}

void Router::State::Steer::admit_keeper(PeerIndex index, const wire::Welcome& greeting, Now now,
                                        Outbox& out) {
  const wire::Hello hello = s.peers.get(index).hello;
  if (const auto known = s.steering.keepers.find(hello.uuid); known != s.steering.keepers.end()) {
    const LinkId before = known->second;
    if (const PeerTable::Link* old = s.peers.find_link(before); old->peer != kNoPeer)
      s.drop_peer(old->peer, now, out);
  }
  Peer& peer = s.peers.get(index);
  peer.usable = true;
  s.steering.keepers[hello.uuid] = *peer.control_link;
  wire::Welcome welcome = greeting;
  if (const Engine* engine = s.engines.find(hello.uuid)) welcome.engine = engine->id();
  s.send_welcome(peer, welcome, out);
}

void Router::State::Steer::drop_keeper(const Peer& peer) {
  const auto found = s.steering.keepers.find(peer.hello.uuid);
  if (found != s.steering.keepers.end() && found->second == peer.control_link)
    s.steering.keepers.erase(found);
  s.steering.changed = true;
}

Result<void> Router::State::Steer::begin(LinkId link, const wire::Request& request, SteerVerb verb,
                                         Now now, Outbox& out) {
  auto asked = read_request(request.body);
  if (!asked) return asked.error();
  const bool of_tasks =
      verb == SteerVerb::interrupt && (!asked->ids.empty() || !asked->ranges.empty());
  if (verb == SteerVerb::shutdown && asked->engines.empty()) asked->all = true;
  if (!of_tasks && asked->engines.empty() && !asked->all)
    return Error{Errc::invalid, "which engines? Name them in 'engines', or say 'all'"};
  for (const std::uint32_t engine : asked->engines)
    if (s.engines.find(EngineId{engine}) == nullptr)
      return Error{Errc::unknown_engine, "there is no engine " + std::to_string(engine)};
  if (verb == SteerVerb::signal && (asked->signal < 1 || asked->signal > 64))
    return Error{Errc::invalid, "a signal is a number from 1 to 64"};
  if (s.steering.jobs.size() >= kSteeringJobsMax)
    return Error{Errc::over_quota, "the hub waits for the engines of " +
                                       std::to_string(kSteeringJobsMax) +
                                       " requests already: ask again later"};
  // As a terminal does it, and IPython: what runs is to stop, not the engine.
  if (verb == SteerVerb::signal && asked->signal == SIGINT) verb = SteerVerb::interrupt;
  const std::uint64_t id = s.steering.next++;
  SteerJob& job = s.steering.jobs[id];
  job.link = link, job.request = request.id, job.verb = verb, job.stop_hub = asked->hub;
  job.waits = asked->wait_ms > 0;
  job.reply_by = now.steady + std::chrono::milliseconds{std::min(asked->wait_ms, kWaitMaxMs)};
  job.over_by = std::max(job.reply_by, now.steady + kForgetMax);
  job.engines = choose(*asked, verb);
  for (Steered& part : job.engines) {
    if (verb == SteerVerb::interrupt) part.silent_at = now.steady + kSilentMax;
    ask(job, id, part, static_cast<std::uint32_t>(asked->signal), out);
  }
  s.steering.changed = true;
  run(now, out);
  return {};
}

std::vector<Steered> Router::State::Steer::choose(const RequestBody& asked, SteerVerb verb) {
  std::vector<Steered> out;
  std::vector<wire::TaskRange> ranges = asked.ranges;
  for (const TaskId id : asked.ids) ranges.push_back({id.session, id.sequence, id.sequence});
  ranges = sorted(std::move(ranges));
  if (verb == SteerVerb::interrupt && !ranges.empty()) {
    s.engines.each([&](const Engine& engine) {
      Steered part{engine.index, engine.incarnation};
      for (const TaskIndex index : engine.assigned) {
        if (index == kNoTask) continue;
        const Task& task = s.tasks.get(index);
        if (is_among(ranges, s.id_of(task)))
          part.assignments.push_back({task.number, s.id_of(task), task.fence});
      }
      if (!part.assignments.empty()) out.push_back(std::move(part));
    });
    return out;
  }
  if (!asked.all) {
    for (const std::uint32_t id : asked.engines) {
      const Engine* engine = s.engines.find(EngineId{id});
      out.push_back({id, engine == nullptr ? 0 : engine->incarnation});
    }
    return out;
  }
  s.engines.each([&](const Engine& engine) {
    if (has_left(engine)) return;  // though its keeper may still be here
    const bool is_here = engine.is_there() && engine.presence != Presence::expected;
    if (is_here || keeper_of(engine) != nullptr) out.push_back({engine.index, engine.incarnation});
  });
  return out;
}

// Its process is connected, and speaks for itself.
bool Router::State::Steer::can_be_asked(const Engine& engine) const {
  return engine.control_link.has_value() && !engine.nanny_speaks &&
         (engine.presence == Presence::online || engine.presence == Presence::reconciling);
}

void Router::State::Steer::ask(SteerJob& job, std::uint64_t id, Steered& part, std::uint32_t signal,
                               Outbox& out) {
  Engine* engine = s.engines.find(EngineId{part.engine});
  if (engine == nullptr || has_left(*engine))
    return settle(part, job.verb == SteerVerb::shutdown && engine != nullptr,
                  engine == nullptr ? "unknown" : "left",
                  "there is no such engine" + std::string(engine == nullptr ? "" : " any more"));
  switch (job.verb) {
    case SteerVerb::shutdown: return dismiss(part, *engine, out);
    case SteerVerb::interrupt:
    case SteerVerb::clear: return ask_engine(job, id, part, *engine, out);
    case SteerVerb::signal:
    case SteerVerb::restart: return ask_keeper(job, id, part, *engine, signal, out);
  }
}

void Router::State::Steer::ask_engine(SteerJob& job, std::uint64_t id, Steered& part,
                                      const Engine& engine, Outbox& out) {
  const bool clears = job.verb == SteerVerb::clear;
  if (can_be_asked(engine)) {
    wire::Act act;
    act.id = id, act.verb = name_of(job.verb);
    act.assignments = part.assignments;
    act.all = !clears && part.assignments.empty();
    out.sends.push_back({*engine.control_link, encode(act)});
  } else if (engine.back_by) {  // the next process begins with nothing
    settle(part, true, clears ? "cleared" : "idle");
  } else if (clears || keeper_of(engine) == nullptr) {
    settle(part, false, "away", "it is not connected");
  }  // else its keeper replaces it when it is not back in time
}

void Router::State::Steer::ask_keeper(SteerJob& job, std::uint64_t id, Steered& part,
                                      const Engine& engine, std::uint32_t signal, Outbox& out) {
  const bool restarts = job.verb == SteerVerb::restart;
  if (const LinkId* keeper = keeper_of(engine)) {
    wire::Act act;
    act.id = id, act.verb = name_of(job.verb);
    if (!restarts) act.signal = signal;
    out.sends.push_back({*keeper, encode(act)});
  } else if (engine.back_by || engine.nanny_speaks) {
    // Its process is over, and the next one is on its way.
    if (!restarts) return settle(part, false, "no_process", "its process is being replaced");
    part.heard = true;
  } else {
    settle(part, false, can_be_asked(engine) ? "no_nanny" : "away",
           can_be_asked(engine) ? "it has no nanny that could do it" : "it is not connected");
  }
}

void Router::State::Steer::dismiss(Steered& part, Engine& engine, Outbox& out) {
  const wire::Message goodbye = encode(wire::Goodbye{"a client asked for it"});
  const LinkId* keeper = keeper_of(engine);
  if (!engine.control_link && keeper == nullptr)
    return settle(part, false, "away", "it is not connected");
  engine.gone = true;
  part.heard = true;
  if (engine.control_link) out.sends.push_back({*engine.control_link, goodbye});
  if (keeper != nullptr) out.sends.push_back({*keeper, goodbye});
}

void Router::State::Steer::on_acted(const Peer& peer, const wire::Acted& acted) {
  const auto job = s.steering.jobs.find(acted.id);
  const Engine* engine = s.engines.find(peer.hello.uuid);
  if (job == s.steering.jobs.end() || engine == nullptr) return;
  for (Steered& part : job->second.engines) {
    if (part.engine != engine->index || part.settled) continue;
    part.heard = true;
    part.silent_at.reset();
    part.count = std::max(part.count, acted.count);
    if (!acted.code.empty()) settle(part, false, "refused", acted.text.substr(0, 200));
    if (!acted.code.empty() || !acted.done) continue;
    switch (job->second.verb) {
      case SteerVerb::clear: settle(part, true, "cleared"); break;
      case SteerVerb::interrupt: settle(part, true, part.count > 0 ? "interrupted" : "idle"); break;
      case SteerVerb::signal: settle(part, true, "signalled"); break;
      case SteerVerb::restart:
      case SteerVerb::shutdown: break;  // seen when it comes, and goes
    }
  }
  s.steering.changed = true;
}

// Whether what became of the engine settles it.
void Router::State::Steer::look_at(SteerJob& job, std::uint64_t id, Steered& part, Now now,
                                   Outbox& out) {
  if (part.settled) return;
  Engine& engine = s.engines.get(part.engine);
  const bool renewed = engine.incarnation > part.incarnation;
  const bool lost = engine.presence == Presence::lost;
  const bool over = renewed || (lost && !engine.silent);
  // Both of its processes may be dead, or their network; or its keeper turns into who tells of the
  // end. Who is to be replaced has `silent_at`.
  const bool away = lost && engine.silent && !engine.nanny_speaks && keeper_of(engine) == nullptr &&
                    !part.silent_at && job.verb != SteerVerb::shutdown;
  if (!away)
    part.away_at.reset();
  else if (!part.away_at)
    part.away_at = now.steady + s.options.dead;
  else if (now.steady >= *part.away_at)
    return settle(part, false, "away", "the connection to it and to its nanny was lost");
  switch (job.verb) {
    case SteerVerb::shutdown:
      if (lost) settle(part, true, "left");
      break;
    case SteerVerb::restart:
      if (renewed && engine.presence == Presence::online)
        settle(part, true, "restarted");
      else if (lost && engine.gone)
        settle(part, false, "left", "it has left instead");
      break;
    case SteerVerb::interrupt:
      if (over)
        settle(part, true, "replaced");
      else if (part.silent_at && now.steady >= *part.silent_at)
        replace(part, engine, id, out);
      break;
    case SteerVerb::clear:
      if (over) settle(part, true, "cleared");
      break;
    case SteerVerb::signal:
      if (over) settle(part, false, "no_process", "its process has ended meanwhile");
      break;
  }
}

// It does not answer: what it ran ends as aborted, and its keeper starts the next process.
void Router::State::Steer::replace(Steered& part, Engine& engine, std::uint64_t id, Outbox& out) {
  part.silent_at.reset();
  const LinkId* keeper = keeper_of(engine);
  if (keeper == nullptr) return settle(part, false, "no_answer", "it does not answer");
  for (const TaskIndex index : engine.assigned) {
    if (index == kNoTask) continue;
    Task& task = s.tasks.get(index);
    const bool named = std::ranges::any_of(part.assignments, [&](const auto& each) {
      return each.number == task.number && each.fence == task.fence;
    });
    const bool meant = part.assignments.empty() || named;
    if (!meant || !engine.runs(task.number)) continue;
    task.aborting = true;
    ++part.count;
  }
  engine.deaf = true;
  wire::Act act;
  act.id = id, act.verb = "restart";
  out.sends.push_back({*keeper, encode(act)});
}

void Router::State::Steer::run(Now now, Outbox& out) {
  Steering& all = s.steering;
  if (!all.changed && !(all.due && now.steady >= *all.due)) return;
  all.changed = false;
  all.due.reset();
  for (auto each = all.jobs.begin(); each != all.jobs.end();)
    each = follow(each->first, each->second, now, out) ? all.jobs.erase(each) : std::next(each);
}

// True: nothing more is to come of it.
bool Router::State::Steer::follow(std::uint64_t id, SteerJob& job, Now now, Outbox& out) {
  bool settled = true;
  TimePoint look_again = TimePoint::max();
  for (Steered& part : job.engines) {
    look_at(job, id, part, now, out);
    settled = settled && part.settled;
    if (part.settled) continue;
    for (const auto& at : {part.silent_at, part.away_at})
      look_again = std::min(look_again, at.value_or(look_again));
  }
  if (!job.answered && (settled || now.steady >= job.reply_by)) {
    answer(job, out);
    job.answered = true;
  }
  if (settled || now.steady >= job.over_by) return true;
  const TimePoint next = job.answered ? job.over_by : job.reply_by;
  std::optional<TimePoint>& due = s.steering.due;
  due = std::min({due.value_or(next), next, look_again});
  return false;
}

void Router::State::Steer::answer(const SteerJob& job, Outbox& out) {
  if (job.stop_hub) out.stop = true;
  if (s.peers.find(job.link) == nullptr) return;
  wire::Reply reply;
  reply.id = job.request;
  wire::Packer p{reply.body.bytes};
  p.map(job.verb == SteerVerb::shutdown ? 2 : 1);
  if (job.verb == SteerVerb::shutdown) p.str("stopping"), p.boolean(true);
  p.str("engines"), p.array(job.engines.size());
  for (const Steered& part : job.engines) {
    p.map(job.verb == SteerVerb::interrupt ? 5 : 4);
    p.str("engine"), p.u64(part.engine);
    p.str("done"), p.boolean(part.done);
    p.str("state"), p.str(part.settled ? part.state : pending_state(job, part));
    p.str("text"), p.str(part.settled ? part.text : pending_text(job, part));
    if (job.verb == SteerVerb::interrupt) p.str("tasks"), p.u64(part.count);
  }
  out.sends.push_back({job.link, encode(reply)});
}

}  // namespace roundhouse::hub
