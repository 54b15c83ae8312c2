#include <algorithm>
#include <cmath>

#include "hub/core/router_state.hpp"
#include "hub/core/steer.hpp"

namespace roundhouse::hub {
namespace {

constexpr double kTaskFloorNs = 1500;  // what the emptiest task costs an engine
constexpr double kLongNs = 100e6;      // beyond this nothing is sent ahead
constexpr double kPlentyAhead = 10;    // lookaheads that are sent ahead, for the sake of company,
constexpr double kPlentyReady = 2;     // while so many times as much waits for each engine
constexpr double kShortNs = 100e3;     // below this, tasks are handed out in small groups
constexpr std::uint32_t kGroupMax = 32;
constexpr double kMessageNs = 48e3;   // what a message costs all who handle it
constexpr std::uint32_t kPlenty = 4;  // times what a message is worth go out while many wait
constexpr double kEmptyNs = 400;      // what an empty task costs an engine beside its message
// What only frees memory is said so much later, and what a client may wait for sooner: each message
// costs all who handle it more than the memory is worth.
constexpr Duration kLazy = std::chrono::milliseconds{20};
constexpr Duration kNews = std::chrono::milliseconds{5};
// That are told then, the others the next time: a thousand messages cost more than what they say.
constexpr std::size_t kLazyEnginesMax = 16;

// Whether an engine has come that has not said yet all that it holds, or its nanny all that it
// left, or one of them is on its way in.
bool somebody_reports(EngineTable& engines, PeerTable& peers) {
  bool found = false;
  engines.each([&](const Engine& engine) {
    found = found || engine.presence == Presence::reconciling ||
            (engine.presence == Presence::away && engine.nanny_speaks);
  });
  peers.each([&](PeerIndex, const Peer& peer) {
    found = found ||
            (peer.side == Side::engine && !peer.usable && peer.hello.role != wire::Role::keeper);
  });
  return found;
}

}  // namespace

// The window: the slots, and what hides a round trip while tasks are short; of many engines each
// has less ahead, since no hub could keep them all busy with such tasks. More of it where plenty
// waits, so that tasks and outcomes travel in company, and nobody loses by that: all is the work of
// one session, and none of it waits for the end of another. Nothing is known of an engine's tasks
// before its first outcome, and then a slot's worth is sent.
void Router::State::learn(Engine& engine, std::uint64_t duration_ns, std::size_t count,
                          const Session* whose) {
  const double mean = static_cast<double>(duration_ns) / static_cast<double>(count);
  const double weight = count >= 8 ? 0.5 : 0.25;
  engine.mean_ns =
      engine.mean_ns == 0 ? std::max(mean, 1.0) : engine.mean_ns + weight * (mean - engine.mean_ns);
  const std::size_t sharing = std::max<std::size_t>(1, engines.taking_work());
  const auto lasting = [&](double times) {
    const double time = times * static_cast<double>(options.lookahead.count());
    return engine.mean_ns > kLongNs ? 0.0 : std::ceil(time / (engine.mean_ns + kTaskFloorNs));
  };
  const double plenty = lasting(kPlentyAhead);
  const bool alone =
      whose != nullptr && whose->unfinished == tasks.size() && dependencies.waiting() == 0;
  const bool has_plenty =
      alone && static_cast<double>(ready.size()) >=
                   kPlentyReady * plenty * engine.slots * static_cast<double>(sharing);
  const double ahead = has_plenty ? plenty : lasting(1);
  const std::size_t share = std::max<std::size_t>(1, options.window_total / sharing);
  const auto most = static_cast<double>(std::min<std::size_t>(options.window_max, share));
  engine.window = engine.slots * (1 + static_cast<std::uint32_t>(std::clamp(ahead, 0.0, most)));
}

// What the policy and rebalance() know of the engine: whether it has room, a slot free, or more
// than its slots work on. One that work was taken back from is sent nothing ahead before its next
// outcome, unless what it runs waits for others, and so perhaps for what would be sent.
void Router::State::list(Engine& engine) {
  const bool takes_work = engine.takes_work();
  const bool is_held_up = engine.held_up && engine.lent == 0 && engine.load() >= engine.slots;
  const bool open = takes_work && !engine.is_full() && !is_held_up;
  if (open)
    policy.open(engine.index, engine.load() * 256 / engine.slots);
  else
    policy.close(engine.index);
  engine.has_room = open;
  const auto keep = [&](OrderedSet<EngineIndex>& set, bool& is_in, bool wanted) {
    if (wanted == is_in) return;
    wanted ? set.insert(engine.index) : set.erase(engine.index);
    is_in = wanted;
  };
  keep(idle_engines, engine.is_idle, open && engine.load() < engine.slots);
  keep(behind_engines, engine.is_behind,
       takes_work && !engine.revoking && engine.free_in_flight > 0 && engine.load() > engine.slots);
}

// An engine about which something has changed: its lanes, and then whose turn it may serve.
void Router::State::look_at(Engine& engine, Now now, Outbox& out) {
  serve_lanes(engine, now, out);
  list(engine);
  if (engines.see(engine)) ready.wake_picky(tasks);
  if (engine.has_room) ready.wake_for(tasks, engine.index);
}

void Router::State::schedule(Now now, Outbox& out) {
  more_work = false;
  ++turn;
  if (in_grace) {
    bool all_back = options.durability != Durability::none;  // whose hub knows no clients
    engines.each([&](const Engine& engine) {
      if (engine.presence == Presence::expected || engine.presence == Presence::reconciling ||
          (engine.presence == Presence::away && !engine.gone) ||
          (engine.presence == Presence::lost && engine.silent))
        all_back = false;
    });
    // A client knows of outcomes that were lost to the record, so that these are not run again.
    sessions.each([&](const Session& session) {
      if (session.restored && session.unfinished > 0 && !session.usable()) all_back = false;
    });
    const bool reporting = somebody_reports(engines, peers);
    if (all_back || now.steady >= (reporting ? grace.latest : grace.ends)) {
      in_grace = false;
      awaited.places_changed = true;
      engines.each([&](Engine& engine) { touch(engine); });
      place_strangers();
    }
  }
  settle_marks();
  settle_modules(out);
  Steer{*this}.run(now, out);
  // In the grace nothing ends here, either: a client that is not back yet may have the outcome.
  if (!in_grace) {
    expire_dependencies(now);
    if (!aborts.jobs.empty()) run_aborts(now, out);
    release_met(now, out);
    run_cascades(now, out);
    end_without_place(now, out);
    ready.sweep();
    place(now, out);
    if (!awaited.met.empty() || !awaited.unmet.empty()) more_work = true;
  }

  if (!aborts.stops.empty()) send_stops(out);
  serve_changed(now, out);
  run_searches(out);
  watches.take_replies(out.sends);
}

// Flushes and tells whoever changed in this turn. What may wait, of all who changed since, is said
// when its time has come.
void Router::State::serve_changed(Now now, Outbox& out) {
  for (const EngineIndex index : std::exchange(dirty_engines, {})) {
    Engine& engine = engines.get(index);
    engine.dirty = false;
    flush(engine, out);
    say_stored(engine, false, out);
    if (engine.will_fact) touch(engine);
    if (!std::exchange(engine.owes, true)) owing_engines.push_back(index);
  }
  for (const SessionNumber number : std::exchange(dirty_sessions, {})) {
    Session& session = sessions.get(number);
    session.dirty = false;
    deliver(session, out);
    say_accepted(session, false, out);
    if (session.has_news(options.durability) && !news_due) news_due = now.steady + kNews;
    if (!std::exchange(session.owes, true)) owing_sessions.push_back(number);
  }
  for (const EngineIndex index : std::exchange(unserved, {})) touch(engines.get(index));
  if (!lazy_due && (!owing_engines.empty() || !owing_sessions.empty()))
    lazy_due = now.steady + kLazy;
  say_lazily(now, out);
}

void Router::State::say_lazily(Now now, Outbox& out) {
  const bool is_lazy = lazy_due && now.steady >= *lazy_due;
  const bool is_news = news_due && now.steady >= *news_due;
  if (!is_lazy && !is_news) return;
  news_due.reset();
  for (const SessionNumber number : std::exchange(owing_sessions, {})) {
    Session* session = sessions.find(number);
    if (session == nullptr) continue;  // forgotten meanwhile
    if (is_lazy || session->has_news(options.durability)) {
      session->owes = false;
      say_accepted(*session, true, out);
    } else {
      owing_sessions.push_back(number);
    }
  }
  if (!is_lazy) return;
  lazy_due.reset();
  const std::size_t count = std::min(owing_engines.size(), kLazyEnginesMax);
  for (std::size_t i = 0; i < count; ++i) {
    Engine& engine = engines.get(owing_engines[i]);
    engine.owes = false;
    say_stored(engine, true, out);
  }
  owing_engines.erase(owing_engines.begin(),
                      owing_engines.begin() + static_cast<std::ptrdiff_t>(count));
  if (!owing_engines.empty()) lazy_due = now.steady + kLazy;
}

void Router::State::place(Now now, Outbox& out) {
  wake_resting(now);
  for (const ShapeIndex shape : std::exchange(unsettled, {})) ready.wake(tasks, shape);
  for (std::size_t i = 0; i < dirty_engines.size(); ++i)
    look_at(engines.get(dirty_engines[i]), now, out);
  place_ready(now, out);
  rebalance(now, out);
}

// Task by task, each for the session whose turn it is. While no engine has room nothing is looked
// at, however much waits, but what may have to end because none ever will.
void Router::State::place_ready(Now now, Outbox& out) {
  Engine* engine = nullptr;
  ShapeIndex shape = kNoShape;  // that it was chosen for
  std::uint32_t left = 0;       // tasks that it may be given by this choice
  while (engine != nullptr || policy.size() > 0 || ready.has_picky_awake()) {
    const auto first = ready.next(tasks);
    if (!first) break;
    if (is_full(sessions.get(first->session)) || aborts.holds(first->session)) {
      ready.skip(tasks, *first);
      continue;
    }
    if (engine == nullptr || left == 0 || shape != first->shape || engine->is_full()) {
      if (engine != nullptr) list(*engine);
      shape = first->shape;
      engine = find_open(shape, now, out);
      if (engine == nullptr) {
        ready.sleep(shape);
        settle_shape(shape, now, out);
        continue;
      }
      left = group_for(*engine, shape);
    }
    assign(*engine, ready.take(tasks, *first), now, out);
    --left;
  }
  if (engine != nullptr) list(*engine);
  ready.end_pass(tasks);
}

// Short tasks go out in small groups: the order of engines is kept once per group. The shortest in
// larger ones, which are worth their message, and where there is plenty for all in larger ones yet.
std::uint32_t Router::State::group_for(const Engine& engine, ShapeIndex shape) {
  if (!policy.gives_in_groups() || engine.held_up || engine.mean_ns == 0 ||
      engine.mean_ns >= kShortNs)
    return 1;
  const std::size_t share = ready.get(shape).size / std::max<std::size_t>(1, policy.size());
  const auto worth = static_cast<std::uint32_t>(kMessageNs / (engine.mean_ns + kEmptyNs));
  const auto plenty = std::max(kGroupMax, kPlenty * worth);
  return std::max(static_cast<std::uint32_t>(std::clamp<std::size_t>(share, 1, plenty)), worth);
}

void Router::State::serve_lanes(Engine& engine, Now now, Outbox& out) {
  if (!engine.takes_work()) return;
  std::size_t full = 0;  // lanes in a row that have all they may have in flight
  while (!engine.busy_lanes.empty() && full < engine.busy_lanes.size()) {
    const LaneKey key = engine.busy_lanes.front();
    engine.busy_lanes.pop_front();
    const auto found = engine.lanes.find(key);
    if (found == engine.lanes.end()) continue;
    Lane& lane = found->second;
    if (lane.waiting.empty()) {
      if (lane.in_flight == 0) engine.lanes.erase(found);
      continue;
    }
    const std::uint32_t limit = std::max(1U, engine.window / engine.slots);
    if (lane.in_flight >= limit || is_full(sessions.get(session_of(key))) ||
        aborts.holds(session_of(key)) || !lane_may_go(engine, lane, now, out)) {
      engine.busy_lanes.push_back(key);
      ++full;
      continue;
    }
    full = 0;
    for (std::uint32_t i = 0;
         i < kGroupMax && lane.in_flight < limit && lane_may_go(engine, lane, now, out); ++i)
      assign(engine, lane.waiting.pop_front(tasks), now, out);
    if (!lane.waiting.empty())
      engine.busy_lanes.push_back(key);
    else if (lane.in_flight == 0)  // all of them had ended for their client
      engine.lanes.erase(found);
  }
}

// The engine with room that the policy chooses, among those that may run tasks of this shape and
// have its modules. Where its tasks failed only when there is no other one, busy or not.
Engine* Router::State::find_open(ShapeIndex index, Now now, Outbox& out) {
  const Shape& shape = ready.get(index);
  wire::ErrorValue error;
  bool avoids = !shape.avoided.empty();
  const bool choosy = engines.any_choosy();
  const auto fits = [&](EngineIndex candidate) {
    if (std::ranges::binary_search(shape.barred, candidate)) return false;
    if (avoids && std::ranges::binary_search(shape.avoided, candidate)) return false;
    if (choosy && shape.depth < engines.get(candidate).wanted_depth) return false;
    return shape.needs.empty() ||
           standing(engines.get(candidate), shape.needs, now, out, error) == Standing::ready;
  };
  const auto choose = [&] {
    return shape.targets.empty() ? policy.choose(fits) : policy.choose_of(shape.targets, fits);
  };
  EngineIndex best = choose();
  if (best == kNoEngine && avoids && !has_other(shape, now, out)) {
    avoids = false;
    best = choose();
  }
  return best == kNoEngine ? nullptr : &engines.get(best);
}

void Router::State::assign(Engine& engine, TaskIndex index, Now now, Outbox& out) {
  Task& task = tasks.get(index);
  if (task.settled) {  // its client has the outcome, and no engine brought it back in time
    task.state = TaskState::lacking;  // it stands in no queue any more
    return fail_task(index, wire::Ending::error, {}, now, out);
  }
  if (engine.in_flight == 0) engine.last_outcome = now.steady;
  if (engine.defined.size() < templates.size()) engine.defined.resize(templates.size());
  if (!engine.defined[task.template_number]) {
    engine.defined[task.template_number] = true;
    wire::Define define = templates[task.template_number].define;
    define.number = task.template_number;
    out.sends.push_back({*engine.task_link, encode(define)});
  }
  const std::uint32_t attempt = task.fence.epoch == epoch ? task.fence.attempt + 1 : 1;
  join_engine(engine, index, engine.next_number, {epoch, attempt});
  policy.given(engine.index, task.direct);
  ++counters.assigned;
  if (engine.writer.full() || !engine.writer.fits(task.payload)) flush(engine, out);
  engine.writer.add(
      {task.number, task.sequence, task.fence, task.template_number, task.direct, task.payload});
  touch(engine);
}

void Router::State::flush(Engine& engine, Outbox& out) {
  if (engine.writer.empty()) return;
  wire::Message batch = engine.writer.take(0);
  if (engine.task_link) out.sends.push_back({*engine.task_link, std::move(batch)});
}

// Direct tasks to engines that nobody knew before the grace was over.
void Router::State::place_strangers() {
  for (Cascade& waiting : std::exchange(strangers, {}))
    while (!waiting.tasks.empty()) {
      const TaskIndex index = waiting.tasks.pop_front(tasks);
      tasks.get(index).engine = waiting.engine;
      enqueue(index, false);
    }
}

void Router::State::run_cascades(Now now, Outbox& out) {
  std::size_t left = options.cascade_max;
  while (!cascades.empty() && left > 0) {
    Cascade& cascade = cascades.front();
    if (cascade.tasks.empty()) {
      cascades.pop_front();
      continue;
    }
    const wire::ErrorValue error = cascade.error;
    fail_task(cascade.tasks.first, cascade.ending, error, now, out);
    --left;
  }
  // What depends on aborted tasks may be among those that are to be aborted.
  if (!aborts.busy()) end_unmet(left, now, out);
  if (!cascades.empty()) more_work = true;
}

// Bulk frames that are not kept on disk and whose client does not come back are nowhere.
void Router::State::expire_lacking(Now now, Outbox& out) {
  if (lacking.empty() || now.steady < started + options.orphan) return;
  std::erase_if(lacking, [&](const std::pair<SessionNumber, std::uint64_t>& place) {
    const Session& session = sessions.get(place.first);
    const TaskIndex index = session.find(place.second);
    if (index == kNoTask || !tasks.get(index).lacks_frames) return true;
    if (session.usable()) return false;
    fail_task(index, wire::Ending::error,
              {"PayloadLost", "the arguments were lost with an earlier hub and their client", ""},
              now, out);
    return true;
  });
}

}  // namespace roundhouse::hub
