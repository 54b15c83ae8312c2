#pragma once

// Answers: how the stores put what they know into replies (PROTOCOL 9), so that all of them answer
// alike. Thread rule: plain values.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hub/core/outbox.hpp"
#include "hub/core/payload_part.hpp"
#include "hub/core/request_body.hpp"
#include "hub/core/task_query.hpp"
#include "shared/message.hpp"

namespace roundhouse::hub {

inline constexpr std::size_t kAnswerBytesMax = 512U << 10U;  // records in one answer, about

static_assert(kAnswerBytesMax + wire::kInlineBytesMax + 8 * kErrorTextMax + kAnswerIdsMax * 34 <
                  wire::kHeaderBytesMax,
              "an answer fits into a header frame");
static_assert(kPayloadPartBytes + wire::kInlineBytesMax + wire::kFramesMax * 9 +
                      5 * wire::kTemplateBytesMax / 4 + kDependsRangesMax * 24 + 1024 <
                  wire::kHeaderBytesMax,
              "and so does a part of a payload");

[[nodiscard]] wire::Reply make_error(const Query& query, const Error& error);
[[nodiscard]] wire::Reply make_purged(const Query& query, std::uint64_t count);
[[nodiscard]] wire::Reply make_part(const Query& query, const PayloadPart& part);

// Why a payload cannot be had: an answer to `payload`.
[[nodiscard]] Error no_such_payload(PayloadOf what, TaskId task, bool finished);

// Why a task that failed has no result.
[[nodiscard]] Error ended_badly(const Record& record);

// `age` before the question was asked, in microseconds since 1970.
[[nodiscard]] std::int64_t time_before(const Query& query, std::uint64_t age_us);

// Puts a `result` reply together: the live records of the question first, then those that the
// store adds; ids that do not fit are named in `more`, to be asked for again.
class ResultAnswer {
 public:
  ResultAnswer(const Query& query, const RequestBody& question);

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

// Puts a `db_query` reply together: the store hands in finished tasks in the order of the answer,
// the live ones of the question come in between.
class PageAnswer {
 public:
  PageAnswer(const Query& query, const TaskQuery& asked);

  // No further task is needed.
  [[nodiscard]] bool done() const { return more_; }

  // The next finished task, that matches and is behind `after`; `find` makes its record if it
  // becomes part of the answer, and may find nothing.
  void add(const FieldValue& value, TaskId task,
           const std::function<std::optional<Record>()>& find);
  [[nodiscard]] wire::Reply take();

 private:
  void add_live_before(const FieldValue& value, TaskId task);
  void put(const FieldValue& value, const Record& record);
  // Whether the next one is passed over, or no longer fits.
  [[nodiscard]] bool skip();

  const Query& query_;
  const TaskQuery& asked_;
  std::size_t next_live_ = 0;
  std::size_t skipped_ = 0;
  std::string records_;
  std::size_t count_ = 0;
  bool more_ = false;
  QueryPlace last_;
};

}  // namespace roundhouse::hub
