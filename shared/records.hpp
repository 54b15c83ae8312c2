#pragma once

// CORE. The batches of the task plane: submit, assign, outcome and holding.
//
// A batch is a header frame, prefix, first number, count, and `count` records, each a positional
// msgpack array (elements that a later version appends are skipped), and the bulk frames of its
// records in order. A batch is decoded as a whole before anything in it is believed. Whoever has
// something to send fills a writer with what is ready and sends it; nobody waits to fill it.
// Thread rule: plain values; decoded payloads share the header's buffer and may go anywhere.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error_value.hpp"
#include "shared/message.hpp"
#include "shared/payload.hpp"
#include <roundhouse/ids.hpp>
#include <roundhouse/result.hpp>

namespace roundhouse::wire {

inline constexpr std::size_t kBatchRecordsMax = 512;
inline constexpr std::size_t kBatchBytesMax = 128U << 10U;  // a writer is full beyond this
inline constexpr std::size_t kRunTasksMax = 1U << 16U;      // tasks that one record stands for

inline constexpr std::uint64_t kSequenceEnd = std::uint64_t{1} << 40U;  // tasks have lower ones

inline constexpr std::size_t kDependenciesMax = 1U << 16U;      // tasks that one task depends on
inline constexpr std::size_t kDependencyRangesMax = 1U << 14U;  // and the ranges that they make up

// How a run ended, as numbers on the wire. `unmet` is an engine's alone: it will not run the task,
// because the predicate or the requirements of its template do not hold there (PROTOCOL 14).
enum class Ending : std::uint8_t {
  ok = 0,
  error = 1,
  aborted = 2,
  timed_out = 3,
  engine_lost = 4,
  unmet = 5,
};

[[nodiscard]] std::string_view to_string(Ending ending);

// Tasks first..last of a session, on which another task depends.
struct TaskRange {
  SessionId session;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  friend bool operator==(const TaskRange&, const TaskRange&) = default;

  [[nodiscard]] std::uint64_t count() const { return last - first + 1; }
};

// Ranges as they lie in SubmitRecord::depends: session, first and last, little-endian 64-bit each.
// Decoded one at a time; the bytes must outlive it.
class TaskRanges {
 public:
  static constexpr std::size_t kBytes = 24;  // of a range

  TaskRanges() = default;

  explicit TaskRanges(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t size() const { return bytes_.size() / kBytes; }

  [[nodiscard]] bool empty() const { return size() == 0; }

  [[nodiscard]] std::string_view bytes() const { return bytes_; }

  // Precondition: index < size().
  [[nodiscard]] TaskRange operator[](std::size_t index) const;

  // Those from `begin` on, before `end`. Precondition: begin <= end <= size().
  [[nodiscard]] TaskRanges part(std::size_t begin, std::size_t end) const {
    return TaskRanges(bytes_.substr(begin * kBytes, (end - begin) * kBytes));
  }

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = TaskRange;
    using difference_type = std::ptrdiff_t;
    using pointer = const TaskRange*;
    using reference = TaskRange;

    Iterator(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

    TaskRange operator*() const { return TaskRanges(bytes_)[at_]; }

    Iterator& operator++() {
      ++at_;
      return *this;
    }

    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    std::string_view bytes_;
    std::size_t at_;
  };

  [[nodiscard]] Iterator begin() const { return {bytes_, 0}; }

  [[nodiscard]] Iterator end() const { return {bytes_, size()}; }

 private:
  std::string_view bytes_;
};

// When a dependency on tasks is met: when all of them have ended in a way that counts, or any.
struct DependencyMode {
  bool any = false;
  bool success = true;   // that it ended ok counts
  bool failure = false;  // that it ended otherwise counts
  friend bool operator==(const DependencyMode&, const DependencyMode&) = default;
};

// Client to hub: one task, or a run of `count` consecutive ones that share template and the head
// of their payload. `payload` of a run holds the head and, as its tail, all tails in a row.
struct SubmitRecord {
  std::uint64_t sequence = 0;  // of the first task
  std::uint32_t count = 1;
  std::uint32_t template_number = 0;
  // Where: empty = the scheduler chooses among the template's targets; one engine for all tasks;
  // or one per task. Little-endian 32-bit engine ids; any but empty makes the tasks direct.
  Slice engines;
  // Where the tail of each task ends, little-endian 32-bit; empty: every task has the whole tail.
  Slice ends;
  Payload payload;
  // The client no longer has the bytes: it stands for tasks that have ended, and are never run.
  bool blank = false;
  // What the tasks of the run depend on, all of them alike (PROTOCOL 14): TaskRanges, those of
  // `after` in front, then those of `follow`. See encode_ranges().
  Slice depends = {};
  std::uint32_t after_ranges = 0;
  DependencyMode after_mode = {};
  DependencyMode follow_mode = {};

  [[nodiscard]] bool direct() const { return engines.size != 0; }

  // As long as this record, or its message, is there.
  [[nodiscard]] TaskRanges after() const {
    return TaskRanges(depends.view()).part(0, after_ranges);
  }

  [[nodiscard]] TaskRanges follow() const {
    const TaskRanges all(depends.view());
    return all.part(after_ranges, all.size());
  }

  // The engine of task `index` of the run; only when direct().
  [[nodiscard]] EngineId engine_of(std::uint32_t index) const;
  // The payload of task `index` of the run, sharing this record's block and frames.
  [[nodiscard]] Payload payload_of(std::uint32_t index) const;
};

// As TaskRanges has them.
[[nodiscard]] std::string encode_ranges(const std::vector<TaskRange>& ranges);

// The two modes of a record, as `modes` on the wire.
[[nodiscard]] std::uint64_t bits_of(DependencyMode after, DependencyMode follow);
void read_modes(std::uint64_t bits, DependencyMode& after, DependencyMode& follow);

// Hub to engine.
struct AssignRecord {
  std::uint64_t number = 0;  // dense per incarnation
  std::uint64_t sequence = 0;
  Fence fence;
  std::uint32_t template_number = 0;  // the hub's; tells the session, too
  bool direct = false;                // belongs to the lane of its session
  Payload payload;
};

// Engine to hub, numbered densely per incarnation from the batch's first number.
struct FinishedRecord {
  TaskId task;
  Fence fence;
  Ending ending = Ending::ok;
  std::int64_t started_us = 0;    // UTC by the engine's clock, microseconds since 1970
  std::uint64_t duration_ns = 0;  // by its steady clock
  Payload payload;                // the result, or the error as a map {name, value, traceback}
  Slice printed = {};             // shared/printed.hpp; empty: nothing

  [[nodiscard]] std::uint64_t bytes() const { return payload.size() + printed.size; }
};

// Hub to client, numbered densely per connection from the batch's first number.
struct OutcomeRecord {
  std::uint64_t sequence = 0;
  Ending ending = Ending::ok;
  std::uint32_t attempt = 0;
  std::optional<EngineId> engine;  // nothing when no engine ran it
  std::int64_t started_us = 0;
  std::uint64_t duration_ns = 0;
  Payload payload;
  Slice printed = {};  // as the engine sent it

  [[nodiscard]] std::uint64_t bytes() const { return payload.size() + printed.size; }
};

// Engine to hub after a welcome: assignments that it has and has no outcome for. The message whose
// first number is 1 is the last one: everything is said.
struct HoldingRecord {
  std::uint64_t number = 0;
  TaskId task;
  Fence fence;
  bool running = false;
};

// Builds one batch. Overload `add` per record type; the record's type decides the kind, so a
// writer takes one type only.
template <class Record>
class BatchWriter {
 public:
  BatchWriter();

  // True when a further record has to go into another batch.
  [[nodiscard]] bool full() const {
    return count_ >= kBatchRecordsMax || bytes_.size() >= kBatchBytesMax ||
           frames_.size() >= kFramesMax / 2;
  }

  [[nodiscard]] bool empty() const { return count_ == 0; }

  [[nodiscard]] std::size_t count() const { return count_; }

  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

  // Whether the record's frames still fit; a record alone may have up to kFramesMax.
  [[nodiscard]] bool fits(const Payload& payload) const {
    return empty() || frames_.size() + payload.frame_count() <= kFramesMax;
  }

  void add(const Record& record);
  // The message, and the writer is empty again.
  [[nodiscard]] Message take(std::uint64_t first);

 private:
  std::string bytes_;
  std::size_t count_ = 0;
  Frames frames_;
};

template <class Record>
struct Batch {
  std::uint64_t first = 0;
  std::vector<Record> records;
};

// Decodes a whole batch of the record's kind. Limits: kBatchRecordsMax records, frames and header
// as in message.hpp, and exactly the frames that the records speak of. `batch` is cleared first
// and keeps its capacity.
template <class Record>
[[nodiscard]] Result<void> decode_batch(const Message& message, Batch<Record>& batch);

}  // namespace roundhouse::wire
