#include "shared/log.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <memory>

#include <spdlog/async.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace roundhouse::log {

namespace {

constexpr std::size_t kFileBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kOldFilesMax = 2;
constexpr std::size_t kLinesWaitingMax = 8192;
constexpr std::size_t kValueBytesMax = 4096;

constexpr std::array<std::string_view, 5> kNames{"debug", "info", "warn", "error", "off"};

// The process's log. The one piece of global state in the tree: a log that had to be handed to
// every function would be in every signature. Owned by main between open() and close().
struct State {
  std::shared_ptr<spdlog::details::thread_pool> pool;  // also held by the logger, weakly
  std::shared_ptr<spdlog::logger> logger;              // spdlog's own type of owner; only ours
  std::string program;
};

State& state() {
  static State instance;
  return instance;
}

std::atomic<Level> least{Level::warn};

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::off: return spdlog::level::off;
  }
  return spdlog::level::off;
}

std::string line(Level level, std::string_view program, std::string_view event, Fields fields) {
  std::string text(to_string(level));
  text += ' ';
  text += program;
  text += ' ';
  text += event;
  for (const Field& field : fields) {
    text += ' ';
    text += field.key;
    text += '=';
    text += quoted(std::string_view(field.value).substr(0, kValueBytesMax));
  }
  return text;
}

// How long the UTF-8 sequence is that begins with `first`; 0 when none does.
std::size_t sequence_bytes(unsigned first) {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

// How many bytes of well-formed UTF-8 begin at `at`; 0 when what begins there is not, or is a
// control character (C0, DEL or C1).
std::size_t printable_bytes(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(at);
  const std::size_t size = sequence_bytes(first);
  if (size == 1) return first >= 0x20 && first != 0x7f ? 1 : 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80) return 0;
  }
  const unsigned second = byte(at + 1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool outside = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  const bool control = first == 0xc2 && second < 0xa0;
  return overlong || outside || control ? 0 : size;
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=') return true;
  }
  return false;
}

}  // namespace

std::string_view to_string(Level level) {
  return kNames[static_cast<std::size_t>(level)];
}

std::optional<Level> level_from_string(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

Result<void> open(const Options& options) {
  close();
  // One catch for a library that throws.
  try {
    std::shared_ptr<spdlog::sinks::sink> sink;
    if (options.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.file, kFileBytesMax,
                                                                    kOldFilesMax);
    }
    State& now = state();
    now.program = options.program;
    if (options.asynchronous) {
      now.pool = std::make_shared<spdlog::details::thread_pool>(kLinesWaitingMax, 1U);
      now.logger =
          std::make_shared<spdlog::async_logger>(options.program, std::move(sink), now.pool,
                                                 spdlog::async_overflow_policy::overrun_oldest);
    } else {
      now.logger = std::make_shared<spdlog::logger>(options.program, std::move(sink));
    }
    now.logger->set_pattern("%Y-%m-%dT%H:%M:%S.%fZ %v", spdlog::pattern_time_type::utc);
    now.logger->set_level(to_spdlog(options.level));
    now.logger->flush_on(spdlog::level::debug);
    least = options.level;
  } catch (const std::exception& e) {
    close();
    return {Errc::io_failed, "cannot open the log " + options.file + ": " + e.what()};
  }
  return {};
}

void close() {
  State& now = state();
  least = Level::warn;
  now.logger.reset();
  now.pool.reset();  // joins its thread, which writes what is waiting first
  now.program.clear();
}

bool enabled(Level level) {
  return level >= least.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view event, Fields fields) {
  if (!enabled(level) || level == Level::off) return;
  State& now = state();
  if (now.logger == nullptr) {
    std::fprintf(stderr, "%s\n", line(level, "roundhouse", event, fields).c_str());
    return;
  }
  // The text is not a format: braces in it mean nothing.
  now.logger->log(to_spdlog(level), spdlog::string_view_t(line(level, now.program, event, fields)));
}

std::string quoted(std::string_view value) {
  if (!needs_quotes(value)) return std::string(value);
  std::string text = "\"";
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t size = printable_bytes(value, at);
    const char c = value[at];
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else if (size > 0) {
      text += value.substr(at, size);
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(c));
      text += escape;
    }
    at += size > 0 ? size : 1;
  }
  return text + '"';
}

}  // namespace roundhouse::log
