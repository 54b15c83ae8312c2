#pragma once

// Tasks that submit further tasks to the hub of their engine, and wait for them.

#include <cstdint>
#include <string>
#include <vector>

namespace nested_tasks {

// By two tasks for each number above 1, with all that wait for them.
std::uint64_t fib(std::uint32_t n);
// `n` calls deep, each a direct task of the engine to itself.
std::uint32_t dive(std::uint32_t n);
// The same, by any engine.
std::uint32_t descend(std::uint32_t n);
// The squares up to `n`, by a map, taken as they come, and added up.
std::uint64_t squares(std::uint32_t n);
std::uint64_t square(std::uint32_t n);
// Waits for a task that sleeps so long; returns how long the wait was told to be.
std::uint32_t wait_for_sleep(std::uint32_t milliseconds);
// Or until it is asked to stop.
std::uint32_t sleep_ms(std::uint32_t milliseconds);
// Raises the signal in a task that another one waits for, on the same engine.
void wait_for_crash(int signal);
void crash(int signal);
// Waits for a task that does nothing, as often as that.
std::uint32_t ping(std::uint32_t times);
void nothing();
std::uint32_t process_id();
// Submits so many tasks that each take a moment, and does not wait.
std::vector<std::string> leave_behind(std::uint32_t count);

}  // namespace nested_tasks
