// The wire form of what roundhouse.push, roundhouse.pull and roundhouse.names exchange.
//
// A list of named values is one msgpack list of four elements each: name, type, body, number of
// frames; the frames of all values follow each other. Nobody on the way unpacks a value.
// Thread rule: plain functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <roundhouse/codec.hpp>
#include <roundhouse/encoded.hpp>
#include <roundhouse/error.hpp>

namespace roundhouse {

// The built-in tasks, found like all others; their signature is empty.
// Tasks of every engine begin so; no module has any.
inline constexpr std::string_view kBuiltinPrefix = "roundhouse.";

inline constexpr std::string_view kPushTask = "roundhouse.push";    // named values -> nothing
inline constexpr std::string_view kPullTask = "roundhouse.pull";    // names -> named values
inline constexpr std::string_view kNamesTask = "roundhouse.names";  // () -> names
inline constexpr std::string_view kClearTask = "roundhouse.clear";  // () -> nothing
inline constexpr std::string_view kNoopTask = "roundhouse.noop";    // () -> nothing
inline constexpr std::string_view kSleepTask = "roundhouse.sleep";  // seconds (double) -> nothing

// Throws SerializationError when there are too many frames, or a body is 4 GiB or more.
[[nodiscard]] inline Encoded encode_named_values(std::span<const NamedValue> values) {
  Encoded out;
  detail::Encoder encoder(out);
  encoder.list(4 * values.size());
  for (const NamedValue& each : values) {
    const Encoded& value = each.packed.value;
    if (value.body.size() > std::numeric_limits<std::uint32_t>::max() ||
        out.frames.size() + value.frames.size() > kArrayFramesMax)
      throw SerializationError("'" + each.name + "' is too large to be pushed or pulled" +
                               (values.size() > 1 ? " together with the others" : ""));
    detail::put_text(out.body, each.name);
    detail::put_text(out.body, each.packed.type);
    detail::put_text(out.body, value.body);
    detail::put_unsigned(out.body, value.frames.size());
    out.frames.insert(out.frames.end(), value.frames.begin(), value.frames.end());
    out.borrowed = out.borrowed || value.borrowed;
  }
  return out;
}

// What encode_named_values() wrote. Throws SerializationError for anything else.
[[nodiscard]] inline std::vector<NamedValue> decode_named_values(std::string_view body,
                                                                 std::span<const Buffer> frames) {
  detail::Decoder in(body, {});
  in.reads("named values", typeid(std::string).name());
  const std::size_t count = in.take_list();
  if (count % 4 != 0) in.fail("four elements per value", std::to_string(count) + " elements");
  std::vector<NamedValue> out(count / 4);
  for (NamedValue& each : out) {
    each.name = detail::Codec<std::string>::decode(in);
    each.packed.type = detail::Codec<std::string>::decode(in);
    each.packed.value.body = detail::Codec<std::string>::decode(in);
    const auto used = detail::Codec<std::uint32_t>::decode(in);
    if (used > frames.size())
      in.fail(std::to_string(used) + " frames", std::to_string(frames.size()));
    each.packed.value.frames.assign(frames.begin(), frames.begin() + used);
    frames = frames.subspan(used);
  }
  in.finish();
  if (!frames.empty()) in.fail("no further frames", std::to_string(frames.size()));
  return out;
}

[[nodiscard]] inline Encoded encode_names(std::span<const std::string_view> names) {
  Encoded out;
  detail::Encoder encoder(out);
  encoder.list(names.size());
  for (const std::string_view name : names) detail::put_text(out.body, name);
  return out;
}

[[nodiscard]] inline Encoded encode_names(const std::vector<std::string>& names) {
  return encode_names(std::vector<std::string_view>(names.begin(), names.end()));
}

// Throws SerializationError.
[[nodiscard]] inline std::vector<std::string> decode_names(std::string_view body) {
  detail::Decoder in(body, {});
  in.reads("names", typeid(std::string).name());
  std::vector<std::string> out(in.take_list());
  for (std::string& name : out) name = detail::Codec<std::string>::decode(in);
  in.finish();
  return out;
}

}  // namespace roundhouse
