#pragma once

// SHELL. The usual types: what is shown, packed, unpacked and passed by code compiled long before.
// interpreted.hpp says which they are. Thread rule: any thread.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <roundhouse/codec.hpp>
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine::interpreter {

// An argument while the function runs: a value of its own, or an object of the namespace.
class Argument {
 public:
  Argument() = default;
  Argument(const Argument&) = delete;
  Argument& operator=(const Argument&) = delete;
  virtual ~Argument() = default;

  // Throws SerializationError, NameError, TypeError.
  virtual void read(detail::Decoder& in, std::size_t number, std::size_t count) = 0;
  [[nodiscard]] virtual void* object() = 0;
};

struct UsualType {
  // How values are kept under a name.
  const ObjectType* object = nullptr;
  std::string (*show)(const void* object) = nullptr;
  std::unique_ptr<Argument> (*argument)() = nullptr;
  // Gives the object another value. Throws SerializationError.
  void (*assign)(void* object, const Encoded& value) = nullptr;
};

// By the name that typeid gives it; null when it is none.
[[nodiscard]] const UsualType* find_usual_type(std::string_view exact);

}  // namespace roundhouse::engine::interpreter
