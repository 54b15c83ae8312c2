#pragma once

// Tasks of the test module `unruly_tasks`: those that take long, return much, or take their
// engine's process down.

#include <cstdint>
#include <string>
#include <vector>

namespace unruly_tasks {

int twice(int number);
// Sleeps, and returns how long it was told to.
std::uint32_t sleep_ms(std::uint32_t milliseconds);
std::uint32_t process_id();
// `bytes` times 'x': beyond 16 KiB a frame, or several.
std::string much(std::uint64_t bytes);
// Writes a line to standard error and then dereferences a null pointer.
void crash(const std::string& last_words);
// The same on standard output.
void print_and_crash(const std::string& last_words);
void kill_itself();
void leave(int status);
// Waits until a file exists.
void wait_for_file(const std::string& path);
// Starts two processes that outlive it, the second of which leaves for a session of its own.
std::vector<std::uint32_t> start_children();

}  // namespace unruly_tasks
