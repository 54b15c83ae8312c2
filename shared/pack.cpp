#include "shared/pack.hpp"

#include <bit>
#include <limits>

namespace roundhouse::wire {

template <class T>
void Packer::big_endian(unsigned tag, T value) {
  char text[1 + sizeof(T)];
  text[0] = static_cast<char>(tag);
  for (std::size_t i = 0; i < sizeof(T); ++i)
    text[1 + i] = static_cast<char>(value >> (8 * (sizeof(T) - 1 - i)));
  out_.append(text, sizeof text);
}

void Packer::u64(std::uint64_t value) {
  if (value < 0x80)
    byte(static_cast<unsigned>(value));
  else if (value <= 0xff)
    big_endian(0xcc, static_cast<std::uint8_t>(value));
  else if (value <= 0xffff)
    big_endian(0xcd, static_cast<std::uint16_t>(value));
  else if (value <= 0xffffffff)
    big_endian(0xce, static_cast<std::uint32_t>(value));
  else
    big_endian(0xcf, value);
}

void Packer::i64(std::int64_t value) {
  if (value >= 0) return u64(static_cast<std::uint64_t>(value));
  if (value >= -32) return byte(static_cast<std::uint8_t>(value));
  big_endian(0xd3, static_cast<std::uint64_t>(value));
}

void Packer::f64(double value) {
  big_endian(0xcb, std::bit_cast<std::uint64_t>(value));
}

void Packer::str(std::string_view value) {
  const std::size_t size = value.size();
  if (size < 32)
    byte(0xa0U | static_cast<unsigned>(size));
  else if (size <= 0xff)
    big_endian(0xd9, static_cast<std::uint8_t>(size));
  else if (size <= 0xffff)
    big_endian(0xda, static_cast<std::uint16_t>(size));
  else
    big_endian(0xdb, static_cast<std::uint32_t>(size));
  out_.append(value);
}

void Packer::bin_header(std::size_t size) {
  if (size <= 0xff)
    big_endian(0xc4, static_cast<std::uint8_t>(size));
  else if (size <= 0xffff)
    big_endian(0xc5, static_cast<std::uint16_t>(size));
  else
    big_endian(0xc6, static_cast<std::uint32_t>(size));
}

void Packer::bin(std::string_view value) {
  bin_header(value.size());
  out_.append(value);
}

void Packer::array(std::size_t count) {
  if (count < 16)
    byte(0x90U | static_cast<unsigned>(count));
  else if (count <= 0xffff)
    big_endian(0xdc, static_cast<std::uint16_t>(count));
  else
    big_endian(0xdd, static_cast<std::uint32_t>(count));
}

void Packer::map(std::size_t count) {
  if (count < 16)
    byte(0x80U | static_cast<unsigned>(count));
  else if (count <= 0xffff)
    big_endian(0xde, static_cast<std::uint16_t>(count));
  else
    big_endian(0xdf, static_cast<std::uint32_t>(count));
}

unsigned Unpacker::peek() {
  if (failed_ || at_ >= in_.size()) {
    failed_ = true;
    return 0xc1;  // the one tag that msgpack never uses
  }
  return static_cast<unsigned char>(in_[at_]);
}

unsigned Unpacker::take() {
  const unsigned tag = peek();
  if (!failed_) ++at_;
  return tag;
}

std::uint64_t Unpacker::big_endian(std::size_t count) {
  if (failed_ || left() < count) {
    failed_ = true;
    return 0;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value = (value << 8U) | static_cast<unsigned char>(in_[at_++]);
  return value;
}

std::string_view Unpacker::bytes(std::uint64_t size) {
  if (failed_ || left() < size) {
    failed_ = true;
    return {};
  }
  const auto view = in_.substr(at_, static_cast<std::size_t>(size));
  at_ += view.size();
  return view;
}

std::uint64_t Unpacker::u64() {
  const unsigned tag = take();
  if (tag < 0x80) return tag;
  if (tag >= 0xcc && tag <= 0xcf) return big_endian(std::size_t{1} << (tag - 0xccU));
  if (tag >= 0xd0 && tag <= 0xd3) {  // a number in a signed form, which is no mistake if positive
    const std::size_t size = std::size_t{1} << (tag - 0xd0U);
    const std::uint64_t value = big_endian(size);
    if (value >> (8 * size - 1) == 0) return value;
  }
  fail();
  return 0;
}

std::uint32_t Unpacker::u32() {
  const std::uint64_t value = u64();
  if (value > std::numeric_limits<std::uint32_t>::max()) fail();
  return failed_ ? 0U : static_cast<std::uint32_t>(value);
}

std::int64_t Unpacker::i64() {
  const unsigned tag = peek();
  if (tag >= 0xe0 && tag <= 0xff) return static_cast<std::int8_t>(take());
  if (tag >= 0xd0 && tag <= 0xd3) {
    take();
    const unsigned width = 8U << (tag - 0xd0U);
    const std::uint64_t raw = big_endian(width / 8);
    return static_cast<std::int64_t>(raw << (64U - width)) >> (64U - width);
  }
  const std::uint64_t value = u64();
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) fail();
  return failed_ ? 0 : static_cast<std::int64_t>(value);
}

double Unpacker::f64() {
  const unsigned tag = peek();
  if (tag == 0xca) {
    take();
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(4))));
  }
  if (tag == 0xcb) {
    take();
    return std::bit_cast<double>(big_endian(8));
  }
  return static_cast<double>(i64());
}

bool Unpacker::boolean() {
  const unsigned tag = take();
  if (tag != 0xc2 && tag != 0xc3) fail();
  return ok() && tag == 0xc3;
}

bool Unpacker::nil() {
  if (failed_ || peek() != 0xc0) return false;
  take();
  return true;
}

std::string_view Unpacker::sized(bool allow_str, bool allow_bin) {
  const unsigned tag = take();
  if (allow_str) {
    if (tag >= 0xa0 && tag <= 0xbf) return bytes(tag & 31U);
    if (tag >= 0xd9 && tag <= 0xdb) return bytes(big_endian(std::size_t{1} << (tag - 0xd9U)));
  }
  if (allow_bin && tag >= 0xc4 && tag <= 0xc6)
    return bytes(big_endian(std::size_t{1} << (tag - 0xc4U)));
  fail();
  return {};
}

std::string_view Unpacker::str() {
  return sized(true, false);
}

std::string_view Unpacker::bin() {
  return sized(true, true);
}

std::size_t Unpacker::array() {
  const unsigned tag = take();
  std::uint64_t count = 0;
  if (tag >= 0x90 && tag <= 0x9f)
    count = tag & 15U;
  else if (tag == 0xdc || tag == 0xdd)
    count = big_endian(tag == 0xdc ? 2 : 4);
  else
    fail();
  if (count > left()) fail();
  return failed_ ? 0 : static_cast<std::size_t>(count);
}

std::size_t Unpacker::map() {
  const unsigned tag = take();
  std::uint64_t count = 0;
  if (tag >= 0x80 && tag <= 0x8f)
    count = tag & 15U;
  else if (tag == 0xde || tag == 0xdf)
    count = big_endian(tag == 0xde ? 2 : 4);
  else
    fail();
  if (count > left() / 2) fail();
  return failed_ ? 0 : static_cast<std::size_t>(count);
}

// Iterative, so that deep nesting costs no stack: `pending` counts the values still to come.
void Unpacker::skip_one(std::uint64_t& pending) {
  const unsigned tag = peek();
  if (failed_) return;
  if (tag <= 0x7f || tag >= 0xe0 || tag == 0xc0 || tag == 0xc2 || tag == 0xc3) {
    take();
  } else if ((tag & 0xf0U) == 0x80 || tag == 0xde || tag == 0xdf) {
    pending += 2 * static_cast<std::uint64_t>(map());
  } else if ((tag & 0xf0U) == 0x90 || tag == 0xdc || tag == 0xdd) {
    pending += array();
  } else if ((tag & 0xe0U) == 0xa0 || (tag >= 0xd9 && tag <= 0xdb) ||
             (tag >= 0xc4 && tag <= 0xc6)) {
    sized(true, true);
  } else if (tag >= 0xca && tag <= 0xd3) {
    take();
    constexpr std::size_t kWidths[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8};
    bytes(kWidths[tag - 0xcaU]);
  } else if (tag >= 0xd4 && tag <= 0xd8) {
    take();
    bytes(1 + (std::uint64_t{1} << (tag - 0xd4U)));
  } else if (tag >= 0xc7 && tag <= 0xc9) {
    take();
    bytes(1 + big_endian(std::size_t{1} << (tag - 0xc7U)));
  } else {
    fail();
  }
}

void Unpacker::skip() {
  std::uint64_t pending = 1;
  while (pending > 0 && ok()) {
    --pending;
    skip_one(pending);
    if (pending > left()) fail();
  }
}

std::string_view Unpacker::one() {
  const std::size_t from = at_;
  skip();
  return failed_ ? std::string_view{} : in_.substr(from, at_ - from);
}

}  // namespace roundhouse::wire
