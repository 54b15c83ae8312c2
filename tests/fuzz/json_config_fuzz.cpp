// Any bytes as a configuration file: refused with a text or read, never a crash; and what was read
// is written out as something that reads back as the same.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/check.hpp"
#include "shared/json_config.hpp"

namespace {

struct Config {
  bool flag = false;
  std::int64_t number = 0;
  double fraction = 0;
  std::string text;
  roundhouse::Duration duration{0};
  std::vector<std::string> list;
  roundhouse::JsonConfig table;

  Config() {
    table.key("flag", flag);
    table.key("number", number);
    table.key("level.fraction", fraction);
    table.key("level.text", text);
    table.key("level.deeper.duration", duration);
    table.key("list", list);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Config config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto loaded = config.table.load_text(text, "input"); !loaded) {
    RH_CHECK(!loaded.error().text.empty());
    return 0;
  }
  Config again;
  const auto loaded = again.table.load_text(config.table.to_json(), "output");
  RH_CHECK(loaded.ok());
  RH_CHECK(again.table.to_json() == config.table.to_json());
  return 0;
}
