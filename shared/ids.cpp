#include <roundhouse/ids.hpp>

namespace roundhouse {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

void append_hex(std::string& out, std::uint8_t byte) {
  out.push_back(kDigits[byte >> 4U]);
  out.push_back(kDigits[byte & 15U]);
}

void append_hex(std::string& out, std::uint64_t word) {
  for (int shift = 56; shift >= 0; shift -= 8)
    append_hex(out, static_cast<std::uint8_t>(word >> static_cast<unsigned>(shift)));
}

std::optional<std::uint64_t> read_hex(std::string_view text) {
  std::uint64_t word = 0;
  for (const char c : text) {
    const char lower = (c >= 'A' && c <= 'F') ? static_cast<char>(c - 'A' + 'a') : c;
    const auto digit = kDigits.find(lower);
    if (digit == std::string_view::npos) return std::nullopt;
    word = (word << 4U) | digit;
  }
  return word;
}

}  // namespace

std::string to_string(const TaskId& id) {
  std::string out;
  out.reserve(32);
  append_hex(out, id.session.value);
  append_hex(out, id.sequence);
  return out;
}

std::string to_string(const Uuid& id) {
  std::string out;
  out.reserve(32);
  for (const std::uint8_t byte : id.bytes) append_hex(out, byte);
  return out;
}

std::optional<TaskId> parse_task_id(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  const auto session = read_hex(text.substr(0, 16));
  const auto sequence = read_hex(text.substr(16));
  if (!session || !sequence) return std::nullopt;
  return TaskId{SessionId{*session}, *sequence};
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  Uuid out;
  for (std::size_t i = 0; i < 16; ++i) {
    const auto byte = read_hex(text.substr(2 * i, 2));
    if (!byte) return std::nullopt;
    out.bytes[i] = static_cast<std::uint8_t>(*byte);
  }
  return out;
}

}  // namespace roundhouse
