#pragma once

// SHELL. The usual types: what is shown, packed, unpacked and passed by code compiled long before.
// interpreted.hpp says which they are. Thread rule: any thread.

#include <string>
#include <string_view>

#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine::interpreter {

struct UsualType {
  // The same for values under a name, see EngineApi.
  const ObjectType* object = nullptr;
  std::string (*show)(const void* object) = nullptr;
};

// By the name that typeid gives it; null when it is none.
[[nodiscard]] const UsualType* find_usual_type(std::string_view exact);

}  // namespace roundhouse::engine::interpreter
