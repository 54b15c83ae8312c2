// What may be moved as raw bytes: the elements of arrays.
//
// Ranges of numbers, enumerations, std::complex, std::array of these, and of plain structs travel
// as the bytes that they are in memory:
//
//   struct Particle {          // trivially copyable, an aggregate, no MSGPACK_DEFINE
//     double x, y, z;
//     std::int32_t charge;
//   };
//   std::vector<Particle> moved(rh::Array<Particle> particles);
//
// Such a struct may have up to 255 fields, C arrays counted out, each a number, an enumeration or
// again one of these; pointers, references and views are found, and then it does not travel. A
// struct that says by MSGPACK_DEFINE how it is packed is packed so, element by element. What has
// constructors, or is packed by an adaptor for msgpack, may ask for the one or the other:
//
//   template <>
//   inline constexpr bool roundhouse::kRawElement<Particle> = true;   // or false: never
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace roundhouse {

class AsyncTasks;

namespace detail {

// A result of a task, which may not have ended yet.
template <class T>
concept UnderWay = std::is_class_v<T> && std::is_base_of_v<AsyncTasks, T>;

// Whether a class has a member of this name, whatever it is: then &Both::msgpack_pack is ambiguous.
struct NamesPack {
  int msgpack_pack;
};

template <class T>
struct MaybePacks : T, NamesPack {};

template <class T>
concept SaysHowToPack = std::is_class_v<T> && !std::is_final_v<T> && !requires {
  &MaybePacks<T>::msgpack_pack;
};

template <class T>
concept Complex = requires(const T& value) {
  typename T::value_type;
  value.real();
  value.imag();
}

&&sizeof(T) == 2 * sizeof(typename T::value_type);

template <class T>
inline constexpr bool kIsStdArray = false;
template <class T, std::size_t N>
inline constexpr bool kIsStdArray<std::array<T, N>> = true;

template <class T>
consteval bool raw_by_default();

}  // namespace detail

// Whether ranges of T travel as raw bytes; may be specialised, before its first use.
template <class T>
inline constexpr bool kRawElement = detail::raw_by_default<T>();

// Not bool, whose bytes may be invalid.
template <class T>
concept ArrayElement =
    std::is_object_v<T> && std::is_trivially_copyable_v<T> && !std::is_const_v<T> &&
    !std::is_volatile_v<T> && kRawElement<T>;

namespace detail {

template <class T>
concept PlainField = std::is_arithmetic_v<T> || std::is_enum_v<T> || ArrayElement<T>;

// Initialises any field that may travel as raw bytes, or any that there is.
struct PlainValue {
  template <PlainField T>
  operator T() const noexcept;
};

struct AnyValue {
  template <class T>
  operator T() const noexcept;
};

template <class T, std::size_t... I>
consteval bool takes_plain_values(std::index_sequence<I...>) {
  return requires {
    T{(static_cast<void>(I), PlainValue{})...};
  };
}

template <class T, std::size_t... I>
consteval bool takes_one_more(std::index_sequence<I...>) {
  return requires {
    T{(static_cast<void>(I), PlainValue{})..., {}};
  }
  || requires {
    T{(static_cast<void>(I), PlainValue{})..., AnyValue{}};
  };
}

// How many fields of T there are before one that must not travel: at least kFrom, less than kTo.
template <class T, std::size_t kFrom, std::size_t kTo>
consteval std::size_t plain_fields() {
  if constexpr (kFrom + 1 == kTo) {
    return kFrom;
  } else {
    constexpr std::size_t kMiddle = (kFrom + kTo) / 2;
    if constexpr (takes_plain_values<T>(std::make_index_sequence<kMiddle>())) {
      return plain_fields<T, kMiddle, kTo>();
    } else {
      return plain_fields<T, kFrom, kMiddle>();
    }
  }
}

template <class T>
consteval bool has_plain_fields_only() {
  constexpr std::size_t kFieldsMax = 256;
  return !takes_one_more<T>(std::make_index_sequence<plain_fields<T, 0, kFieldsMax>()>());
}

template <class T>
consteval bool raw_by_default() {
  if constexpr (std::is_arithmetic_v<T>) {
    return !std::is_same_v<T, bool>;
  } else if constexpr (std::is_enum_v<T>) {
    return !std::is_same_v<std::underlying_type_t<T>, bool>;
  } else if constexpr (kIsStdArray<T>) {
    return !std::is_empty_v<T> && ArrayElement<typename T::value_type>;
  } else if constexpr (!std::is_class_v<T> || !std::is_trivially_copyable_v<T>) {
    return false;
  } else if constexpr (Complex<T>) {
    return true;
  } else if constexpr (std::is_aggregate_v<T> && std::is_copy_assignable_v<T> &&
                       !std::is_empty_v<T> && !std::is_final_v<T>) {
    if constexpr (SaysHowToPack<T>) {
      return false;
    } else {
      return has_plain_fields_only<T>();
    }
  } else {
    return false;
  }
}

// Numbers of the wire.
enum class ElementKind : std::uint8_t {
  text = 0,  // a std::string
  i8 = 1,
  i16 = 2,
  i32 = 3,
  i64 = 4,
  u8 = 5,
  u16 = 6,
  u32 = 7,
  u64 = 8,
  f32 = 9,
  f64 = 10,
  character = 11,  // char, whose sign differs between machines
  byte = 12,       // std::byte
  record = 13,     // anything else, of a size that follows
};

// What an array holds, as it is said on the wire.
struct ElementType {
  ElementKind kind = ElementKind::text;
  std::uint32_t size = 1;

  friend bool operator==(const ElementType&, const ElementType&) = default;
};

inline constexpr ElementType kText{};

template <class T>
constexpr ElementType element_type() {
  constexpr auto kSize = static_cast<std::uint32_t>(sizeof(T));
  if constexpr (std::is_same_v<T, std::byte>) {
    return {ElementKind::byte, kSize};
  } else if constexpr (std::is_same_v<T, char>) {
    return {ElementKind::character, kSize};
  } else if constexpr (std::is_same_v<T, float>) {
    return {ElementKind::f32, kSize};
  } else if constexpr (std::is_same_v<T, double>) {
    return {ElementKind::f64, kSize};
  } else if constexpr (std::is_enum_v<T>) {
    return element_type<std::underlying_type_t<T>>();
  } else if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
    constexpr int kFirst = std::is_signed_v<T> ? 1 : 5;
    return {static_cast<ElementKind>(kFirst + std::countr_zero(sizeof(T))), kSize};
  } else {
    return {ElementKind::record, kSize};
  }
}

// Bytes of an element of this kind; 0 for a record, which may have any, and for unknown kinds.
[[nodiscard]] constexpr std::uint32_t size_of(ElementKind kind) {
  constexpr std::array<std::uint32_t, 13> kSizes{1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 1, 1};
  const auto index = static_cast<std::size_t>(kind);
  return index < kSizes.size() ? kSizes[index] : 0;
}

// "32-bit integers".
[[nodiscard]] inline std::string element_name(std::uint8_t kind, std::uint32_t size = 0) {
  constexpr std::array<std::string_view, 13> kNames{"text",
                                                    "8-bit integers",
                                                    "16-bit integers",
                                                    "32-bit integers",
                                                    "64-bit integers",
                                                    "unsigned 8-bit integers",
                                                    "unsigned 16-bit integers",
                                                    "unsigned 32-bit integers",
                                                    "unsigned 64-bit integers",
                                                    "floats",
                                                    "doubles",
                                                    "characters",
                                                    "bytes"};
  if (kind < kNames.size()) return std::string(kNames[kind]);
  if (kind == static_cast<std::uint8_t>(ElementKind::record))
    return "structs of " + std::to_string(size) + " bytes";
  return "elements of an unknown kind";
}

}  // namespace detail

}  // namespace roundhouse
