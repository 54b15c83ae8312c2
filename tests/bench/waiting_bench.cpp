// What a turn of the hub costs while many tasks wait for others: build Release, run by hand.
//
//   waiting_bench
//
// The argument is how many tasks wait. `idle` is a turn in which nothing happens, `submit` one in
// which a task is submitted that waits for an engine; `chain` is the end of a task that frees the
// next of a chain.

#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "hub/core/router.hpp"
#include "shared/records.hpp"
#include <roundhouse/version.hpp>

namespace {

using namespace roundhouse;

class Ground {
 public:
  Ground() : router_({}, {}, now_) {
    wire::Hello hello;
    hello.major = kProtocolMajor, hello.minor = kProtocolMinor;
    hello.session = kSession, hello.connection = 1;
    hello.secret.bytes[0] = 1;
    say(client_, hello), say({hub::Side::client, wire::Plane::control, 2}, hello);
    hello = {};
    hello.major = kProtocolMajor, hello.minor = kProtocolMinor, hello.role = wire::Role::engine;
    hello.uuid.bytes[0] = 1, hello.incarnation = 1, hello.slots = 1, hello.connection = 3;
    hello.next_number = 1;
    say(engine_, hello), say({hub::Side::engine, wire::Plane::control, 4}, hello);
    wire::BatchWriter<wire::HoldingRecord> nothing;
    send(engine_, nothing.take(1));
    wire::Define define;
    define.number = 1, define.function = "f";
    say(client_, define);
    router_.on_stored(router_.counters().facts, now_, out_);
    turn();
  }

  // On the task with this sequence; 0: on nothing.
  void submit(std::uint64_t after, std::size_t count = 1) {
    while (count > 0) {
      wire::BatchWriter<wire::SubmitRecord> writer;
      for (; count > 0 && !writer.full(); --count) {
        wire::SubmitRecord record;
        record.sequence = ++submitted_, record.template_number = 1;
        record.payload = Payload::of("x");
        if (after > 0)
          record.depends = Slice{Buffer::take(wire::encode_ranges({{kSession, after, after}}))};
        record.after_ranges = after > 0 ? 1 : 0;
        writer.add(record);
      }
      send(client_, writer.take(0));
    }
  }

  void finish() {
    const wire::AssignRecord task = given_.front();
    given_.erase(given_.begin());
    wire::BatchWriter<wire::FinishedRecord> writer;
    writer.add({{kSession, task.sequence}, task.fence, {}, 1, 1'000'000'000, Payload::of("r")});
    send(engine_, writer.take(++finished_));
    say(client_, wire::Received{finished_});
  }

  void turn() {
    router_.on_tick(now_, out_);
    router_.schedule(now_, out_);
    for (const hub::Send& sent : out_.sends)
      if (sent.link == engine_ && wire::kind_of(sent.message).value() == wire::Kind::assign &&
          wire::decode_batch(sent.message, batch_))
        given_.insert(given_.end(), batch_.records.begin(), batch_.records.end());
    out_.clear();
  }

 private:
  static constexpr SessionId kSession{7};

  template <class M>
  void say(hub::LinkId link, const M& message) {
    send(link, wire::encode(message));
  }

  void send(hub::LinkId link, const wire::Message& message) {
    router_.on_message(link, message, now_, out_);
    turn();
  }

  hub::Now now_{TimePoint{std::chrono::seconds{1000}}, 1'700'000'000'000'000};
  hub::Router router_;
  hub::Outbox out_;
  hub::LinkId client_{hub::Side::client, wire::Plane::task, 1};
  hub::LinkId engine_{hub::Side::engine, wire::Plane::task, 3};
  std::uint64_t submitted_ = 0;
  std::uint64_t finished_ = 0;
  std::vector<wire::AssignRecord> given_;
  wire::Batch<wire::AssignRecord> batch_;
};

// All wait for a task that runs.
void fill(Ground& ground, benchmark::State& state) {
  ground.submit(0);
  ground.submit(1, static_cast<std::size_t>(state.range(0)));
}

void idle(benchmark::State& state) {
  Ground ground;
  fill(ground, state);
  for (auto _ : state) ground.turn();
}

void submit(benchmark::State& state) {
  Ground ground;
  fill(ground, state);
  for (auto _ : state) ground.submit(0);
}

void chain(benchmark::State& state) {
  Ground ground;
  const auto links = static_cast<std::uint64_t>(state.range(0));
  ground.submit(0);
  for (std::uint64_t i = 1; i < links; ++i) ground.submit(i);
  std::uint64_t done = 0;
  for (auto _ : state) {
    if (++done == links) break;
    ground.finish();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(done));
}

BENCHMARK(idle)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(submit)->Arg(10'000)->Arg(1'000'000)->Iterations(100'000);
BENCHMARK(chain)->Arg(10'000)->Iterations(9'000);
BENCHMARK(chain)->Arg(1'000'000)->Iterations(900'000);

}  // namespace

BENCHMARK_MAIN();
