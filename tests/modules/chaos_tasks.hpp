#pragma once

// Tasks whose runs are counted and whose results can be checked, whatever is killed meanwhile.

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include <roundhouse/serialize.hpp>

namespace chaos_tasks {

// What an engine process writes into its journal before it works on a task, in one write that no
// kill can tear: one file per process, `starts-<pid>`.
struct Start {
  std::uint64_t key = 0;
  std::int64_t at_ns = 0;  // host_now()
  std::int64_t pid = 0;
};

// Nanoseconds of the clock that all processes of this host share, whatever is set meanwhile.
inline std::int64_t host_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// The right result for this key: splitmix64, so that no other key has it.
constexpr std::uint64_t answer_to(std::uint64_t key) {
  std::uint64_t z = key + 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

// Elements of an array that belongs to this key.
std::vector<std::uint64_t> array_of(std::uint64_t key, std::size_t size);

// Notes its start in `folder`, takes so many microseconds, and gives answer_to(key).
std::uint64_t checked(const std::string& folder, std::uint64_t key, std::int64_t microseconds);
// The same; throws unless `array` is array_of(key).
std::uint64_t checked_array(const std::string& folder, std::uint64_t key, std::int64_t microseconds,
                            const std::vector<std::uint64_t>& array);

}  // namespace chaos_tasks
