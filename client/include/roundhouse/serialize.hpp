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

#include <roundhouse/arity.hpp>
#include <roundhouse/codec.hpp>
#include <roundhouse/packing.hpp>
#include <roundhouse/type_name.hpp>

namespace roundhouse {

namespace detail {

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
    const bool by_name = in.take_keywords(bytes);
    if (!by_name && !in.reader().skip(bytes))
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
        if (by_name) check_members(value, object);
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
  struct pack<
      T, std::enable_if_t<roundhouse::detail::LacksDefine<T> || roundhouse::detail::UnderWay<T>>> {
    template <class Stream>
    packer<Stream>& operator()(packer<Stream>& out, const T&) const {
      static_assert(!roundhouse::detail::UnderWay<T>,
                    "a result of a task cannot travel: pass what its get() returns");
      static_assert(!roundhouse::detail::LacksDefine<T> || roundhouse::detail::UnderWay<T>,
                    "this struct cannot travel: say MSGPACK_DEFINE(its, members) in it");
      return out;
    }
  };

  template <class T>
  struct convert<
      T, std::enable_if_t<roundhouse::detail::LacksDefine<T> || roundhouse::detail::UnderWay<T>>> {
    template <class Object>
    const Object& operator()(const Object& from, T&) const {
      static_assert(!roundhouse::detail::UnderWay<T>,
                    "a result of a task cannot travel: pass what its get() returns");
      static_assert(!roundhouse::detail::LacksDefine<T> || roundhouse::detail::UnderWay<T>,
                    "this struct cannot travel: say MSGPACK_DEFINE(its, members) in it");
      return from;
    }
  };

  }  // namespace adaptor
}
}  // namespace msgpack

#include <roundhouse/variant.hpp>
