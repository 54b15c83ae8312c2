#include "engine/namespace.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/arguments.hpp>
#include <roundhouse/this_engine.hpp>

namespace rh = roundhouse;
using rh::Lookup;
using rh::PackedValue;
using rh::Pin;
using Names = rh::engine::Namespace;

namespace namespace_test {

// Counts how many of it are alive.
struct Counted {
  static inline std::atomic<int> alive{0};
  int value = 0;

  Counted() { ++alive; }

  Counted(const Counted& other) : value(other.value) { ++alive; }

  Counted& operator=(const Counted&) = default;

  ~Counted() { --alive; }
  MSGPACK_DEFINE(value)
};

}  // namespace namespace_test

namespace {

using namespace_test::Counted;

template <class T>
T* got(Names& names, std::string_view name, Pin& pin, bool writes = true) {
  std::string error;
  if (names.get(name, rh::detail::object_type<T>(), writes, pin, error) != Lookup::found)
    return nullptr;
  return static_cast<T*>(pin.object);
}

template <class T>
T pulled(const Names& names, std::string_view name) {
  PackedValue out;
  std::string error;
  const Lookup lookup = names.pull(name, out, error);
  REQUIRE_MESSAGE(lookup == Lookup::found, error);
  return rh::unpack_value<T>(out);
}

TEST_CASE("a pushed value is pulled as it came, until a task changes it") {
  Names names;
  names.push("v", rh::pack_value(std::vector<double>(5000, 1.0)));
  CHECK(pulled<std::vector<double>>(names, "v").at(0) == 1.0);
  {
    Pin pin;
    auto* values = got<std::vector<double>>(names, "v", pin);
    REQUIRE(values != nullptr);
    values->at(0) = 9.0;
    CHECK(pulled<std::vector<double>>(names, "v").at(0) == 9.0);
    values->at(0) = 10.0;
  }
  CHECK(pulled<std::vector<double>>(names, "v").at(0) == 10.0);
}

TEST_CASE("reading keeps the packed form") {
  Names names;
  names.push("v", rh::pack_value(std::vector<double>(5000, 1.0)));
  PackedValue before;
  PackedValue after;
  std::string error;
  Pin pin;
  REQUIRE(names.pull("v", before, error) == Lookup::found);
  REQUIRE(got<std::vector<double>>(names, "v", pin, false) != nullptr);
  REQUIRE(names.pull("v", after, error) == Lookup::found);
  CHECK(after.value.frames[0].data() == before.value.frames[0].data());
}

TEST_CASE("an unknown name and a wrong type are told apart, in words") {
  Names names;
  Pin pin;
  std::string error;
  CHECK(names.get("x", rh::detail::object_type<int>(), true, pin, error) == Lookup::no_such_name);
  CHECK(error == "nothing is named 'x' on this engine, whose namespace is empty");
  names.push("v", rh::pack_value(3));
  PackedValue out;
  CHECK(names.pull("x", out, error) == Lookup::no_such_name);
  CHECK(error == "nothing is named 'x' on this engine; it has v");
  CHECK(names.get("v", rh::detail::object_type<std::string>(), true, pin, error) ==
        Lookup::wrong_type);
  CHECK(error == "'v' is a int on this engine, and was asked for as a std::string");
  REQUIRE(got<int>(names, "v", pin) != nullptr);
  CHECK(names.get("v", rh::detail::object_type<long>(), true, pin, error) == Lookup::wrong_type);
  CHECK(error == "'v' is a int on this engine, and was asked for as a long");
}

TEST_CASE("a value whose bytes are not what its type says cannot be used, but pulled") {
  Names names;
  PackedValue lie = rh::pack_value(std::string("text"));
  lie.type = rh::type_name<int>();
  names.push("v", lie);
  Pin pin;
  std::string error;
  CHECK(names.get("v", rh::detail::object_type<int>(), true, pin, error) == Lookup::wrong_type);
  CHECK(error == "'v' cannot be unpacked: value (int): expected an integer, got text");
  PackedValue out;
  CHECK(names.pull("v", out, error) == Lookup::found);
  CHECK(out == lie);
}

TEST_CASE("an object lives until nobody holds it, and is destroyed once") {
  {
    Names names;
    names.set("c", rh::detail::object_type<Counted>(), new Counted);
    CHECK(Counted::alive == 1);
    {
      Pin pin;
      auto* counted = got<Counted>(names, "c", pin);
      REQUIRE(counted != nullptr);
      counted->value = 4;
      CHECK(pulled<Counted>(names, "c").value == 4);
      names.set("c", rh::detail::object_type<Counted>(), new Counted);
      CHECK(Counted::alive == 2);
      CHECK(counted->value == 4);
      names.clear();
      CHECK(names.names().empty());
      CHECK(Counted::alive == 1);
    }
    CHECK(Counted::alive == 0);
    names.set("c", rh::detail::object_type<Counted>(), new Counted);
  }
  CHECK(Counted::alive == 0);
}

TEST_CASE("names are sorted") {
  Names names;
  names.push("b", rh::pack_value(1));
  names.push("a", rh::pack_value(1));
  CHECK(names.names() == std::vector<std::string>{"a", "b"});
  CHECK(names.has("a"));
  CHECK_FALSE(names.has("c"));
}

TEST_CASE("a name has a type, until it is erased") {
  Names names;
  names.push("a", rh::pack_value(std::vector<double>{1}));
  CHECK(names.type_of("a") == typeid(std::vector<double>).name());
  Pin pin;
  CHECK(got<rh::Array<double>>(names, "a", pin) != nullptr);
  CHECK(names.type_of("a") == typeid(rh::Array<double>).name());  // what it is held as
  names.erase("a");
  names.erase("a");
  CHECK_FALSE(names.type_of("a"));
}

TEST_CASE("tasks in several slots use the namespace at once") {
  Names names;
  const auto work = [&](int slot) {
    const std::string own = "own" + std::to_string(slot);
    for (int i = 0; i < 500; ++i) {
      names.push("shared", rh::pack_value(std::vector<int>(100, i)));
      names.push(own, rh::pack_value(i));
      Pin pin;
      if (const auto* shared = got<std::vector<int>>(names, "shared", pin, false))
        CHECK(shared->front() == shared->back());
      Pin own_pin;
      ++*got<int>(names, own, own_pin);
      CHECK(pulled<int>(names, own) == i + 1);
    }
  };
  std::vector<std::jthread> slots;
  for (int slot = 0; slot < 4; ++slot) slots.emplace_back(work, slot);
  slots.clear();
  CHECK(names.names().size() == 5);
}

}  // namespace
