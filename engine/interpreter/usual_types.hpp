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

// The arguments of many calls: so many values, one behind the other.
class ArgumentList {
 public:
  ArgumentList() = default;
  ArgumentList(const ArgumentList&) = delete;
  ArgumentList& operator=(const ArgumentList&) = delete;
  virtual ~ArgumentList() = default;

  // As Argument::read.
  virtual void read(detail::Decoder& in, std::size_t number, std::size_t count) = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;
  [[nodiscard]] virtual const void* array() = 0;
};

// What many calls return: so many values, one behind the other, to be given others.
class ResultList {
 public:
  ResultList() = default;
  ResultList(const ResultList&) = delete;
  ResultList& operator=(const ResultList&) = delete;
  virtual ~ResultList() = default;

  [[nodiscard]] virtual void* array() = 0;
  virtual void encode(Encoded& out) = 0;
};

struct UsualType {
  // How values are kept under a name.
  const ObjectType* object = nullptr;
  std::string (*show)(const void* object) = nullptr;
  std::unique_ptr<Argument> (*argument)() = nullptr;
  std::unique_ptr<ArgumentList> (*arguments)() = nullptr;
  std::unique_ptr<Argument> (*list)() = nullptr;  // one argument: a std::vector of them
  std::size_t (*size_of_list)(const void* list) = nullptr;
  std::unique_ptr<ResultList> (*results)(std::size_t count) = nullptr;
  // Gives the object another value. Throws SerializationError.
  void (*assign)(void* object, const Encoded& value) = nullptr;
};

// By the name that typeid gives it; null when it is none.
[[nodiscard]] const UsualType* find_usual_type(std::string_view exact);

}  // namespace roundhouse::engine::interpreter
