#include "cli/json_value.hpp"

#include <cmath>
#include <cstring>
#include <utility>

#include "client/body_json.hpp"

namespace roundhouse::cli {

namespace {

using detail::BodyKind;
using detail::BodyToken;
using detail::Decoder;
using detail::ElementKind;
using detail::ElementType;

Json in_base64(std::string_view bytes) {
  return {{"base64", detail::base64(bytes)}};
}

Json text_or_bytes(std::string_view bytes) {
  Json text = std::string(bytes);
  try {
    (void)text.dump();
  } catch (const Json::exception&) {  // not UTF-8
    return in_base64(bytes);
  }
  return text;
}

Json real(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

template <class T>
Json numbers(std::string_view bytes) {
  Json out = Json::array();
  for (; bytes.size() >= sizeof(T); bytes.remove_prefix(sizeof(T))) {
    T value{};
    std::memcpy(&value, bytes.data(), sizeof value);
    if constexpr (std::is_floating_point_v<T>)
      out.push_back(real(static_cast<double>(value)));
    else
      out.push_back(value);
  }
  return out;
}

Json elements(ElementKind kind, std::string_view bytes) {
  switch (kind) {
    case ElementKind::text: return text_or_bytes(bytes);
    case ElementKind::i8: return numbers<std::int8_t>(bytes);
    case ElementKind::i16: return numbers<std::int16_t>(bytes);
    case ElementKind::i32: return numbers<std::int32_t>(bytes);
    case ElementKind::i64: return numbers<std::int64_t>(bytes);
    case ElementKind::u8: return numbers<std::uint8_t>(bytes);
    case ElementKind::u16: return numbers<std::uint16_t>(bytes);
    case ElementKind::u32: return numbers<std::uint32_t>(bytes);
    case ElementKind::u64: return numbers<std::uint64_t>(bytes);
    case ElementKind::f32: return numbers<float>(bytes);
    case ElementKind::f64: return numbers<double>(bytes);
    case ElementKind::character:
    case ElementKind::byte:
    case ElementKind::record: break;
  }
  return in_base64(bytes);
}

// The type that an array says of itself; take_raw() checks the rest.
ElementType type_of(std::string_view content) {
  ElementType type;
  if (content.empty()) return type;
  type.kind = static_cast<ElementKind>(content[0]);
  type.size = detail::size_of(type.kind);
  if (type.kind == ElementKind::record && content.size() >= 1 + sizeof(type.size))
    std::memcpy(&type.size, content.data() + 1, sizeof(type.size));
  if (type.size == 0) type = {ElementKind::byte, 1};  // take_raw() says what it is instead
  return type;
}

// What comes next is one whole value, no deeper than bodies may be.
Json read_value(Decoder& in);

Json read_map(Decoder& in, std::uint64_t size) {
  Json out = Json::object();
  for (std::uint64_t i = 0; i < size; ++i) {
    const Json key = read_value(in);
    out[key.is_string() ? key.get<std::string>() : key.dump()] = read_value(in);
  }
  return out;
}

Json read_value(Decoder& in) {
  const BodyToken token = in.reader().peek();
  if (token.kind == BodyKind::extension) {
    const ElementType type = type_of(token.bytes);
    const Buffer whole = in.take_raw(type).buffer();
    return elements(type.kind, whole.view());
  }
  in.reader().drop(token);
  switch (token.kind) {
    case BodyKind::boolean: return token.number != 0;
    case BodyKind::unsigned_integer: return token.number;
    case BodyKind::negative_integer: return static_cast<std::int64_t>(token.number);
    case BodyKind::real: return real(token.real);
    case BodyKind::text: return text_or_bytes(token.bytes);
    case BodyKind::binary: return in_base64(token.bytes);
    case BodyKind::map: return read_map(in, token.number);
    case BodyKind::list: {
      Json out = Json::array();
      for (std::uint64_t i = 0; i < token.number; ++i) out.push_back(read_value(in));
      return out;
    }
    case BodyKind::nil:
    case BodyKind::extension:
    case BodyKind::nothing: break;
  }
  return nullptr;
}

}  // namespace

Json read_json(Decoder& in) {
  std::string_view whole;
  if (detail::BodyReader probe = in.reader(); !probe.skip(whole))
    in.fail("a complete value", "bytes that are cut short or invalid");
  return read_value(in);
}

Json json_of(const PackedValue& value) {
  return decode_result<JsonValue>(value.value.body, value.value.frames, "value").json;
}

}  // namespace roundhouse::cli

namespace roundhouse::detail {

void Codec<cli::JsonValue>::encode(Encoder& out, const cli::JsonValue& value) {
  std::vector<std::uint8_t> bytes = cli::Json::to_msgpack(value.json);
  out.body().append(bytes.begin(), bytes.end());
}

std::vector<cli::JsonValue> Codec<std::vector<cli::JsonValue>>::decode(Decoder& in) {
  cli::Json list = cli::read_json(in);
  std::vector<cli::JsonValue> out;
  if (list.is_null()) return out;
  if (!list.is_array()) throw SerializationError("a piece of a map gave no list");
  for (cli::Json& each : list) out.push_back({std::move(each)});
  return out;
}

}  // namespace roundhouse::detail
