// The bytes of a body: a small bounded msgpack writer and reader, and how raw arrays lie in it.
//
// For the headers beside this one; programs use serialize.hpp. The reader believes nothing: every
// length is checked against the bytes that are there, nothing is allocated and nothing thrown.
// Thread rule: plain values.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include <roundhouse/encoded.hpp>

namespace roundhouse::detail {

static_assert(std::endian::native == std::endian::little, "raw arrays travel as little-endian");

// Types of msgpack extension that a body may hold.
enum class Extension : std::int8_t {
  // These two begin with the kind of the elements and, for records, their size (u32).
  inline_array = 1,  // the bytes
  frame_array = 2,   // bytes in all (u64), first frame (u32), frames (u32)
  reference = 3,     // type name, 0, name in the engine's namespace
  keywords = 4,      // a msgpack map: members by name, of which none may be unknown
};

// Writers append to `out`.
template <class T>
void put_big_endian(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    bytes[i] = static_cast<char>(static_cast<std::uint8_t>(value >> (8 * (sizeof(T) - 1 - i))));
  out.append(bytes.data(), bytes.size());
}

template <class T>
void put_little_endian(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof(T));
  out.append(bytes.data(), bytes.size());
}

inline void put_tag(std::string& out, unsigned tag) {
  out.push_back(static_cast<char>(tag));
}

inline void put_nil(std::string& out) {
  put_tag(out, 0xc0);
}

inline void put_bool(std::string& out, bool value) {
  put_tag(out, value ? 0xc3 : 0xc2);
}

inline void put_unsigned(std::string& out, std::uint64_t value) {
  if (value < 0x80) {
    put_tag(out, static_cast<unsigned>(value));
  } else if (value <= 0xff) {
    put_tag(out, 0xcc);
    put_tag(out, static_cast<unsigned>(value));
  } else if (value <= 0xffff) {
    put_tag(out, 0xcd);
    put_big_endian(out, static_cast<std::uint16_t>(value));
  } else if (value <= 0xffffffff) {
    put_tag(out, 0xce);
    put_big_endian(out, static_cast<std::uint32_t>(value));
  } else {
    put_tag(out, 0xcf);
    put_big_endian(out, value);
  }
}

inline void put_signed(std::string& out, std::int64_t value) {
  if (value >= 0) {
    put_unsigned(out, static_cast<std::uint64_t>(value));
  } else if (value >= -32) {
    put_tag(out, static_cast<std::uint8_t>(value));
  } else if (value >= std::numeric_limits<std::int32_t>::min()) {
    put_tag(out, 0xd2);
    put_big_endian(out, static_cast<std::uint32_t>(value));
  } else {
    put_tag(out, 0xd3);
    put_big_endian(out, static_cast<std::uint64_t>(value));
  }
}

inline void put_float(std::string& out, float value) {
  put_tag(out, 0xca);
  put_big_endian(out, std::bit_cast<std::uint32_t>(value));
}

inline void put_double(std::string& out, double value) {
  put_tag(out, 0xcb);
  put_big_endian(out, std::bit_cast<std::uint64_t>(value));
}

inline void put_array_head(std::string& out, std::uint32_t size) {
  if (size < 16) {
    put_tag(out, 0x90U | size);
  } else if (size <= 0xffff) {
    put_tag(out, 0xdc);
    put_big_endian(out, static_cast<std::uint16_t>(size));
  } else {
    put_tag(out, 0xdd);
    put_big_endian(out, size);
  }
}

// Precondition: text.size() fits 32 bits.
inline void put_text(std::string& out, std::string_view text) {
  if (text.size() < 32) {
    put_tag(out, 0xa0U | static_cast<unsigned>(text.size()));
  } else if (text.size() <= 0xff) {
    put_tag(out, 0xd9);
    put_tag(out, static_cast<unsigned>(text.size()));
  } else if (text.size() <= 0xffff) {
    put_tag(out, 0xda);
    put_big_endian(out, static_cast<std::uint16_t>(text.size()));
  } else {
    put_tag(out, 0xdb);
    put_big_endian(out, static_cast<std::uint32_t>(text.size()));
  }
  out.append(text);
}

// The head of an extension whose `size` bytes the caller appends. Precondition: 32 bits.
inline void put_extension_head(std::string& out, Extension type, std::size_t size) {
  if (size <= 0xff) {
    put_tag(out, 0xc7);
    put_tag(out, static_cast<unsigned>(size));
  } else if (size <= 0xffff) {
    put_tag(out, 0xc8);
    put_big_endian(out, static_cast<std::uint16_t>(size));
  } else {
    put_tag(out, 0xc9);
    put_big_endian(out, static_cast<std::uint32_t>(size));
  }
  put_tag(out, static_cast<std::uint8_t>(type));
}

enum class BodyKind : std::uint8_t {
  nothing,
  nil,
  boolean,
  unsigned_integer,
  negative_integer,
  real,
  text,
  binary,
  list,
  map,
  extension
};

[[nodiscard]] inline std::string_view to_string(BodyKind kind) {
  constexpr std::array<std::string_view, 11> kNames{"nothing: the bytes end here or are no msgpack",
                                                    "nil",
                                                    "a boolean",
                                                    "an integer",
                                                    "a negative integer",
                                                    "a floating-point number",
                                                    "text",
                                                    "bytes",
                                                    "a list",
                                                    "a map",
                                                    "a raw array"};
  return kNames[static_cast<std::size_t>(kind)];
}

// One step of a body: a scalar, or the head of something longer.
struct BodyToken {
  BodyKind kind = BodyKind::nothing;
  std::int8_t extension = 0;
  std::uint64_t number = 0;  // value (negative ones as two's complement), or count of elements
  double real = 0;
  std::string_view bytes;  // of text, binary and extension
  std::size_t size = 0;    // bytes of the token, those of text, binary and extension included
};

class BodyReader {
 public:
  explicit BodyReader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  [[nodiscard]] std::string_view rest() const { return rest_; }

  // What comes next; kind `nothing` at the end and for bytes that are cut short or invalid.
  [[nodiscard]] BodyToken peek() const;

  void drop(const BodyToken& token) { rest_.remove_prefix(token.size); }

  // Goes past one whole value, checking that all of it is there and nested at most kBodyDepthMax
  // deep. False, without moving, when it is not.
  [[nodiscard]] bool skip(std::string_view& value);

 private:
  [[nodiscard]] bool big_endian(std::size_t at, std::size_t size, std::uint64_t& out) const {
    if (rest_.size() < at + size) return false;
    out = 0;
    for (std::size_t i = 0; i < size; ++i)
      out = (out << 8U) | static_cast<std::uint8_t>(rest_[at + i]);
    return true;
  }

  // A token whose head, of `head` bytes, is followed by `number` bytes.
  [[nodiscard]] BodyToken with_bytes(BodyToken token, BodyKind kind, std::size_t head) const {
    if (rest_.size() - head < token.number) return {};
    token.kind = kind;
    token.bytes = rest_.substr(head, token.number);
    token.size = head + token.bytes.size();
    return token;
  }

  [[nodiscard]] BodyToken extension(BodyToken token, std::size_t head) const {
    if (rest_.size() <= head) return {};
    token.extension = static_cast<std::int8_t>(rest_[head]);
    return with_bytes(token, BodyKind::extension, head + 1);
  }

  [[nodiscard]] BodyToken peek_short(unsigned tag) const;
  [[nodiscard]] BodyToken peek_number(unsigned tag) const;
  [[nodiscard]] BodyToken peek_sized(unsigned tag) const;

  std::string_view rest_;
};

// Tags that hold their whole head in one byte.
inline BodyToken BodyReader::peek_short(unsigned tag) const {
  BodyToken token;
  token.size = 1;
  if (tag < 0x80) {
    token.kind = BodyKind::unsigned_integer;
    token.number = tag;
  } else if (tag >= 0xe0) {
    token.kind = BodyKind::negative_integer;
    token.number = ~std::uint64_t{0xff} | tag;
  } else if (tag < 0x90) {
    token.kind = BodyKind::map;
    token.number = tag & 0x0fU;
  } else if (tag < 0xa0) {
    token.kind = BodyKind::list;
    token.number = tag & 0x0fU;
  } else if (tag < 0xc0) {
    token.number = tag & 0x1fU;
    return with_bytes(token, BodyKind::text, 1);
  } else if (tag == 0xc0) {
    token.kind = BodyKind::nil;
  } else if (tag == 0xc2 || tag == 0xc3) {
    token.kind = BodyKind::boolean;
    token.number = tag & 1U;
  } else {
    return {};
  }
  return token;
}

// Floats 0xca, 0xcb; unsigned 0xcc to 0xcf; signed 0xd0 to 0xd3.
inline BodyToken BodyReader::peek_number(unsigned tag) const {
  const std::size_t size = tag == 0xca ? 4U : tag == 0xcb ? 8U : std::size_t{1} << (tag & 3U);
  BodyToken token;
  if (!big_endian(1, size, token.number)) return {};
  token.size = 1 + size;
  if (tag <= 0xcb) {
    token.kind = BodyKind::real;
    token.real =
        tag == 0xca
            ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(token.number)))
            : std::bit_cast<double>(token.number);
    return token;
  }
  token.kind = BodyKind::unsigned_integer;
  if (tag >= 0xd0) {
    const std::uint64_t sign = std::uint64_t{1} << (8 * size - 1);
    if ((token.number & sign) != 0) {
      token.kind = BodyKind::negative_integer;
      token.number |= ~(sign - 1);
    }
  }
  return token;
}

// Everything with a length or count of its own: bin, ext, str, array, map.
inline BodyToken BodyReader::peek_sized(unsigned tag) const {
  BodyToken token;
  if (tag >= 0xd4 && tag <= 0xd8) {
    token.number = std::uint64_t{1} << (tag - 0xd4);
    return extension(token, 1);
  }
  // How wide the length is: three tags each for bin, ext and str, two for array and map.
  const unsigned power = tag <= 0xc6   ? tag - 0xc4
                         : tag <= 0xc9 ? tag - 0xc7
                         : tag <= 0xdb ? tag - 0xd9
                                       : 1 + (tag & 1U);
  const std::size_t size = std::size_t{1} << power;
  if (!big_endian(1, size, token.number)) return {};
  if (tag <= 0xc6) return with_bytes(token, BodyKind::binary, 1 + size);
  if (tag <= 0xc9) return extension(token, 1 + size);
  if (tag <= 0xdb) return with_bytes(token, BodyKind::text, 1 + size);
  token.kind = tag <= 0xdd ? BodyKind::list : BodyKind::map;
  token.size = 1 + size;
  return token;
}

inline BodyToken BodyReader::peek() const {
  if (rest_.empty()) return {};
  const unsigned tag = static_cast<std::uint8_t>(rest_[0]);
  if (tag < 0xc4 || tag >= 0xe0) return peek_short(tag);
  if (tag >= 0xca && tag <= 0xd3) return peek_number(tag);
  return peek_sized(tag);
}

inline bool BodyReader::skip(std::string_view& value) {
  const std::string_view before = rest_;
  std::array<std::uint64_t, kBodyDepthMax> left;  // values still to come, per level
  std::size_t depth = 0;
  do {
    const BodyToken token = peek();
    if (token.kind == BodyKind::nothing) break;
    drop(token);
    if (depth > 0) --left[depth - 1];
    if (token.kind == BodyKind::list || token.kind == BodyKind::map) {
      if (depth == left.size()) break;
      left[depth++] = token.kind == BodyKind::map ? 2 * token.number : token.number;
    }
    while (depth > 0 && left[depth - 1] == 0) --depth;
    if (depth == 0) {
      value = before.substr(0, before.size() - rest_.size());
      return true;
    }
  } while (true);
  rest_ = before;
  return false;
}

}  // namespace roundhouse::detail
