#pragma once

// Liars: a hub among engines, nannies and clients whose messages are well formed and not true, in
// any order. Whatever they say, the tables of the hub agree after each step, and when they are gone
// one honest engine is enough to end every task, once. Thread rule: one thread; the same seed is
// the same run.

#include <cstdint>

namespace roundhouse::sim {

// Returns the count of messages. Throws Violation; aborts when the hub's tables disagree.
std::uint64_t run_liars(std::uint64_t seed);

}  // namespace roundhouse::sim
