// Any bytes as msgpack: skipping, reading and looking for an error in it end, and never look
// beyond the input. What is skipped as one value is one value again when it is looked at alone.

#include <cstdint>
#include <string_view>

#include "shared/check.hpp"
#include "shared/pack.hpp"
#include "shared/records.hpp"

using roundhouse::wire::Unpacker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Unpacker values{bytes};
  while (values.ok() && !values.done()) {
    const std::string_view one = values.one();
    RH_CHECK(values.ok() == !one.empty());
    if (one.empty()) break;
    Unpacker alone{one};
    alone.skip();
    RH_CHECK(alone.done());
  }
  for (int reader = 0; reader < 9; ++reader) {
    Unpacker u{bytes};
    switch (reader) {
      case 0: u.u64(); break;
      case 1: u.u32(); break;
      case 2: u.i64(); break;
      case 3: u.f64(); break;
      case 4: u.boolean(); break;
      case 5: u.str(); break;
      case 6: u.bin(); break;
      case 7: RH_CHECK(u.array() <= size); break;
      default: RH_CHECK(2 * u.map() <= size); break;
    }
    if (u.ok()) RH_CHECK(u.rest().size() < size);
  }
  const auto error = roundhouse::wire::decode_error(bytes);
  const auto again = roundhouse::wire::decode_error(roundhouse::wire::encode_error(error));
  RH_CHECK(again == error);
  return 0;
}
