// How arguments and results are packed.
//
// Anything that msgpack-c can pack travels, users' structs by MSGPACK_DEFINE included:
//
//   struct Survey {
//     std::uint64_t lines = 0;
//     std::vector<std::string> words;
//     MSGPACK_DEFINE(lines, words)
//   };
//
// A struct whose number of fields differs from what came is refused, also inside lists, pairs,
// tuples, optionals, variants and other structs (but not inside maps, nor with MSGPACK_DEFINE_MAP,
// which is there to let fields be missing).
//
// Fast: text, and contiguous ranges (std::vector, std::array, std::span, rh::Array, ...) of what
// element.hpp allows, travel as raw bytes, as frames of their own from 16 KiB on; rh::Array does so
// inside users' structs, too, and buffers.hpp teaches it to types of yours. Rvalues and rh::Array
// are sent without copying, lvalues are copied unless passed as rh::borrow(x). Receiving an
// rh::Array, a std::span or a std::string_view copies nothing, a std::vector or std::string once.
//
// Everything here throws SerializationError and nothing else of its own; bytes from outside are
// checked completely. Thread rule: plain functions; any thread.
#pragma once

#ifndef MSGPACK_NO_BOOST
#define MSGPACK_NO_BOOST
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
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

#include <roundhouse/codec.hpp>
#include <roundhouse/packing.hpp>
#include <roundhouse/type_name.hpp>

namespace roundhouse {

namespace detail {

// What msgpack-c writes to.
struct BodyStream {
  std::string& body;

  void write(const char* bytes, std::size_t size) { body.append(bytes, size); }
};

// The call that is being packed or unpacked on this thread, for rh::Array inside users' types.
[[gnu::visibility("hidden")]] inline constinit thread_local Encoder* current_encoder = nullptr;
[[gnu::visibility("hidden")]] inline constinit thread_local Decoder* current_decoder = nullptr;

template <class T>
class Current {
 public:
  Current(T*& slot, T& value) : slot_(slot), before_(std::exchange(slot, &value)) {}

  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

  ~Current() { slot_ = before_; }

 private:
  T*& slot_;
  T* before_;
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

// Anything by msgpack-c.
template <class T>
struct Codec {
  static void encode(Encoder& out, const T& value) {
    const Current<Encoder> current(current_encoder, out);
    BodyStream stream{out.body()};
    try {
      msgpack::packer<BodyStream> packer(stream);
      packer.pack(value);
    } catch (const msgpack::container_size_overflow&) {
      throw SerializationError("a " + readable_type(typeid(T).name()) +
                               " holds more than msgpack can count");
    }
  }

  static T decode(Decoder& in) {
    std::string_view bytes;
    if (!in.reader().skip(bytes))
      in.fail("a complete value", "bytes that are cut short or invalid");
    const Current<Decoder> current(current_decoder, in);
    try {
      msgpack::zone zone;
      std::size_t offset = 0;
      // The bytes were checked as a whole just now: no container is larger than they are.
      const msgpack::object object = msgpack::unpack(
          zone, bytes.data(), bytes.size(), offset,
          [](msgpack::type::object_type, std::size_t, void*) { return true; }, nullptr,
          msgpack::unpack_limit(bytes.size(), bytes.size(), bytes.size(), bytes.size(),
                                bytes.size(), kBodyDepthMax + 1));
      if constexpr (std::is_default_constructible_v<T>) {
        T value{};
        object.convert(value);
        check_arity(value, object);
        return value;
      } else {
        return object.as<T>();
      }
    } catch (const ArityError& error) {
      throw SerializationError(in.where() + ": " + error.what());
    } catch (const msgpack::type_error&) {
      in.fail("a value of this type", "one that does not fit it");
    } catch (const msgpack::unpack_error& error) {
      in.fail("a value of this type", error.what());
    }
  }
};

// Raw elements inside a user's type: content of an extension. `whole` is shared, not copied, when
// they travel as frames.
template <class T>
std::pair<Extension, std::string> pack_nested(const Buffer& whole) {
  if (current_encoder != nullptr && whole.size() >= kInlineArrayBytesMax) {
    std::string head = current_encoder->frame_head(element_type<T>(), whole.size());
    current_encoder->share_frames(whole);
    return {Extension::frame_array, std::move(head)};
  }
  std::string content = Encoder::element_head(element_type<T>());
  if (whole.size() >= std::numeric_limits<std::uint32_t>::max() - content.size())
    throw SerializationError("an array of 4 GiB or more cannot be packed by msgpack alone");
  content.append(whole.view());
  return {Extension::inline_array, std::move(content)};
}

template <class T, class Stream>
void pack_nested_into(msgpack::packer<Stream>& out, const Buffer& whole) {
  const auto [type, content] = pack_nested<T>(whole);
  out.pack_ext(content.size(), static_cast<std::int8_t>(type));
  out.pack_ext_body(content.data(), static_cast<std::uint32_t>(content.size()));
}

// Elements of a value that packs itself: shared when an rh::Array has them.
template <class Elements>
Buffer buffer_of(const Elements& elements) {
  if constexpr (kIsArray<Elements>) {
    return elements.bytes();
  } else {
    return Buffer::copy(raw_bytes(elements));
  }
}

template <class T>
Array<T> unpack_nested(const msgpack::object& object) {
  if (object.type != msgpack::type::EXT) throw msgpack::type_error();
  Decoder alone({}, {});
  alone.reads("value", typeid(Array<T>).name());
  Decoder& decoder = current_decoder == nullptr ? alone : *current_decoder;
  return Codec<Array<T>>::from(decoder.resolve(
      object.via.ext.type(), {object.via.ext.data(), object.via.ext.size}, element_type<T>()));
}

// A value with BufferTraits out of the list that its Codec makes, too.
template <HasBuffers T, std::size_t... I>
T unpack_buffers(const msgpack::object& object, std::index_sequence<I...>) {
  using C = Codec<T>;
  if (object.type != msgpack::type::ARRAY || object.via.array.size != 1 + sizeof...(I))
    throw msgpack::type_error();
  const msgpack::object* parts = object.via.array.ptr;
  auto head = parts[0].as<typename C::Head>();
  check_arity(head, parts[0]);
  auto arrays = std::tuple{unpack_nested<typename C::template ElementOf<I>>(parts[1 + I])...};
  return BufferTraits<T>::make(std::move(head), std::move(std::get<I>(arrays))...);
}

}  // namespace detail

}  // namespace roundhouse

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
  namespace adaptor {

  template <class T>
  struct pack<roundhouse::Array<T>> {
    template <class Stream>
    packer<Stream>& operator()(packer<Stream>& out, const roundhouse::Array<T>& array) const {
      roundhouse::detail::pack_nested_into<T>(out, array.bytes());
      return out;
    }
  };

  template <class T>
  struct convert<roundhouse::Array<T>> {
    const msgpack::object& operator()(const msgpack::object& from, roundhouse::Array<T>& to) const {
      to = roundhouse::detail::unpack_nested<T>(from);
      return from;
    }
  };

  template <class T>
  struct pack<T, std::enable_if_t<roundhouse::HasBuffers<T>>> {
    template <class Stream>
    packer<Stream>& operator()(packer<Stream>& out, const T& value) const {
      using Traits = roundhouse::BufferTraits<T>;
      const auto buffers = roundhouse::detail::as_tuple(Traits::buffers(value));
      out.pack_array(1 + static_cast<std::uint32_t>(std::tuple_size_v<decltype(buffers)>));
      out.pack(Traits::head(value));
      std::apply(
          [&](const auto&... buffer) {
            (roundhouse::detail::pack_nested_into<std::ranges::range_value_t<decltype(buffer)>>(
                 out, roundhouse::detail::buffer_of(buffer)),
             ...);
          },
          buffers);
      return out;
    }
  };

  template <class T>
  struct convert<T, std::enable_if_t<roundhouse::HasBuffers<T>>> {
    const msgpack::object& operator()(const msgpack::object& from, T& to) const {
      using Buffers = typename roundhouse::detail::Codec<T>::Buffers;
      to = roundhouse::detail::unpack_buffers<T>(
          from, std::make_index_sequence<std::tuple_size_v<Buffers>>());
      return from;
    }
  };

  }  // namespace adaptor
}
}  // namespace msgpack

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
  namespace adaptor {

  // Adaptors that users write for their structs, full specializations, go before these two.
  template <class T>
  struct pack<T, std::enable_if_t<roundhouse::detail::LacksDefine<T>>> {
    template <class Stream>
    packer<Stream>& operator()(packer<Stream>& out, const T&) const {
      static_assert(!roundhouse::detail::LacksDefine<T>,
                    "this struct cannot travel: say MSGPACK_DEFINE(its, members) in it");
      return out;
    }
  };

  template <class T>
  struct convert<T, std::enable_if_t<roundhouse::detail::LacksDefine<T>>> {
    template <class Object>
    const Object& operator()(const Object& from, T&) const {
      static_assert(!roundhouse::detail::LacksDefine<T>,
                    "this struct cannot travel: say MSGPACK_DEFINE(its, members) in it");
      return from;
    }
  };

  }  // namespace adaptor
}
}  // namespace msgpack

#include <roundhouse/variant.hpp>
