#pragma once

// Records and answers: how the stores put what they know into replies (PROTOCOL 9), so that all of
// them answer alike. Thread rule: plain values.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "hub/core/outbox.hpp"
#include "shared/message.hpp"
#include "shared/records.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

inline constexpr std::size_t kAnswerIdsMax = 10'000;         // ids in one question or answer
inline constexpr std::size_t kAnswerBytesMax = 512U << 10U;  // records in one answer, about
inline constexpr std::size_t kErrorTextMax = 16U << 10U;     // of each text of an error
inline constexpr std::size_t kHistoryLimitDefault = 100;

static_assert(kAnswerBytesMax + wire::kInlineBytesMax + 3 * kErrorTextMax + kAnswerIdsMax * 34 <
                  wire::kHeaderBytesMax,
              "an answer fits into a header frame");

// A finished task, for people. Times are microseconds since 1970; 0: not known.
struct Record {
  TaskId task;
  std::string function;
  std::string label;
  std::string view;
  std::vector<std::uint32_t> targets;
  std::int64_t submitted_us = 0;
  std::int64_t started_us = 0;  // by the engine's clock
  std::int64_t received_us = 0;
  std::uint64_t duration_ns = 0;
  std::optional<EngineId> engine;
  Uuid engine_uuid;
  std::uint32_t incarnation = 0;
  std::uint32_t attempt = 0;
  wire::Ending ending = wire::Ending::ok;
  wire::ErrorValue error;
  std::uint64_t result_bytes = 0;
  std::optional<std::string> result;  // nothing when it is too large for the answer, or an error

  // When the run was over, by the engine's clock; when the hub heard that no engine would run it.
  [[nodiscard]] std::int64_t completed_us() const {
    return started_us == 0 ? 0 : started_us + static_cast<std::int64_t>(duration_ns / 1000);
  }
};

// One msgpack map.
void pack_record(const Record& record, std::string& out);

// What a question's body says. Keys that the verb does not use are ignored.
struct Question {
  std::vector<TaskId> ids;
  std::vector<std::uint32_t> engines;
  bool all = false;
  std::size_t limit = kHistoryLimitDefault;
  std::optional<TaskId> before;
};

// Fails with `malformed`, or `invalid` for an id that is none; the text says what it was.
[[nodiscard]] Result<Question> parse_question(const Query& query);

[[nodiscard]] wire::Reply make_error(const Query& query, const Error& error);

// Puts a `result` reply together: the live records of the question first, then those that the
// store adds; ids that do not fit are named in `more`, to be asked for again.
class ResultAnswer {
 public:
  ResultAnswer(const Query& query, const Question& question);

  // The ids that the store has to look up, in the order asked for.
  [[nodiscard]] const std::vector<TaskId>& wanted() const { return wanted_; }

  void add(const Record& record);
  void add_missing(TaskId task);

  // No further record fits: the rest of wanted() is `more`, whatever it is.
  [[nodiscard]] bool full() const { return records_.size() >= kAnswerBytesMax; }

  void add_more(TaskId task);
  [[nodiscard]] wire::Reply take();

 private:
  std::uint64_t request_;
  std::vector<TaskId> wanted_;
  std::string records_;
  std::size_t count_ = 0;
  std::string missing_;
  std::size_t missing_count_ = 0;
  std::string more_;
  std::size_t more_count_ = 0;
};

// Puts a `history` reply together: live ids first, then those that the store adds, newest first.
class HistoryAnswer {
 public:
  HistoryAnswer(const Query& query, const Question& question);

  [[nodiscard]] bool full() const { return count_ >= limit_; }

  // False, and remembered as `more`, when it is full. One that is live already is not repeated.
  bool add(TaskId task);
  [[nodiscard]] wire::Reply take();

 private:
  std::uint64_t request_;
  std::size_t limit_;
  std::unordered_set<TaskId> live_;
  std::string ids_;
  std::size_t count_ = 0;
  bool more_ = false;
};

[[nodiscard]] wire::Reply make_purged(const Query& query, std::uint64_t count);

}  // namespace roundhouse::hub
