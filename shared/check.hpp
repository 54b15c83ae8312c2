// CORE. Assertions that stay on in release builds: a broken promise inside this program ends it at
// once, with the expression, the place and a backtrace on standard error, before it can do harm.
//
//   RH_CHECK(task != nullptr);
//   RH_CHECK_MSG(sequence > last, "sequence " + std::to_string(sequence) + " came twice");
//
// Never check what a peer or a user said: that is a Result.
// The message of RH_CHECK_MSG is built only when the check fails. Safe from any thread.
#pragma once

#include <string_view>

namespace roundhouse {

// Prints and aborts. `message` may be empty. Call the macros instead.
[[noreturn]] void check_failed(const char* expression, const char* file, int line,
                               std::string_view message);

}  // namespace roundhouse

#define RH_CHECK(expression)                                           \
  do {                                                                 \
    if (!(expression)) [[unlikely]]                                    \
      ::roundhouse::check_failed(#expression, __FILE__, __LINE__, {}); \
  } while (false)

#define RH_CHECK_MSG(expression, message)                                     \
  do {                                                                        \
    if (!(expression)) [[unlikely]]                                           \
      ::roundhouse::check_failed(#expression, __FILE__, __LINE__, (message)); \
  } while (false)
