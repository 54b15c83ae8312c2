// The words of `push`: a named value, and which C++ type it shall be.
//
// Plain functions, called by the main thread.
#pragma once

#include <string>
#include <string_view>

#include "cli/output.hpp"
#include <roundhouse/encoded.hpp>

namespace roundhouse::cli {

// What a JSON value is in C++: int (or what a larger number needs), double, bool, string, and
// vector<...> or map<...> (by texts) of the type that suits all elements. Throws UsageError for
// null and for what has no elements or none of one type: its type must be said then.
[[nodiscard]] std::string natural_type(const Json& value);

// "NAME=VALUE" or "NAME:TYPE=VALUE"; VALUE is JSON, or else a text. TYPE is bool, int, unsigned,
// long, unsigned long, float, double or string (also with std::, and int64_t and the like), a
// vector<> of one of them, a map<> by texts, or a vector<> or map<> of such a vector. Throws
// UsageError for what is neither, and when the value is not of the type.
[[nodiscard]] NamedValue parse_named(std::string_view word);

// Whether a word begins as "NAME=" or "NAME:TYPE=" does; how far NAME goes.
[[nodiscard]] bool is_name(std::string_view text);

}  // namespace roundhouse::cli
