// The codecs of what travels without msgpack-c's help: numbers, text, raw arrays, lists of these.
//
// For serialize.hpp, which has the codec of everything else. Codec<T>::encode appends one value,
// Codec<T>::decode takes one, borrow() appends without copying.
// Thread rule: plain functions; any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/packing.hpp>

namespace roundhouse::detail {

template <class T>
struct Codec;

template <>
struct Codec<bool> {
  static void encode(Encoder& out, bool value) { put_bool(out.body(), value); }

  static bool decode(Decoder& in) {
    const BodyToken token = in.reader().peek();
    if (token.kind != BodyKind::boolean) in.fail("true or false");
    in.reader().drop(token);
    return token.number != 0;
  }
};

template <std::integral T>

requires(sizeof(T) <= 8) struct Codec<T> {
  static void encode(Encoder& out, T value) {
    if constexpr (std::is_signed_v<T>) {
      put_signed(out.body(), static_cast<std::int64_t>(value));
    } else {
      put_unsigned(out.body(), static_cast<std::uint64_t>(value));
    }
  }

  static T decode(Decoder& in) {
    const BodyToken token = in.reader().peek();
    const auto negative = static_cast<std::int64_t>(token.number);
    if (token.kind == BodyKind::unsigned_integer) {
      if (token.number > static_cast<std::uint64_t>(std::numeric_limits<T>::max()))
        in.fail("a number that fits it", std::to_string(token.number));
    } else if (token.kind == BodyKind::negative_integer) {
      if (std::is_unsigned_v<T> ||
          negative < static_cast<std::int64_t>(std::numeric_limits<T>::min()))
        in.fail("a number that fits it", std::to_string(negative));
    } else {
      in.fail("an integer");
    }
    in.reader().drop(token);
    return static_cast<T>(token.number);
  }
};

template <class T>

requires(std::is_same_v<T, float> || std::is_same_v<T, double>) struct Codec<T> {
  static void encode(Encoder& out, T value) {
    if constexpr (std::is_same_v<T, float>) {
      put_float(out.body(), value);
    } else {
      put_double(out.body(), value);
    }
  }

  static T decode(Decoder& in) {
    const BodyToken token = in.reader().peek();
    in.reader().drop(token);
    switch (token.kind) {
      case BodyKind::real: return static_cast<T>(token.real);
      case BodyKind::unsigned_integer: return static_cast<T>(token.number);
      case BodyKind::negative_integer:
        return static_cast<T>(static_cast<std::int64_t>(token.number));
      default: in.fail("a number", to_string(token.kind));
    }
  }
};

template <>
struct Codec<std::string> {
  static void encode(Encoder& out, const std::string& value) {
    out.text(value, Encoder::Keep::copy);
  }

  static void encode(Encoder& out, std::string&& value) {
    if (value.size() < kInlineArrayBytesMax) return encode(out, std::as_const(value));
    out.raw(ElementKind::text, Buffer::take(std::move(value)));
  }

  static void borrow(Encoder& out, const std::string& value) {
    out.text(value, Encoder::Keep::borrow);
  }

  static std::string decode(Decoder& in) {
    const BodyToken token = in.reader().peek();
    if (token.kind == BodyKind::text || token.kind == BodyKind::binary) {
      in.reader().drop(token);
      return std::string(token.bytes);
    }
    if (token.kind != BodyKind::extension) in.fail("text");
    const RawBytes raw = in.take_raw(ElementKind::text, 1);
    std::string out(raw.size, '\0');
    raw.copy_to(out.data());
    return out;
  }
};

// To be sent only; they arrive as what they look at.
template <>
struct Codec<std::string_view> {
  static void encode(Encoder& out, std::string_view value) { out.text(value, Encoder::Keep::copy); }
};

template <>
struct Codec<const char*> : Codec<std::string_view> {};

template <>
struct Codec<char*> : Codec<std::string_view> {};

template <class T>
std::string_view bytes_of(std::span<const T> elements) {
  return {reinterpret_cast<const char*>(elements.data()), elements.size_bytes()};
}

// A list of elements, each by its own Codec.
template <class T>
std::vector<T> decode_list(Decoder& in) {
  const std::size_t count = in.take_list();
  std::vector<T> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) out.push_back(Codec<T>::decode(in));
  return out;
}

template <ArrayElement T>
struct Codec<std::vector<T>> {
  static void encode(Encoder& out, const std::vector<T>& value) {
    out.raw(element_kind<T>(), bytes_of<T>(value), Encoder::Keep::copy);
  }

  static void encode(Encoder& out, std::vector<T>&& value) {
    if (value.size() * sizeof(T) < kInlineArrayBytesMax) return encode(out, std::as_const(value));
    out.raw(element_kind<T>(), Buffer::adopt(new VectorBlock<T>(std::move(value))));
  }

  static void borrow(Encoder& out, const std::vector<T>& value) {
    out.raw(element_kind<T>(), bytes_of<T>(value), Encoder::Keep::borrow);
  }

  // Also from a plain list of numbers, as other languages send it.
  static std::vector<T> decode(Decoder& in) {
    if (!in.at_raw()) return list(in);
    const RawBytes raw = in.take_raw(element_kind<T>(), sizeof(T));
    std::vector<T> out(raw.size / sizeof(T));
    if (!out.empty()) raw.copy_to(out.data());
    return out;
  }

 private:
  static std::vector<T> list(Decoder& in) {
    if constexpr (std::is_same_v<T, std::byte>) {
      in.fail("bytes");
    } else {
      return decode_list<T>(in);
    }
  }
};

// Lists of what has a Codec of its own above; all others go through msgpack-c in one piece.
template <class T>
inline constexpr bool kHasCodec = std::is_same_v<T, std::string>;
template <ArrayElement T>
inline constexpr bool kHasCodec<Array<T>> = true;
template <class T>
inline constexpr bool kHasCodec<std::vector<T>> = ArrayElement<T> || kHasCodec<T>;

template <class T>

requires(kHasCodec<T>) struct Codec<std::vector<T>> {
  static void encode(Encoder& out, const std::vector<T>& value) {
    out.list(value.size());
    for (const T& element : value) Codec<T>::encode(out, element);
  }

  static std::vector<T> decode(Decoder& in) { return decode_list<T>(in); }
};

template <class T>
struct Codec<std::span<T>> {
  using Element = std::remove_const_t<T>;

  static void encode(Encoder& out, std::span<const Element> value) {
    out.raw(element_kind<Element>(), bytes_of<Element>(value), Encoder::Keep::copy);
  }

  static void borrow(Encoder& out, std::span<const Element> value) {
    out.raw(element_kind<Element>(), bytes_of<Element>(value), Encoder::Keep::borrow);
  }
};

template <ArrayElement T>
struct Codec<Array<T>> {
  static void encode(Encoder& out, const Array<T>& value) {
    out.raw(element_kind<T>(), value.bytes());
  }

  static Array<T> decode(Decoder& in) {
    if (in.at_raw()) return from(in.take_raw(element_kind<T>(), sizeof(T)));
    return Array<T>::view_of(Buffer::adopt(new VectorBlock<T>(Codec<std::vector<T>>::decode(in))));
  }

  static Array<T> from(const RawBytes& raw) { return Array<T>::view_of(raw.buffer()); }
};

}  // namespace roundhouse::detail
