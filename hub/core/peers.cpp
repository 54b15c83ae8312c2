#include <algorithm>

#include "hub/core/router_state.hpp"
#include "hub/core/steer.hpp"
#include "shared/protocol_version.hpp"

namespace roundhouse::hub {

using wire::encode;

namespace {

constexpr Duration kHelloMax = std::chrono::seconds{5};  // who has spoken without it by then goes
constexpr std::uint64_t kNumbersEnd = std::uint64_t{1} << 62U;  // more than anybody counts

wire::Welcome greeting(const RouterOptions& options, std::uint64_t epoch) {
  wire::Welcome welcome;
  welcome.major = kProtocol.major, welcome.minor = kProtocol.minor;
  welcome.epoch = epoch;
  const auto ms = [](Duration d) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
  };
  welcome.heartbeat_ms = ms(options.heartbeat), welcome.dead_ms = ms(options.dead);
  welcome.durable = options.durability != Durability::none;
  return welcome;
}

}  // namespace

void Router::State::refuse(LinkId link, Errc code, const std::string& text, bool fatal,
                           Outbox& out) {
  out.sends.push_back({link, encode(wire::Refused{std::string(to_string(code)), text, fatal})});
}

std::string Router::State::hello_error(const wire::Hello& hello, Side side, Errc& code) {
  code = Errc::refused;
  if (hello.major != static_cast<std::uint32_t>(kProtocol.major)) {
    code = Errc::version;
    return "this hub speaks protocol " + std::to_string(kProtocol.major) + "." +
           std::to_string(kProtocol.minor) + ", the peer " + std::to_string(hello.major) + "." +
           std::to_string(hello.minor) + ": use the same release of Roundhouse on both sides";
  }
  if ((side == Side::client) != (hello.role == wire::Role::client))
    return side == Side::client ? "this door is for clients: use the connection file of engines"
                                : "this door is for engines: use the connection file of clients";
  if (hello.connection == 0) return "a hello needs a connection number";
  if (hello.epoch > epoch) {
    code = Errc::old_epoch;
    return "the peer has seen a later hub (epoch " + std::to_string(hello.epoch) +
           ") of this cluster; this one is epoch " + std::to_string(epoch);
  }
  if (side == Side::engine) {
    if (hello.uuid.empty()) return "an engine needs a uuid";
    if (hello.slots < 1 || hello.slots > 256) return "an engine has 1 to 256 slots";
    if (hello.next_number < 1 || hello.next_number >= kNumbersEnd)
      return "the assignments of an engine are numbered from 1, and below 2^62";
    return {};
  }
  if (hello.session.value == 0 || hello.secret.empty()) return "a client needs session and secret";
  if (const Session* known = sessions.find(hello.session);
      known != nullptr && known->secret != hello.secret) {
    code = Errc::bad_secret;
    return "this session belongs to another client: the secret does not match";
  }
  return {};
}

void Router::State::on_hello(LinkId link, const wire::Hello& hello, Now now, Outbox& out) {
  PeerTable::Link& known = peers.link(link);
  if (known.peer != kNoPeer)
    return malformed(link, {Errc::refused, "hello was said already"}, now, out);
  Errc code{};
  const std::string error = hello_error(hello, link.side, code);
  if (!error.empty()) {
    known.doomed = true;
    refuse(link, code, error, true, out);
    out.closes.push_back(link);
    return;
  }
  const PeerIndex index = peers.of_connection(link.side, hello.connection);
  Peer& peer = peers.get(index);
  const bool second = peer.task_link.has_value() || peer.control_link.has_value();
  auto& place = link.plane == wire::Plane::task ? peer.task_link : peer.control_link;
  const bool same =
      !second || (peer.hello.session == hello.session && peer.hello.secret == hello.secret &&
                  peer.hello.uuid == hello.uuid && peer.hello.incarnation == hello.incarnation &&
                  peer.hello.role == hello.role);
  if (place.has_value() || !same) {  // somebody else's connection number: never let them mix
    known.doomed = true;
    refuse(link, Errc::refused, "this connection number is in use", true, out);
    out.closes.push_back(link);
    return;
  }
  known.peer = index;
  place = link;
  peer.last_heard = now.steady;
  peer.hello = hello;
  if (peer.task_link && peer.control_link) admit(index, now, out);
}

void Router::State::admit(PeerIndex index, Now now, Outbox& out) {
  Peer& peer = peers.get(index);
  if (peer.side == Side::client)
    admit_client(index, now, out);
  else if (peer.hello.role == wire::Role::keeper)
    Steer{*this}.admit_keeper(index, greeting(options, epoch), now, out);
  else
    admit_engine(index, now, out);
}

void Router::State::send_welcome(const Peer& peer, const wire::Welcome& welcome, Outbox& out) {
  out.sends.push_back({*peer.task_link, encode(welcome)});
  out.sends.push_back({*peer.control_link, encode(welcome)});
}

void Router::State::admit_client(PeerIndex index, Now now, Outbox& out) {
  Session* session = sessions.find(peers.get(index).hello.session);
  if (session != nullptr && session->task_link) {  // its connection before this one is a ghost
    if (const PeerTable::Link* old = peers.find_link(*session->task_link))
      drop_peer(old->peer, now, out);
    session = sessions.find(peers.get(index).hello.session);
  }
  Peer& peer = peers.get(index);
  const wire::Hello& hello = peer.hello;
  if (session == nullptr) {
    session = &sessions.create(hello.session);
    session->secret = hello.secret, session->label = hello.label;
  }
  peer.usable = true, peer.session = session->number;
  session->task_link = peer.task_link, session->control_link = peer.control_link;
  session->bytes_received = session->said_bytes = 0, session->blocked = false;
  session->sent = 0, session->number_of_front = 1;
  session->output_sent = session->output_received = 0;

  // What the client has already is neither run nor sent again; not even when it comes again,
  // because this hub never heard of it.
  session->client_settled = hello.settled;
  session->client_ended = hello.ended, session->client_failed = hello.failed;
  for (auto* ranges : {&session->client_ended, &session->client_failed})
    std::ranges::sort(*ranges, {}, &wire::Range::first);
  const auto has = [session](std::uint64_t sequence) { return session->client_has(sequence); };
  for (std::size_t i = 0; i < session->tasks.size(); ++i)
    if (session->tasks[i] != kNoTask && has(session->first_sequence + i))
      tasks.get(session->tasks[i]).settled = true;
  const bool was_full = is_full(*session);
  std::deque<Undelivered> keep;
  for (Undelivered& outcome : session->undelivered) {
    if (!has(outcome.record.sequence)) {
      keep.push_back(std::move(outcome));
      continue;
    }
    session->undelivered_bytes -= outcome.record.bytes();
    --undelivered;
    confirm(outcome);
  }
  session->undelivered = std::move(keep);
  if (was_full) engines.each([&](Engine& engine) { touch(engine); });

  // A task that lacks its frames is asked for again by naming the one before it.
  std::uint64_t accepted = session->accepted;
  for (std::size_t i = 0; i < session->tasks.size(); ++i)
    if (session->tasks[i] != kNoTask && tasks.get(session->tasks[i]).lacks_frames) {
      accepted = session->first_sequence + i - 1;
      break;
    }
  wire::Welcome welcome = greeting(options, epoch);
  welcome.accepted = accepted, welcome.stored = session->stored;
  welcome.credit_tasks = credit_tasks(*session), welcome.credit_bytes = credit_bytes(*session);
  session->said_accepted = session->accepted, session->said_stored = session->stored;
  session->said_credit = welcome.credit_tasks, session->said_bytes = welcome.credit_bytes;
  send_welcome(peer, welcome, out);
  touch(*session);
}

// Whether the hello of a known engine fits what it is known for.
std::string Router::State::standing_error(const Engine& engine, const wire::Hello& hello) {
  if (hello.incarnation < engine.incarnation)
    return "a later incarnation of this engine is known: this one is over";
  // A nanny knows only what had begun, and a hub before this one may have given out any number.
  if (hello.incarnation > engine.incarnation || hello.role == wire::Role::nanny ||
      engine.told_next == 0)
    return {};
  const std::uint64_t end = std::max(engine.given, engine.next_number);
  if (engine.told_next <= hello.next_number && hello.next_number <= end) return {};
  return "assignment " + std::to_string(hello.next_number) + " cannot be the next: it is one of " +
         std::to_string(engine.told_next) + " to " + std::to_string(end);
}

void Router::State::admit_engine(PeerIndex index, Now now, Outbox& out) {
  const wire::Hello hello = peers.get(index).hello;
  Engine* engine = engines.find(hello.uuid);
  const bool fresh = engine == nullptr || hello.incarnation > engine->incarnation;
  const bool nanny = hello.role == wire::Role::nanny;
  if (const std::string error = engine == nullptr ? "" : standing_error(*engine, hello);
      !error.empty()) {
    refuse(*peers.get(index).control_link, Errc::refused, error, true, out);
    return drop_peer(index, now, out);
  }
  if (engine != nullptr && engine->task_link) {
    if (const PeerTable::Link* old = peers.find_link(*engine->task_link))
      drop_peer(old->peer, now, out);
  }
  const bool known = engine != nullptr;
  if (!known) engine = &engines.create(hello.uuid);
  const bool was_away = engine->presence == Presence::away;
  if (fresh) {
    if (known) lose(*engine, nullptr, "the engine was replaced by a new process", now, out);
    engine->incarnation = hello.incarnation;
    engine->first_number = engine->next_number = hello.next_number;
    engine->given = 1, engine->told_next = 0;
    engine->assigned.clear();
    engine->stored = engine->said_stored = engine->seen = engine->outcome_max = 0;
    engine->held_back.clear(), engine->received.clear();
    engine->mean_ns = 0, engine->deaf = false;
    engine->window = hello.slots;
    engine->gone = false;
  }
  engine->slots = hello.slots, engine->host = hello.host, engine->pid = hello.pid;
  Peer& peer = peers.get(index);
  peer.usable = true, peer.engine = engine->index;
  engine->task_link = peer.task_link, engine->control_link = peer.control_link;
  engine->nanny_speaks = nanny;
  engine->defined.clear();
  engine->revoking = engine->overfull = false, engines.set_lent(*engine, 0, 0);
  engine->deadline = now.steady + options.dead;
  // Each of the outcomes that a hub before this one has stored had an assignment.
  if (engine->told_next == 0 && engine->seen == 0)
    engine->outcome_max = std::max(engine->outcome_max, hello.next_number);
  if (!nanny) {
    engine->presence = Presence::reconciling;
    engine->back_by.reset();
    engine->gone = false;
    engine->silent = false;
    engine->given_up.clear();
    engine->given = std::max(engine->given, engine->next_number);
    engine->told_next = hello.next_number;
    engine->modules.clear();  // it says what it has
    engine->awaited_modules.clear();
    engine->next_number = hello.next_number;  // what was sent with higher ones never arrived
  } else if (engine->presence != Presence::lost) {
    engine->presence = Presence::away;  // its process is gone; only what it left behind comes now
  }
  if (fresh) {  // also one that only its nanny speaks of: its id must not be given to another
    emit(EngineJoined{engine->id(), engine->uuid, engine->incarnation, engine->slots, engine->host,
                      engine->pid, now.wall_us},
         out);
    engine->joined = false;
    mark(true, engine->index, engine->incarnation, 0);
  }
  if (fresh && !nanny)
    hint(known ? "engine_restarted" : "engine_joined", *engine, out);
  else if (!nanny && !was_away)
    hint("engine_joined", *engine, out);  // counted as lost, or not seen by this hub yet
  wire::Welcome welcome = greeting(options, epoch);
  welcome.engine = engine->id();
  welcome.stored = engine->said_stored = stored_of(*engine);
  send_welcome(peer, welcome, out);
}

void Router::State::drop_peer(PeerIndex index, Now now, Outbox& out) {
  const Peer& peer = peers.get(index);
  const bool usable = peer.usable;
  const SessionNumber session = peer.session;
  const EngineIndex engine = peer.engine;
  const auto task_link = peer.task_link;
  if (usable && peer.hello.role == wire::Role::keeper) Steer{*this}.drop_keeper(peer);
  for (const LinkId link : peers.remove(index)) {
    out.closes.push_back(link);
    if (link.plane == wire::Plane::control) watches.remove_link(link);
  }
  if (!usable) return;
  if (session != 0) {
    Session& owner = sessions.get(session);
    if (owner.task_link == task_link) {
      owner.task_link.reset(), owner.control_link.reset();
      modules_lose_client(session, now, out);
      if (!owner.opened) forget(owner);
    }
  }
  if (engine != kNoEngine && engines.get(engine).task_link == task_link)
    disconnect(engines.get(engine), now, out);
}

// Of a client that only asked there is nothing to keep.
void Router::State::forget(const Session& session) {
  std::erase(dirty_sessions, session.number);
  sessions.erase(session.number);
}

void Router::State::check_liveness(Now now, Outbox& out) {
  // A hub that was stopped for a while has heard nobody: that is not their fault.
  const bool was_stopped = now.steady - last_tick > options.heartbeat;
  std::vector<PeerIndex> silent;
  peers.each([&](PeerIndex index, Peer& peer) {
    if (was_stopped) peer.last_heard = now.steady;
    if (now.steady - peer.last_heard >= options.dead) silent.push_back(index);
  });
  for (const PeerIndex index : silent) drop_peer(index, now, out);
  part_with_strangers(was_stopped, now, out);
  if (was_stopped)
    engines.each([&](Engine& engine) {
      if (engine.presence == Presence::away || engine.presence == Presence::expected)
        engine.deadline = std::max(engine.deadline, now.steady + options.dead);
    });
  engines.each([&](Engine& engine) {
    if (engine.back_by && now.steady >= *engine.back_by) give_up_restart(engine, out);
    const bool waits = engine.presence == Presence::expected || engine.presence == Presence::away;
    if (!waits || engine.nanny_speaks || now.steady < engine.deadline) return;
    engine.silent = true;
    lose(engine, nullptr, "the engine was lost: nothing was heard of it", now, out);
  });
  liveness_due = now.steady + options.heartbeat / 4;
}

void Router::State::part_with_strangers(bool was_stopped, Now now, Outbox& out) {
  peers.each_stranger([&](LinkId id, PeerTable::Link& link) {
    if (was_stopped || !link.since) link.since = now.steady;
    if (now.steady - *link.since < kHelloMax) return;
    link.doomed = true;
    refuse(id, Errc::say_hello, "a connection begins with hello", true, out);
    out.closes.push_back(id);
  });
}

}  // namespace roundhouse::hub
