// What the hub answers when it is asked: plain values, each with the whole answer as JSON, so that
// nothing that a newer hub says is lost.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <roundhouse/hub_query.hpp>
#include <roundhouse/metadata.hpp>
#include <roundhouse/timeout.hpp>

namespace roundhouse {

// The answer to Client::request().
struct HubReply {
  std::string body;  // msgpack: one map

  // The same as JSON; binary values as {"base64": "..."}.
  [[nodiscard]] std::string json() const;
};

struct EngineInfo {
  int id = 0;
  std::string uuid;
  std::uint32_t incarnation = 0;  // processes that lived under this id so far
  std::uint32_t slots = 1;
  // "online", "restarting" (its process is over, the next one not here yet), "away" (not connected
  // for a moment), "expected" and "reconciling" (it comes back to a hub that was started again).
  std::string state;
  std::uint64_t queue = 0;  // tasks that wait for it
  std::uint64_t running = 0;
  std::uint64_t completed = 0;  // since it joined
  std::string host;
  std::uint32_t pid = 0;  // 0 while it is restarting
  std::string json;
};

struct EngineQueue {
  int engine = 0;
  std::uint64_t queue = 0;
  std::uint64_t running = 0;
  std::uint64_t completed = 0;
  std::vector<std::string> queue_ids;  // with `verbose`
  std::vector<std::string> running_ids;
  std::vector<std::string> completed_ids;  // on record, newest first, 1,000 at most
};

struct QueueStatus {
  std::vector<EngineQueue> engines;         // by id
  std::uint64_t unassigned = 0;             // tasks that no engine has
  std::vector<std::string> unassigned_ids;  // with `verbose`
  bool more = false;                        // there are ids that had no room in the answer
  std::string json;
};

// The hub's record of one task, also of another client's.
struct TaskRecord {
  Metadata metadata;
  std::string view;                           // "direct" or "load_balanced"
  std::optional<std::uint64_t> result_bytes;  // of a task that has ended
  std::optional<std::string> result;          // packed as the engine sent it, up to 16 KiB
  std::optional<std::string> error_name;      // of a task that failed
  std::optional<std::string> error_value;
  std::string json;  // all of it
};

// What purging is about: records that any of these means.
struct PurgeOptions {
  std::vector<int> engines{};                            // of tasks that they ran
  std::optional<std::chrono::nanoseconds> older_than{};  // since the task ended
  std::optional<Condition> where{};
};

struct TaskRecords {
  std::vector<TaskRecord> records;   // in no particular order
  std::vector<std::string> missing;  // ids that the hub has no record of
};

// Why an engine does not take a task.
struct EngineReason {
  int engine = 0;
  std::string code;  // "no_target", "away", "module", "joining", "busy", ...; empty: it would
  std::string text;  // to be read behind "engine 3 "
};

// A task that another one waits for.
struct WaitsFor {
  std::string msg_id;
  std::string of;     // "after" or "follow"
  std::string state;  // "waiting", "pending", "running", or "unknown": nobody has submitted it
};

// Why a task waits, runs or failed.
struct Explanation {
  std::string msg_id;
  // "waiting" for dependencies, "ready" for an engine, "in_lane" of its engine, "lacking" arguments
  // after a restart, "sent" to an engine, "running", or "ended".
  std::string state;
  std::string why;                    // one sentence for people
  std::uint64_t ahead = 0;            // tasks in front of it, where it stands
  std::vector<EngineReason> engines;  // of a task that is ready
  std::vector<WaitsFor> waits_for;    // of one that is waiting: the first 100 that have not ended
  std::string json;
};

// An engine whose process died so often that its nanny does not start it any more.
struct EngineGivenUp {
  int id = 0;
  std::string host;
  std::string text;  // why
};

struct HubStatus {
  std::uint64_t epoch = 0;  // lives of the hub so far
  std::uint64_t pid = 0;    // 0 when the hub does not say
  std::chrono::milliseconds uptime{0};
  std::uint64_t engines = 0;
  std::uint64_t sessions = 0;
  std::uint64_t unfinished = 0;         // tasks that were accepted and have no outcome yet
  std::string policy;                   // see Client::policy()
  std::string store;                    // "ok", or what is wrong with the database
  std::vector<EngineGivenUp> given_up;  // as far as this hub was told; 100 at most
  std::string json;
};

}  // namespace roundhouse
