#include "shared/random.hpp"

#include <sodium.h>

#include "shared/check.hpp"

namespace roundhouse {

void random_bytes(std::span<std::uint8_t> out) {
  RH_CHECK_MSG(sodium_init() >= 0, "libsodium found no source of randomness");
  randombytes_buf(out.data(), out.size());
}

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  while (value == 0) {
    std::uint8_t bytes[8];
    random_bytes(bytes);
    for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  }
  return value;
}

std::string random_hex(std::size_t bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string raw(bytes, '\0');
  random_bytes({reinterpret_cast<std::uint8_t*>(raw.data()), raw.size()});
  std::string text;
  text.reserve(2 * bytes);
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace roundhouse
