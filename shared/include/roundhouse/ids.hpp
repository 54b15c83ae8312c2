#pragma once

// Strong identifiers: a task is not an engine, and the compiler knows it.
// Values only; any thread.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace roundhouse {

// A number that means one kind of thing. Ordered, hashable, never mixed with another Tag.
template <class Tag, class Value = std::uint64_t>
struct Id {
  Value value{};
  friend auto operator<=>(const Id&, const Id&) = default;
};

// A small integer that names an engine for people; never reused in a cluster's life.
using EngineId = Id<struct EngineTag, std::uint32_t>;

// 64 random bits that name one client's life with the hub, across reconnects.
using SessionId = Id<struct SessionTag, std::uint64_t>;

// One task: its session and a dense sequence number in it, counted from 1.
struct TaskId {
  SessionId session;
  std::uint64_t sequence = 0;
  friend auto operator<=>(const TaskId&, const TaskId&) = default;
};

// 128 random bits: an engine's identity across hubs, a session's secret.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] bool empty() const { return *this == Uuid{}; }

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

// Which try at which task a message speaks of: the hub's epoch when it was assigned, and the
// attempt. Ordered: a later hub's fence is higher than any of an earlier one.
struct Fence {
  std::uint64_t epoch = 0;
  std::uint32_t attempt = 0;
  friend auto operator<=>(const Fence&, const Fence&) = default;
};

// The 32 hexadecimal digits that users know as msg_id.
[[nodiscard]] std::string to_string(const TaskId& id);
// The 32 hexadecimal digits of a uuid, without dashes.
[[nodiscard]] std::string to_string(const Uuid& id);
// Reads what to_string wrote; nothing when the text is not 32 hexadecimal digits.
[[nodiscard]] std::optional<TaskId> parse_task_id(std::string_view text);
[[nodiscard]] std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace roundhouse

template <class Tag, class Value>
struct std::hash<roundhouse::Id<Tag, Value>> {
  std::size_t operator()(const roundhouse::Id<Tag, Value>& id) const noexcept {
    return std::hash<Value>{}(id.value);
  }
};

template <>
struct std::hash<roundhouse::TaskId> {
  std::size_t operator()(const roundhouse::TaskId& id) const noexcept {
    return std::hash<std::uint64_t>{}(id.session.value ^ (id.sequence * 0x9e3779b97f4a7c15U));
  }
};

template <>
struct std::hash<roundhouse::Uuid> {
  std::size_t operator()(const roundhouse::Uuid& id) const noexcept {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  }
};
