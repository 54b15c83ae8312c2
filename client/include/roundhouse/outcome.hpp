// Outcome<T>: what became of one of several calls, its value or its error; asked for with
// rh::return_exceptions where one failure should not hide the other results.
//
//   for (const rh::Outcome<int>& each : ar.get(rh::return_exceptions))
//     if (each) use(*each); else std::cout << each.error().value << '\n';
//
// Thread rule: plain values.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <roundhouse/error.hpp>

namespace roundhouse {

struct ReturnExceptions {};

// Makes get() return an Outcome for each result instead of throwing.
inline constexpr ReturnExceptions return_exceptions{};

template <class T>
class Outcome {
  struct Nothing {};

  using Value = std::conditional_t<std::is_void_v<T>, Nothing, T>;

 public:
  // It went well.
  explicit Outcome(Value value) : value_(std::move(value)) {}

  // Precondition: it is a RemoteError.
  explicit Outcome(std::exception_ptr failure) : failure_(std::move(failure)) {
    try {
      std::rethrow_exception(failure_);
    } catch (const RemoteError& error) {
      error_ = error.info();
    }
  }

  // A value, made by `make()`, which may throw a RemoteError.
  template <class F>
  [[nodiscard]] static Outcome of(F&& make) {
    try {
      if constexpr (std::is_void_v<T>) {
        make();
        return Outcome(Nothing{});
      } else {
        return Outcome(make());
      }
    } catch (const RemoteError&) {
      return Outcome(std::current_exception());
    }
  }

  [[nodiscard]] bool ok() const { return failure_ == nullptr; }

  explicit operator bool() const { return ok(); }

  // The value. Throws the error if there is none: RemoteError, EngineError, TaskAborted.
  decltype(auto) value() const {
    if (failure_) std::rethrow_exception(failure_);
    if constexpr (!std::is_void_v<T>) return static_cast<const T&>(*value_);
  }

  decltype(auto) operator*() const { return value(); }

  // What went wrong; empty when ok().
  [[nodiscard]] const RemoteErrorInfo& error() const { return error_; }

  // The same as an exception; null when ok().
  [[nodiscard]] const std::exception_ptr& exception() const { return failure_; }

 private:
  std::optional<Value> value_;
  std::exception_ptr failure_;
  RemoteErrorInfo error_;
};

}  // namespace roundhouse
