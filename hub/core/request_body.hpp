#pragma once

// CORE. RequestBody: the keys that requests of PROTOCOL 9 have in common. Thread rule: plain
// values.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/core/task_query.hpp"
#include "shared/message.hpp"
#include "shared/pack.hpp"
#include "shared/records.hpp"
#include <roundhouse/ids.hpp>
#include <roundhouse/result.hpp>

namespace roundhouse::hub {

// Which half of a task's payloads a `payload` request is about.
enum class PayloadOf : std::uint8_t { result, arguments };

// Keys that a verb does not use are ignored.
struct RequestBody {
  std::vector<TaskId> ids;             // each once, in the order of the request
  std::vector<std::uint32_t> engines;  // also as `targets`
  bool verbose = false;
  bool all = false;
  bool hub = false;
  // abort
  std::vector<wire::TaskRange> ranges;
  std::optional<SessionId> session;
  bool force = false;
  // interrupt, signal, restart, clear, shutdown
  std::uint64_t wait_ms = 0;
  std::uint64_t signal = 0;
  // purge_results
  std::optional<std::uint64_t> older_than_us;
  std::optional<Condition> where;
  // payload
  PayloadOf of = PayloadOf::result;
  std::optional<std::string> policy;
  std::uint64_t offset = 0;
  // unwatch
  std::uint64_t watch = 0;
  // remove_module: digits of a build, the first ones
  std::string build;
};

// Fails with `malformed`, `invalid` for what makes no sense, and `too_large`; the text says what it
// was.
[[nodiscard]] Result<RequestBody> read_request(const wire::Raw& body);

// A key of an answer, with these ids.
inline void pack_ids(wire::Packer& p, std::string_view key, const std::vector<TaskId>& ids) {
  p.str(key), p.array(ids.size());
  for (const TaskId id : ids) p.str(to_string(id));
}

}  // namespace roundhouse::hub
