#include "hub/curve.hpp"

#include <array>
#include <cstdint>
#include <span>

#include <sodium.h>

#include "shared/check.hpp"
#include "shared/random.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::string_view kDigits =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
static_assert(kDigits.size() == 85);

// https://rfc.zeromq.org/spec/32: four bytes, big-endian, are five digits to base 85.
std::string to_z85(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = (value << 8U) | bytes[at + i];
    for (std::uint32_t power = 85U * 85U * 85U * 85U; power > 0; power /= 85)
      out.push_back(kDigits[value / power % 85]);
  }
  return out;
}

}  // namespace

KeyPair make_key_pair() {
  std::array<std::uint8_t, crypto_box_SECRETKEYBYTES> secret{};
  std::array<std::uint8_t, crypto_box_PUBLICKEYBYTES> open{};
  random_bytes(secret);
  RH_CHECK(crypto_scalarmult_base(open.data(), secret.data()) == 0);
  KeyPair out{to_z85(open), to_z85(secret)};
  sodium_memzero(secret.data(), secret.size());
  return out;
}

}  // namespace roundhouse::hub
