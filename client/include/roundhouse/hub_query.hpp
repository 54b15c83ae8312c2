// Questions to the hub about many tasks: which, in what order, how many.
//
//   namespace f = rh::fields;
//   auto failed = client.db_query({.where = f::status == "error" && f::engine_id == 2,
//                                  .order = rh::newest_first, .limit = 20});
//   auto night = client.db_query({.where = f::label.glob("night*") && f::submitted >= yesterday});
//   auto lazy = client.db_query({.where = f::engine_id.in({0, 1}) || f::started == rh::missing,
//                                .fields = {"msg_id", "status"}});
//   client.purge_results({.where = f::completed < last_week});
//
// All tasks count, those that have not ended, too. A field that a task does not have (yet) equals
// rh::missing alone, differs from every value, and is neither below nor above any. Values travel
// beside the question, never inside a statement. Plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace roundhouse {

// What a field is that a task does not have.
struct Missing {};

inline constexpr Missing missing{};

// What is compared with a field: nothing, a number (times are microseconds of UTC since 1970), or a
// text.
using FieldValue = std::variant<Missing, std::int64_t, std::string>;

// What a task has to be like; joined by &&, || and !. By default every task is.
class Condition {
 public:
  enum class Kind { every, any, none, compare };

  Condition() = default;

  // `comparison` as PROTOCOL 9 names them: "$eq", "$ne", "$lt", "$lte", "$gt", "$gte", "$in",
  // "$nin", "$glob"; one value, but for sets.
  Condition(std::string field, std::string comparison, std::vector<FieldValue> values)
      : kind_(Kind::compare),
        field_(std::move(field)),
        comparison_(std::move(comparison)),
        values_(std::move(values)) {}

  friend Condition operator&&(Condition a, Condition b) {
    return joined(Kind::every, std::move(a), std::move(b));
  }

  friend Condition operator||(Condition a, Condition b) {
    return joined(Kind::any, std::move(a), std::move(b));
  }

  friend Condition operator!(Condition a) {
    Condition out;
    out.kind_ = Kind::none;
    out.parts_.push_back(std::move(a));
    return out;
  }

  [[nodiscard]] Kind kind() const { return kind_; }

  [[nodiscard]] const std::vector<Condition>& parts() const { return parts_; }

  [[nodiscard]] const std::string& field() const { return field_; }

  [[nodiscard]] const std::string& comparison() const { return comparison_; }

  [[nodiscard]] const std::vector<FieldValue>& values() const { return values_; }

 private:
  // a && b && c is one list of three.
  static Condition joined(Kind kind, Condition a, Condition b) {
    if (a.kind_ == kind && (kind == Kind::any || !a.parts_.empty())) {
      a.parts_.push_back(std::move(b));
      return a;
    }
    Condition out;
    out.kind_ = kind;
    out.parts_.push_back(std::move(a));
    out.parts_.push_back(std::move(b));
    return out;
  }

  Kind kind_ = Kind::every;
  std::vector<Condition> parts_;
  std::string field_;
  std::string comparison_;
  std::vector<FieldValue> values_;
};

// A time of any precision.
struct FieldTime {
  std::int64_t us = 0;

  template <class D>
  FieldTime(std::chrono::sys_time<D> time)
      : us(std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch().count()) {}
};

namespace detail {

inline FieldValue field_value(Missing) {
  return missing;
}

template <class T>

requires std::is_integral_v<T> FieldValue field_value(T value) {
  return static_cast<std::int64_t>(value);
}

inline FieldValue field_value(std::string_view value) {
  return std::string(value);
}

inline FieldValue field_value(FieldTime time) {
  return time.us;
}

template <class R, class P>
FieldValue field_value(std::chrono::duration<R, P> duration) {
  return std::int64_t{std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count()};
}

}  // namespace detail

// A field of records whose values are T, to be compared. The names are those of PROTOCOL 9.
template <class T>
class TaskField {
 public:
  constexpr explicit TaskField(std::string_view name) : name_(name) {}

  friend Condition operator==(const TaskField& field, T value) { return field.is("$eq", value); }

  friend Condition operator!=(const TaskField& field, T value) { return field.is("$ne", value); }

  friend Condition operator<(const TaskField& field, T value) { return field.is("$lt", value); }

  friend Condition operator<=(const TaskField& field, T value) { return field.is("$lte", value); }

  friend Condition operator>(const TaskField& field, T value) { return field.is("$gt", value); }

  friend Condition operator>=(const TaskField& field, T value) { return field.is("$gte", value); }

  friend Condition operator==(const TaskField& field, Missing) { return field.is("$eq", missing); }

  friend Condition operator!=(const TaskField& field, Missing) { return field.is("$ne", missing); }

  // Any of these values, or none of them.
  [[nodiscard]] Condition in(std::initializer_list<T> values) const {
    return in(std::vector<T>(values));
  }

  [[nodiscard]] Condition in(const std::vector<T>& values) const { return set("$in", values); }

  [[nodiscard]] Condition not_in(std::initializer_list<T> values) const {
    return not_in(std::vector<T>(values));
  }

  [[nodiscard]] Condition not_in(const std::vector<T>& values) const { return set("$nin", values); }

  // A pattern as the shell's: '*', '?', "[a-z]", "[^a-z]".
  [[nodiscard]] Condition glob(
      std::string_view pattern) const requires std::is_same_v<T, std::string_view> {
    return is("$glob", pattern);
  }

  [[nodiscard]] constexpr std::string_view name() const { return name_; }

 private:
  template <class V>
  [[nodiscard]] Condition is(const char* comparison, V value) const {
    return {std::string(name_), comparison, {detail::field_value(value)}};
  }

  [[nodiscard]] Condition set(const char* comparison, const std::vector<T>& values) const {
    std::vector<FieldValue> list;
    for (const T& value : values) list.push_back(detail::field_value(value));
    return {std::string(name_), comparison, std::move(list)};
  }

  std::string_view name_;
};

namespace fields {

using Text = TaskField<std::string_view>;
using Number = TaskField<std::int64_t>;
using Time = TaskField<FieldTime>;

inline constexpr Text msg_id{"msg_id"};
inline constexpr Text session{"session"};  // the first 16 digits of the msg_ids of one client
inline constexpr Number sequence{"sequence"};
inline constexpr Text function{"function"};
inline constexpr Text signature{"signature"};  // mangled
inline constexpr Text label{"label"};
inline constexpr Text view{"view"};        // "direct" or "load_balanced"
inline constexpr Text status{"status"};    // "pending", "running", "ok", "error"
inline constexpr Text outcome{"outcome"};  // "ok", "error", "aborted", "timed_out", "engine_lost"
inline constexpr Number attempt{"attempt"};
inline constexpr Time submitted{"submitted"};
inline constexpr Time started{"started"};
inline constexpr Time completed{"completed"};
inline constexpr Time received{"received"};
inline constexpr TaskField<std::chrono::nanoseconds> duration{"duration_ns"};
inline constexpr Number engine_id{"engine_id"};
inline constexpr Text engine_uuid{"engine_uuid"};
inline constexpr Number incarnation{"incarnation"};
inline constexpr Text error_name{"error_name"};
inline constexpr Text error_value{"error_value"};
inline constexpr Number result_bytes{"result_bytes"};

}  // namespace fields

// By which field answers are ordered. Tasks with equal values are in the order of their ids.
struct TaskOrder {
  std::string field = "submitted";
  bool descending = false;
};

inline const TaskOrder oldest_first{};
inline const TaskOrder newest_first{"submitted", true};

template <class T>
[[nodiscard]] TaskOrder ascending(const TaskField<T>& field) {
  return {std::string(field.name()), false};
}

template <class T>
[[nodiscard]] TaskOrder descending(const TaskField<T>& field) {
  return {std::string(field.name()), true};
}

struct TaskQuery {
  Condition where{};
  TaskOrder order{};
  std::optional<std::size_t> limit{};  // nothing: all there are
  std::size_t offset = 0;              // passed over first; at most 100,000
  std::string after{};                 // a msg_id: only tasks behind this one, in the order asked
  // What the records have, beside msg_id; empty: all but the bytes of results.
  std::vector<std::string> fields{};
};

// Which of some tasks have ended.
struct ResultStatus {
  std::vector<std::string> pending;
  std::vector<std::string> running;    // as far as the hub can tell
  std::vector<std::string> completed;  // also those that were purged
  std::vector<std::string> unknown;    // that the hub never heard of
};

}  // namespace roundhouse
