// What a task threw, as text for the client.
//
// Thread rule: plain functions; any thread, inside a catch.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>

#include <roundhouse/error.hpp>
#include <roundhouse/module_abi.hpp>
#include <roundhouse/type_name.hpp>

namespace roundhouse::detail {

// Longer texts are cut: an error is for people.
inline constexpr std::size_t kErrorTextMax = 16U << 10U;

inline std::string shortened(std::string text) {
  if (text.size() <= kErrorTextMax) return text;
  const std::size_t all = text.size();
  text.resize(kErrorTextMax);
  return std::move(text) + "... (" + std::to_string(all) + " bytes)";
}

inline std::string shortened(const char* text) {
  return shortened(std::string(text == nullptr ? "" : text));
}

// Type and text of the exception that is being handled.
inline std::pair<std::string, std::string> current_exception_text() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  std::string name = type == nullptr ? "unknown exception" : readable_type(type->name());
  // What std::throw_with_nested makes is the thrown type to everybody.
  constexpr std::string_view kNested = "std::_Nested_exception<";
  if (name.starts_with(kNested) && name.ends_with('>'))
    name = name.substr(kNested.size(),
                       name.find_last_not_of(' ', name.size() - 2) + 1 - kNested.size());
  // Our own are known by their bare names: "NameError", as the hub's "EngineError".
  constexpr std::string_view kOurs = "roundhouse::";
  if (name.starts_with(kOurs) && name.find(':', kOurs.size()) == std::string::npos)
    name.erase(0, kOurs.size());
  try {
    throw;
  } catch (const RemoteError& error) {
    // Of a task that this one has waited for: by its own name.
    if (name == "RemoteError") return {error.name(), error.value()};
    return {std::move(name), shortened(error.what())};
  } catch (const std::exception& error) {
    return {std::move(name), shortened(error.what())};
  } catch (const std::string& text) {
    return {std::move(name), shortened(text)};
  } catch (const char* text) {
    return {std::move(name), shortened(text)};
  } catch (int number) {
    return {std::move(name), std::to_string(number)};
  } catch (...) {
    return {std::move(name), "an object that is no std::exception was thrown"};
  }
}

// What the exception that is being handled was caused by, a line each.
inline std::string causes_of_current_exception() {
  constexpr int kCausesMax = 16;
  std::string out;
  std::exception_ptr exception = std::current_exception();
  for (int i = 0; i < kCausesMax && exception != nullptr; ++i) {
    std::exception_ptr cause;
    try {
      std::rethrow_exception(exception);
    } catch (const std::nested_exception& nested) {
      cause = nested.nested_ptr();
    } catch (...) {  // no further cause
    }
    exception = cause;
    if (exception == nullptr) break;
    try {
      std::rethrow_exception(exception);
    } catch (...) {
      const auto [name, value] = current_exception_text();
      out.append("caused by ").append(name).append(": ").append(value).append("\n");
    }
  }
  return out;
}

// An error reply.
inline void fail(Reply& reply, TaskError error) {
  reply.clear();
  reply.ok = false;
  reply.error = std::move(error);
}

// Turns the exception that is being handled into an error reply.
inline void fail_with_current_exception(Reply& reply) noexcept {
  try {
    reply.clear();
    reply.ok = false;
    auto [name, value] = current_exception_text();
    reply.error.name = std::move(name);
    reply.error.value = std::move(value);
    reply.error.traceback = causes_of_current_exception();
  } catch (...) {  // no memory even for the text
    reply.ok = false;
  }
}

}  // namespace roundhouse::detail
