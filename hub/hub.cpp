#include "hub/hub.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/curve.hpp"
#include "hub/store.hpp"
#include "shared/check.hpp"
#include "shared/clock.hpp"
#include "shared/host.hpp"
#include "shared/log.hpp"
#include "shared/protocol_version.hpp"
#include "shared/random.hpp"
#include <roundhouse/error.hpp>
#include <roundhouse/version.hpp>

namespace roundhouse::hub {
namespace {

constexpr std::string_view kPeerTopic = "peer/";
constexpr std::size_t kPeerTopicBytes = kPeerTopic.size() + 16;

RunDir make_run_dir(const HubConfig& config) {
  RunDir out = RunDir::locate(config.cluster, config.dir).or_throw();
  out.create().or_throw();
  return out;
}

BindEndpoints ipc_endpoints(const RunDir& run_dir) {
  return {run_dir.endpoint("client-task"), run_dir.endpoint("client-control"),
          run_dir.endpoint("engine-task"), run_dir.endpoint("engine-control"),
          run_dir.endpoint("notify")};
}

StoreOptions store_options(const HubConfig& config, const RunDir& run_dir) {
  StoreOptions out = config.store;
  if (out.path.empty()) out.path = make_database_path(run_dir.cluster()).or_throw();
  out.epoch_file = out.path + ".epoch";
  return out;
}

// A hub's keys for one side, and those of the peers that have the file.
CurveKeys make_keys(Doors::Key& side) {
  const KeyPair hub = make_key_pair();
  const KeyPair own = make_key_pair();
  side.door.server = true;
  side.door.secret_key = hub.secret_key;
  side.peers_public = own.public_key;
  return {hub.public_key, own.public_key, own.secret_key};
}

}  // namespace

Hub::Hub(const HubConfig& config)
    : config_(config),
      run_dir_(make_run_dir(config)),
      lock_(RunDirLock::acquire(run_dir_).or_throw()) {
  config_.finish().or_throw();
  config_.router.pid = static_cast<std::uint32_t>(::getpid());
  config_.router.seed = random_u64();
  run_dir_.remove_leftovers();
  const StoreOptions options = store_options(config_, run_dir_);
  config_.store.path = options.path;
  std::unique_ptr<Store> store = open_store(options);
  Restored restored = store->restore();
  epoch_ = store->begin_epoch();
  RH_CHECK(epoch_ == restored.epoch + 1);

  const bool ipc = config_.listen == "ipc";
  Doors::Keys keys;
  if (!ipc && !config_.insecure_loopback) {
    client_keys_ = make_keys(keys.clients);
    engine_keys_ = make_keys(keys.engines);
  }
  doors_ = std::make_unique<Doors>(
      ipc ? ipc_endpoints(run_dir_) : tcp_endpoints(config_.listen).or_throw(), keys);
  log::info("hub_started", {{"cluster", run_dir_.cluster()},
                            {"epoch", epoch_},
                            {"store", store->kind()},
                            {"pending", restored.pending.size()},
                            {"undelivered", restored.undelivered.size()}});
  router_ = std::make_unique<Router>(config_.router, std::move(restored), read_clocks());
  recorder_ = std::make_unique<Recorder>(std::move(store), config_.router.durability);
  items_ = doors_->poll_items();
  items_.push_back(net::PollItem::readable(recorder_->mail_fd()));
  items_.push_back(net::PollItem::readable(stop_.fd()));
  write_files();
}

Hub::~Hub() {
  finish();
}

Now Hub::read_clocks() {
  return {steady_now(), wall_now().microseconds};
}

ConnectionInfo Hub::connection(Role role) const {
  const BindEndpoints& at = doors_->endpoints();
  ConnectionInfo out;
  out.cluster = run_dir_.cluster();
  out.role = role;
  // Engines hear nothing from notifications, whose key is that of clients.
  out.endpoints = role == Role::client ? Endpoints{at.client_task, at.client_control, at.notify}
                                       : Endpoints{at.engine_task, at.engine_control, {}};
  out.protocol_major = kProtocol.major;
  out.protocol_minor = kProtocol.minor;
  out.library_version = kVersion;
  out.hub_pid = ::getpid();
  out.hub_host = host_name();
  out.curve = role == Role::client ? client_keys_ : engine_keys_;
  if (config_.store.kind == "sqlite") out.database = config_.store.path;
  return out;
}

void Hub::write_files() const {
  for (const Role role : {Role::client, Role::engine})
    write_connection_file(file(role), connection(role)).or_throw();
}

void Hub::run(int stop_fd) {
  items_.push_back(net::PollItem::readable(stop_fd));
  const std::size_t last = items_.size() - 1;
  while (!stopping_) {
    turn(true);
    if (stop_.clear() || items_[last].ready) stopping_ = true;
  }
  items_.pop_back();
  finish();
}

// One turn of the loop. Outcomes before submissions, because they free slots; control always to its
// end, because heartbeats are on it.
void Hub::turn(bool wait) {
  Now now = read_clocks();
  net::poll(items_, wait ? patience(now) : Duration{0});
  now = read_clocks();
  doors_->look();
  drain(Side::engine, wire::Plane::task, now);
  drain(Side::client, wire::Plane::task, now);
  drain(Side::engine, wire::Plane::control, now);
  drain(Side::client, wire::Plane::control, now);
  confirm_subscriptions();
  take_mail(now);
  for (const LinkId link : doors_->take_lost()) router_->on_link_down(link, now, out_);
  doors_->cut_silent(now.steady);
  router_->on_tick(now, out_);
  router_->schedule(now, out_);
  carry_out(now);
}

std::optional<Duration> Hub::patience(Now now) {
  std::optional<TimePoint> until = router_->next_deadline();
  if (const auto due = doors_->cut_closed(now.steady); due && (!until || *due < *until))
    until = due;
  if (recorder_behind_) {
    const TimePoint again = now.steady + Recorder::kBeat;
    if (!until || again < *until) until = again;
  }
  if (!until) return std::nullopt;
  return std::max(Duration{0}, *until - now.steady);
}

void Hub::drain(Side side, wire::Plane plane, Now now) {
  const bool task = plane == wire::Plane::task;
  for (const Doors::Way way : {Doors::Way::sockets, Doors::Way::mailboxes}) {
    std::size_t budget = task ? kTaskMessagesPerTurn : kControlMessagesPerTurn;
    std::size_t bytes = 0;
    while (!task || bytes < kTaskBytesPerTurn) {
      const auto received = doors_->receive(way, side, plane, budget);
      if (!received) break;
      bytes += received->message->header.size();
      router_->on_message(received->link, *received->message, now, out_);
      if (out_.facts.size() >= Recorder::kFactsPerPush) recorder_->push(out_.facts, out_.queries);
    }
  }
}

void Hub::confirm_subscriptions() {
  for (const std::string& topic : doors_->take_subscriptions()) {
    if (topic.size() != kPeerTopicBytes || !topic.starts_with(kPeerTopic)) continue;
    wire::Hint hint;
    hint.epoch = epoch_;
    hint.number = 1;
    hint.event = "subscribed";
    doors_->publish(topic, wire::encode(hint));
  }
}

void Hub::take_mail(Now now) {
  for (RecorderMail& mail : recorder_->take_mail()) {
    if (const auto* stored = std::get_if<StoredThrough>(&mail))
      router_->on_stored(stored->facts, now, out_);
    else if (const auto* failed = std::get_if<StoreFailed>(&mail))
      router_->on_store_failed(failed->reason, now, out_);
    else if (const auto* answer = std::get_if<Answer>(&mail))
      router_->on_answer(answer->link, answer->reply, out_);
    else if (auto* read = std::get_if<ModuleRead>(&mail))
      router_->on_module_read(read->build, std::move(read->parts), now, out_);
    else if (auto* found = std::get_if<PlacesFound>(&mail))
      router_->on_places(found->question, std::move(found->places), now, out_);
    else
      router_->on_store_recovered(now, out_);
  }
}

// Losing a link while the outbox is carried out is an event, whose outbox comes behind it.
void Hub::carry_out(Now now) {
  while (!out_.empty()) {
    if (!out_.facts.empty() || !out_.queries.empty()) recorder_->push(out_.facts, out_.queries);
    if (!out_.fetches.empty()) recorder_->fetch(out_.fetches);
    if (!out_.place_questions.empty()) recorder_->ask(out_.place_questions);
    gone_.clear();
    for (const Send& send : out_.sends)
      if (doors_->send(send.link, send.message) == Doors::Sent::gone) gone_.push_back(send.link);
    for (const Publish& hint : out_.hints) doors_->publish(hint.topic, hint.message);
    for (const LinkId link : out_.closes) {
      doors_->close(link, now.steady);
      gone_.push_back(link);
    }
    stopping_ = stopping_ || out_.stop;
    out_.clear();
    for (const LinkId link : gone_) router_->on_link_down(link, now, out_);
  }
  recorder_behind_ = !recorder_->flush();
}

void Hub::finish() {
  if (std::exchange(finished_, true) || recorder_ == nullptr) return;
  for (const Role role : {Role::client, Role::engine}) ::unlink(file(role).c_str());
  Now now = read_clocks();
  const TimePoint until = now.steady + kFarewell;
  router_->dismiss_engines(out_);
  carry_out(now);
  while (router_->engines_present() > 0 && now.steady < until) {
    const Duration left = std::min<Duration>(until - now.steady, std::chrono::milliseconds{20});
    net::poll(items_, left);
    stop_.clear();
    turn(false);
    now = read_clocks();
  }
  const bool complete = recorder_->stop();
  doors_->shut(kFlush);
  log::info("hub_stopped", {{"complete", complete}, {"unfinished", router_->unfinished()}});
  doors_.reset();
  run_dir_.remove_leftovers();
}

}  // namespace roundhouse::hub
