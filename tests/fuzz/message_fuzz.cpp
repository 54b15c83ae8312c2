// Any bytes as a map message: refused with a text or decoded, never a crash; and what was decoded
// re-encodes to something that decodes to an equal value.

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>

#include "shared/check.hpp"
#include "shared/message.hpp"

using namespace roundhouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Message message{
      Buffer::copy(std::string_view(reinterpret_cast<const char*>(data), size)), {}};
  const auto decoded = wire::decode(message);
  if (!decoded) {
    RH_CHECK(!decoded.error().text.empty());
    return 0;
  }
  std::visit(
      [](const auto& value) {
        using M = std::decay_t<decltype(value)>;
        const auto again = wire::decode_as<M>(wire::encode(value));
        RH_CHECK(again.ok());
        RH_CHECK(*again == value);
        RH_CHECK(!wire::describe(value).empty());
      },
      *decoded);
  return 0;
}
