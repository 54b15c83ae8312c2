// Whether a value that msgpack-c made of a message is what the message meant: msgpack-c itself
// takes structs and tuples of any length, and members by any name.
//
// For serialize.hpp. Thread rule: plain functions; any thread.
#pragma once

#ifndef MSGPACK_NO_BOOST
#define MSGPACK_NO_BOOST
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <msgpack.hpp>

#include <roundhouse/buffers.hpp>

namespace roundhouse::detail {

// What msgpack-c writes to.
struct BodyStream {
  std::string& body;

  void write(const char* bytes, std::size_t size) { body.append(bytes, size); }
};

// A struct, pair or tuple of another number of fields came.
class ArityError : public std::runtime_error {
  using runtime_error::runtime_error;
};

inline void require_arity(std::size_t expected, const msgpack::object& object) {
  if (object.type == msgpack::type::ARRAY && object.via.array.size == expected) return;
  throw ArityError("expected a value of " + std::to_string(expected) + " fields, got " +
                   (object.type == msgpack::type::ARRAY
                        ? "one of " + std::to_string(object.via.array.size) +
                              ": was the module built anew after the engines were started?"
                        : std::string("something else")));
}

template <class T>
void check_arity(const T& value, const msgpack::object& object);

// Takes the place of a packer in msgpack_pack() and compares what is announced with `object`. A
// hand-written msgpack_pack() may call anything of a packer; what it packs below its first array
// or map is not checked.
class ArityProbe : public msgpack::packer<BodyStream> {
 public:
  ArityProbe(const msgpack::object& object, BodyStream& sink)
      : msgpack::packer<BodyStream>(sink), object_(object) {}

  ArityProbe& pack_array(std::uint32_t size) {
    if (started_) {
      lost_ = true;
    } else {
      require_arity(size, object_);
    }
    started_ = true;
    return *this;
  }

  ArityProbe& pack_map(std::uint32_t) {
    started_ = lost_ = true;
    return *this;
  }

  template <class T>
  ArityProbe& pack(const T& value) {
    if (started_ && !lost_ && next_ < object_.via.array.size)
      check_arity(value, object_.via.array.ptr[next_]);
    ++next_;
    return *this;
  }

 private:
  const msgpack::object& object_;
  bool started_ = false;
  bool lost_ = false;
  std::uint32_t next_ = 0;
};

template <class T>
concept PacksItself = requires(const T& value, ArityProbe& probe) {
  value.msgpack_pack(probe);
};

template <class T>
inline constexpr bool kIsTemplate = false;
template <template <class...> class C, class... A>
inline constexpr bool kIsTemplate<C<A...>> = true;

// A plain struct, of which msgpack-c would say no more than that it has no member msgpack_pack.
template <class T>
concept LacksDefine = std::is_class_v<T> && std::is_aggregate_v<T> && !kIsTemplate<T> &&
                      !PacksItself<T> && !HasBuffers<T> && !std::ranges::range<T>;

template <class T>
inline constexpr bool kIsTuple = false;
template <class... T>
inline constexpr bool kIsTuple<std::tuple<T...>> = true;
template <class A, class B>
inline constexpr bool kIsTuple<std::pair<A, B>> = true;

template <class T>
inline constexpr bool kIsVariant = false;
template <class... T>
inline constexpr bool kIsVariant<std::variant<T...>> = true;

template <class T>
inline constexpr bool kIsSequence = false;
template <class T, class A>
inline constexpr bool kIsSequence<std::vector<T, A>> = !std::is_arithmetic_v<T>;
template <class T, std::size_t N>
inline constexpr bool kIsSequence<std::array<T, N>> = !std::is_arithmetic_v<T>;
template <class T, class A>
inline constexpr bool kIsSequence<std::list<T, A>> = !std::is_arithmetic_v<T>;
template <class T, class A>
inline constexpr bool kIsSequence<std::deque<T, A>> = !std::is_arithmetic_v<T>;

// Compares a value just converted with what it was converted from; msgpack-c itself takes structs
// and tuples of any length. Throws ArityError.
template <class T>
void check_arity(const T& value, const msgpack::object& object) {
  if constexpr (PacksItself<T>) {
    std::string ignored;
    BodyStream sink{ignored};
    ArityProbe probe(object, sink);
    value.msgpack_pack(probe);
  } else if constexpr (kIsTuple<T>) {
    require_arity(std::tuple_size_v<T>, object);
    const msgpack::object* field = object.via.array.ptr;
    std::apply([&](const auto&... fields) { (check_arity(fields, *field++), ...); }, value);
  } else if constexpr (kIsSequence<T>) {
    if (object.type != msgpack::type::ARRAY || object.via.array.size != value.size()) return;
    const msgpack::object* element = object.via.array.ptr;
    for (const auto& each : value) check_arity(each, *element++);
  } else if constexpr (kIsVariant<T>) {
    const msgpack::object& alternative = object.via.array.ptr[1];
    std::visit([&](const auto& held) { check_arity(held, alternative); }, value);
  } else if constexpr (requires { value.has_value(), *value; }) {
    if (value) check_arity(*value, object);
  }
}

// Collects the names that a struct with MSGPACK_DEFINE_MAP gives to its members.
class MemberNames : public msgpack::packer<BodyStream> {
 public:
  explicit MemberNames(BodyStream& sink) : msgpack::packer<BodyStream>(sink) {}

  MemberNames& pack_array(std::uint32_t) {
    over_ = true;
    return *this;
  }

  MemberNames& pack_map(std::uint32_t size) {
    if (over_) return *this;
    left_ = 2 * static_cast<std::size_t>(size);
    over_ = true;
    return *this;
  }

  template <class T>
  MemberNames& pack(const T& value) {
    if (left_ == 0) return *this;
    if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      if (left_ % 2 == 0) names_.emplace_back(value);
    }
    --left_;
    return *this;
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  bool over_ = false;     // it has begun
  std::size_t left_ = 0;  // keys and values to come
  std::vector<std::string> names_;
};

[[noreturn]] inline void fail_member(std::string_view member, const msgpack::object& key,
                                     const std::vector<std::string>& names) {
  std::string text = key.type == msgpack::type::STR
                         ? "it has no member '" + std::string(member) + "'"
                         : std::string("its members have texts as names");
  for (const std::string& name : names)
    text.append(&name == names.data() ? ", but " : ", ").append(name);
  throw ArityError(text);
}

// Compares members by name with those that there are, before they are converted; msgpack-c itself
// takes any. Maps have what they are given. Throws ArityError.
template <class T>
void check_members(const T& value, const msgpack::object& object) {
  if constexpr (PacksItself<T>) {
    std::string ignored;
    BodyStream sink{ignored};
    MemberNames probe(sink);
    value.msgpack_pack(probe);
    if (probe.names().empty())
      throw ArityError(
          "its members have no names: say MSGPACK_DEFINE_MAP instead of MSGPACK_DEFINE in the "
          "struct, or give them as a list");
    const auto& members = object.via.map;
    for (std::uint32_t i = 0; i < members.size; ++i) {
      const msgpack::object& key = members.ptr[i].key;
      const std::string_view name = key.type == msgpack::type::STR
                                        ? std::string_view(key.via.str.ptr, key.via.str.size)
                                        : std::string_view();
      if (std::ranges::find(probe.names(), name) == probe.names().end())
        fail_member(name, key, probe.names());
      msgpack::object alone = object;
      alone.via.map.size = 1;
      alone.via.map.ptr = members.ptr + i;
      T trial{};
      try {
        alone.convert(trial);
      } catch (const msgpack::type_error&) {
        throw ArityError("its member '" + std::string(name) +
                         "' is of another type than what came for it");
      }
    }
  }
}

}  // namespace roundhouse::detail
