// Sources of lambdas: nothing may crash, and what is read is written again as it was read.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/check.hpp"
#include "shared/lambda_source.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roundhouse::wire;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto source = decode_lambda_source(bytes))
    RH_CHECK(*decode_lambda_source(encode(*source)) == *source);
  return 0;
}
