// Reading the maps that the hub answers with: by name, and as JSON for people and programs.
// Thread rule: plain functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roundhouse::detail {

// One msgpack value as JSON; binary ones as {"base64": "..."}. Bytes that are no msgpack, and what
// is behind the value, become null.
[[nodiscard]] std::string json_of(std::string_view msgpack);

[[nodiscard]] std::string base64(std::string_view bytes);

// A map, taken apart. Names that are missing, or of another type, read as nothing: a hub may be one
// version away. Views point into the bytes that it was made of.
class BodyMap {
 public:
  explicit BodyMap(std::string_view msgpack);

  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> signed_number(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] bool truth(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  // The bytes of each element of a list.
  [[nodiscard]] std::vector<std::string_view> list(std::string_view name) const;

  // Whether there is a value other than nil.
  [[nodiscard]] bool has(std::string_view name) const { return !find(name).empty(); }

  // The bytes of the value; empty when there is none, or nil.
  [[nodiscard]] std::string_view find(std::string_view name) const;

 private:
  std::vector<std::pair<std::string_view, std::string_view>> entries_;
};

}  // namespace roundhouse::detail
