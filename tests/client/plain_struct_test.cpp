// Structs that nobody has told msgpack about, and those that only look so.
#include <array>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/arguments.hpp>

namespace plain_struct_test {

struct Forgotten {
  int x = 0;
  std::string name;
};

struct Defined {
  int x = 0;
  MSGPACK_DEFINE(x)
};

struct Derived : Defined {};

// Packed by adaptors of its own.
struct Adapted {
  int x = 0;
};

// A template of the user's, with a partial specialization.
template <class T>
struct Pair {
  T a{};
  T b{};
};

}  // namespace plain_struct_test

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
  namespace adaptor {

  template <>
  struct pack<plain_struct_test::Adapted> {
    template <class Stream>
    packer<Stream>& operator()(packer<Stream>& out, const plain_struct_test::Adapted& value) const {
      return out.pack(value.x);
    }
  };

  template <>
  struct convert<plain_struct_test::Adapted> {
    const msgpack::object& operator()(const msgpack::object& from,
                                      plain_struct_test::Adapted& to) const {
      from.convert(to.x);
      return from;
    }
  };

  template <class T>
  struct pack<plain_struct_test::Pair<T>> {
    template <class Stream>
    packer<Stream>& operator()(packer<Stream>& out, const plain_struct_test::Pair<T>& pair) const {
      return out.pack_array(2).pack(pair.a).pack(pair.b);
    }
  };

  template <class T>
  struct convert<plain_struct_test::Pair<T>> {
    const msgpack::object& operator()(const msgpack::object& from,
                                      plain_struct_test::Pair<T>& to) const {
      const auto both = from.as<std::array<T, 2>>();
      to = {both[0], both[1]};
      return from;
    }
  };

  }  // namespace adaptor
}
}  // namespace msgpack

namespace {

namespace rh = roundhouse;
using namespace plain_struct_test;

template <class T>
T there_and_back(const T& value) {
  rh::Encoded packed;
  rh::encode_result(packed, value);
  return rh::decode_result<T>(packed.body, packed.frames);
}

TEST_CASE("a struct without MSGPACK_DEFINE is told from all that can travel") {
  CHECK(rh::detail::LacksDefine<Forgotten>);
  CHECK_FALSE(rh::detail::LacksDefine<Defined>);
  CHECK_FALSE(rh::detail::LacksDefine<Derived>);
  CHECK_FALSE(rh::detail::LacksDefine<Pair<int>>);
  CHECK_FALSE(rh::detail::LacksDefine<std::array<int, 3>>);
  CHECK_FALSE(rh::detail::LacksDefine<std::array<std::string, 3>>);
  CHECK_FALSE(rh::detail::LacksDefine<std::string>);
  CHECK_FALSE(rh::detail::LacksDefine<std::map<int, Forgotten>>);
}

TEST_CASE("structs with adaptors of their users' own travel, alone and in containers") {
  CHECK(there_and_back(Adapted{7}).x == 7);
  CHECK(there_and_back(Pair<int>{1, 2}).b == 2);
  CHECK(there_and_back(std::map<int, Adapted>{{1, {7}}}).at(1).x == 7);
  CHECK(there_and_back(std::map<int, Pair<std::string>>{{1, {"a", "b"}}}).at(1).b == "b");
  CHECK(there_and_back(std::array<std::string, 2>{"a", "b"})[1] == "b");
  CHECK(there_and_back(Derived{{3}}).x == 3);
}

}  // namespace
