// What the recorder's work costs per finished task: build Release, run by hand.
//
//   recorder_bench --benchmark_filter=sqlite/512
//
// The argument is how many tasks end per transaction. `whole` are tasks that are submitted and end
// in the same transaction; `apart` end in a later one, so that their submit messages are stored.
// `bare` is `whole` with store.arguments_bytes_max 0.

#include <chrono>
#include <ctime>
#include <filesystem>

#include <benchmark/benchmark.h>

#include "hub/store.hpp"
#include "tests/hub/facts.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace roundhouse;
using namespace roundhouse::test;

constexpr std::uint64_t kRun = 64;  // tasks of a submit message

std::vector<hub::Fact> make_facts(std::uint64_t from, std::uint64_t count,
                                  std::uint64_t ended_from) {
  std::vector<hub::Fact> facts;
  for (std::uint64_t at = from; at < from + count; at += kRun)
    facts.emplace_back(submitted(1, at, at + kRun - 1));
  for (std::uint64_t at = ended_from; at < ended_from + count; ++at) {
    hub::Ended fact = ended(1, at, at, "\xc0");
    fact.arguments = Payload::of("\x93\x01\x02\x03");
    facts.emplace_back(std::move(fact));
  }
  if (ended_from > 0) facts.emplace_back(hub::Delivered{1, ended_from + count / 2, kStart});
  return facts;
}

void record(benchmark::State& state, const char* kind, bool apart, bool bare = false) {
  const TempDir dir;
  hub::StoreOptions options;
  if (bare) options.arguments_bytes_max = 0;
  options.kind = kind;
  options.path = dir.file("bench.db");
  const auto store = hub::open_store(options);
  (void)store->restore();
  const std::vector<hub::Fact> first{opened(1), defined(1, 1), joined(3)};
  if (!store->commit(first)) state.SkipWithError("the store fails");
  const auto count = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t next = 1;
  if (apart) {
    std::vector<hub::Fact> facts;
    for (std::uint64_t at = next; at < next + count; at += kRun)
      facts.emplace_back(submitted(1, at, at + kRun - 1));
    if (!store->commit(facts)) state.SkipWithError("the store fails");
    next += count;
  }
  for (auto _ : state) {
    state.PauseTiming();
    const auto facts = make_facts(next, count, apart ? next - count : next);
    next += count;
    state.ResumeTiming();
    if (!store->commit(facts)) state.SkipWithError("the store fails");
    store->maintain(false);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["cpu_per_task"] =
      benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes_per_task"] =
      static_cast<double>(
          std::filesystem::exists(options.path) ? std::filesystem::file_size(options.path) : 0) /
      static_cast<double>(next);
}

void whole_sqlite(benchmark::State& state) {
  record(state, "sqlite", false);
}

void bare_sqlite(benchmark::State& state) {
  record(state, "sqlite", false, true);
}

void apart_sqlite(benchmark::State& state) {
  record(state, "sqlite", true);
}

void whole_memory(benchmark::State& state) {
  record(state, "memory", false);
}

BENCHMARK(whole_sqlite)->Arg(64)->Arg(1024)->Arg(8192);
BENCHMARK(bare_sqlite)->Arg(1024);
BENCHMARK(apart_sqlite)->Arg(64)->Arg(1024)->Arg(8192);
BENCHMARK(whole_memory)->Arg(1024);

}  // namespace

BENCHMARK_MAIN();
