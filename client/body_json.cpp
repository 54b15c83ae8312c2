#include "client/body_json.hpp"

#include <array>
#include <cmath>
#include <cstdio>

#include <roundhouse/body.hpp>

namespace roundhouse::detail {
namespace {

// Length of the UTF-8 character at the start of `text`; 0 when it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) >= 0xa0) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) >= 0x90) return 0;
  return length;
}

void put_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (c == '\n') {
      out.append("\\n");
    } else if (length == 0) {
      out.append("\\ufffd");
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
      out.append(escaped.data());
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out.push_back('"');
}

void put_real(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out.append("null");
    return;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.17g", value);
  out.append(text.data());
}

// `depth` levels are left; the value was skipped over before, so that it is whole.
void put_value(std::string& out, BodyReader& in, std::size_t depth);

void put_pairs(std::string& out, BodyReader& in, const BodyToken& token, std::size_t depth) {
  const bool map = token.kind == BodyKind::map;
  out.push_back(map ? '{' : '[');
  for (std::uint64_t i = 0; i < token.number; ++i) {
    if (i > 0) out.push_back(',');
    if (map) {
      const BodyToken key = in.peek();
      if (key.kind == BodyKind::text || key.kind == BodyKind::binary) {
        put_string(out, key.bytes);
        in.drop(key);
      } else {
        std::string other;
        put_value(other, in, depth);
        put_string(out, other);
      }
      out.push_back(':');
    }
    put_value(out, in, depth);
  }
  out.push_back(map ? '}' : ']');
}

void put_value(std::string& out, BodyReader& in, std::size_t depth) {
  const BodyToken token = in.peek();
  in.drop(token);
  switch (token.kind) {
    case BodyKind::boolean: out.append(token.number != 0 ? "true" : "false"); return;
    case BodyKind::unsigned_integer: out.append(std::to_string(token.number)); return;
    case BodyKind::negative_integer:
      out.append(std::to_string(static_cast<std::int64_t>(token.number)));
      return;
    case BodyKind::real: put_real(out, token.real); return;
    case BodyKind::text: put_string(out, token.bytes); return;
    case BodyKind::binary:
    case BodyKind::extension:
      out.append("{\"base64\":\"").append(base64(token.bytes)).append("\"}");
      return;
    case BodyKind::list:
    case BodyKind::map:
      if (depth > 0) return put_pairs(out, in, token, depth - 1);
      [[fallthrough]];
    case BodyKind::nil:
    case BodyKind::nothing: out.append("null");
  }
}

std::optional<BodyToken> token_of(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  return BodyReader(bytes).peek();
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group =
          (group << 8U) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out.push_back(i + k <= bytes.size() ? kDigits[(group >> (18 - 6 * k)) & 63U] : '=');
  }
  return out;
}

std::string json_of(std::string_view msgpack) {
  BodyReader whole(msgpack);
  std::string_view value;
  if (!whole.skip(value)) return "null";
  std::string out;
  BodyReader in(value);
  put_value(out, in, kBodyDepthMax + 1);
  return out;
}

BodyMap::BodyMap(std::string_view msgpack) {
  BodyReader in(msgpack);
  std::string_view value;
  if (!BodyReader(msgpack).skip(value)) return;
  const BodyToken token = in.peek();
  if (token.kind != BodyKind::map) return;
  in.drop(token);
  for (std::uint64_t i = 0; i < token.number; ++i) {
    const BodyToken key = in.peek();
    std::string_view skipped;
    if (!in.skip(skipped) || !in.skip(value)) return;
    if (key.kind == BodyKind::text) entries_.emplace_back(key.bytes, value);
  }
}

std::string_view BodyMap::find(std::string_view name) const {
  for (const auto& [key, value] : entries_)
    if (key == name && BodyReader(value).peek().kind != BodyKind::nil) return value;
  return {};
}

std::optional<std::uint64_t> BodyMap::number(std::string_view name) const {
  const auto token = token_of(find(name));
  if (!token || token->kind != BodyKind::unsigned_integer) return std::nullopt;
  return token->number;
}

std::optional<std::int64_t> BodyMap::signed_number(std::string_view name) const {
  const auto token = token_of(find(name));
  const bool integer = token && (token->kind == BodyKind::unsigned_integer ||
                                 token->kind == BodyKind::negative_integer);
  if (!integer) return std::nullopt;
  return static_cast<std::int64_t>(token->number);
}

std::string BodyMap::text(std::string_view name) const {
  const auto token = token_of(find(name));
  if (!token || (token->kind != BodyKind::text && token->kind != BodyKind::binary)) return {};
  return std::string(token->bytes);
}

bool BodyMap::truth(std::string_view name) const {
  const auto token = token_of(find(name));
  return token && token->kind == BodyKind::boolean && token->number != 0;
}

std::vector<std::string_view> BodyMap::list(std::string_view name) const {
  std::vector<std::string_view> out;
  BodyReader in(find(name));
  const BodyToken token = in.peek();
  if (token.kind != BodyKind::list) return out;
  in.drop(token);
  std::string_view element;
  while (in.skip(element)) out.push_back(element);
  return out;
}

std::vector<std::string> BodyMap::texts(std::string_view name) const {
  std::vector<std::string> out;
  for (const std::string_view element : list(name)) {
    const auto token = token_of(element);
    if (token && token->kind == BodyKind::text) out.emplace_back(token->bytes);
  }
  return out;
}

}  // namespace roundhouse::detail
