// What a task does with its function: calls it, or works through a list with it.
//
// A piece of a map travels as a task whose function is named "map:" and the name of the function,
// with the function's own signature, and whose arguments are encode_map_arguments(): an engine
// finds the function by the name behind the prefix and runs TaskInfo::invoke_map. A piece of a
// reduction is named "reduce:" and has one list, for TaskInfo::invoke_reduce.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace roundhouse {

inline constexpr std::string_view kMapPrefix = "map:";
inline constexpr std::string_view kReducePrefix = "reduce:";

enum class CallKind : std::uint8_t { call, map, reduce };

[[nodiscard]] constexpr std::string_view prefix_of(CallKind kind) {
  switch (kind) {
    case CallKind::call: break;
    case CallKind::map: return kMapPrefix;
    case CallKind::reduce: return kReducePrefix;
  }
  return {};
}

// The kind that a name says, and the name of the function itself.
[[nodiscard]] constexpr std::pair<CallKind, std::string_view> split_kind(std::string_view name) {
  for (const CallKind kind : {CallKind::map, CallKind::reduce}) {
    const std::string_view prefix = prefix_of(kind);
    if (name.starts_with(prefix)) return {kind, name.substr(prefix.size())};
  }
  return {CallKind::call, name};
}

}  // namespace roundhouse
