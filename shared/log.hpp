// THREAD. The log: one line per event, for people and for grep.
//
//   log::info("engine_joined", {{"engine", 3}, {"host", name}});
//   2026-03-01T12:00:00.123456Z info hub engine_joined engine=3 host="a b"
//
// An event is a word in the past tense or a noun. Values from outside are escaped, so that nobody
// can forge a line or a terminal sequence. One log per process, which main opens and closes; before
// and after that, warnings and errors go to standard error and the rest nowhere. Not for one line
// per task: what happened to tasks is in the results database.
//
// write() and its short forms are thread-safe, throw nothing, and never wait for a disk when the
// log was opened asynchronous. open() and close() are for main, with no other thread about.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <roundhouse/result.hpp>

namespace roundhouse::log {

enum class Level : std::uint8_t { debug, info, warn, error, off };

[[nodiscard]] std::string_view to_string(Level level);
[[nodiscard]] std::optional<Level> level_from_string(std::string_view name);

struct Options {
  std::string program{};      // "hub", "engine-3": the third word of each line
  std::string file{};         // appended to, and turned over twice at 16 MiB; empty: standard error
  Level level = Level::info;  // what is less than this is not written
  // A thread of its own writes, and a burst of more than 8,192 lines loses its oldest: for the
  // hub's loop, which must not wait. Open it after the last fork.
  bool asynchronous = false;
};

// Opens the log, in place of the one that was open. Fails with `io_failed` when the file cannot be
// opened.
[[nodiscard]] Result<void> open(const Options& options);

// Writes what is still waiting and closes.
void close();

// One key=value. Numbers are written as such, texts bare where they can be and quoted where not.
struct Field {
  Field(std::string_view name, std::string_view text) : key(name), value(text) {}

  Field(std::string_view name, const char* text) : key(name), value(text) {}

  Field(std::string_view name, const std::string& text) : key(name), value(text) {}

  Field(std::string_view name, bool truth) : key(name), value(truth ? "true" : "false") {}

  Field(std::string_view name, std::integral auto number)
      : key(name), value(std::to_string(number)) {}

  Field(std::string_view name, std::floating_point auto number)
      : key(name), value(std::to_string(number)) {}

  std::string_view key;
  std::string value;
};

using Fields = std::initializer_list<Field>;

// Whether a line of this level would be written, for callers whose fields cost something to make.
[[nodiscard]] bool enabled(Level level);

void write(Level level, std::string_view event, Fields fields);

inline void debug(std::string_view event, Fields fields = {}) {
  write(Level::debug, event, fields);
}

inline void info(std::string_view event, Fields fields = {}) {
  write(Level::info, event, fields);
}

inline void warn(std::string_view event, Fields fields = {}) {
  write(Level::warn, event, fields);
}

inline void error(std::string_view event, Fields fields = {}) {
  write(Level::error, event, fields);
}

// A value as write() puts it: bare, or in quotes with \", \\, \n, \t and \xNN for what is not
// printable ASCII or well-formed UTF-8 above the control characters.
[[nodiscard]] std::string quoted(std::string_view value);

}  // namespace roundhouse::log
