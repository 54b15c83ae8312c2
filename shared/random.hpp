// OS. Random bits from libsodium: for ids and secrets. A core never includes this: it is handed
// what it needs, so that a simulation repeats itself.
//
// Thread-safe. Throws nothing; a machine without a source of randomness ends the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace roundhouse {

// Fills `out`. Fit for secrets.
void random_bytes(std::span<std::uint8_t> out);

// Never zero, so that zero can mean "none".
[[nodiscard]] std::uint64_t random_u64();

// `bytes` random bytes as twice as many lower-case hexadecimal digits.
[[nodiscard]] std::string random_hex(std::size_t bytes);

}  // namespace roundhouse
