#pragma once

// Tasks of the test module `printing_tasks`: what they write to standard output and standard error.

#include <cstdint>
#include <string>

namespace printing_tasks {

// Writes by C++ and C streams, by the descriptor itself, and by a child; returns the process's id.
int every_way(const std::string& text);
// One line, and no more: a task that is as short as a task can be.
void one_line(std::uint32_t number);
// One byte by the descriptor, without any stream.
void one_byte();
void nothing();
// A line, then the file `seen` is waited for, then another.
void two_lines(const std::string& seen);
// `bytes` bytes, in lines of 100.
void much(std::uint64_t bytes);
// Writes without the end of a line, and crashes.
void crashes(const std::string& text);
// Writes "out" and "err", a line each, and ends its process: `how` is abort, exit or kill.
void ends(const std::string& how);
// Writes, and throws std::runtime_error.
void throws(const std::string& text);
// Writes, and goes on for ever.
void never_ends(const std::string& text);
// Ends its process by SIGKILL behind `bytes` bytes, in lines of 100.
void much_and_ends(std::uint64_t bytes);

}  // namespace printing_tasks
