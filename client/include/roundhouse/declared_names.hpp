// What an engine answers when it is asked for all that is named on it, for people who type: the
// wire form of that task.
//
// Thread rule: plain values.
#pragma once

#include <string>
#include <string_view>

#include <roundhouse/serialize.hpp>

namespace roundhouse {

struct DeclaredName {
  std::string name;
  std::string what;  // "double", "int (int)", "struct", "template", "namespace"; may be empty

  MSGPACK_DEFINE(name, what)

  friend bool operator==(const DeclaredName&, const DeclaredName&) = default;
};

// () -> std::vector<DeclaredName>, sorted by name: what was pushed, and what source has declared
// itself, not by its includes.
inline constexpr std::string_view kDeclaredTask = "roundhouse.declared";

}  // namespace roundhouse
