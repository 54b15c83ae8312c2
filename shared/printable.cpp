#include "shared/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ostream>

#include <fmt/format.h>

namespace roundhouse {
namespace {

// The length in bytes and the number of the UTF-8 character that `text` begins with; length 0 when
// the bytes are none (overlong forms, surrogates and what is beyond U+10FFFF included).
struct Character {
  std::size_t length = 0;
  std::uint32_t number = 0;
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80U) return {1, lead};
  std::size_t length = 0;
  if (lead >= 0xc2U && lead <= 0xdfU) length = 2;
  if (lead >= 0xe0U && lead <= 0xefU) length = 3;
  if (lead >= 0xf0U && lead <= 0xf4U) length = 4;
  if (length == 0 || text.size() < length) return {};
  std::uint32_t number = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return {};
    number = (number << 6U) | (byte(i) & 0x3fU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = number >= 0xd800U && number <= 0xdfffU;
  if (number < kLeast[length] || number > 0x10ffffU || surrogate) return {};
  return {length, number};
}

// Controls that are not ASCII: C1, and those that change the direction of writing or break lines.
bool steers(std::uint32_t number) {
  return (number >= 0x80U && number <= 0x9fU) || (number >= 0x200eU && number <= 0x200fU) ||
         (number >= 0x2028U && number <= 0x202eU) || (number >= 0x2066U && number <= 0x2069U) ||
         number == 0xfeffU;
}

std::string escaped(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = std::max<std::size_t>(character.length, 1);
    if (character.length == 0) {
      out += fmt::format("\\x{:02x}", lead);
    } else if (lead == '\n' || lead == '\t') {
      out += keep_lines ? std::string(1, text[0]) : std::string(lead == '\n' ? "\\n" : "\\t");
    } else if (lead == '\r') {
      out += "\\r";
    } else if (character.number < 0x20U || character.number == 0x7fU) {
      out += fmt::format("\\x{:02x}", lead);
    } else if (steers(character.number)) {
      out += fmt::format("\\u{:04x}", character.number);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return escaped(text, false);
}

std::string printable_lines(std::string_view text) {
  return escaped(text, true);
}

void show_text(std::ostream& to, const std::string& title, std::string text) {
  if (text.empty()) return;
  if (text.back() != '\n') text += '\n';
  text = printable_lines(text);
  const bool is_one_line = text.find('\n') == text.size() - 1;
  if (!title.empty()) to << title << (is_one_line ? " " : "\n");
  to << text << std::flush;
}

std::size_t character_bytes(std::string_view text) {
  return std::max<std::size_t>(first_character(text).length, 1);
}

}  // namespace roundhouse
