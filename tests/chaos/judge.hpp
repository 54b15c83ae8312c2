#pragma once

// The judge: what came of the tasks of a run, by everything that was noted. Pure: no files, no
// clocks; tests/chaos/judge_test.cpp gives it what must not happen.
//
// Thread rule: plain functions and values.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/chaos/journal.hpp"
#include "tests/chaos/options.hpp"

namespace roundhouse::chaos {

// One fault: who was hit, from when until when (the same moment for those who were killed).
struct Fault {
  FaultKind kind = FaultKind::hub;
  std::int64_t from_ns = 0;
  std::int64_t until_ns = 0;  // the last kill, or the thaw
  pid_t hub = 0;              // 0: not hit
  pid_t nanny = 0;
  pid_t engine = 0;
  std::int64_t resumed_after_ns = -1;  // since `until_ns`; -1: never
};

// Notes of one client process, in the order that it wrote them.
struct ClientNotes {
  std::uint64_t client = 0;
  std::uint64_t generation = 0;
  std::vector<Note> notes;
};

// What the hub's database says of a task in the end.
struct Recorded {
  std::uint64_t times = 0;  // how many records there are
  Ending ending = Ending::unknown;
  std::uint64_t value = 0;
};

struct Evidence {
  bool keeps_arrays = false;            // durability `commit`: large arguments are on the disk
  std::int64_t grace_ns = 500'000'000;  // how long a hub waits for the engines it knew
  std::vector<ClientNotes> clients;
  std::vector<Start> starts;
  std::vector<Fault> faults;
  bool has_records = false;                   // otherwise the database could not be asked
  std::map<std::uint64_t, Recorded> records;  // by key
};

struct Verdict {
  std::uint64_t submitted = 0;
  std::uint64_t accepted = 0;  // stored, as far as their clients heard, or with an outcome
  std::uint64_t fetched = 0;   // outcomes that another process than the submitting one got
  std::map<Ending, std::uint64_t> endings;
  std::uint64_t lost_with_lane = 0;  // "engine lost" of tasks for one engine
  std::uint64_t runs = 0;

  // Told right before the hub died, and the record says that, or that the engine was lost if the
  // client died, too (PROTOCOL 6: OutcomeNotRecorded).
  std::uint64_t not_recorded = 0;

  std::uint64_t lost = 0;     // accepted and without an outcome
  std::uint64_t doubled = 0;  // two outcomes, or not the same ones, for one task
  std::uint64_t wrong = 0;    // not the right value, or an error that no fault explains
  // Runs beyond what retries allow: without excuse, and with one.
  std::uint64_t run_twice = 0;
  std::uint64_t excused_dead = 0;  // its nanny died, and the hub before it had given up that nanny
  std::uint64_t excused_frozen = 0;  // the engine was frozen while its hub died

  std::vector<std::string> complaints;  // the first of them, for people

  [[nodiscard]] bool good() const { return lost + doubled + wrong + run_twice == 0; }
};

[[nodiscard]] Verdict judge(const Evidence& evidence);

}  // namespace roundhouse::chaos
