// What a pass of the router costs in which one task ends and one is placed, with few and with many
// engines, tasks that wait, shapes and sessions: as ratios to the first world. Build Release, run
// by hand:
//
//   placing_bench              all worlds, least_loaded
//   placing_bench two_choices  another policy
//
// Worlds are measured in turn, and the median counts: each time so many turns that a world fills
// the caches with what is its own.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hub/core/router.hpp"
#include "shared/clock.hpp"
#include "shared/records.hpp"
#include <roundhouse/version.hpp>

namespace {

using namespace roundhouse;

constexpr int kRounds = 21;
constexpr int kTurns = 2000;  // of a round

struct Shape {
  const char* name;
  std::uint32_t engines;
  std::uint32_t waiting;
  std::uint32_t sessions = 1;
  std::uint32_t nowhere = 0;  // further tasks, each of a template of its own, that fit nowhere
  bool keeps_up = false;      // a task is submitted when one has ended: few wait
};

class World {
 public:
  World(const Shape& shape, const hub::RouterOptions& options) : shape_(shape) {
    now_.steady = TimePoint{std::chrono::seconds{1000}};
    router_ = std::make_unique<hub::Router>(options, hub::Restored{}, now_);
    for (std::uint32_t i = 0; i < shape.engines; ++i) join(i);
    for (std::uint32_t i = 0; i < shape.sessions; ++i) open(i);
    for (std::uint32_t i = 0; i < shape.nowhere; ++i) submit(0, 1, {1'000'000 + i});
    for (std::uint32_t i = 0; i < shape.sessions; ++i)
      submit(i, shape.waiting / shape.sessions + shape.engines, {});
    for (int i = 0; i < 4; ++i) turn();
  }

  // Nanoseconds per pass.
  double measure() {
    passes_ = {};
    for (int i = 0; i < kTurns; ++i) {
      if (running_.empty()) std::abort();
      end_one();
      if (shape_.keeps_up) submit(0, 1, {});
      turn();
    }
    return static_cast<double>(
               std::chrono::duration_cast<std::chrono::nanoseconds>(passes_).count()) /
           kTurns;
  }

 private:
  struct Run {
    std::uint32_t engine = 0;
    wire::AssignRecord task;
  };

  struct Client {
    SessionId id;
    std::uint64_t sequence = 1;
    std::uint32_t templates = 0;
    std::uint32_t narrow = 0;  // of those, with targets
    std::uint64_t outcomes = 0;
    std::uint64_t received = 0;
  };

  static hub::LinkId link(hub::Side side, wire::Plane plane, std::uint32_t peer) {
    return {side, plane, 2 * peer + (plane == wire::Plane::task ? 1U : 2U)};
  }

  void hello(hub::Side side, std::uint32_t peer, wire::Hello hello) {
    hello.major = kProtocolMajor, hello.minor = kProtocolMinor;
    hello.connection = 1 + peer;
    for (const auto plane : {wire::Plane::task, wire::Plane::control})
      router_->on_message(link(side, plane, peer), wire::encode(hello), now_, out_);
  }

  void join(std::uint32_t engine) {
    wire::Hello hello;
    hello.role = wire::Role::engine;
    hello.uuid.bytes[0] = static_cast<std::uint8_t>(engine), hello.uuid.bytes[15] = 1;
    hello.uuid.bytes[1] = static_cast<std::uint8_t>(engine >> 8U);
    hello.incarnation = 1, hello.slots = 1, hello.next_number = 1;
    this->hello(hub::Side::engine, engine, hello);
    wire::BatchWriter<wire::HoldingRecord> nothing;
    router_->on_message(link(hub::Side::engine, wire::Plane::task, engine), nothing.take(1), now_,
                        out_);
    outcomes_.push_back(0);
    turn();
  }

  void open(std::uint32_t client) {
    wire::Hello hello;
    hello.session = SessionId{client + 1U}, hello.secret.bytes[0] = 1;
    this->hello(hub::Side::client, client, hello);
    clients_.push_back({hello.session});
  }

  void submit(std::uint32_t client, std::uint32_t count, std::vector<std::uint32_t> targets) {
    Client& from = clients_[client];
    const auto to = link(hub::Side::client, wire::Plane::task, client);
    if (!targets.empty() || from.templates == from.narrow) {
      wire::Define define;
      define.number = ++from.templates, define.function = "f", define.targets = targets;
      from.narrow += targets.empty() ? 0U : 1U;
      router_->on_message(to, wire::encode(define), now_, out_);
    }
    while (count > 0) {
      wire::SubmitRecord record;
      record.sequence = from.sequence;
      record.count = std::min<std::uint32_t>(count, wire::kRunTasksMax);
      record.template_number = from.templates;
      record.payload = Payload::of("x");
      from.sequence += record.count, count -= record.count;
      wire::BatchWriter<wire::SubmitRecord> writer;
      writer.add(record);
      router_->on_message(to, writer.take(0), now_, out_);
    }
  }

  void end_one() {
    const Run run = running_.front();
    running_.pop_front();
    wire::FinishedRecord record;
    record.task = {sessions_.at(run.task.template_number), run.task.sequence};
    record.fence = run.task.fence;
    record.duration_ns = 1'000'000'000;  // long ones: nothing is sent ahead
    wire::BatchWriter<wire::FinishedRecord> writer;
    writer.add(record);
    router_->on_message(link(hub::Side::engine, wire::Plane::task, run.engine),
                        writer.take(++outcomes_[run.engine]), now_, out_);
  }

  void turn() {
    now_.steady += std::chrono::microseconds{20};
    router_->on_stored(router_->counters().facts, now_, out_);
    router_->on_tick(now_, out_);
    const auto begin = steady_now();
    router_->schedule(now_, out_);
    passes_ += steady_now() - begin;
    for (const hub::Send& send : out_.sends) receive(send);
    out_.clear();
    if (++turns_ % 64 != 0) return;
    for (std::uint32_t i = 0; i < clients_.size(); ++i)
      if (std::exchange(clients_[i].received, clients_[i].outcomes) < clients_[i].outcomes)
        router_->on_message(link(hub::Side::client, wire::Plane::task, i),
                            wire::encode(wire::Received{clients_[i].outcomes}), now_, out_);
  }

  void receive(const hub::Send& send) {
    const std::uint32_t peer = (send.link.peer - 1) / 2;
    const auto kind = wire::kind_of(send.message);
    if (send.link.side == hub::Side::client) {
      wire::Batch<wire::OutcomeRecord> batch;
      if (*kind == wire::Kind::outcome && wire::decode_batch(send.message, batch).ok())
        clients_[peer].outcomes += batch.records.size();
      return;
    }
    if (*kind == wire::Kind::define) {
      const auto define = wire::decode_as<wire::Define>(send.message);
      if (sessions_.size() <= define->number) sessions_.resize(define->number + 1);
      sessions_[define->number] = define->session;
    }
    if (*kind != wire::Kind::assign) return;
    wire::Batch<wire::AssignRecord> batch;
    if (!wire::decode_batch(send.message, batch).ok()) std::abort();
    for (const auto& record : batch.records) running_.push_back({peer, record});
  }

  Shape shape_;
  hub::Now now_;
  hub::Outbox out_;
  std::unique_ptr<hub::Router> router_;
  std::vector<Client> clients_;
  std::vector<SessionId> sessions_;  // by the hub's number of a template
  std::vector<std::uint64_t> outcomes_;
  std::deque<Run> running_;
  std::uint64_t turns_ = 0;
  Duration passes_{};
};

}  // namespace

int main(int argc, char** argv) {
  hub::RouterOptions options;
  options.session_tasks_max = 1U << 24U;
  options.undelivered_max = 1U << 24U;
  options.heartbeat = std::chrono::hours{1}, options.dead = std::chrono::hours{9};
  if (argc > 1) options.policy = hub::parse_policy(argv[1]).or_throw();
  const std::vector<Shape> shapes{
      {"10 engines, 10,000 tasks wait", 10, 10'000 + kRounds * kTurns},
      {"1,000 engines, 10,000 tasks wait", 1000, 10'000 + kRounds * kTurns},
      {"10 engines, 1,000,000 tasks wait", 10, 1'000'000},
      {"1,000 engines, 1,000,000 tasks wait", 1000, 1'000'000},
      {"10 engines, 1,000,000 tasks of 1,000 sessions", 10, 1'000'000, 1000},
      {"10 engines, 20,000 shapes that fit nowhere", 10, 10'000 + kRounds * kTurns, 1, 20'000},
      {"10 engines, nothing waits", 10, 0, 1, 0, true},
      {"1,000 engines, nothing waits", 1000, 0, 1, 0, true},
  };
  std::vector<std::unique_ptr<World>> worlds;
  for (const Shape& shape : shapes) worlds.push_back(std::make_unique<World>(shape, options));
  std::vector<std::vector<double>> times(shapes.size());
  for (int round = 0; round < kRounds; ++round)
    for (std::size_t i = 0; i < worlds.size(); ++i) times[i].push_back(worlds[i]->measure());
  double first = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    std::sort(times[i].begin(), times[i].end());
    const double median = times[i][times[i].size() / 2];
    if (i == 0 || shapes[i].keeps_up != shapes[i - 1].keeps_up) first = median;
    std::printf("%-48s %7.0f ns a pass  %5.2f\n", shapes[i].name, median, median / first);
  }
}
