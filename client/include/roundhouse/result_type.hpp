// As what a program wants a result, to be compared with what the task's signature says.
// Not for programs.
//
// Thread rule: plain values and functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include <roundhouse/type_name.hpp>

namespace roundhouse::detail {

// Mangled names, as they travel. Without a name nothing is compared.
struct ResultType {
  std::string_view name{};
  std::string_view element{};  // of a std::vector, or what travels as one
};

template <class T>
struct ElementOf {
  static constexpr std::string_view name() { return {}; }
};

template <class T, class A>
struct ElementOf<std::vector<T, A>> {
  static std::string_view name() { return typeid(WireType<T>).name(); }
};

// void stands for a task that is waited for, whatever its result.
template <class T>
[[nodiscard]] ResultType result_type() {
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return {typeid(WireType<T>).name(), ElementOf<WireType<T>>::name()};
}

// What is wrong with wanting the result of this function as that type, in a sentence that names
// both; empty when nothing is, or the signature is not known (built-in functions have none).
// `function` is as it travels: "map:" in front stands for a list of what the function returns.
[[nodiscard]] std::string result_type_problem(std::string_view function, std::string_view signature,
                                              const ResultType& wanted);

}  // namespace roundhouse::detail
