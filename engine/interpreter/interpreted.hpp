#pragma once

// SHELL. What interpreted code begins with: the headers that everybody uses, and how the value of
// an expression is shown. It is compiled beforehand, see precompiled.hpp.

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <vector>

namespace roundhouse::interpreted {

// Elements of a list that are shown.
inline constexpr int kShownMax = 100;

template <class T>
void show(std::string& out, const T& value);

template <class T>
concept Printable = requires(std::ostream& to, const T& value) {
  to << value;
};

// What becomes a pointer to a function, and would be shown as one.
template <class T>
concept Closure = std::is_class_v<T> && requires(const T& value) {
  requires std::is_pointer_v<decltype(+value)>;
};

template <class T>
concept Optional = requires(const T& value) {
  { value.has_value() } -> std::convertible_to<bool>;
  *value;
};

inline void show_text(std::string& out, std::string_view text, char quote) {
  out += quote;
  for (const char c : text) {
    if (c == quote || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += quote;
}

template <class T>
void show_number(std::string& out, T value) {
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end.ptr);
}

template <class T>
void show_range(std::string& out, const T& range) {
  out += '{';
  int shown = 0;
  for (auto&& element : range) {
    if (shown != 0) out += ", ";
    if (shown++ == kShownMax) {
      out += "...";
      break;
    }
    if constexpr (requires { typename T::mapped_type; }) {
      show(out, element.first);
      out += ": ";
      show(out, element.second);
    } else if constexpr (requires { typename T::value_type; }) {
      show(out, static_cast<const typename T::value_type&>(element));  // also of vector<bool>
    } else {
      show(out, element);
    }
  }
  out += '}';
}

template <class T>
void show_tuple(std::string& out, const T& tuple) {
  out += '(';
  std::apply(
      [&](const auto&... element) {
        int shown = 0;
        ((out += shown++ == 0 ? "" : ", ", show(out, element)), ...);
      },
      tuple);
  out += ')';
}

template <class T>
void show(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, char>) {
    show_text(out, {&value, 1}, '\'');
  } else if constexpr (std::is_same_v<T, signed char> || std::is_same_v<T, unsigned char>) {
    show_number(out, static_cast<int>(value));
  } else if constexpr (std::is_integral_v<T> && requires { show_number(out, value); }) {
    show_number(out, value);
  } else if constexpr (std::is_floating_point_v<T>) {
    show_number(out, value);
  } else if constexpr (std::is_null_pointer_v<T>) {
    out += "nullptr";
  } else if constexpr (std::is_same_v<T, const char*> || std::is_same_v<T, char*>) {
    if (value == nullptr) {
      out += "nullptr";
    } else {
      show_text(out, value, '"');
    }
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    show_text(out, value, '"');
  } else if constexpr (std::is_array_v<T>) {
    show_range(out, value);
  } else if constexpr (std::is_enum_v<T>) {
    show(out, static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (Printable<T> && !Closure<T>) {
    std::ostringstream stream;
    stream << value;
    out += stream.str();
  } else if constexpr (std::ranges::input_range<const T>) {
    show_range(out, value);
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    show_tuple(out, value);
  } else if constexpr (Optional<T>) {
    if (value.has_value()) {
      show(out, *value);
    } else {
      out += "nullopt";
    }
  } else {
    out += "<>";  // whoever asked knows the type
  }
}

// The interpreter's: takes a value, of a type as typeid has it, as this text; null for one of the
// usual types, which it knows how to show.
extern "C" void rh_take(const void* object, const char* type, const std::string* text);

// The types that are shown, packed and passed without compiling anything for them.
template <class... T>
struct Types {};

using Scalars =
    Types<bool, char, signed char, unsigned char, short, unsigned short, int, unsigned, long,
          unsigned long, long long, unsigned long long, float, double, std::string>;

template <class T, class List>
inline constexpr bool kIsIn = false;
template <class T, class... L>
inline constexpr bool kIsIn<T, Types<L...>> = (std::is_same_v<T, L> || ...);

template <class T>
inline constexpr bool kScalar = kIsIn<T, Scalars>;

// Scalars, lists of them, lists of lists of numbers or text, and maps from text or whole numbers.
template <class T>
inline constexpr bool kUsual = kScalar<T>;
template <class T>
inline constexpr bool kUsual<std::vector<T>> = kScalar<T>;
template <>
inline constexpr bool kUsual<std::vector<std::vector<double>>> = true;
template <>
inline constexpr bool kUsual<std::vector<std::vector<int>>> = true;
template <>
inline constexpr bool kUsual<std::vector<std::vector<std::string>>> = true;
template <>
inline constexpr bool kUsual<std::map<std::string, std::string>> = true;
template <>
inline constexpr bool kUsual<std::map<std::string, int>> = true;
template <>
inline constexpr bool kUsual<std::map<std::string, double>> = true;

// Passed on as P: what is no reference is copied, for it may be an object of the namespace.
template <class P>
decltype(auto) passed(void* object) {
  if constexpr (std::is_reference_v<P>) {
    return static_cast<P>(*static_cast<std::remove_reference_t<P>*>(object));
  } else {
    return static_cast<const P&>(*static_cast<P*>(object));
  }
}

template <class R, class... P, std::size_t... I>
void call_with(R (*function)(P...), [[maybe_unused]] void** arguments, void* result,
               std::index_sequence<I...>) {
  if constexpr (std::is_void_v<R>) {
    function(passed<P>(arguments[I])...);
  } else {
    ::new (result) std::remove_cvref_t<R>(function(passed<P>(arguments[I])...));
  }
}

// Calls `function` with these objects; what it returns is made at `result`.
template <class R, class... P>
void call(R (*function)(P...), void** arguments, void* result) {
  call_with(function, arguments, result, std::index_sequence_for<P...>{});
}

// What is to be done with a lambda, and what came of it. Arguments of a call are objects, those of
// a map are arrays, that of a reduction is a std::vector. No vector grows in code that is compiled
// for each lambda: that would be most of it.
struct Work {
  enum class Kind { type, call, map, reduce };

  Kind kind = Kind::type;
  void** arguments = nullptr;
  std::size_t count = 0;       // of a map
  void* result = nullptr;      // memory for it; of a map an array of values, or null
  std::size_t index = 0;       // of a map or reduction: the call that is under way
  const char* type = nullptr;  // of the function
};

template <class V>
struct Copy {
  V value;

  operator V&() { return value; }
};

// An element for a parameter of type P: what may be changed is copied.
template <class P>
decltype(auto) element(const void* array, std::size_t index) {
  using V = std::remove_cvref_t<P>;
  const V& value = static_cast<const V*>(array)[index];
  if constexpr (std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>) {
    return Copy<V>{value};
  } else if constexpr (std::is_rvalue_reference_v<P>) {
    return V(value);
  } else {
    return static_cast<const V&>(value);
  }
}

template <class L, class R, class... P, std::size_t... I>
void do_map(L& lambda, R (*)(P...), Work& work, std::index_sequence<I...>) {
  if constexpr (std::is_void_v<R>) {
    for (; work.index < work.count; ++work.index)
      lambda(element<P>(work.arguments[I], work.index)...);
  } else {
    auto* const results = static_cast<std::remove_cvref_t<R>*>(work.result);
    for (; work.index < work.count; ++work.index)
      results[work.index] = lambda(element<P>(work.arguments[I], work.index)...);
  }
}

template <class P, class V>
decltype(auto) given(V& value) {
  return static_cast<P&&>(value);
}

template <class L, class V, class A, class B>
void do_reduce(L& lambda, V (*)(A, B), Work& work) {
  using T = std::remove_cvref_t<V>;
  if constexpr (std::is_same_v<T, std::remove_cvref_t<A>> &&
                std::is_same_v<T, std::remove_cvref_t<B>>) {
    auto& list = *static_cast<std::vector<T>*>(work.arguments[0]);
    T out = std::move(list.front());
    for (work.index = 1; work.index < list.size(); ++work.index) {
      T next = std::move(list[work.index]);
      out = lambda(given<A>(out), given<B>(next));
    }
    ::new (work.result) T(std::move(out));
  }
}

template <class L, class R, class... P>
void do_reduce(L&, R (*)(P...), Work&) {}

template <class L, class R, class... P, std::size_t... I>
void do_call(L& lambda, R (*)(P...), Work& work, std::index_sequence<I...>) {
  if constexpr (std::is_void_v<R>) {
    lambda(passed<P>(work.arguments[I])...);
  } else {
    ::new (work.result) std::remove_cvref_t<R>(lambda(passed<P>(work.arguments[I])...));
  }
}

// Calls an object as a function.
template <auto& object, class R, class... P>
R call_object(P... arguments) {
  return object(static_cast<P&&>(arguments)...);
}

template <auto& object, class R, class L, class... P>
constexpr auto function_of(R (L::*)(P...)) -> R (*)(P...) {
  return &call_object<object, R, P...>;
}

template <auto& object, class R, class L, class... P>
constexpr auto function_of(R (L::*)(P...) const) -> R (*)(P...) {
  return &call_object<object, R, P...>;
}

template <class R, class... P>
const char* type_of(R (*)(P...)) {
  return typeid(R(P...)).name();
}

// By its type, and not by its address, so that it is inlined.
template <class L, class R, class... P>
void work_on(L& lambda, R (*function)(P...), Work& work) {
  switch (work.kind) {
    case Work::Kind::type: work.type = type_of(function); return;
    case Work::Kind::call: return do_call(lambda, function, work, std::index_sequence_for<P...>{});
    case Work::Kind::map: return do_map(lambda, function, work, std::index_sequence_for<P...>{});
    case Work::Kind::reduce: return do_reduce(lambda, function, work);
  }
}

template <class L>
void work_on(L lambda, Work& work) {
  work_on(lambda, +lambda, work);
}

// Whether T can be printed is asked again each time, for it may have been taught meanwhile.
template <class T, class Time>
concept PrintableNow = requires(std::ostream& to, const T& value, Time*) {
  to << value;
};

template <class T, class Time>
void value_as_text(const T& of) {
  std::string text;
  if constexpr (std::is_class_v<T> && !std::is_convertible_v<const T&, std::string_view> &&
                !Closure<T> && PrintableNow<T, Time>) {
    std::ostringstream stream;
    stream << of;
    text = stream.str();
  } else {
    show(text, of);
  }
  rh_take(&of, typeid(T).name(), &text);
}

// What is no value of its own, as one that can travel.
inline std::string as_value(std::string_view text) {
  return std::string(text);
}

template <class T, std::size_t N>
auto as_value(const T (&array)[N]) {
  if constexpr (std::is_same_v<T, char>) {
    return std::string(array, ::strnlen(array, N));
  } else if constexpr (std::is_array_v<T> || std::is_convertible_v<const T&, std::string_view>) {
    std::vector<decltype(as_value(array[0]))> out;
    for (const T& element : array) out.push_back(as_value(element));
    return out;
  } else {
    return std::vector<T>(array, array + N);
  }
}

// Makes one if it is wanted, and there is one: null is no text. Returns its type, as typeid has it.
template <class T>
const char* make_value(const T& of, void** value) {
  using Value = decltype(as_value(of));
  bool is_wanted = value != nullptr;
  if constexpr (std::is_pointer_v<T>) is_wanted = is_wanted && of != nullptr;
  if (is_wanted) *value = new Value(as_value(of));
  return typeid(Value).name();
}

// What an expression at the end of an input is passed to.
template <class T>
void value(const T& of) requires kUsual<T> {
  rh_take(&of, typeid(T).name(), nullptr);
}

template <class T, class Time = decltype([] {})>
void value(const T& of) requires(!kUsual<T>) {
  value_as_text<T, Time>(of);
}

}  // namespace roundhouse::interpreted
