// Packing the arguments of a call, and unpacking its result.
//
//   Encoded packed = encode_arguments(&survey_file, "/etc/passwd");   // converted as in a call
//   Survey result = decode_result<Survey>(body, frames);
//
// Throws SerializationError. Thread rule: plain functions; any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <roundhouse/borrow.hpp>
#include <roundhouse/reference.hpp>
#include <roundhouse/serialize.hpp>

namespace roundhouse {

namespace detail {

// What holds the value of a parameter: itself, or what it looks at.
template <class T>
struct StoredOf {
  using type = T;
};

template <>
struct StoredOf<std::string_view> {
  using type = std::string;
};

template <class T>
struct StoredOf<std::span<T>> {
  using type = std::vector<std::remove_const_t<T>>;
};

template <class P>
using Stored = typename StoredOf<std::remove_cvref_t<P>>::type;

template <class T>
inline constexpr bool kIsBorrowed = false;
template <class T>
inline constexpr bool kIsBorrowed<Borrowed<T>> = true;

template <class T>
inline constexpr bool kIsRef = false;
template <class T>
inline constexpr bool kIsRef<Ref<T>> = true;

// Appends one value as it is.
template <class A>
void encode_value(Encoder& out, A&& value) {
  using V = std::decay_t<A>;
  if constexpr (kIsRef<V>) {
    []<class T>(Encoder& to, const Ref<T>& ref) { to.reference(type_name<T>(), ref.name); }(out,
                                                                                            value);
  } else if constexpr (kIsBorrowed<V>) {
    [[maybe_unused]] const auto& lent = *value.value;
    using L = std::remove_cvref_t<decltype(lent)>;
    if constexpr (requires { Codec<L>::borrow(out, lent); }) {
      Codec<L>::borrow(out, lent);
    } else {
      Codec<L>::encode(out, lent);
    }
  } else {
    Codec<V>::encode(out, std::forward<A>(value));
  }
}

// What is lent, or the type itself.
template <class A>
struct LentOf {
  using type = A;
};

template <class T>
struct LentOf<Borrowed<T>> {
  using type = T;
};

// Whether an argument of type A holds the elements of an array P, and so has the same form.
template <class P, class A>
concept SameElements =
    RawContainer<A> && std::is_same_v<WireType<P>, std::vector<std::ranges::range_value_t<A>>> &&
    std::is_convertible_v<A&, std::remove_cvref_t<P>>;

// Appends an argument for a parameter of type P, converted as a call would.
template <class P, class A>
void encode_argument(Encoder& out, A&& value) {
  if constexpr (std::is_same_v<WireType<A>, WireType<P>> ||
                SameElements<P, typename LentOf<std::decay_t<A>>::type>) {
    encode_value(out, std::forward<A>(value));
  } else {
    static_assert(!kIsRef<std::decay_t<A>> && !kIsBorrowed<std::decay_t<A>>,
                  "rh::ref<T> and rh::borrow need exactly the type of the parameter");
    static_assert(!UnderWay<std::decay_t<A>>,
                  "a result of a task cannot travel: pass what its get() returns");
    static_assert(std::is_convertible_v<A&&, std::remove_cvref_t<P>>,
                  "an argument cannot be converted to the type of its parameter");
    if constexpr (std::is_convertible_v<A&&, std::remove_cvref_t<P>>) {
      std::remove_cvref_t<P> converted =
          static_cast<std::remove_cvref_t<P>>(std::forward<A>(value));
      encode_value(out, std::move(converted));
    }
  }
}

// Appends a range as the list of arguments for a parameter of type P, one per call.
template <class P, std::ranges::forward_range Range>
void encode_list(Encoder& out, Range&& range) {
  using V = Stored<P>;
  using Element = std::ranges::range_value_t<Range>;
  if constexpr (ArrayElement<V>) {
    if constexpr (std::ranges::contiguous_range<Range> && std::is_same_v<V, Element>) {
      Codec<std::span<const V>>::encode(
          out, std::span<const V>(std::ranges::data(range), std::ranges::size(range)));
    } else {
      std::vector<V> values;
      values.reserve(static_cast<std::size_t>(std::ranges::distance(range)));
      for (auto&& element : range) values.push_back(static_cast<V>(element));
      Codec<std::vector<V>>::encode(out, std::move(values));
    }
  } else {
    out.list(static_cast<std::size_t>(std::ranges::distance(range)));
    for (auto&& element : range) {
      if constexpr (std::is_same_v<V, Element> && !std::is_same_v<V, bool>) {
        Codec<V>::encode(out, std::as_const(element));
      } else {
        Codec<V>::encode(out, static_cast<V>(element));
      }
    }
  }
}

}  // namespace detail

// Appends the arguments of a call of a function with these parameters, each converted to its
// parameter's type. `out` should be empty.
template <class... Params, class... Args>
void encode_arguments_for(Encoded& out, Args&&... args) {
  static_assert(sizeof...(Params) == sizeof...(Args),
                "this function takes another number of arguments");
  if constexpr (sizeof...(Params) == sizeof...(Args)) {
    detail::Encoder encoder(out);
    encoder.list(sizeof...(Args));
    (detail::encode_argument<Params>(encoder, std::forward<Args>(args)), ...);
  }
}

template <class R, class... Params, class... Args>
[[nodiscard]] Encoded encode_arguments(R (*)(Params...), Args&&... args) {
  Encoded out;
  encode_arguments_for<Params...>(out, std::forward<Args>(args)...);
  return out;
}

// The engine's namespace is not an argument of the call.
template <class R, class... Params, class... Args>
[[nodiscard]] Encoded encode_arguments(R (*)(Namespace&, Params...), Args&&... args) {
  Encoded out;
  encode_arguments_for<Params...>(out, std::forward<Args>(args)...);
  return out;
}

// Arguments as they are, for a call by name: the types of the arguments must be those of the
// parameters, or what they look at (see type_name.hpp); signature_of<R(Args...)>() says which.
template <class... Args>
[[nodiscard]] Encoded encode_values(Args&&... args) {
  Encoded out;
  detail::Encoder encoder(out);
  encoder.list(sizeof...(Args));
  (detail::encode_value(encoder, std::forward<Args>(args)), ...);
  return out;
}

// The arguments of as many calls as the ranges have elements, for TaskInfo::invoke_map: one range
// per parameter. Ranges of different lengths are refused by the engine. The result of the call is
// a std::vector<R>, or nothing.
template <class... Params, class... Ranges>
void encode_map_arguments(Encoded& out, Ranges&&... ranges) {
  static_assert(sizeof...(Params) == sizeof...(Ranges),
                "this function takes another number of arguments");
  detail::Encoder encoder(out);
  encoder.list(sizeof...(Ranges));
  (detail::encode_list<Params>(encoder, std::forward<Ranges>(ranges)), ...);
}

// Appends the result of a call.
template <class T>
void encode_result(Encoded& out, T&& value) {
  detail::Encoder encoder(out);
  detail::encode_value(encoder, std::forward<T>(value));
}

inline void encode_no_result(Encoded& out) {
  detail::put_nil(out.body);
}

// As what the result of a function that returns R arrives: R without reference, text instead of
// std::string_view, a vector instead of a span.
template <class R>
using ResultType = detail::Stored<R>;

// The result of a call. R = void wants nothing, and gives nothing.
template <class R>
R decode_result(std::string_view body, std::span<const Buffer> frames,
                const char* what = "result") {
  detail::Decoder decoder(body, frames);
  decoder.reads(what, typeid(R).name());
  if constexpr (std::is_void_v<R>) {
    const detail::BodyToken token = decoder.reader().peek();
    if (token.kind != detail::BodyKind::nil) decoder.fail("nothing (nil)");
    decoder.reader().drop(token);
    decoder.finish();
  } else {
    R value = detail::Codec<R>::decode(decoder);
    decoder.finish();
    return value;
  }
}

// A value for an engine's namespace, with the name of its type.
template <class T>
[[nodiscard]] PackedValue pack_value(T&& value) {
  PackedValue out;
  out.type = type_name<T>();
  encode_result(out.value, std::forward<T>(value));
  return out;
}

// A value from an engine's namespace. Throws SerializationError when it is of another type.
template <class T>
[[nodiscard]] T unpack_value(const PackedValue& packed, std::string_view name = {}) {
  if (packed.type != type_name<T>())
    throw SerializationError((name.empty() ? "the value" : quoted(name)) + " is a " +
                             readable_type(packed.type) + ", and was asked for as a " +
                             readable_type(type_name<T>()));
  return decode_result<T>(packed.value.body, packed.value.frames, "value");
}

}  // namespace roundhouse
