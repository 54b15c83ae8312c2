#include "shared/content_hash.hpp"

#include <sodium.h>

#include "shared/check.hpp"

namespace roundhouse {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kShortDigits = 12;

}  // namespace

struct ContentHasher::State {
  crypto_generichash_state hash{};
};

ContentHasher::ContentHasher() : state_(std::make_unique<State>()) {
  RH_CHECK(crypto_generichash_init(&state_->hash, nullptr, 0, sizeof(ContentHash::bytes)) == 0);
}

ContentHasher::ContentHasher(ContentHasher&&) noexcept = default;

ContentHasher& ContentHasher::operator=(ContentHasher&&) noexcept = default;

ContentHasher::~ContentHasher() = default;

void ContentHasher::add(std::string_view bytes) {
  crypto_generichash_update(&state_->hash, reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
}

ContentHash ContentHasher::finish() {
  ContentHash out;
  crypto_generichash_final(&state_->hash, out.bytes.data(), out.bytes.size());
  return out;
}

ContentHash content_hash(std::string_view bytes) {
  ContentHasher hasher;
  hasher.add(bytes);
  return hasher.finish();
}

std::string to_string(const ContentHash& hash) {
  std::string out;
  out.reserve(2 * hash.bytes.size());
  for (const std::uint8_t byte : hash.bytes) {
    out.push_back(kHexDigits[byte >> 4U]);
    out.push_back(kHexDigits[byte & 15U]);
  }
  return out;
}

std::string short_text(const ContentHash& hash) {
  return to_string(hash).substr(0, kShortDigits);
}

std::optional<ContentHash> parse_content_hash(std::string_view text) {
  ContentHash out;
  if (text.size() != 2 * out.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = kHexDigits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    std::uint8_t& byte = out.bytes[i / 2];
    byte = static_cast<std::uint8_t>(unsigned{byte} << 4U | static_cast<unsigned>(digit));
  }
  return out;
}

}  // namespace roundhouse
