#pragma once

// SHELL. KnownTypes: how values of a type are kept and packed: the usual types at once, others by
// code that is compiled when the type is first asked for. Thread rule: its unit's.

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/interpreter/unit.hpp"
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine::interpreter {

class KnownTypes {
 public:
  // Outlives it.
  explicit KnownTypes(Unit& unit) : unit_(unit) {}

  // That of a type, which code calls `spelled`. Null, and why, for a type that cannot be packed.
  // Lives for ever, with the code that it points to, as those of modules do.
  [[nodiscard]] const ObjectType* find(const std::string& type, const std::string& spelled,
                                       std::string& problem);

 private:
  struct Compiled {
    ObjectType object;
    std::string packed;
    std::shared_ptr<Jit> code;
  };

  Unit& unit_;
  std::map<std::string, Compiled*, std::less<>> compiled_;
};

}  // namespace roundhouse::engine::interpreter
