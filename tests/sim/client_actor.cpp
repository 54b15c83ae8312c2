#include "tests/sim/client_actor.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace roundhouse::sim {

using std::chrono::microseconds;

namespace {

client::SessionOptions session_options(unsigned number, Prng& prng) {
  client::SessionOptions out;
  out.session = SessionId{7000 + number};
  out.secret.bytes[3] = static_cast<std::uint8_t>(number + 1);
  out.seed = prng.next();
  out.host = "sim";
  return out;
}

void depend(wire::SubmitRecord& record, const Depends& on) {
  if (!on.any()) return;
  std::vector<wire::TaskRange> ranges = on.after;
  ranges.insert(ranges.end(), on.follow.begin(), on.follow.end());
  record.depends = Slice{Buffer::take(wire::encode_ranges(ranges))};
  record.after_ranges = static_cast<std::uint32_t>(on.after.size());
  record.after_mode = on.after_mode, record.follow_mode = on.follow_mode;
}

void put_number(std::string& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

}  // namespace

ClientActor::ClientActor(const Parts& parts, unsigned number, Prng prng)
    : parts_(parts),
      prng_(prng),
      session_(session_options(number, prng_), parts.timeline.now()),
      left_(parts.options.tasks),
      depends_prng_(1000 * parts.options.seed + number),
      aborts_prng_(1000 * parts.options.seed + number + 500),
      steers_prng_(1000 * parts.options.seed + number + 600),
      nested_prng_(1000 * parts.options.seed + number + 700),
      name_("client " + std::to_string(number)) {}

void ClientActor::start() {
  if (gone_) return;  // before it had begun
  session_.on_tick(parts_.timeline.now(), out_);
  settle();
  work();
}

void ClientActor::kill() {
  parts_.trace.say(name_, "is killed");
  if (link_) parts_.network.close(*std::exchange(link_, std::nullopt), false);
  gone_ = true;
  parts_.checker.on_client_gone(session_.id());
}

void ClientActor::leave() {
  parts_.trace.say(name_, "leaves");
  session_.leave("done", out_);
  gone_ = true;
  parts_.checker.on_client_gone(session_.id());
  for (const client::Send& send : out_.sends)
    if (link_) parts_.network.send(*link_, send.plane, send.message);
  if (link_) parts_.network.close(*std::exchange(link_, std::nullopt), true);
}

void ClientActor::freeze_until(TimePoint time) {
  parts_.trace.say(name_, "is frozen");
  frozen_until_ = time;
}

// Submits some, thinks, submits some more.
void ClientActor::work() {
  if (done()) return;
  if (frozen_until_ <= parts_.timeline.now()) {
    if (parts_.options.modules_percent > 0 && prng_.chance(parts_.options.modules_percent))
      ship_something();
    submit_some();
    if (prng_.chance(20)) ask_something();
    if (parts_.options.abort_percent > 0 && aborts_prng_.chance(parts_.options.abort_percent))
      abort_something();
    if (parts_.options.steer_percent > 0 && steers_prng_.chance(parts_.options.steer_percent))
      steer_something();
    settle();
  }
  parts_.timeline.after(
      prng_.duration(microseconds{10}, parts_.options.troubled / (1 + parts_.options.tasks / 4)),
      [this] { work(); });
}

// One of a few modules, so that clients ship the same ones; some come in several parts.
void ClientActor::ship_something() {
  const std::uint64_t which = prng_.below(4);
  const std::size_t size = which == 3 ? 2 * wire::kPartBytesMax + 1 : 100;
  const std::string bytes(size, static_cast<char>('a' + which));
  client::ShippedModule module;
  module.build = content_hash(bytes);
  module.name = "module " + std::to_string(which);
  module.size = bytes.size();
  module.everywhere = prng_.chance(50);
  module.parts = wire::cut_module(bytes);
  parts_.trace.say(name_, "ships " + module.name);
  session_.ship(std::move(module), out_);
}

void ClientActor::submit_rest() {
  while (!done()) submit_some();
  if (!gone_) settle();
}

void ClientActor::submit_some() {
  const auto count = static_cast<unsigned>(prng_.between(1, std::min(left_, 8U)));
  for (unsigned i = 0; i < count && left_ > 0; ++i) {
    const bool direct = prng_.chance(parts_.options.direct_percent);
    if (prng_.chance(parts_.options.run_percent))
      submit_run(direct);
    else
      submit_one(direct);
  }
}

Body ClientActor::draw_body() {
  Body out;
  const WorldOptions& options = parts_.options;
  if (prng_.chance(options.failing_percent))
    out.behaviour = prng_.chance(50) ? Behaviour::fails : Behaviour::flaky;
  else if (prng_.chance(options.crashing_percent))
    out.behaviour = Behaviour::crashes;
  else if (options.picky_percent > 0 && prng_.chance(options.picky_percent))
    out.behaviour = Behaviour::picky;
  if (out.behaviour == Behaviour::ok && options.nested_percent > 0 &&
      nested_prng_.chance(options.nested_percent))
    out.behaviour = Behaviour::nests;
  const auto max = static_cast<std::uint64_t>(
      std::chrono::duration_cast<microseconds>(options.task_max).count());
  out.microseconds = static_cast<std::uint32_t>(prng_.between(0, max));
  out.token = next_token_++;
  return out;
}

std::uint32_t ClientActor::draw_template(bool direct, Duration timeout, std::uint32_t& retries) {
  wire::Define define;
  define.timeout_us =
      static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(timeout).count());
  define.function = "f" + std::to_string(prng_.below(3));
  define.signature = "s";
  define.builds = session_.shelf().builds_for(define.function);
  define.view = direct ? "direct" : "load_balanced";
  retries = define.retries =
      static_cast<std::uint32_t>(prng_.between(0, parts_.options.retries_max));
  if (prng_.chance(10)) define.priority = prng_.chance(50) ? 3 : -3;
  if (!direct && prng_.chance(parts_.options.targets_percent)) {
    // Only engines that stay: a task that nobody may run never ends.
    define.targets = {0};
    for (const auto& [id, entry] : session_.engines().engines())
      if (prng_.chance(50)) define.targets.push_back(id.value);
  }
  return session_.define(define);
}

std::optional<EngineId> ClientActor::draw_engine() {
  if (prng_.chance(parts_.options.unknown_engine_percent)) return EngineId{77};
  std::vector<EngineId> ids;
  for (const auto& [id, entry] : session_.engines().engines()) ids.push_back(id);
  if (ids.empty()) return std::nullopt;
  return prng_.pick(ids);
}

wire::DependencyMode ClientActor::draw_mode() {
  const std::uint64_t kind = depends_prng_.below(10);
  return {depends_prng_.chance(40), kind < 8, kind >= 6};
}

// Of its own tasks, mostly; of another client's, which may never come; or of nobody's.
wire::TaskRange ClientActor::draw_range() {
  const auto from = [this](SessionId session, std::uint64_t end) -> wire::TaskRange {
    const std::uint64_t first = depends_prng_.between(1, end);
    return {session, first, std::min(end, first + depends_prng_.below(8))};
  };
  if (depends_prng_.chance(parts_.options.foreign_percent)) {
    if (depends_prng_.chance(10)) return {SessionId{4242}, 1, 1};
    if (depends_prng_.chance(10)) return {session_.id(), submitted_ + 1, submitted_ + 2};
    return from(SessionId{7000 + depends_prng_.below(parts_.options.clients)},
                parts_.options.tasks);
  }
  return from(session_.id(), std::max<std::uint64_t>(submitted_, 1));
}

Depends ClientActor::draw_depends() {
  Depends out;
  if (parts_.options.depends_percent == 0 || submitted_ == 0) return out;
  if (!depends_prng_.chance(parts_.options.depends_percent)) return out;
  const auto draw = [this](std::vector<wire::TaskRange>& ranges) {
    for (std::uint64_t i = depends_prng_.between(1, 3); i > 0; --i) ranges.push_back(draw_range());
  };
  if (depends_prng_.chance(80)) draw(out.after);
  if (depends_prng_.chance(25)) draw(out.follow);
  out.after_mode = draw_mode(), out.follow_mode = draw_mode();
  if (depends_prng_.chance(15))
    out.timeout = depends_prng_.duration(microseconds{100}, std::chrono::seconds{1});
  return out;
}

void ClientActor::submit_one(bool direct) {
  const std::optional<EngineId> engine = direct ? draw_engine() : std::nullopt;
  if (direct && !engine) return;  // no engine is known yet
  Wish wish;
  wish.direct = direct;
  const Body body = draw_body();
  wish.behaviour = body.behaviour;
  wish.body = body.text();
  wire::SubmitRecord record;
  wish.depends = draw_depends();
  depend(record, wish.depends);
  record.template_number = draw_template(direct, wish.depends.timeout, wish.retries);
  if (engine) {
    wish.engine = *engine;
    std::string bytes;
    put_number(bytes, engine->value);
    record.engines = Slice{Buffer::take(std::move(bytes))};
  }
  record.payload = Payload::of(wish.body);
  wish.framed = prng_.chance(parts_.options.frames_percent);
  if (wish.framed)
    record.payload.frames = std::make_shared<const Frames>(Frames{Buffer::copy("frame")});
  const std::uint64_t sequence = session_.submit(std::move(record));
  submitted_ = wish.depends.first = sequence;
  parts_.checker.on_submitted({session_.id(), sequence}, std::move(wish), parts_.timeline.now());
  --left_;
}

// A map, or a fan-out to several engines.
void ClientActor::submit_run(bool direct) {
  const auto count = static_cast<std::uint32_t>(prng_.between(1, std::min(left_, 12U)));
  wire::SubmitRecord record;
  record.count = count;
  std::vector<Wish> wishes(count);
  std::string engines;
  std::string ends;
  std::string tails;
  const bool to_one = prng_.chance(50);
  for (Wish& wish : wishes) {
    wish.direct = direct;
    const Body body = draw_body();
    wish.behaviour = body.behaviour;
    wish.body = "head:" + body.text();
    tails += body.text();
    put_number(ends, static_cast<std::uint32_t>(tails.size()));
    const std::optional<EngineId> engine = direct ? draw_engine() : std::nullopt;
    if (direct && !engine) return;
    if (!engine) continue;
    const bool as_first = to_one && !engines.empty();
    wish.engine = as_first ? wishes.front().engine : *engine;
    if (!as_first) put_number(engines, engine->value);
  }
  std::uint32_t retries = 0;
  Depends depends = draw_depends();
  depend(record, depends);
  record.template_number = draw_template(direct, depends.timeout, retries);
  record.engines = Slice{Buffer::take(std::move(engines))};
  record.ends = Slice{Buffer::take(std::move(ends))};
  record.payload = Payload::of("head:" + tails);
  record.payload.head_size = 5;
  record.payload.tail_at = 5;
  record.payload.tail_size = static_cast<std::uint32_t>(tails.size());
  const std::uint64_t first = session_.submit(std::move(record));
  depends.first = first;
  submitted_ = first + count - 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    wishes[i].retries = retries, wishes[i].depends = depends;
    parts_.checker.on_submitted({session_.id(), first + i}, std::move(wishes[i]),
                                parts_.timeline.now());
  }
  left_ -= count;
}

void ClientActor::ask_something() {
  constexpr const char* kVerbs[] = {"engines", "status", "queue_status", "db_query"};
  if (parts_.options.depends_percent > 0 && depends_prng_.chance(20))
    asked_.insert(session_.request("purge_results", {}, client::Repeat::no, out_));
  asked_.insert(session_.request(kVerbs[prng_.below(4)], {},
                                 prng_.chance(50) ? client::Repeat::yes : client::Repeat::no,
                                 out_));
}

void ClientActor::on_plane_message(ConnectionId connection, wire::Plane plane,
                                   const wire::Message& message) {
  if (gone_ || link_ != connection) return;
  if (parts_.trace.on()) parts_.trace.say(name_, "< " + sim::describe(message, false));
  watch(plane, message, true);
  session_.on_message(plane, message, parts_.timeline.now(), out_);
  settle();
}

void ClientActor::on_plane_down(ConnectionId connection, wire::Plane plane) {
  if (gone_ || link_ != connection) return;
  parts_.trace.say(name_, "lost its link");
  session_.on_link_down(plane, "down", parts_.timeline.now(), out_);
  settle();
}

void ClientActor::settle() {
  carry_out();
  session_.flush(parts_.timeline.now(), out_);
  carry_out();
  session_.check_invariants();
  plan_tick();
}

void ClientActor::carry_out() {
  while (!out_.empty()) {
    const client::Outbox now = std::exchange(out_, {});
    for (const client::Send& send : now.sends) {
      if (parts_.trace.on()) parts_.trace.say(name_, "> " + sim::describe(send.message, false));
      watch(send.plane, send.message, false);
      if (link_) parts_.network.send(*link_, send.plane, send.message);
    }
    if (now.close && link_)
      parts_.network.close(*std::exchange(link_, std::nullopt), prng_.chance(80));
    if (now.connect) {
      link_ = parts_.network.connect(hub::Side::client, *this);
      session_.on_link_up(wire::Plane::task, parts_.timeline.now(), out_);
      session_.on_link_up(wire::Plane::control, parts_.timeline.now(), out_);
      parts_.network.subscribe(*link_, "engines");
      parts_.network.subscribe(*link_, session_.peer_topic());
    }
    for (const wire::Output& part : now.outputs) parts_.checker.on_heard(part);
    for (const wire::OutcomeRecord& record : now.outcomes) {
      parts_.checker.on_outcome({session_.id(), record.sequence}, record, session_.epoch(),
                                parts_.timeline.now());
      on_ended(record.sequence);
    }
    for (const wire::Reply& reply : now.replies) {
      if (asked_.erase(reply.id) == 0) throw Violation(name_ + " got an answer twice");
      on_abort_answer(reply);
      on_steer_answer(reply);
    }
    if (now.failed) throw Violation(name_ + " failed: " + now.failed->text);
  }
}

void ClientActor::plan_tick() {
  std::optional<TimePoint> next = session_.next_deadline();
  if (const auto flush = session_.flush_deadline(); flush && (!next || *flush < *next))
    next = flush;
  if (session_.wants_flush()) next = parts_.timeline.now();
  if (!next) return;
  const TimePoint at = std::max({*next, parts_.timeline.now() + microseconds{10}, frozen_until_});
  if (planned_ && *planned_ <= at) return;
  planned_ = at;
  parts_.timeline.at(at, [this, at] {
    if (gone_ || planned_ != at) return;
    planned_.reset();
    if (frozen_until_ > parts_.timeline.now()) return plan_tick();
    session_.on_tick(parts_.timeline.now(), out_);
    settle();
  });
}

std::string ClientActor::unrest() const {
  if (gone_) return {};
  if (session_.outstanding() > 0)
    return name_ + " waits for " + std::to_string(session_.outstanding()) + " tasks";
  if (!session_.usable()) return name_ + " is not connected";
  if (session_.log().kept_records() > 0)
    return name_ + " keeps " + std::to_string(session_.log().kept_records()) + " submissions";
  if (session_.outcomes().gap_count() > 0) return name_ + " keeps gaps among its outcomes";
  return asked_.empty() ? std::string() : name_ + " waits for an answer";
}

}  // namespace roundhouse::sim
