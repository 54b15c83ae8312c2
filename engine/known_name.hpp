#pragma once

// KnownName: what code has declared, or a client has named, as people are told of it. A plain
// value.

#include <string>

namespace roundhouse::engine {

struct KnownName {
  std::string name;
  std::string what;  // "double", "int (int)", "struct", "template", "namespace"; may be empty

  friend bool operator==(const KnownName&, const KnownName&) = default;
};

}  // namespace roundhouse::engine
