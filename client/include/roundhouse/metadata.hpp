// What is known about one task: when, where, and how it ended.
//
//   const rh::Metadata md = ar.metadata();
//   if (md.started) std::cout << md.engine_id.value() << ' ' << md.status << '\n';
//   for (const std::string_view key : rh::Metadata::keys())
//     std::cout << key << ": " << to_string(md[key]) << '\n';
//
// Thread rule: plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <roundhouse/error.hpp>
#include <roundhouse/timeout.hpp>

namespace roundhouse {

// What stands under a key of Metadata; std::monostate: it is not known (yet), or there is none.
using MetadataValue =
    std::variant<std::monostate, std::string, std::int64_t, UtcTime, std::chrono::nanoseconds,
                 std::vector<std::string>, RemoteErrorInfo>;

// For people: text as it is, times as "2026-03-01T12:00:00.000000Z", lists with commas, errors as
// "name: value", nothing for what is not known.
[[nodiscard]] std::string to_string(const MetadataValue& value);

// Times that are not known (yet) are nothing. `submitted` and `received` are by this machine's
// clock, `started` and `completed` by the engine's.
struct Metadata {
  std::string msg_id;  // 32 hexadecimal digits
  std::string label;
  std::string function;
  std::optional<UtcTime> submitted;
  std::optional<UtcTime> started;
  std::optional<UtcTime> completed;
  std::optional<UtcTime> received;  // when this client, or its I/O thread, took it off the network
  std::optional<int> engine_id;     // nothing when no engine ran it
  std::string engine_uuid;          // 32 hexadecimal digits; empty when the engine is not known
  std::string status;               // "pending", "ok" or "error"
  std::string outcome;  // of one that is done: "ok", "error", "aborted", "timed_out", "engine_lost"
  std::uint32_t attempt = 0;             // 1 for the first; 0 when it was never tried
  std::chrono::nanoseconds duration{0};  // on the engine
  std::optional<RemoteErrorInfo> error;  // with status "error"
  std::string output;  // value that source text ended with: empty, for tasks are functions
  std::string stdout;  // what it has written there, also before it is done: see output.hpp
  std::string stderr;
  std::vector<std::string> after;   // ids that it waited for; empty without dependencies
  std::vector<std::string> follow;  // ids whose engines it was bound to; empty without them

  // The names that IPython parallel has for `error` and `output`.
  [[nodiscard]] const std::optional<RemoteErrorInfo>& pyerr() const { return error; }

  [[nodiscard]] const std::string& pyout() const { return output; }

  // A member by its name, also as "pyerr" and "pyout". Throws std::out_of_range for any other.
  [[nodiscard]] MetadataValue operator[](std::string_view key) const;

  // The names that operator[] knows, each thing once.
  [[nodiscard]] static std::span<const std::string_view> keys();

  friend bool operator==(const Metadata&, const Metadata&) = default;
};

}  // namespace roundhouse
