// JsonValue: an argument or a result of a task whose C++ type the command line does not know.
//
// It is sent as plain msgpack, which engines take for whatever the parameter is: a whole number for
// a double, a list of numbers for an array of them. What comes back is read as it lies in the
// message, raw arrays included. Arguments of a call by words of a command line: call_words.hpp.
//
// Values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/output.hpp"
#include <roundhouse/arguments.hpp>

namespace roundhouse::cli {

struct JsonValue {
  Json json;
};

// Bytes that are no JSON (of structs, or not UTF-8) become {"base64": "..."}; numbers that JSON
// does not have (nan, inf) become null. Throws SerializationError for what is no body.
[[nodiscard]] Json read_json(detail::Decoder& in);

// The value of a namespace, whatever its type is.
[[nodiscard]] Json json_of(const PackedValue& value);

}  // namespace roundhouse::cli

namespace roundhouse::detail {

template <>
struct Codec<cli::JsonValue> {
  static void encode(Encoder& out, const cli::JsonValue& value);

  static cli::JsonValue decode(Decoder& in) { return {cli::read_json(in)}; }
};

// What a piece of a map gave: a list, or nothing of functions without a result.
template <>
struct Codec<std::vector<cli::JsonValue>> {
  static std::vector<cli::JsonValue> decode(Decoder& in);
};

}  // namespace roundhouse::detail
