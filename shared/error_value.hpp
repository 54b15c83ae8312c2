// CORE. The error that travels as payload when a run ended badly: a map (PROTOCOL 4). Plain values
// and functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/ids.hpp>

namespace roundhouse::wire {

inline constexpr std::size_t kAttemptsMax = 16;  // that an error tells of: the latest ones
inline constexpr std::size_t kAttemptNameMax = 128;
inline constexpr std::size_t kAttemptValueMax = 512;

// One try at running a task that was tried more than once.
struct Attempt {
  std::optional<EngineId> engine{};  // where
  std::uint32_t incarnation = 0;
  std::string ended{};  // the name of its ending
  std::string name{};   // of its error, and its text
  std::string value{};
  std::int64_t started_us = 0;  // UTC by the engine's clock; 0 when it is not known to have begun
  friend bool operator==(const Attempt&, const Attempt&) = default;

  void shorten() {
    if (name.size() > kAttemptNameMax) name.resize(kAttemptNameMax);
    if (value.size() > kAttemptValueMax) value.resize(kAttemptValueMax);
  }
};

struct ErrorValue {
  std::string name{};               // "std::runtime_error", "EngineError", ...
  std::string value{};              // what()
  std::string traceback{};          // may be empty
  std::vector<Attempt> attempts{};  // of a task that was tried more than once; the last is this one
  friend bool operator==(const ErrorValue&, const ErrorValue&) = default;
};

[[nodiscard]] std::string encode_error(const ErrorValue& error);
// Never fails: bytes that are no error value become one that says so.
[[nodiscard]] ErrorValue decode_error(std::string_view bytes);

// The attempts alone, as one msgpack list.
[[nodiscard]] std::string encode_attempts(const std::vector<Attempt>& attempts);
[[nodiscard]] std::vector<Attempt> decode_attempts(std::string_view bytes);

}  // namespace roundhouse::wire
