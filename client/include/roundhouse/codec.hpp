// The codecs of what travels without msgpack-c's help: numbers, text, raw arrays, lists of these.
//
// For serialize.hpp, which has the codec of everything else. Codec<T>::encode appends one value,
// Codec<T>::decode takes one, borrow() appends without copying.
// Thread rule: plain functions; any thread.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/buffers.hpp>
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
    out.raw(kText, Buffer::take(std::move(value)));
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
    const RawBytes raw = in.take_raw(kText);
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

// The bytes of a contiguous range.
template <class Range>
std::string_view raw_bytes(const Range& elements) {
  return {reinterpret_cast<const char*>(std::ranges::data(elements)),
          std::ranges::size(elements) * sizeof(std::ranges::range_value_t<const Range&>)};
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

// A list of such elements where an array of them is expected, as other languages send it.
template <ArrayElement T>
std::vector<T> decode_elements(Decoder& in) {
  if constexpr (std::is_same_v<T, std::byte>) {
    in.fail("bytes");
  } else if constexpr (std::is_enum_v<T>) {
    std::vector<T> out;
    for (const auto number : decode_list<std::underlying_type_t<T>>(in))
      out.push_back(static_cast<T>(number));
    return out;
  } else if constexpr (std::is_arithmetic_v<T> || kIsStdArray<T>) {
    return decode_list<T>(in);
  } else {
    in.fail("a raw array");
  }
}

// Contiguous elements, as raw bytes. `elements` is a range that somebody else owns.
template <class Range>
void encode_raw(Encoder& out, const Range& elements, Encoder::Keep keep) {
  out.raw(element_type<std::ranges::range_value_t<Range>>(), raw_bytes(elements), keep);
}

// The same of a range that nobody needs any more: large ones go as they are.
template <class Range>
void encode_raw(Encoder& out, Range&& elements) {
  if (raw_bytes(elements).size() < kInlineArrayBytesMax)
    return encode_raw(out, elements, Encoder::Keep::copy);
  out.raw(element_type<std::ranges::range_value_t<Range>>(),
          Buffer::adopt(new RangeBlock<Range>(std::move(elements))));
}

template <ArrayElement T>
struct Codec<std::vector<T>> {
  static void encode(Encoder& out, const std::vector<T>& value) {
    encode_raw(out, value, Encoder::Keep::copy);
  }

  static void encode(Encoder& out, std::vector<T>&& value) { encode_raw(out, std::move(value)); }

  static void borrow(Encoder& out, const std::vector<T>& value) {
    encode_raw(out, value, Encoder::Keep::borrow);
  }

  static std::vector<T> decode(Decoder& in) {
    if (!in.at_raw()) return decode_elements<T>(in);
    const RawBytes raw = in.take_raw(element_type<T>());
    std::vector<T> out(raw.size / sizeof(T));
    if (!out.empty()) raw.copy_to(out.data());
    return out;
  }
};

// Other containers of contiguous elements: std::array, vectors with allocators of their own,
// std::u16string, and users' own that can be resized.
template <class T>
concept RawContainer =
    std::is_object_v<T> && std::ranges::contiguous_range<T> && std::ranges::sized_range<T> &&
    !std::ranges::view<T> &&
    !std::same_as<T, std::string> && !kIsArray<T> && !HasBuffers<T> && !SaysHowToPack<T> &&
    ArrayElement<std::ranges::range_value_t<T>> && std::default_initializable<T> &&
    (kIsStdArray<T> || requires(T & value) { value.resize(std::size_t{1}); });

template <RawContainer T>
struct Codec<T> {
  using Element = std::ranges::range_value_t<T>;

  static void encode(Encoder& out, const T& value) { encode_raw(out, value, Encoder::Keep::copy); }

  static void encode(Encoder& out, T&& value) { encode_raw(out, std::move(value)); }

  static void borrow(Encoder& out, const T& value) {
    encode_raw(out, value, Encoder::Keep::borrow);
  }

  static T decode(Decoder& in) {
    T out{};
    if (!in.at_raw()) {
      const std::vector<Element> list = decode_elements<Element>(in);
      make_room(in, out, list.size());
      std::ranges::copy(list, std::ranges::data(out));
      return out;
    }
    const RawBytes raw = in.take_raw(element_type<Element>());
    make_room(in, out, raw.size / sizeof(Element));
    if (raw.size != 0) raw.copy_to(std::ranges::data(out));
    return out;
  }

 private:
  static void make_room(const Decoder& in, T& out, std::size_t size) {
    if constexpr (!kIsStdArray<T>) out.resize(size);
    if (static_cast<std::size_t>(std::ranges::size(out)) != size)
      in.fail(std::to_string(std::ranges::size(out)) + " elements", std::to_string(size));
  }
};

// Lists of what has a Codec of its own above; all others go through msgpack-c in one piece.
template <class T>
inline constexpr bool kHasCodec =
    std::is_same_v<T, std::string> || RawContainer<T> || HasBuffers<T>;
template <ArrayElement T>
inline constexpr bool kHasCodec<Array<T>> = true;
template <class T>
inline constexpr bool kHasCodec<std::vector<T>> = ArrayElement<T> || kHasCodec<T>;

template <class T>

requires(kHasCodec<T> && !ArrayElement<T>) struct Codec<std::vector<T>> {
  static void encode(Encoder& out, const std::vector<T>& value) {
    out.list(value.size());
    for (const T& element : value) Codec<T>::encode(out, element);
  }

  static void encode(Encoder& out, std::vector<T>&& value) {
    out.list(value.size());
    for (T& element : value) Codec<T>::encode(out, std::move(element));
  }

  static std::vector<T> decode(Decoder& in) { return decode_list<T>(in); }
};

template <class T>
struct Codec<std::span<T>> {
  using Element = std::remove_const_t<T>;

  static void encode(Encoder& out, std::span<const Element> value) {
    encode_raw(out, value, Encoder::Keep::copy);
  }

  static void borrow(Encoder& out, std::span<const Element> value) {
    encode_raw(out, value, Encoder::Keep::borrow);
  }
};

template <ArrayElement T>
struct Codec<Array<T>> {
  static void encode(Encoder& out, const Array<T>& value) {
    out.raw(element_type<T>(), value.bytes());
  }

  static Array<T> decode(Decoder& in) {
    if (in.at_raw()) return from(in.take_raw(element_type<T>()));
    return Array<T>::view_of(Buffer::adopt(new RangeBlock(Codec<std::vector<T>>::decode(in))));
  }

  static Array<T> from(const RawBytes& raw) { return Array<T>::view_of(raw.buffer()); }
};

// A value whose buffers are on their way.
template <class T>
class ValueBlock final : public Buffer::Block {
 public:
  explicit ValueBlock(T value) : Block(nullptr, 0), value_(std::move(value)) {}

  [[nodiscard]] const T& value() const { return value_; }

 private:
  T value_;
};

template <class T>
std::tuple<T> as_tuple(T buffer) {
  return {buffer};
}

template <class... T>
std::tuple<T...> as_tuple(std::tuple<T...> buffers) {
  return buffers;
}

// What exposes its buffers: a list of its head and of them.
template <HasBuffers T>
struct Codec<T> {
  using Traits = BufferTraits<T>;
  using Head = std::remove_cvref_t<decltype(Traits::head(std::declval<const T&>()))>;
  using Buffers = decltype(as_tuple(Traits::buffers(std::declval<const T&>())));

  static void encode(Encoder& out, const T& value) { encode_all(out, value, Encoder::Keep::copy); }

  static void encode(Encoder& out, T&& value) {
    auto* block = new ValueBlock<T>(std::move(value));
    const Buffer keeper = Buffer::adopt(block);
    encode_all(out, block->value(), Encoder::Keep::copy, &keeper);
  }

  static void borrow(Encoder& out, const T& value) {
    encode_all(out, value, Encoder::Keep::borrow);
  }

  template <std::size_t I>
  using ElementOf = std::ranges::range_value_t<std::tuple_element_t<I, Buffers>>;

  static T decode(Decoder& in) {
    return decode_all(in, std::make_index_sequence<std::tuple_size_v<Buffers>>());
  }

 private:
  // `keeper` keeps the value alive, if anybody does.
  static void encode_all(Encoder& out, const T& value, Encoder::Keep keep,
                         const Buffer* keeper = nullptr) {
    out.list(1 + std::tuple_size_v<Buffers>);
    Codec<Head>::encode(out, Traits::head(value));
    std::apply([&](const auto&... buffer) { (encode_one(out, buffer, keep, keeper), ...); },
               as_tuple(Traits::buffers(value)));
  }

  template <class Elements>
  static void encode_one(Encoder& out, const Elements& elements, Encoder::Keep keep,
                         const Buffer* keeper) {
    static_assert(std::ranges::view<Elements> || kIsArray<Elements>,
                  "BufferTraits::buffers() gives std::span, std::string_view or rh::Array: "
                  "containers would be copied");
    constexpr ElementType kType = element_type<std::ranges::range_value_t<Elements>>();
    const std::string_view bytes = raw_bytes(elements);
    if constexpr (kIsArray<Elements>) {
      out.raw(kType, elements.bytes());
    } else if (keeper != nullptr && bytes.size() >= kInlineArrayBytesMax) {
      out.raw(kType, Buffer::adopt(new PartBlock(*keeper, bytes)));
    } else {
      out.raw(kType, bytes, keep);
    }
  }

  template <std::size_t... I>
  static T decode_all(Decoder& in, std::index_sequence<I...>) {
    if (const std::size_t size = in.take_list(); size != 1 + sizeof...(I))
      in.fail("a list of " + std::to_string(1 + sizeof...(I)) + " parts",
              "one of " + std::to_string(size));
    Head head = Codec<Head>::decode(in);
    // In braces: from the first to the last.
    auto arrays = std::tuple{Codec<Array<ElementOf<I>>>::decode(in)...};
    return Traits::make(std::move(head), std::move(std::get<I>(arrays))...);
  }
};

}  // namespace roundhouse::detail
