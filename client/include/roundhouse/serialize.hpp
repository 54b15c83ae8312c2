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
// tuples, optionals and other structs (but not inside maps, nor with MSGPACK_DEFINE_MAP, which is
// there to let fields be missing).
//
// Fast: an argument or result that is a std::vector<T>, std::span<T>, rh::Array<T> of numbers or a
// std::string travels as raw bytes, as a frame of its own from 16 KiB on; rh::Array does so inside
// users' structs, too. Rvalues and rh::Array are sent without copying, lvalues are copied unless
// passed as rh::borrow(x). Receiving an rh::Array copies nothing, a std::vector once.
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
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
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
                        ? "one of " + std::to_string(object.via.array.size)
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
inline constexpr bool kIsTuple = false;
template <class... T>
inline constexpr bool kIsTuple<std::tuple<T...>> = true;
template <class A, class B>
inline constexpr bool kIsTuple<std::pair<A, B>> = true;

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

// Raw elements of an rh::Array that is a member of a user's type: content of an extension.
template <class T>
std::pair<Extension, std::string> pack_nested(const Array<T>& array) {
  constexpr ElementKind kKind = element_kind<T>();
  if (current_encoder != nullptr && array.bytes().size() >= kInlineArrayBytesMax) {
    std::string head = current_encoder->frame_head(kKind, array.bytes().size());
    current_encoder->share_frames(array.bytes());
    return {Extension::frame_array, std::move(head)};
  }
  if (array.bytes().size() >= std::numeric_limits<std::uint32_t>::max())
    throw SerializationError("an rh::Array of 4 GiB or more cannot be packed by msgpack alone");
  std::string content(1, static_cast<char>(kKind));
  content.append(array.bytes().view());
  return {Extension::inline_array, std::move(content)};
}

template <class T>
Array<T> unpack_nested(const msgpack::object& object) {
  if (object.type != msgpack::type::EXT) throw msgpack::type_error();
  Decoder alone({}, {});
  alone.reads("value", typeid(Array<T>).name());
  Decoder& decoder = current_decoder == nullptr ? alone : *current_decoder;
  return Codec<Array<T>>::from(decoder.resolve(object.via.ext.type(),
                                               {object.via.ext.data(), object.via.ext.size},
                                               element_kind<T>(), sizeof(T)));
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
      const auto [type, content] = roundhouse::detail::pack_nested(array);
      out.pack_ext(content.size(), static_cast<std::int8_t>(type));
      out.pack_ext_body(content.data(), static_cast<std::uint32_t>(content.size()));
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

  }  // namespace adaptor
}
}  // namespace msgpack
