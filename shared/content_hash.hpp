#pragma once

// CORE. ContentHash: 32 bytes that name a file by what is in it (BLAKE2b, libsodium's
// crypto_generichash). A module is known by it everywhere: its *build*.
// Thread rule: plain values; a ContentHasher belongs to one thread at a time.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace roundhouse {

struct ContentHash {
  std::array<std::uint8_t, 32> bytes{};

  [[nodiscard]] bool empty() const { return *this == ContentHash{}; }

  friend auto operator<=>(const ContentHash&, const ContentHash&) = default;
};

// Its 64 hexadecimal digits.
[[nodiscard]] std::string to_string(const ContentHash& hash);
// The first 12 of them: enough for people.
[[nodiscard]] std::string short_text(const ContentHash& hash);
// Reads what to_string wrote; nothing when the text is not 64 hexadecimal digits.
[[nodiscard]] std::optional<ContentHash> parse_content_hash(std::string_view text);

// The hash of bytes that come in pieces.
class ContentHasher {
 public:
  ContentHasher();
  ContentHasher(ContentHasher&&) noexcept;
  ContentHasher& operator=(ContentHasher&&) noexcept;
  ~ContentHasher();

  void add(std::string_view bytes);
  // Of all that was added. Call once.
  [[nodiscard]] ContentHash finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] ContentHash content_hash(std::string_view bytes);

}  // namespace roundhouse

template <>
struct std::hash<roundhouse::ContentHash> {
  std::size_t operator()(const roundhouse::ContentHash& content) const noexcept {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(content.bytes.data()), content.bytes.size()});
  }
};
