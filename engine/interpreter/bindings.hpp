#pragma once

// SHELL. Bindings: the engine's named data as variables of interpreted code. Thread rule: its
// unit's.
//
// `a` becomes a reference whose address the code reads each time it runs, so that functions that
// were compiled earlier see the value that the name has now, as long as it is of the same type.

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/interpreter/types.hpp"
#include "engine/interpreter/unit.hpp"
#include "engine/named_objects.hpp"

namespace roundhouse::engine::interpreter {

class Bindings {
 public:
  // All outlive it.
  Bindings(NamedObjects& names, Unit& unit, KnownTypes& types)
      : names_(names), unit_(unit), types_(types) {}

  // Declares those names of the engine that occur in `code` and are not known, or of another type
  // now. What cannot be declared is left out: `problems` says why, a line each.
  void declare(std::string_view code, std::string& problems);

  // Lets all names that were declared mean the values that they have now.
  void refresh();

  // Code has given the name to something else.
  void forget(std::string_view name);

 private:
  struct Binding {
    std::string type;
    const ObjectType* object = nullptr;
    Pin pin;
    void* address = nullptr;  // the code's symbol is this
  };

  [[nodiscard]] std::optional<Variable> declare_variable(const std::string& text,
                                                         std::string& problem);
  [[nodiscard]] bool declare_one(const std::string& name, const std::string& type,
                                 std::string& problem);
  bool look_up(std::string_view name, Binding& binding, std::string& problem);

  NamedObjects& names_;
  Unit& unit_;
  KnownTypes& types_;
  std::map<std::string, std::unique_ptr<Binding>, std::less<>> bound_;
  std::size_t probes_ = 0;
  std::vector<std::unique_ptr<Binding>> former_;  // older code may refer to them
};

}  // namespace roundhouse::engine::interpreter
