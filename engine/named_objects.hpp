#pragma once

// SHELL. NamedObjects: an engine's named data as its interpreter sees it. Thread rule: any thread.

#include <optional>
#include <string>
#include <string_view>

#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine {

class NamedObjects {
 public:
  // The mangled name of the type that `name` is of; nothing when nothing has it.
  [[nodiscard]] virtual std::optional<std::string> type_of(std::string_view name) const = 0;

  // See EngineApi.
  [[nodiscard]] virtual Lookup get(std::string_view name, const ObjectType& type, bool writes,
                                   Pin& pin, std::string& error) = 0;

  // Forgets one name: code has given it to something else.
  virtual void erase(std::string_view name) = 0;

 protected:
  NamedObjects() = default;
  NamedObjects(const NamedObjects&) = default;
  NamedObjects& operator=(const NamedObjects&) = default;
  ~NamedObjects() = default;
};

}  // namespace roundhouse::engine
