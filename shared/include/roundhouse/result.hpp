// Result<T>: either a value or an Error, for functions whose failure the caller should expect.
//
//   Result<Config> load(const std::string& path);
//
//   auto config = load(path);
//   if (!config) return config.error();        // an Error converts to any Result
//   use(config->cluster);
//
// Looking at the side that is not there is a defect in the program: it prints and aborts. Throws
// nothing itself. A value like any other: not for sharing between threads without a lock.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <roundhouse/error.hpp>

namespace roundhouse {

namespace detail {

[[noreturn]] inline void wrong_side_of_result(const char* text) {
  std::fprintf(stderr, "check failed: a Result was read without being looked at: %s\n", text);
  std::abort();
}

}  // namespace detail

template <class T>
class [[nodiscard]] Result {
  static_assert(!std::is_same_v<std::remove_cvref_t<T>, Error>, "an Error is not a value");
  static_assert(!std::is_reference_v<T>, "hold a pointer instead");

 public:
  Result(T value) : either_(std::in_place_index<0>, std::move(value)) {}

  Result(Error error) : either_(std::in_place_index<1>, std::move(error)) {}

  Result(Errc code, std::string text) : Result(Error{code, std::move(text)}) {}

  [[nodiscard]] bool ok() const noexcept { return either_.index() == 0; }

  explicit operator bool() const noexcept { return ok(); }

  // The value. Aborts when there is an error instead.
  [[nodiscard]] T& value() & {
    require_value();
    return *std::get_if<0>(&either_);
  }

  [[nodiscard]] const T& value() const& {
    require_value();
    return *std::get_if<0>(&either_);
  }

  [[nodiscard]] T&& value() && {
    require_value();
    return std::move(*std::get_if<0>(&either_));
  }

  [[nodiscard]] T& operator*() & { return value(); }

  [[nodiscard]] const T& operator*() const& { return value(); }

  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }

  [[nodiscard]] T* operator->() { return &value(); }

  [[nodiscard]] const T* operator->() const { return &value(); }

  // The value, or `fallback` when there is an error.
  [[nodiscard]] T value_or(T fallback) const& { return ok() ? value() : std::move(fallback); }

  // The value, or the exception of roundhouse::raise(): for the edge of the public API.
  T or_throw() && {
    if (!ok()) raise(error());
    return std::move(*this).value();
  }

  // The error. Aborts when there is a value.
  [[nodiscard]] const Error& error() const {
    const Error* error = std::get_if<1>(&either_);
    if (error == nullptr) detail::wrong_side_of_result("it has a value and no error");
    return *error;
  }

 private:
  void require_value() const {
    if (!ok()) detail::wrong_side_of_result(error().text.c_str());
  }

  std::variant<T, Error> either_;
};

// Success without a value, or an Error. `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;

  Result(Error error) : error_(std::move(error)) {}

  Result(Errc code, std::string text) : Result(Error{code, std::move(text)}) {}

  [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }

  explicit operator bool() const noexcept { return ok(); }

  void or_throw() && {
    if (!ok()) raise(*error_);
  }

  // The error. Aborts when there is none.
  [[nodiscard]] const Error& error() const {
    if (!error_) detail::wrong_side_of_result("it is a success and has no error");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace roundhouse
