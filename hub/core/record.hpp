#pragma once

// CORE. Record: what is known about one task, finished or not, and its fields by name (PROTOCOL 9).
// The router writes those of unfinished tasks, the stores those of finished ones, so that all of
// them look alike. Thread rule: plain values.

#include <array>
#include <bitset>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/core/depends_on.hpp"
#include "shared/records.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

// Of each text of an error: what an engine leaves of a longer one, and its note of that.
inline constexpr std::size_t kErrorTextMax = (16U << 10U) + 64;

// The fields of a record, in the order in which they are packed; kFields has their names.
enum class Field : std::uint8_t {
  msg_id,
  session,
  sequence,
  function,
  signature,
  label,
  view,
  targets,
  status,
  outcome,
  attempt,
  submitted,
  started,
  completed,
  received,
  duration_ns,
  engine_id,
  engine_uuid,
  incarnation,
  error_name,
  error_value,
  error,
  result_bytes,
  result,
  after,
  follow,
  standard_output,
  standard_error,
};

// What a field's value is; `bulk` ones can be fetched and not compared.
enum class FieldKind : std::uint8_t { id, session, number, text, bulk };

struct FieldInfo {
  std::string_view name;
  FieldKind kind;
};

inline constexpr std::array<FieldInfo, 28> kFields{{
    {"msg_id", FieldKind::id},           {"session", FieldKind::session},
    {"sequence", FieldKind::number},     {"function", FieldKind::text},
    {"signature", FieldKind::text},      {"label", FieldKind::text},
    {"view", FieldKind::text},           {"targets", FieldKind::bulk},
    {"status", FieldKind::text},         {"outcome", FieldKind::text},
    {"attempt", FieldKind::number},      {"submitted", FieldKind::number},
    {"started", FieldKind::number},      {"completed", FieldKind::number},
    {"received", FieldKind::number},     {"duration_ns", FieldKind::number},
    {"engine_id", FieldKind::number},    {"engine_uuid", FieldKind::text},
    {"incarnation", FieldKind::number},  {"error_name", FieldKind::text},
    {"error_value", FieldKind::text},    {"error", FieldKind::bulk},
    {"result_bytes", FieldKind::number}, {"result", FieldKind::bulk},
    {"after", FieldKind::bulk},          {"follow", FieldKind::bulk},
    {"stdout", FieldKind::bulk},         {"stderr", FieldKind::bulk},
}};
static_assert(kFields.size() == static_cast<std::size_t>(Field::standard_error) + 1);

[[nodiscard]] constexpr const FieldInfo& info_of(Field field) {
  return kFields[static_cast<std::size_t>(field)];
}

// The field of this name; nothing when there is none.
[[nodiscard]] std::optional<Field> find_field(std::string_view name);

// The value of a field, borrowed from its record or from a question. Values of one kind compare; a
// missing one is below all others, as in SQL.
struct FieldValue {
  enum class Kind : std::uint8_t { none, number, text, id };

  Kind kind = Kind::none;
  std::int64_t number = 0;
  std::string_view text = {};
  TaskId id = {};

  static FieldValue of(std::int64_t value) { return {Kind::number, value, {}, {}}; }

  static FieldValue of(std::string_view value) { return {Kind::text, 0, value, {}}; }

  static FieldValue of(TaskId value) { return {Kind::id, 0, {}, value}; }

  friend auto operator<=>(const FieldValue&, const FieldValue&) = default;
};

// Something whose fields can be asked for one by one, so that a million tasks can be looked through
// without a record of each.
class FieldSource {
 public:
  [[nodiscard]] virtual TaskId id() const = 0;
  // Valid until the next call.
  [[nodiscard]] virtual FieldValue value(Field field) const = 0;

 protected:
  FieldSource() = default;
  FieldSource(const FieldSource&) = default;
  FieldSource& operator=(const FieldSource&) = default;
  ~FieldSource() = default;
};

// A subset of the fields.
class FieldSet {
 public:
  // All but the one-line ones of the error, which are in it.
  [[nodiscard]] static FieldSet whole();
  // whole() without the result's bytes.
  [[nodiscard]] static FieldSet without_result();

  void add(Field field) { bits_.set(static_cast<std::size_t>(field)); }

  [[nodiscard]] bool has(Field field) const { return bits_.test(static_cast<std::size_t>(field)); }

 private:
  std::bitset<kFields.size()> bits_;
};

enum class TaskStatus : std::uint8_t { pending, running, ok, error };

[[nodiscard]] std::string_view name_of(TaskStatus status);

// Times are microseconds since 1970; 0: not known.
struct Record final : FieldSource {
  TaskId task;
  TaskStatus status = TaskStatus::ok;
  wire::Ending ending = wire::Ending::ok;  // of a finished task
  std::string function;
  std::string signature;
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
  wire::ErrorValue error;
  std::uint64_t result_bytes = 0;
  DependsOn depends;
  std::string printed_out;  // what it wrote to standard output, and standard error
  std::string printed_err;
  std::optional<std::string> result;  // nothing when it is too large for an answer, or an error

  [[nodiscard]] bool finished() const {
    return status == TaskStatus::ok || status == TaskStatus::error;
  }

  void set_ending(wire::Ending how) {
    ending = how;
    status = how == wire::Ending::ok ? TaskStatus::ok : TaskStatus::error;
  }

  // When the run was over, by the engine's clock; 0 when there was none.
  [[nodiscard]] std::int64_t completed_us() const {
    if (started_us == 0 || !finished()) return 0;
    return started_us + static_cast<std::int64_t>(duration_ns / 1000);
  }

  [[nodiscard]] TaskId id() const override { return task; }

  [[nodiscard]] FieldValue value(Field field) const override;

 private:
  mutable std::string uuid_text_;  // what value() lends
};

// One msgpack map, of those of the fields that have a value. `msg_id` is always there.
void pack_record(const Record& record, const FieldSet& fields, std::string& out);

}  // namespace roundhouse::hub
