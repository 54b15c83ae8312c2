// Any bytes as a shared library that a client has shipped: refused with a text or found whole, and
// never read beyond their end, whatever their headers claim.

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/elf.hpp"
#include "shared/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of exactly this size, so that a sanitizer sees the first byte behind it.
  const auto exact = std::make_unique<char[]>(size);
  for (std::size_t i = 0; i < size; ++i) exact[i] = static_cast<char>(data[i]);
  const auto checked = roundhouse::engine::check_shared_library({exact.get(), size});
  RH_CHECK(checked.ok() || !checked.error().text.empty());
  return 0;
}
